/** Unwraps sequence numbers and timestamps (as RFC 3550, appendix A.1). */

/** Extends numbers of 16 or 32 bits by their cycles: each one is taken as the nearest to the highest so far. */
export class SequenceUnwrapper {
  readonly #cycle: number;
  #highest: number | undefined;

  /** @param bits Width of the numbers on the wire. */
  constructor(bits: 16 | 32) {
    this.#cycle = 2 ** bits;
  }

  /** @returns The extended number; for the first number, that number plus one cycle. */
  extend(number: number): number {
    // One cycle up, so that packets from before the first one stay positive.
    const highest = this.#highest ?? number + this.#cycle;
    const ahead = modulo(number - highest, this.#cycle);
    const extended = highest + (ahead < this.#cycle / 2 ? ahead : ahead - this.#cycle);
    this.#highest = Math.max(this.#highest ?? extended, extended);
    return extended;
  }
}

function modulo(number: number, divisor: number): number {
  return ((number % divisor) + divisor) % divisor;
}
