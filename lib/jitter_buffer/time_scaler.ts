/** Decoded sound that is not played yet, and its time-scaling: what makes the playout delay follow the target. */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import type { JitterBufferConfig } from "./config.ts";
import { TimeStretcher } from "./time_stretch.ts";

/** Room for the longest delay before a stream, the longest packet of Opus (120 ms) and a correction. */
const CAPACITY = 400 * SAMPLES_PER_MS;

/** One stream's decoded samples. */
export class TimeScaler {
  readonly #stretcher = new TimeStretcher();
  readonly #longest: number;
  #samples = new Int16Array(CAPACITY);
  #spare = new Int16Array(CAPACITY);
  #length = 0;

  constructor(config: JitterBufferConfig) {
    this.#longest = config.longestCorrectionMs * SAMPLES_PER_MS;
  }

  /** Samples that are there. */
  get length(): number {
    return this.#length;
  }

  /** For how many samples nobody has spoken, up to the last one. */
  get quietSamples(): number {
    return this.#stretcher.quietSamples;
  }

  /** Appends decoded samples. */
  append(samples: Int16Array): void {
    this.#samples.set(samples, this.#length);
    this.#length += samples.length;
    this.#stretcher.observe(samples);
  }

  /** Appends what `fill` puts into samples. */
  appendFilled(count: number, fill: (samples: Int16Array) => void): void {
    const samples = this.#samples.subarray(this.#length, this.#length + count);
    fill(samples);
    this.#length += count;
    this.#stretcher.observe(samples);
  }

  /** Appends silence that no stream asked for, which says nothing about how loud its pauses are. */
  appendSilence(count: number): void {
    this.#samples.fill(0, this.#length, this.#length + count);
    this.#length += count;
  }

  /** Gives the first samples on. There must be as many. */
  take(samples: Int16Array): void {
    samples.set(this.#samples.subarray(0, samples.length));
    this.#samples.copyWithin(0, samples.length, this.#length);
    this.#length -= samples.length;
  }

  /**
   * Cuts a pitch period, or part of a pause, out.
   *
   * @param most Samples to cut at most.
   * @param kept Samples that must remain.
   * @param urgency 0 to 1, see {@linkcode TimeStretcher.accelerate}.
   * @returns Samples cut; 0 where there is no place to cut.
   */
  accelerate(most: number, kept: number, urgency: number): number {
    const input = this.#samples.subarray(0, this.#length);
    const limit = Math.floor(Math.min(most, this.#longest, this.#length - kept));
    const removed = this.#stretcher.accelerate(input, input, limit, urgency);
    this.#length -= removed;
    return removed;
  }

  /**
   * Repeats a pitch period, or part of a pause.
   *
   * @param most Samples to add at most.
   * @param urgency As for {@linkcode TimeScaler.accelerate}.
   * @returns Samples added; 0 where there is no place for them.
   */
  slowDown(most: number, urgency: number): number {
    const input = this.#samples.subarray(0, this.#length);
    const limit = Math.min(Math.floor(most), this.#longest);
    const added = this.#stretcher.slowDown(input, this.#spare, limit, urgency);
    if (added === 0) return 0;
    [this.#samples, this.#spare] = [this.#spare, this.#samples];
    this.#length += added;
    return added;
  }

  /** Drops all samples. */
  drop(): void {
    this.#length = 0;
  }

  /** Drops all samples and forgets how loud the stream is. */
  reset(): void {
    this.drop();
    this.#stretcher.reset();
  }
}
