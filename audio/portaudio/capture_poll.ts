/**
 * Decides when a microphone's queue is looked at, so that its samples are read soon after they came, one frame at a
 * time, and it is looked at about once for each: every look is an awakening, which costs as much as what is done then.
 * It reads no clock and sets no timer: it is told the time.
 */

import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { durationMs } from "../pacer.ts";

/** In every so manieth read the microphone is looked at so much earlier: so it is found by and by when samples come. */
const EARLY_MS = 1;
const EARLY_READS = 25;

/** How often it is looked at when samples that were due are not there, and when it has stopped or not yet begun. */
const RETRY_MS = 1;
const STOPPED_RETRY_MS = 10;
const STOPPED_MS = 20;

/** When one microphone is looked at. All times are milliseconds on any clock that only goes forward. */
export class CapturePoll {
  readonly #readSamples: number;
  /** When the next samples are due. */
  #dueMs = 0;
  #reads = 0;
  /** Looks and waits since the last read. */
  #looks = 0;
  #waits = 0;
  /** What there was at the last look, and whether there was room for more then and no more came. */
  #seen = -1;
  #nothingBehind = false;

  /** @param readSamples Samples that are read at once. */
  constructor(readSamples: number) {
    this.#readSamples = readSamples;
  }

  /**
   * To be asked before each look.
   *
   * @param left Samples that are in the queue, as of the last look and read: not enough.
   * @returns How long to wait before it; 0 for at once.
   */
  waitMs(nowMs: number, left: number): number {
    const earlyMs = this.#dueMs - nowMs;
    if (earlyMs < -STOPPED_MS) this.#nothingBehind = false;
    else if (this.#waits > 0) this.#nothingBehind ||= left === this.#seen;
    this.#seen = left;
    if (this.#looks++ === 0 && (earlyMs <= 0 || this.#behind(left))) return 0;
    this.#waits++;
    if (earlyMs > 0) return earlyMs;
    return earlyMs < -STOPPED_MS ? STOPPED_RETRY_MS : RETRY_MS;
  }

  /**
   * Samples were there and have been read.
   *
   * @param left Samples that are still in the queue.
   */
  read(nowMs: number, left: number): void {
    const readMs = durationMs(this.#readSamples, SAMPLE_RATE);
    // A timer that is late says nothing about when they came. Nor do those that came while nobody looked.
    const onTime = this.#waits < 2 && this.#dueMs > nowMs - readMs;
    const nextMs = (onTime ? this.#dueMs : nowMs) + readMs -
      (++this.#reads % EARLY_READS === 0 ? EARLY_MS : 0);
    // Part of them is there already.
    const restMs = durationMs(this.#readSamples - left, SAMPLE_RATE);
    if (!this.#muchLeft(left)) this.#nothingBehind = false;
    this.#dueMs = this.#behind(left) ? Math.min(nextMs, nowMs + restMs) : nextMs;
    this.#looks = this.#waits = 0;
  }

  /** Whether there may be more behind what is left, which the queue had no room for. */
  #behind(left: number): boolean {
    return this.#muchLeft(left) && !this.#nothingBehind;
  }

  #muchLeft(left: number): boolean {
    return left >= this.#readSamples / 2;
  }
}
