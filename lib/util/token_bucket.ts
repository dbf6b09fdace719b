/**
 * A token bucket (RFC 2697, section 3): fills at a steady rate up to its burst size. It is told the time and reads no
 * clock.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  /** When it is full again: one number rather than its tokens and their time, since a registry has thousands of buckets. */
  #fullAt = -Infinity;

  /**
   * @param perSecond Tokens added a second, above 0.
   * @param burst Most tokens that it holds. It is full at first.
   */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /**
   * Takes a token, if there is one.
   *
   * @param now Milliseconds on any clock that does not go back.
   * @returns Whether there was one.
   */
  tryTake(now: number): boolean {
    if (this.level(now) < 1) return false;
    this.take(now, 1);
    return true;
  }

  /**
   * Takes tokens, on credit where too few are there.
   *
   * @param now As for {@linkcode TokenBucket.tryTake}.
   * @param tokens Any number above 0, whole or not.
   * @returns Milliseconds until the credit is paid back; 0 if enough tokens were there.
   */
  take(now: number, tokens: number): number {
    this.#fullAt = Math.max(now, this.#fullAt) + tokens * 1000 / this.#perSecond;
    return Math.max(0, this.#fullAt - now - this.#burst * 1000 / this.#perSecond);
  }

  /** The tokens that it holds; as for {@linkcode TokenBucket.tryTake}. */
  level(now: number): number {
    return this.#burst - Math.max(0, this.#fullAt - now) * this.#perSecond / 1000;
  }
}
