/**
 * A token bucket (RFC 2697, section 3): fills at a steady rate up to its burst size. It is told the time and reads no
 * clock.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = -Infinity;

  /**
   * @param perSecond Tokens added a second, above 0.
   * @param burst Most tokens that it holds. It is full at first.
   */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /**
   * Takes a token, if there is one.
   *
   * @param now Milliseconds on any clock that does not go back.
   * @returns Whether there was one.
   */
  tryTake(now: number): boolean {
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
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
    this.#fill(now);
    this.#tokens -= tokens;
    return this.#tokens >= 0 ? 0 : -this.#tokens * 1000 / this.#perSecond;
  }

  /** The tokens that it holds; as for {@linkcode TokenBucket.tryTake}. */
  level(now: number): number {
    this.#fill(now);
    return this.#tokens;
  }

  #fill(now: number): void {
    const gained = (now - this.#filledAt) * this.#perSecond / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
