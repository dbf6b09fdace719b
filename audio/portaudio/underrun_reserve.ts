/**
 * Sizes the reserve of a playback queue: an underrun is an audible gap, a longer queue is latency. The reserve grows at
 * the second underrun within 5 s, since one alone may be an accident, and shrinks while there is none.
 */

import { SAMPLE_RATE, SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";

/** Growth per repeated underrun, 8 ms. */
const GROWTH_SAMPLES = 8 * SAMPLES_PER_MS;
/** Most growth over the least reserve, 32 ms. */
const MAX_GROWTH_SAMPLES = 32 * SAMPLES_PER_MS;

/** An underrun within 5 s of playback after the last one repeats it. */
const REPEAT_SAMPLES = 5 * SAMPLE_RATE;

/** Playback without underrun after which the reserve shrinks by 1 ms: 6 s. */
const SHRINK_SAMPLES = 6 * SAMPLE_RATE;

/** Underruns in the first 3 s of playback do not count: devices start unevenly. */
const STARTUP_SAMPLES = 3 * SAMPLE_RATE;

/** The reserve of one loudspeaker. All numbers are samples. */
export class UnderrunReserve {
  readonly #least: number;
  #samples: number;
  /** Samples written since the last underrun or shrinking; negative during startup. */
  #written = -STARTUP_SAMPLES;
  /** Whether an underrun came before those samples. */
  #hadUnderrun = false;

  /** @param least The reserve at first, below which it never shrinks. */
  constructor(least: number) {
    this.#least = least;
    this.#samples = least;
  }

  /** Samples to hold in the queue beyond one write. */
  get samples(): number {
    return this.#samples;
  }

  /** Counts samples that were written to the queue. */
  wrote(samples: number): void {
    this.#written += samples;
    if (this.#written < SHRINK_SAMPLES) return;
    this.#written = 0;
    this.#hadUnderrun = false;
    this.#samples = Math.max(this.#least, this.#samples - SAMPLES_PER_MS);
  }

  /** Counts an underrun. */
  underrun(): void {
    if (this.#written < 0) return;
    const repeated = this.#hadUnderrun && this.#written <= REPEAT_SAMPLES;
    this.#hadUnderrun = true;
    this.#written = 0;
    if (!repeated) return;
    this.#samples = Math.min(this.#least + MAX_GROWTH_SAMPLES, this.#samples + GROWTH_SAMPLES);
  }
}
