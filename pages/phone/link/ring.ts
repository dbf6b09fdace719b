/** The queue of samples to play, in memory that the thread of the network and that of the sound share. */

/** Samples that it holds: more than a phone ever sends ahead. A power of two, so that counters wrap where it does. */
const CAPACITY = 1 << 14;

/** Places of the counters, which wrap at 2^32. */
const WRITTEN = 0;
const READ = 1;

/** The memory of a ring, to be handed from thread to thread. */
export interface RingMemory {
  readonly samples: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
}

/** Memory for a new ring, which is empty. */
export function newRingMemory(): RingMemory {
  return {
    samples: new SharedArrayBuffer(CAPACITY * Int16Array.BYTES_PER_ELEMENT),
    counters: new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT),
  };
}

/** A ring with one thread that writes and one that reads. */
export class Ring {
  readonly #samples: Int16Array;
  readonly #counters: Int32Array;

  constructor({ samples, counters }: RingMemory) {
    this.#samples = new Int16Array(samples);
    this.#counters = new Int32Array(counters);
  }

  /** Samples written so far, modulo 2^32. */
  get written(): number {
    return Atomics.load(this.#counters, WRITTEN) >>> 0;
  }

  /** Samples read so far, modulo 2^32. */
  get read(): number {
    return Atomics.load(this.#counters, READ) >>> 0;
  }

  /** Appends samples. What does not fit is lost: the phone never sends so much ahead. */
  write(samples: Int16Array): void {
    const { written } = this;
    const room = CAPACITY - ((written - this.read) >>> 0);
    for (let index = 0; index < Math.min(room, samples.length); index++) {
      this.#samples[(written + index) % CAPACITY] = samples[index]!;
    }
    Atomics.store(this.#counters, WRITTEN, (written + Math.min(room, samples.length)) | 0);
  }

  /** Takes samples as floats. @returns How many there were; the rest of `output` is unchanged. */
  take(output: Float32Array): number {
    const { read } = this;
    const count = Math.min(output.length, (this.written - read) >>> 0);
    for (let index = 0; index < count; index++) {
      output[index] = this.#samples[(read + index) % CAPACITY]! / 32768;
    }
    Atomics.store(this.#counters, READ, (read + count) | 0);
    return count;
  }
}
