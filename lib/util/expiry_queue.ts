/** An item that runs, between those that were started before and after it. */
export interface Entry<T> {
  readonly item: T;
  since: number;
  before: Entry<T> | undefined;
  after: Entry<T> | undefined;
}

/** Where a queue finds the entry of an item. */
export interface Entries<T> {
  get(item: T): Entry<T> | undefined;
  set(item: T, entry: Entry<T>): unknown;
  delete(item: T): unknown;
}

/**
 * Items that expire a fixed time after they were started, so in the order of their starts: every operation takes constant
 * time. It is told the time and reads no clock.
 *
 * A list in the order of the starts, and not a `Map` alone: the place of what was deleted from a `Map` stays until it is copied,
 * and finding the first of 10,000 items that are all started again and again took 30 µs.
 */
export class ExpiryQueue<T> {
  readonly #ms: number;
  readonly #entries: Entries<T>;
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;

  /**
   * @param ms From start to deadline, in milliseconds.
   * @param entries Where items have their entries themselves, which takes less memory than a `Map` of thousands.
   */
  constructor(ms: number, entries: Entries<T> = new Map()) {
    this.#ms = ms;
    this.#entries = entries;
  }

  /** When the first item expires; `Infinity` if there is none. */
  get nextAt(): number {
    return this.#first ? this.#first.since + this.#ms : Infinity;
  }

  has(item: T): boolean {
    return this.#entries.get(item) !== undefined;
  }

  /** Starts an item, or starts it again. */
  start(now: number, item: T): void {
    // A whole number takes no memory of its own.
    const since = Math.ceil(now);
    let entry = this.#entries.get(item);
    if (entry) {
      this.#unlink(entry);
      entry.since = since;
    } else {
      entry = { item, since, before: undefined, after: undefined };
      this.#entries.set(item, entry);
    }
    entry.before = this.#last;
    if (this.#last) this.#last.after = entry;
    else this.#first = entry;
    this.#last = entry;
  }

  /** Removes an item. @returns Whether it was there. */
  stop(item: T): boolean {
    const entry = this.#entries.get(item);
    if (!entry) return false;
    this.#entries.delete(item);
    this.#unlink(entry);
    return true;
  }

  /** Removes all expired items. @returns The items, the oldest first. */
  due(now: number): T[] {
    const due: T[] = [];
    while (this.#first && this.#first.since + this.#ms <= now) {
      const { item } = this.#first;
      due.push(item);
      this.stop(item);
    }
    return due;
  }

  /** Starts all items again, in the same order. */
  startAll(now: number): void {
    for (let entry = this.#first; entry; entry = entry.after) entry.since = Math.ceil(now);
  }

  #unlink(entry: Entry<T>): void {
    const { before, after } = entry;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    entry.before = entry.after = undefined;
  }
}
