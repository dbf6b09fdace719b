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

/** Two peaks within this time are a habit, and expected again for as long. */
const HABIT = 8_000 * MS;

/** Recurring peaks of relative delay. All times are samples of the loudspeaker's clock. */
export class DelayPeaks {
  /** When the last two peaks began, and their heights. */
  #lastAt = -Infinity;
  #lastHeight = -Infinity;
  #beforeAt = -Infinity;
  #beforeHeight = -Infinity;
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
    if (now - this.#lastAt > ONE_PEAK) {
      this.#beforeAt = this.#lastAt;
      this.#beforeHeight = this.#lastHeight;
      this.#lastAt = now;
      this.#lastHeight = delay;
    } else {
      this.#lastHeight = Math.max(this.#lastHeight, delay);
    }
  }

  /** The relative delay of the peaks that are to be expected, or -Infinity where none are. */
  get height(): number {
    const habit = this.#lastAt - this.#beforeAt <= HABIT && this.#now - this.#lastAt <= HABIT;
    return habit ? Math.max(this.#lastHeight, this.#beforeHeight) : -Infinity;
  }

  /** Forgets everything. */
  reset(): void {
    this.#lastAt =
      this.#lastHeight =
      this.#beforeAt =
      this.#beforeHeight =
        -Infinity;
  }
}
