/**
 * Peaks of delay that come again and again, as on Wi-Fi: too rare for a quantile, too many to be left to concealment
 * (the idea is that of NetEQ's peak detector).
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";

/** A packet that is later than usual by this much is part of a peak. */
const LEAST_HEIGHT = 40 * SAMPLES_PER_MS;

/** By this much if others overtook it: what holds a phone up holds up all that come. */
const LEAST_HEIGHT_OVERTAKEN = 30 * SAMPLES_PER_MS;

/** By this part of how much delays differ anyway, where that is more: there any accident makes a packet later than all. */
const LEAST_PART = 3 / 4;

/** Higher than accidents of a phone are, as a rule. */
const STANDSTILL = 80 * SAMPLES_PER_MS;

/** Late packets within this time are one peak: what was held up comes all at once. */
const ONE_PEAK = 400 * SAMPLES_PER_MS;

/**
 * Where there were two within this time, another one is expected, and so on for as long as the next one comes within
 * it; a single one is an accident of one of the two phones, as a rule. Only a network lets packets overtake each other
 * or stands still for long, so such a peak counts as two.
 */
const HABIT = 8_500 * SAMPLES_PER_MS;

/** What was the highest peak of so long is expected, for each change of the delay is heard. */
const MEMORY = 16_000 * SAMPLES_PER_MS;

/** This part of those, the highest ones, is not waited for: each is an accident on top of another. */
const ASIDE = 1 / 4;

/** How a stream begins, and both phones with it, says nothing about the network: packets that are not looked at, 3 s. */
const FIRST_PACKETS = 150;

/** Peaks that are remembered: as many as there can be in that time. */
const REMEMBERED = 40;

/** Recurring peaks of relative delay. All times are samples of the loudspeaker's clock. */
export class DelayPeakDetector {
  /** When the last peaks began and how high they were: a ring. */
  readonly #startedAt = new Float64Array(REMEMBERED).fill(-Infinity);
  readonly #heights = new Float64Array(REMEMBERED);
  /** Whether it is the network's for sure. */
  readonly #certain = new Uint8Array(REMEMBERED);
  #last = 0;
  /** The heights of those that are to be expected: room to choose among them in. */
  readonly #expected = new Float64Array(REMEMBERED);
  #now = 0;
  /** When the first of the peaks began that come again and again, or Infinity where none do. */
  #habitSince = Infinity;
  /** Packets so far, up to {@linkcode FIRST_PACKETS}. */
  #packets = 0;

  /**
   * Looks at a packet.
   *
   * @param delay Its relative delay.
   * @param fastest That of the fastest packets.
   * @param usual A delay that is nothing out of the ordinary.
   * @param now The time.
   * @param overtaken Whether one that was sent after it came before it.
   * @param heldUp How much of the delay may be this phone's own fault.
   */
  watch(delay: number, fastest: number, usual: number, now: number, overtaken = false, heldUp = 0): void {
    this.#now = now;
    if (now - this.#startedAt[this.#last]! > HABIT) this.#habitSince = Infinity;
    if (this.#packets < FIRST_PACKETS) {
      this.#packets++;
      return;
    }
    const leastHeight = overtaken ? LEAST_HEIGHT_OVERTAKEN : LEAST_HEIGHT;
    const least = usual + Math.max(leastHeight, LEAST_PART * (usual - fastest));
    if (delay < least) return;
    const network = delay - heldUp;
    const height = network < least ? delay : network;
    if (now - this.#startedAt[this.#last]! <= ONE_PEAK) {
      this.#heights[this.#last] = Math.max(this.#heights[this.#last]!, height);
    } else {
      this.#last = (this.#last + 1) % REMEMBERED;
      this.#startedAt[this.#last] = now;
      this.#heights[this.#last] = height;
      this.#certain[this.#last] = 0;
    }
    if (network >= least && (overtaken || network >= usual + STANDSTILL)) this.#certain[this.#last] = 1;
    if (this.#habitSince === Infinity) this.#lookForHabit();
  }

  /** The relative delay of the peaks that are to be expected, or -Infinity where none are. */
  get height(): number {
    const since = Math.max(this.#habitSince, this.#now - MEMORY);
    let count = 0;
    for (let peak = 0; peak < REMEMBERED; peak++) {
      if (this.#startedAt[peak]! >= since) this.#expected[count++] = this.#heights[peak]!;
    }
    if (count === 0) return -Infinity;
    const expected = this.#expected.subarray(0, count).sort();
    return expected[count - 1 - Math.floor(ASIDE * count)]!;
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
      if (this.#now - this.#startedAt[peak]! > HABIT) continue;
      peaks += 1 + this.#certain[peak]!;
      first = Math.min(first, this.#startedAt[peak]!);
    }
    if (peaks > 1) this.#habitSince = first;
  }
}
