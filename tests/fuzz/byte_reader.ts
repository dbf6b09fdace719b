/** Turns bytes into decisions, so that an input of the fuzzer can be a sequence of events and their times. */

/** Reads numbers from bytes; past their end, 0. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether all bytes have been read. */
  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** 0 to 255. */
  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** A whole number from 0 up to but not including a small one. */
  below(bound: number): number {
    return this.byte() % bound;
  }

  /** A number of some bytes, most significant first. */
  uint(bytes: number): number {
    let number = 0;
    for (let left = bytes; left > 0; left--) number = number * 256 + this.byte();
    return number;
  }

  /** One of several. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** The next bytes, fewer at the end. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }
}
