/**
 * A histogram of relative delays with exponential forgetting, and its quantiles.
 *
 * A packet's relative delay is its arrival on the receiver's clock less its timestamp on the microphone's clock, in
 * samples. Only differences have a meaning. Clock drift moves all relative delays slowly; forgetting follows it.
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import { DEFAULT_CONFIG, type JitterBufferConfig } from "./config.ts";

/** Samples in a millisecond: the width of a bin. */
const BIN_SAMPLES = SAMPLES_PER_MS;

/** Bins: delays up to about a second apart. A power of 2, for the ring. */
const BINS = 1024;

/** The largest delay is that of the last 16 stretches of 500 ms. */
const STRETCHES = 16;
const STRETCH_MS = 500;

/** At this weight all are scaled down, long before sums lose precision. */
const LARGEST_WEIGHT = 1e9;

/** The recent distribution of relative delays. */
export class DelayHistogram {
  readonly #config: JitterBufferConfig;
  /** A ring: bin `n` of all numbers is at `n mod BINS`. */
  readonly #weights = new Float64Array(BINS);
  #total = 0;
  /** Weight of the next packet. It grows, which is the same as all others shrinking. */
  #weight = 1;
  #ageMs = 0;
  /** The latest bin that holds anything; those from `BINS` below it on are in the ring. */
  #top = 0;
  /** The largest delay of each of the last stretches, a ring with the present one at `#stretch` modulo its length. */
  readonly #largest = new Float64Array(STRETCHES).fill(-Infinity);
  #stretch = 0;

  constructor(config: JitterBufferConfig = DEFAULT_CONFIG) {
    this.#config = config;
  }

  /** Whether nothing has been measured. */
  get empty(): boolean {
    return this.#total === 0;
  }

  /**
   * Counts a packet.
   *
   * @param delay Its relative delay in samples.
   * @param durationMs Its length, so that frames of any length are forgotten in the same time.
   * @param weight Beside 1 for others.
   */
  add(delay: number, durationMs: number, weight = 1): void {
    const bin = Math.floor(delay / BIN_SAMPLES);
    // Below the ring: the clock was set.
    if (bin <= this.#top - BINS) this.reset();
    if (this.#total === 0) this.#top = bin;
    if (bin > this.#top) this.#moveUp(bin);
    this.#weights[bin & (BINS - 1)]! += weight * this.#weight;
    this.#total += weight * this.#weight;
    const slot = this.#stretch % STRETCHES;
    this.#largest[slot] = Math.max(this.#largest[slot]!, delay);
    this.#ageMs += durationMs;
    while (this.#stretch < Math.floor(this.#ageMs / STRETCH_MS)) {
      this.#largest[++this.#stretch % STRETCHES] = -Infinity;
    }
    const { histogramMemoryMs, shortestMemoryMs, youngMemoryShare } = this.#config;
    const memoryMs = Math.min(histogramMemoryMs, Math.max(shortestMemoryMs, youngMemoryShare * this.#ageMs));
    this.#weight *= Math.exp(durationMs / memoryMs);
    if (this.#weight > LARGEST_WEIGHT) this.#scaleDown();
  }

  /**
   * The relative delay that a share of the packets does not exceed.
   *
   * @param part The share, 0 to 1.
   * @returns Samples: the upper edge of a bin. NaN when nothing has been measured.
   */
  quantile(part: number): number {
    if (this.#total === 0) return NaN;
    let above = this.#total * (1 - part);
    let bin = this.#top;
    for (; bin > this.#top - BINS; bin--) {
      above -= this.#weights[bin & (BINS - 1)]!;
      if (above < 0) break;
    }
    return (bin + 1) * BIN_SAMPLES;
  }

  /** The largest relative delay of the last 8 s in samples, or -Infinity. */
  get largest(): number {
    let largest = -Infinity;
    for (let slot = 0; slot < STRETCHES; slot++) largest = Math.max(largest, this.#largest[slot]!);
    return largest;
  }

  /** Length of all packets since the last reset, in milliseconds. */
  get ageMs(): number {
    return this.#ageMs;
  }

  /** Forgets everything. */
  reset(): void {
    this.#largest.fill(-Infinity);
    this.#stretch = 0;
    this.#weights.fill(0);
    this.#total = 0;
    this.#weight = 1;
    this.#ageMs = 0;
  }

  #moveUp(bin: number): void {
    if (bin - this.#top >= BINS) {
      this.reset();
    } else {
      for (let empty = this.#top + 1; empty <= bin; empty++) {
        this.#total -= this.#weights[empty & (BINS - 1)]!;
        this.#weights[empty & (BINS - 1)] = 0;
      }
    }
    this.#top = bin;
  }

  #scaleDown(): void {
    this.#total = 0;
    for (let bin = 0; bin < BINS; bin++) this.#total += this.#weights[bin]! /= this.#weight;
    this.#weight = 1;
  }
}
