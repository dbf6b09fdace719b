/** A time source with timers: the system's, or a fake one in tests. */
export interface Clock {
  /** Milliseconds since a fixed moment; never goes back. */
  now(): number;
  /**
   * Calls `callback` once, `delayMs` milliseconds from now or a little later.
   *
   * @returns Cancels the timer; does nothing once it has run.
   */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** The system's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (callback, delayMs) => {
    // setTimeout() drops fractions of a millisecond, which would make a timer early.
    const timer = setTimeout(callback, Math.ceil(delayMs));
    return () => clearTimeout(timer);
  },
};
