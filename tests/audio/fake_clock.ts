import type { Clock } from "../../audio/clock.ts";

/** A clock that stands still until a timer is set, and then jumps to it: hours go by in microseconds. */
export class FakeClock implements Clock {
  /** Milliseconds that have gone by. A test may add to it, for work that takes time. */
  nowMs = 0;
  /** Timers set so far. */
  timers = 0;
  readonly #latenessMs: number;

  /** @param latenessMs How late every timer is, in milliseconds. */
  constructor(latenessMs = 0) {
    this.#latenessMs = latenessMs;
  }

  now(): number {
    return this.nowMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    let cancelled = false;
    this.timers++;
    queueMicrotask(() => {
      if (cancelled) return;
      this.nowMs += delayMs + this.#latenessMs;
      callback();
    });
    return () => cancelled = true;
  }
}
