/**
 * How much a loudspeaker's queue holds beyond what it is given at once. A queue that ran dry is a gap that everybody hears;
 * one that is longer than needed is delay. So it grows when it ran dry twice in a short time, since once is an accident, and
 * shrinks while it does not.
 */

import { SAMPLE_RATE, SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";

/** By so much it grows when it ran dry, and never beyond so much more than the least. */
const GROWTH_SAMPLES = 8 * SAMPLES_PER_MS;
const MOST_GROWTH_SAMPLES = 32 * SAMPLES_PER_MS;

/** Within so many samples, 5 s. */
const SHORT_TIME_SAMPLES = 5 * SAMPLE_RATE;

/** So many samples without running dry, 6 s, make it shrink by a millisecond. */
const SAMPLES_TO_SHRINK = 6 * SAMPLE_RATE;

/** So many samples from the start, 3 s, do not count: devices take some time until they go evenly. */
const STARTING_SAMPLES = 3 * SAMPLE_RATE;

/** The reserve of one loudspeaker. All numbers are samples. */
export class UnderrunReserve {
  readonly #least: number;
  #samples: number;
  /** What the queue took since it last ran dry or the reserve shrank. */
  #taken = -STARTING_SAMPLES;
  /** Whether it ran dry then. */
  #ranDryBefore = false;

  /** @param least What there is at first, and always. */
  constructor(least: number) {
    this.#least = least;
    this.#samples = least;
  }

  /** What the queue is to hold beyond what it is given at once. */
  get samples(): number {
    return this.#samples;
  }

  /** The queue took some more. */
  took(samples: number): void {
    this.#taken += samples;
    if (this.#taken < SAMPLES_TO_SHRINK) return;
    this.#taken = 0;
    this.#ranDryBefore = false;
    this.#samples = Math.max(this.#least, this.#samples - SAMPLES_PER_MS);
  }

  /** There was nothing left in it. */
  ranDry(): void {
    if (this.#taken < 0) return;
    const again = this.#ranDryBefore && this.#taken <= SHORT_TIME_SAMPLES;
    this.#ranDryBefore = true;
    this.#taken = 0;
    if (!again) return;
    this.#samples = Math.min(this.#least + MOST_GROWTH_SAMPLES, this.#samples + GROWTH_SAMPLES);
  }
}
