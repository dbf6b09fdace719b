/**
 * Peaks of delay that come again and again, as on Wi-Fi: too rare for a quantile, too many to be left to concealment
 * (the idea is that of NetEQ's peak detector).
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import { DEFAULT_CONFIG, type JitterBufferConfig } from "./config.ts";

/** Peaks that are remembered: as many as there can be in that time. */
const REMEMBERED = 40;

/** Recurring peaks of relative delay. All times are samples of the loudspeaker's clock. */
export class DelayPeakDetector {
  readonly #config: JitterBufferConfig;
  /** When the last peaks began and how high they were: a ring. */
  readonly #startedAt = new Float64Array(REMEMBERED).fill(-Infinity);
  readonly #heights = new Float64Array(REMEMBERED);
  /** Whether it is the network's for sure. */
  readonly #certain = new Uint8Array(REMEMBERED);
  #last = 0;
  #now = 0;
  /** When the first of the peaks began that come again and again, or Infinity where none do. */
  #habitSince = Infinity;
  /** Packets so far, up to {@linkcode JitterBufferConfig.peakFreePackets}. */
  #packets = 0;

  constructor(config: JitterBufferConfig = DEFAULT_CONFIG) {
    this.#config = config;
  }

  /**
   * Looks at a packet.
   *
   * @param delay Its relative delay.
   * @param ordinary A delay that is no peak.
   * @param now The time.
   */
  watch(delay: number, ordinary: number, now: number): void {
    this.#now = now;
    if (now - this.#startedAt[this.#last]! > this.#config.peakPeriodMs * SAMPLES_PER_MS) {
      this.#habitSince = Infinity;
    }
    if (this.#packets < this.#config.peakFreePackets) {
      this.#packets++;
      return;
    }
    if (delay < ordinary + this.#config.peakMs * SAMPLES_PER_MS) return;
    if (now - this.#startedAt[this.#last]! <= this.#config.onePeakMs * SAMPLES_PER_MS) {
      this.#heights[this.#last] = Math.max(this.#heights[this.#last]!, delay);
    } else {
      this.#last = (this.#last + 1) % REMEMBERED;
      this.#startedAt[this.#last] = now;
      this.#heights[this.#last] = delay;
      this.#certain[this.#last] = 0;
    }
    if (delay >= ordinary + this.#config.certainPeakMs * SAMPLES_PER_MS) this.#certain[this.#last] = 1;
    if (this.#habitSince === Infinity) this.#lookForHabit();
  }

  /** The relative delay of the peaks that are to be expected, or -Infinity where none are. */
  get height(): number {
    const since = Math.max(this.#habitSince, this.#now - this.#config.peakMemoryMs * SAMPLES_PER_MS);
    let highest = -Infinity;
    for (let peak = 0; peak < REMEMBERED; peak++) {
      if (this.#startedAt[peak]! >= since) highest = Math.max(highest, this.#heights[peak]!);
    }
    return highest;
  }

  /** Forgets everything. */
  reset(): void {
    this.#startedAt.fill(-Infinity);
    this.#habitSince = Infinity;
    this.#packets = 0;
  }

  #lookForHabit(): void {
    let first = Infinity;
    let peaks = 0;
    for (let peak = 0; peak < REMEMBERED; peak++) {
      if (this.#now - this.#startedAt[peak]! > this.#config.peakPeriodMs * SAMPLES_PER_MS) continue;
      peaks += 1 + this.#certain[peak]!;
      first = Math.min(first, this.#startedAt[peak]!);
    }
    if (peaks > 1) this.#habitSince = first;
  }
}
