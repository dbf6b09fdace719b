import type { Clock } from "../lib/util/clock.ts";
import { pause } from "../lib/util/pause.ts";

/** A clock whose time passes by command: hours in microseconds. */
export class FakeClock implements Clock {
  /** Milliseconds. A test may add to it, for work that takes time. */
  nowMs = 0;
  readonly #jumps: boolean;
  /** Pending timers and when they are due. */
  readonly #timers = new Map<() => void, number>();

  /**
   * @param passes `"at timers"`: the clock jumps to each timer as soon as one is set. `"by advance"`: time passes by
   * {@linkcode FakeClock.advance} only.
   */
  constructor(passes: "at timers" | "by advance" = "at timers") {
    this.#jumps = passes === "at timers";
  }

  now(): number {
    return this.nowMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = () => callback();
    this.#timers.set(timer, this.nowMs + delayMs);
    if (this.#jumps) queueMicrotask(() => this.#run(timer));
    return () => this.#timers.delete(timer);
  }

  /** Pending timers. */
  get timers(): number {
    return this.#timers.size;
  }

  /** As {@linkcode FakeClock.advance}, but waits for no promises: for timers that make none. */
  advanceAtOnce(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.#runNext(endMs));
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  /** Lets time pass. Each timer runs at its time, with all promise callbacks that follow. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    do await pause(0); while (this.#runNext(endMs));
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  /** @returns Whether a timer was due. */
  #runNext(endMs: number): boolean {
    const [next] = [...this.#timers].filter(([, at]) => at <= endMs).sort(([, a], [, b]) => a - b);
    if (next) this.#run(next[0]);
    return next !== undefined;
  }

  #run(timer: () => void): void {
    const at = this.#timers.get(timer);
    if (at === undefined) return;
    this.#timers.delete(timer);
    this.nowMs = Math.max(this.nowMs, at);
    timer();
  }
}
