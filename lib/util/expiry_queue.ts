/** Who has to be seen to after the same span of time. */

/**
 * Things that each have a deadline, all of them the same time after their start, so that they fall due in the order
 * in which they were started: nothing has to be searched or sorted, however many there are. Like all that decides, it
 * is told the time and reads no clock.
 */
export class ExpiryQueue<T> {
  readonly #ms: number;
  /** Since when each one's time runs; a `Map` keeps the order of insertion, which is that of the deadlines. */
  readonly #since = new Map<T, number>();

  /** @param ms From start to deadline, in milliseconds. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** When the first one falls due; `Infinity` if there is none. */
  get nextAt(): number {
    for (const since of this.#since.values()) return since + this.#ms;
    return Infinity;
  }

  has(item: T): boolean {
    return this.#since.has(item);
  }

  /** Starts the time of one, or starts it anew. */
  start(now: number, item: T): void {
    this.#since.delete(item);
    this.#since.set(item, now);
  }

  /** Forgets one. @returns False if it had no deadline. */
  stop(item: T): boolean {
    return this.#since.delete(item);
  }

  /** Takes out all that are due. */
  due(now: number): T[] {
    const due: T[] = [];
    for (const [item, since] of this.#since) {
      if (since + this.#ms > now) break;
      due.push(item);
    }
    for (const item of due) this.#since.delete(item);
    return due;
  }

  /** Starts everybody's time anew, in the same order. */
  startAll(now: number): void {
    for (const item of this.#since.keys()) this.#since.set(item, now);
  }
}
