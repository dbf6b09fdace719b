/** A time source and its timer: the system's, or a made-up one in tests. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /**
   * Calls `callback` once, `delayMs` milliseconds from now or a little later.
   *
   * @returns Takes the timer back; does nothing once it has run.
   */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** The clock that the rest of the world goes by. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (callback, delayMs) => {
    // Timers count whole milliseconds and drop the fraction, which would make each one early.
    const timer = setTimeout(callback, Math.ceil(delayMs));
    return () => clearTimeout(timer);
  },
};

/**
 * How far behind a pacer may be before it gives the lost time up, in milliseconds. Below that a slow moment is
 * made good by going faster, above it (a stopped process, a laptop that slept) that would be a burst of old sound.
 */
export const MAX_LAG_MS = 200;

/** Lets sound that has no clock of its own, like a file, go by in real time. */
export class Pacer {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #deadlineMs: number | undefined;
  #stopped = false;

  /** @param clock Where time comes from. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Waits until `durationMs` more has gone by. Time starts with the first call, and every later call waits for
   * a moment counted from there, so that timers that are late do not add up.
   *
   * @param durationMs Length of the sound that was just read or written, in milliseconds.
   */
  next(durationMs: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    const nowMs = this.#clock.now();
    let deadlineMs = (this.#deadlineMs ?? nowMs) + durationMs;
    if (nowMs - deadlineMs > MAX_LAG_MS) deadlineMs = nowMs + durationMs;
    this.#deadlineMs = deadlineMs;
    if (deadlineMs <= nowMs) return Promise.resolve();
    return new Promise((resolve) => {
      const cancelTimer = this.#clock.setTimer(() => wake(), deadlineMs - nowMs);
      const wake = () => {
        cancelTimer();
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }

  /** Settles every wait at once, now and from now on, and leaves no timer behind. */
  stop(): void {
    this.#stopped = true;
    for (const wake of [...this.#waiting]) wake();
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
