/** Remembers which packets have come, so that none is taken twice (RFC 3711, section 3.3.2). */

/**
 * How many packets before the newest one may still come: twice the 64 that the RFC asks for at least, and more than
 * a second of voice.
 */
export const REPLAY_WINDOW = 128;

/** The packets of one stream that were received, by their index. */
export class ReplayWindow {
  /** The index that was last seen in each place; the place is the index modulo the length. */
  readonly #seen = new Float64Array(REPLAY_WINDOW).fill(-1);
  #newest = -1;

  /** The largest index that was seen, or -1. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether a packet has neither come before nor is older than the window. */
  isNew(index: number): boolean {
    return index > this.#newest - REPLAY_WINDOW && this.#seen[index % REPLAY_WINDOW] !== index;
  }

  /** Takes a packet in, which must be authentic and {@linkcode ReplayWindow.isNew}. */
  add(index: number): void {
    this.#seen[index % REPLAY_WINDOW] = index;
    this.#newest = Math.max(this.#newest, index);
  }
}
