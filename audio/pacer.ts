import { type Clock, systemClock } from "../lib/util/clock.ts";

/**
 * How far behind a pacer may be before it gives the lost time up, in milliseconds. Below that a slow moment is
 * made good by going faster, above it (a stopped process, a laptop that slept) that would be a burst of old sound.
 */
export const MAX_LAG_MS = 200;

/** Lets sound that has no clock of its own, like a file, go by in real time. */
export class Pacer {
  readonly #clock: Clock;
  /** When what has gone by so far was over. */
  #endMs: number | undefined;

  /** @param clock Where time comes from. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Tells how long it is until `durationMs` more has gone by. Time starts with the first call, and what has gone by is
   * counted from there, so that waits that were too long do not add up.
   *
   * @param durationMs Length of the sound that comes next, in milliseconds.
   * @returns 0 when it has gone by, which counts from now on.
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
 * How long sound lasts, in milliseconds.
 *
 * @param sampleCount Number of mono samples.
 * @param sampleRate Samples a second.
 */
export function durationMs(sampleCount: number, sampleRate: number): number {
  return sampleCount * 1000 / sampleRate;
}

/** Tells a sink that has no clock of its own, like a file, how many samples are due. */
export class SampleClock {
  readonly #clock: Clock;
  #startMs: number | undefined;

  /** @param clock Where time comes from. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Samples that are due. Time starts with the first call. What a paused process missed, beyond
   * {@linkcode MAX_LAG_MS}, is left out for good.
   *
   * @param taken Samples that were written so far.
   * @param sampleRate Samples a second.
   */
  due(taken: number, sampleRate: number): number {
    const nowMs = this.#clock.now();
    this.#startMs ??= nowMs;
    const due = Math.floor((nowMs - this.#startMs) * sampleRate / 1000) - taken;
    const most = MAX_LAG_MS * sampleRate / 1000;
    if (due <= most) return Math.max(0, due);
    this.#startMs += (due - most) * 1000 / sampleRate;
    return most;
  }
}
