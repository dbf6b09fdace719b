import { writeAll, type Writer } from "./write_all.ts";

const encoder = new TextEncoder();

/** Size of a buffer that queues lend each other, in bytes: most replies are shorter. */
const LENT_BYTES = 1024;

/** Most such buffers that wait for the next write. */
const MAX_LENT = 64;

/** UTF-8 has at most this many bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/**
 * Buffers for the next writes, whichever queue's they are. One would not do, since connections that were read in the same turn of the
 * event loop write in the same one, too; and an array of its own takes each write 1 µs to make, and as much to collect.
 */
const lent: Uint8Array[] = [];

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
    await DONE;
    try {
      while (this.#waiting !== "") {
        const text = this.#waiting;
        this.#waiting = "";
        const isShort = BYTES_PER_UNIT * text.length <= LENT_BYTES;
        const buffer = isShort ? lent.pop() ?? new Uint8Array(LENT_BYTES) : undefined;
        const bytes = buffer
          ? buffer.subarray(0, encoder.encodeInto(text, buffer).written)
          : encoder.encode(text);
        const sent = await this.#to.write(bytes);
        if (sent < bytes.length) await writeAll(this.#to, bytes.subarray(sent));
        if (buffer && lent.length < MAX_LENT) lent.push(buffer);
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

const DONE = Promise.resolve();
