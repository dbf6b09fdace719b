/**
 * Items that expire a fixed time after they were started, so in the order of their starts: every operation takes constant
 * time. It is told the time and reads no clock.
 */
export class ExpiryQueue<T> {
  readonly #ms: number;
  /** Start times. A `Map` keeps the order of insertion, which is that of the deadlines. */
  readonly #since = new Map<T, number>();

  /** @param ms From start to deadline, in milliseconds. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** When the first item expires; `Infinity` if there is none. */
  get nextAt(): number {
    for (const since of this.#since.values()) return since + this.#ms;
    return Infinity;
  }

  has(item: T): boolean {
    return this.#since.has(item);
  }

  /** Starts an item, or starts it again. */
  start(now: number, item: T): void {
    this.#since.delete(item);
    this.#since.set(item, now);
  }

  /** Removes an item. @returns Whether it was there. */
  stop(item: T): boolean {
    return this.#since.delete(item);
  }

  /** Removes all expired items. @returns The items, the oldest first. */
  due(now: number): T[] {
    const due: T[] = [];
    for (const [item, since] of this.#since) {
      if (since + this.#ms > now) break;
      due.push(item);
    }
    for (const item of due) this.#since.delete(item);
    return due;
  }

  /** Starts all items again, in the same order. */
  startAll(now: number): void {
    for (const item of this.#since.keys()) this.#since.set(item, now);
  }
}
