import type { Clock } from "../lib/util/clock.ts";

/** A clock that stands still until a timer is set, and then jumps to it: hours go by in microseconds. */
export class FakeClock implements Clock {
  /** Milliseconds that have gone by. A test may add to it, for work that takes time. */
  nowMs = 0;

  now(): number {
    return this.nowMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    let cancelled = false;
    queueMicrotask(() => {
      if (cancelled) return;
      this.nowMs += delayMs;
      callback();
    });
    return () => cancelled = true;
  }
}
