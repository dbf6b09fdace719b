/** Numbers that wrap, made into numbers that do not (RFC 3550, appendix A.1, in short). */

/**
 * Makes numbers of 16 or 32 bits into ones that go on past the largest, by taking each as the nearest to the last.
 */
export class SequenceUnwrapper {
  readonly #lap: number;
  #last: number | undefined;

  /** @param bits Width of the numbers on the wire. */
  constructor(bits: 16 | 32) {
    this.#lap = 2 ** bits;
  }

  /** The extended number of the next packet's own. The first stays as it is, plus one lap. */
  extend(number: number): number {
    // One lap ahead, so that packets from before the first one stay positive.
    const last = this.#last ?? number + this.#lap;
    const ahead = modulo(number - last, this.#lap);
    const extended = last + (ahead < this.#lap / 2 ? ahead : ahead - this.#lap);
    this.#last = Math.max(this.#last ?? extended, extended);
    return extended;
  }
}

function modulo(number: number, divisor: number): number {
  return ((number % divisor) + divisor) % divisor;
}
