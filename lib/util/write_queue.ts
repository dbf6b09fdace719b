/** What waits to be written to a connection. */

const encoder = new TextEncoder();

/**
 * Texts for a connection, written in their order. What is pushed in one turn of the event loop goes out in one write,
 * and what comes while a write is under way waits for the next.
 */
export class WriteQueue {
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  #waiting = "";
  #draining: Promise<void> | undefined;
  #failed = false;

  /** @param write Writes some of the bytes and says how many. */
  constructor(write: (bytes: Uint8Array) => Promise<number>) {
    this.#write = write;
  }

  /** How much waits for the write under way, in UTF-16 units. */
  get backlog(): number {
    return this.#waiting.length;
  }

  /** Takes a text. After a write that failed it is thrown away: nobody will read it. */
  push(text: string): void {
    if (this.#failed) return;
    this.#waiting += text;
    // A failure is for those to see who wait for drained().
    (this.#draining ??= this.#drain()).catch(() => {});
  }

  /** Settles when all is written. @throws {Error} If that is not possible. */
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
        for (let sent = 0; sent < bytes.length;) sent += await this.#write(bytes.subarray(sent));
      }
      this.#draining = undefined;
    } catch (error) {
      this.#failed = true;
      this.#waiting = "";
      throw error;
    }
  }
}
