/** Sequence numbers that do not wrap (RFC 3550, appendix A.1, in short). */

/**
 * Makes 16 bit sequence numbers into ones that go on past 65535, by taking each as the nearest to the last one.
 */
export class SequenceExtender {
  #last: number | undefined;

  /** The extended number of the next packet's 16 bit one. The first stays as it is, plus 65536. */
  extend(sequenceNumber: number): number {
    // One lap ahead, so that packets from before the first one stay positive.
    const last = this.#last ?? sequenceNumber + 0x10000;
    const step = ((sequenceNumber - last) << 16) >> 16;
    const extended = last + step;
    if (this.#last === undefined || step > 0) this.#last = extended;
    return extended;
  }
}
