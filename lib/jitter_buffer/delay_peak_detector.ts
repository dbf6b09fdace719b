/**
 * Recurring peaks of delay, as on Wi-Fi: too rare for a quantile, too many for concealment (NetEQ's peak detector has the
 * idea).
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import { DEFAULT_CONFIG, type JitterBufferConfig } from "./config.ts";

/** Peaks remembered: as many as fit into the memory. */
const REMEMBERED = 40;

/** Recurring peaks of relative delay. All times are samples of the loudspeaker's clock. */
export class DelayPeakDetector {
  readonly #config: JitterBufferConfig;
  /** Beginnings and heights of the last peaks: a ring. */
  readonly #startedAt = new Float64Array(REMEMBERED).fill(-Infinity);
  readonly #heights = new Float64Array(REMEMBERED);
  #last = 0;
  #now = 0;
  /** Beginning of the first recurring peak; Infinity if none recur. */
  #recurringSince = Infinity;
  /** Packets so far, up to {@linkcode JitterBufferConfig.peakFreePackets}. */
  #packets = 0;

  constructor(config: JitterBufferConfig = DEFAULT_CONFIG) {
    this.#config = config;
  }

  /**
   * Takes a packet.
   *
   * @param delay Its relative delay.
   * @param ordinary The relative delay of ordinary packets.
   * @param now The time.
   */
  watch(delay: number, ordinary: number, now: number): void {
    this.#now = now;
    if (now - this.#startedAt[this.#last]! > this.#config.peakPeriodMs * SAMPLES_PER_MS) {
      this.#recurringSince = Infinity;
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
    }
    if (this.#recurringSince === Infinity) this.#findRecurring();
  }

  /** The relative delay of recurring peaks, -Infinity if there are none. */
  get height(): number {
    const since = Math.max(this.#recurringSince, this.#now - this.#config.peakMemoryMs * SAMPLES_PER_MS);
    let highest = -Infinity;
    for (let peak = 0; peak < REMEMBERED; peak++) {
      if (this.#startedAt[peak]! >= since) highest = Math.max(highest, this.#heights[peak]!);
    }
    return highest;
  }

  /** Forgets everything. */
  reset(): void {
    this.#startedAt.fill(-Infinity);
    this.#recurringSince = Infinity;
    this.#packets = 0;
  }

  #findRecurring(): void {
    let first = Infinity;
    let peaks = 0;
    for (let peak = 0; peak < REMEMBERED; peak++) {
      if (this.#now - this.#startedAt[peak]! > this.#config.peakPeriodMs * SAMPLES_PER_MS) continue;
      peaks++;
      first = Math.min(first, this.#startedAt[peak]!);
    }
    if (peaks > 1) this.#recurringSince = first;
  }
}
