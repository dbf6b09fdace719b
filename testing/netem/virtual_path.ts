/** A network without sockets or waiting: datagrams travel over a simulated time. */

import { type Condition, Impairment } from "./impairment.ts";

/** Simulated time: events run in the order of their times, those of one time in the order in which they were added. */
export class Timeline {
  readonly #events: { at: number; order: number; run: (now: number) => void }[] = [];
  #order = 0;
  /** Milliseconds. A caller may advance it, but not past {@linkcode Timeline.next}. */
  now = 0;

  /** Adds an event. A time that has passed counts as now. */
  at(time: number, run: (now: number) => void): void {
    this.#events.push({ at: Math.max(time, this.now), order: this.#order++, run });
  }

  /** When the next event runs; `Infinity` if there is none. */
  get next(): number {
    return this.#events.reduce((first, { at }) => Math.min(first, at), Infinity);
  }

  /** Advances to the next event and runs it. */
  step(): void {
    this.#events.sort((a, b) => a.at - b.at || a.order - b.order);
    const event = this.#events.shift();
    if (!event) return;
    this.now = event.at;
    event.run(event.at);
  }
}

/** One direction of a network over a {@linkcode Timeline}. */
export class VirtualPath {
  readonly #timeline: Timeline;
  readonly #seed: string;
  #impairment: Impairment;

  /** @param seed As for {@linkcode Impairment}. */
  constructor(timeline: Timeline, condition: Condition, seed: string) {
    this.#timeline = timeline;
    this.#seed = seed;
    this.#impairment = new Impairment(condition, seed);
  }

  /** From now on the network has another condition. */
  change(condition: Condition): void {
    this.#impairment = new Impairment(condition, this.#seed);
  }

  /** Sends a datagram. `deliver` is called at each of its arrivals: never, once or twice. */
  send(deliver: (now: number) => void): void {
    for (const dueMs of this.#impairment.decide(this.#timeline.now)) this.#timeline.at(dueMs, deliver);
  }
}
