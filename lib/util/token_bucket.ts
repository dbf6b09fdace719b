/** How much somebody may ask for. */

/**
 * A bucket of tokens that fills at a steady rate (as in RFC 2697, section 3): who takes more than is in it has to wait
 * until it would have been there. Told the time; reads no clock.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #filledAt: number;

  /**
   * @param now In milliseconds.
   * @param perSecond How fast it fills.
   * @param most How many tokens it holds; it is full at first.
   */
  constructor(now: number, perSecond: number, most: number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#tokens = most;
    this.#filledAt = now;
  }

  /**
   * Takes tokens, also those that are not there yet.
   *
   * @returns How long to wait for them, in milliseconds; 0 if they were there.
   */
  take(now: number, tokens: number): number {
    const gained = (now - this.#filledAt) * this.#perSecond / 1000;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#most, this.#tokens + gained) - tokens;
    return this.#tokens >= 0 ? 0 : -this.#tokens * 1000 / this.#perSecond;
  }
}
