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
