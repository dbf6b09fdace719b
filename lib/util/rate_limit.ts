/** Lets so many things a second through and no more, without a clock of its own. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #at = -Infinity;

  /**
   * @param perSecond How many go through in the long run.
   * @param burst How many go through at once after a pause.
   */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
  }

  /**
   * Whether one more goes through.
   *
   * @param now Milliseconds on any clock that only goes forward.
   */
  take(now: number): boolean {
    const earned = (now - this.#at) * this.#perSecond / 1000;
    this.#left = Math.min(this.#burst, this.#left + earned);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
