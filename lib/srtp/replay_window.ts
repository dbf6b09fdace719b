/** Replay protection (RFC 3711, section 3.3.2). */

/** Size of the window: twice the RFC's minimum of 64, and more than a second of voice. */
export const REPLAY_WINDOW_PACKETS = 128;

/** The received packets of one stream, by index. */
export class ReplayWindow {
  /** The latest index in each slot, `index % REPLAY_WINDOW_PACKETS`. */
  readonly #seen = new Float64Array(REPLAY_WINDOW_PACKETS).fill(-1);
  #highest = -1;

  /** The highest received index, or -1. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether an index is neither a replay nor older than the window. */
  isNew(index: number): boolean {
    return index > this.#highest - REPLAY_WINDOW_PACKETS &&
      this.#seen[index % REPLAY_WINDOW_PACKETS] !== index;
  }

  /** Records an index that {@linkcode ReplayWindow.isNew}, of an authentic packet. */
  add(index: number): void {
    this.#seen[index % REPLAY_WINDOW_PACKETS] = index;
    this.#highest = Math.max(this.#highest, index);
  }
}
