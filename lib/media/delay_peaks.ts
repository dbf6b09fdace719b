/**
 * Peaks of delay that come again and again, as on Wi-Fi: too rare for a quantile, too many to be left to concealment
 * (the idea is that of NetEQ's peak detector).
 */

/** Samples in a millisecond. */
const MS = 48;

/** A packet that is later than usual by this much is part of a peak. */
const LEAST_HEIGHT = 40 * MS;

/** Late packets within this time are one peak: what was held up comes all at once. */
const ONE_PEAK = 1_000 * MS;

/** A peak is expected again for so long, … */
const FIRST_TIME = 4_500 * MS;

/** … and for so long when it was not the first within that time. */
const HABIT = 8_500 * MS;

/** Peaks that are remembered: as many as there can be in that time. */
const REMEMBERED = 16;

/** Recurring peaks of relative delay. All times are samples of the loudspeaker's clock. */
export class DelayPeaks {
  /** When the last peaks began and how high they were: a ring. */
  readonly #startedAt = new Float64Array(REMEMBERED).fill(-Infinity);
  readonly #heights = new Float64Array(REMEMBERED);
  #last = 0;
  #now = 0;

  /**
   * Looks at a packet.
   *
   * @param delay Its relative delay.
   * @param usual A delay that is nothing out of the ordinary.
   * @param now The time.
   */
  watch(delay: number, usual: number, now: number): void {
    this.#now = now;
    if (delay < usual + LEAST_HEIGHT) return;
    if (now - this.#startedAt[this.#last]! <= ONE_PEAK) {
      this.#heights[this.#last] = Math.max(this.#heights[this.#last]!, delay);
    } else {
      this.#last = (this.#last + 1) % REMEMBERED;
      this.#startedAt[this.#last] = now;
      this.#heights[this.#last] = delay;
    }
  }

  /** The relative delay of the peaks that are to be expected, or -Infinity where none are. */
  get height(): number {
    let height = -Infinity;
    let peaks = 0;
    for (let peak = 0; peak < REMEMBERED; peak++) {
      if (this.#now - this.#startedAt[peak]! > HABIT) continue;
      peaks++;
      height = Math.max(height, this.#heights[peak]!);
    }
    const expected = peaks > 1 || this.#now - this.#startedAt[this.#last]! <= FIRST_TIME;
    return expected ? height : -Infinity;
  }

  /** Forgets everything. */
  reset(): void {
    this.#startedAt.fill(-Infinity);
  }
}
