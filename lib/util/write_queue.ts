import { writeAll, type Writer } from "./write_all.ts";

const encoder = new TextEncoder();

/**
 * Texts for a connection, written in order. Texts pushed in one turn of the event loop go out in one write; those pushed
 * during a write wait for the next.
 */
export class WriteQueue {
  readonly #to: Writer;
  readonly #written: (bytes: number) => void;
  #waiting = "";
  #draining: Promise<void> | undefined;
  #failed = false;

  /** @param written Called with the size of each write that succeeded. */
  constructor(to: Writer, written: (bytes: number) => void = () => {}) {
    this.#written = written;
    this.#to = to;
  }

  /** Text that waits for the write under way, in UTF-16 units. */
  get backlog(): number {
    return this.#waiting.length;
  }

  /** Takes a text. After a failed write it drops the text, since nobody will read it. */
  push(text: string): void {
    if (this.#failed) return;
    this.#waiting += text;
    // drained() reports a failure.
    (this.#draining ??= this.#drain()).catch(() => {});
  }

  /** Settles when all is written. @throws {Error} If a write has failed. */
  async drained(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // In the next turn, so that the answers to one packet go out together.
    await Promise.resolve();
    try {
      while (this.#waiting !== "") {
        const bytes = encoder.encode(this.#waiting);
        this.#waiting = "";
        await writeAll(this.#to, bytes);
        this.#written(bytes.length);
      }
      this.#draining = undefined;
    } catch (error) {
      this.#failed = true;
      this.#waiting = "";
      throw error;
    }
  }
}
