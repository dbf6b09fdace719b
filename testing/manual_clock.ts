import type { Clock } from "../lib/util/clock.ts";
import { pause } from "../lib/util/pause.ts";

/** A clock that goes on only when it is told to. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Map<() => void, number>();

  now(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = () => callback();
    this.#timers.set(timer, this.#nowMs + delayMs);
    return () => this.#timers.delete(timer);
  }

  /** Timers that have not run yet. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time go by, and what is due happen, each at its time and with all that follows from it at once. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await pause(0);
      const [next] = [...this.#timers].filter(([, at]) => at <= endMs).sort(([, a], [, b]) => a - b);
      if (!next) break;
      const [timer, at] = next;
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, at);
      timer();
    }
    this.#nowMs = endMs;
  }
}
