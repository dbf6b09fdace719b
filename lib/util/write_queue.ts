import { writeAll, type Writer } from "./write_all.ts";

const encoder = new TextEncoder();

/** Size of a buffer that queues lend each other, in bytes. */
const LENT_BYTES = 8192;

/** UTF-8 has at most this many bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/**
 * The buffer that the next write may use. A write is mostly over before the next one begins, whichever queue's that is, and an
 * array of its own would take 1 µs to make, and as much to collect.
 */
let lent: Uint8Array | undefined = new Uint8Array(LENT_BYTES);

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

  /** Whether everything is written, or nothing will be any more. */
  get idle(): boolean {
    return this.#draining === undefined || this.#failed;
  }

  /** Takes a text. After a failed write it drops the text, since nobody will read it. */
  push(text: string): void {
    if (this.#failed) return;
    this.#waiting += text;
    if (this.#draining) return;
    this.#draining = this.#drain();
    // drained() reports a failure.
    this.#draining.catch(() => {});
  }

  /** Settles when all is written. @throws {Error} If a write has failed. */
  drained(): Promise<void> {
    return this.#draining ?? DONE;
  }

  async #drain(): Promise<void> {
    // In the next turn, so that the answers to one packet go out together.
    await Promise.resolve();
    try {
      while (this.#waiting !== "") {
        const text = this.#waiting;
        this.#waiting = "";
        this.#written(await this.#writeText(text));
      }
      this.#draining = undefined;
    } catch (error) {
      this.#failed = true;
      this.#waiting = "";
      throw error;
    }
  }

  /** @returns Number of bytes. */
  async #writeText(text: string): Promise<number> {
    const buffer = lent;
    if (!buffer || BYTES_PER_UNIT * text.length > buffer.length) {
      const bytes = encoder.encode(text);
      await writeAll(this.#to, bytes);
      return bytes.length;
    }
    lent = undefined;
    const { written } = encoder.encodeInto(text, buffer);
    try {
      await writeAll(this.#to, buffer.subarray(0, written));
      return written;
    } finally {
      lent = buffer;
    }
  }
}

const DONE = Promise.resolve();
