/**
 * Sets the target delay: how long the jitter buffer waits for packets of this network.
 *
 * ```text
 *   arrival ─▶ histogram ─▶ in-time quantile ─▶ held ─┐
 *          └─▶ peak detector ─▶ recurring peaks ──────┼─▶ the longest one is the target
 *   redundancy ─▶ a frame for each redundant one ─────┘
 * ```
 *
 * The playout delay is the distance from the timestamp that is heard to the loudspeaker's clock, which is the samples that
 * it was given. A packet comes in time if its relative delay (see `delay_histogram.ts`) on that clock is not longer.
 *
 * All times are samples of the loudspeaker's clock unless their name says milliseconds.
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import type { JitterBufferConfig } from "./config.ts";
import { DelayHistogram } from "./delay_histogram.ts";
import { DelayPeakDetector } from "./delay_peak_detector.ts";
import { PlaybackClock } from "./playback_clock.ts";

/** A packet's arrival, and where playout stands. */
export interface PacketArrival {
  readonly nowMs: number;
  readonly timestamp: number;
  /** Samples that the loudspeaker was given. */
  readonly delivered: number;
  /** The timestamp up to which sound is decoded. */
  readonly end: number;
  readonly frameSamples: number;
}

/** Follows one stream's delays, redundancy and loudspeaker. */
export class DelayManager {
  readonly #config: JitterBufferConfig;
  readonly #leadSamples: number;
  readonly #histogram: DelayHistogram;
  readonly #peaks: DelayPeakDetector;
  readonly #clock: PlaybackClock;
  /** Relative delay of the fastest packets, and the one that is waited for. */
  #fastest = 0;
  #latest = 0;
  /** The in-time quantile that is held, and since when; NaN for none. */
  #held = NaN;
  #heldSince = 0;
  #arrivedAtMs = -Infinity;
  /** The most redundant frames that a packet carried lately, and the timestamp of the last such packet. */
  #redundancy = 0;
  #redundancyAt = -Infinity;

  /** @param leadSamples How long the loudspeaker lasts after it got all that it takes. */
  constructor(config: JitterBufferConfig, leadSamples: number) {
    this.#config = config;
    this.#leadSamples = leadSamples;
    this.#histogram = new DelayHistogram(config);
    this.#peaks = new DelayPeakDetector(config);
    this.#clock = new PlaybackClock(config);
  }

  /** Whether no packet came yet. */
  get empty(): boolean {
    return this.#histogram.empty;
  }

  /** The playout delay with which the fastest packets come just in time. */
  get shortest(): number {
    return this.delayFor(this.#fastest);
  }

  /** The playout delay to aim at. */
  get target(): number {
    return this.delayFor(this.#latest);
  }

  /** How much longer the target is than the shortest. */
  get spread(): number {
    return this.target - this.shortest;
  }

  /** The playout delay with which a packet of a relative delay comes just in time. */
  delayFor(relativeDelay: number): number {
    return relativeDelay + this.#clock.offset - this.#leadSamples;
  }

  /** Sets the target by a packet's delay. */
  handlePacket({ nowMs, timestamp, delivered, end, frameSamples }: PacketArrival): void {
    const { burstGapMs, burstWeight, longestDelayMs, targetBelowLongestMs } = this.#config;
    this.#clock.start(delivered - nowMs * SAMPLES_PER_MS);
    const relativeDelay = nowMs * SAMPLES_PER_MS - timestamp;
    const weight = nowMs - this.#arrivedAtMs < burstGapMs ? burstWeight : 1;
    this.#arrivedAtMs = nowMs;
    this.#histogram.add(relativeDelay, frameSamples / SAMPLES_PER_MS, weight);
    this.#fastest = this.#histogram.quantile(this.#config.fastestShare);
    const inTime = this.#histogram.quantile(this.#config.inTimeShare);
    this.#hold(inTime, delivered);
    const usual = Math.min(this.#held, this.#histogram.largest) +
      this.#redundancyWait(end, frameSamples);
    this.#peaks.watch(relativeDelay, this.#histogram.quantile(this.#config.ordinaryShare), delivered);
    const longest = this.#fastest + (longestDelayMs - targetBelowLongestMs) * SAMPLES_PER_MS;
    this.#latest = Math.min(Math.max(usual, this.#peaks.height), longest);
  }

  /**
   * Notes how many redundant frames a packet carried. Fewer count only after a while, because loud frames leave no room
   * for them and silence has none.
   */
  handleRedundancy(frames: number, timestamp: number): void {
    const memory = this.#config.redundancyMemoryMs * SAMPLES_PER_MS;
    if (frames < this.#redundancy && timestamp - this.#redundancyAt < memory) return;
    this.#redundancy = frames;
    this.#redundancyAt = timestamp;
  }

  /**
   * Follows the loudspeaker's clock.
   *
   * @param offset What it was given and would still take, less the time, in samples.
   * @param ranDry Whether it had nothing left to play.
   */
  handleRequest(offset: number, ranDry: boolean): void {
    this.#clock.follow(offset, ranDry);
  }

  /** Forgets the stream and the loudspeaker's clock. */
  reset(): void {
    this.#redundancyAt = -Infinity;
    this.#clock.reset();
    this.forgetDelays();
  }

  /** Forgets the delays: an outage that nobody can wait for says nothing about what to wait for. */
  forgetDelays(): void {
    this.#histogram.reset();
    this.#peaks.reset();
    this.#held = NaN;
  }

  #hold(inTime: number, delivered: number): void {
    const { holdMs, holdFromAgeMs } = this.#config;
    const holding = this.#histogram.ageMs > holdFromAgeMs &&
      delivered - this.#heldSince <= holdMs * SAMPLES_PER_MS;
    if (holding && inTime < this.#held) return;
    this.#held = inTime;
    this.#heldSince = delivered;
  }

  /** A lost packet is recovered from the next ones, and a sender adds redundant frames where packets are lost. */
  #redundancyWait(end: number, frameSamples: number): number {
    const redundant = end - this.#redundancyAt < this.#config.redundancyMemoryMs * SAMPLES_PER_MS;
    return redundant ? this.#redundancy * frameSamples : 0;
  }
}
