import { type Clock, systemClock } from "../lib/util/clock.ts";

/**
 * Most lag in milliseconds that a pacer catches up by going faster. It skips a longer one (a stopped process, a laptop
 * that slept), which would play as a burst of old sound.
 */
export const MAX_LAG_MS = 200;

/** Paces a source that has no clock of its own, like a file, in real time. */
export class Pacer {
  readonly #clock: Clock;
  /** End of the sound paced so far. */
  #endMs: number | undefined;

  /** @param clock The system's unless a test hands in its own. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Tells how long to wait until the next `durationMs` of sound are over. Counts from the first call, so that late timers
   * do not add up.
   *
   * @param durationMs Duration of the next sound in milliseconds.
   * @returns Milliseconds to wait; 0 if it is over, and the sound after it begins.
   */
  waitMs(durationMs: number): number {
    const nowMs = this.#clock.now();
    const endMs = (this.#endMs ??= nowMs) + durationMs;
    if (endMs > nowMs) return endMs - nowMs;
    this.#endMs = nowMs - endMs > MAX_LAG_MS ? nowMs : endMs;
    return 0;
  }
}

/**
 * Duration of samples in milliseconds.
 *
 * @param sampleCount Number of mono samples.
 * @param sampleRate Samples per second.
 */
export function durationMs(sampleCount: number, sampleRate: number): number {
  return sampleCount * 1000 / sampleRate;
}

/** Counts the samples due to a sink that has no clock of its own, like a file. */
export class SampleClock {
  readonly #clock: Clock;
  #startMs: number | undefined;

  /** @param clock The system's unless a test hands in its own. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Samples due now. Counts from the first call, and skips what a stopped process missed beyond {@linkcode MAX_LAG_MS}.
   *
   * @param written Samples written so far.
   * @param sampleRate Samples per second.
   */
  due(written: number, sampleRate: number): number {
    const nowMs = this.#clock.now();
    this.#startMs ??= nowMs;
    const due = Math.floor((nowMs - this.#startMs) * sampleRate / 1000) - written;
    const most = MAX_LAG_MS * sampleRate / 1000;
    if (due <= most) return Math.max(0, due);
    this.#startMs += (due - most) * 1000 / sampleRate;
    return most;
  }
}
