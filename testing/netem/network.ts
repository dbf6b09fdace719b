/** A made-up network for tests: loses, delays, repeats and reorders datagrams, the same way for the same seed. */

/** A stream of numbers from 0 to 1 that depends on the seed alone (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How bad a network is. Probabilities are 0 to 1. */
export interface Impairments {
  readonly loss: number;
  readonly duplication: number;
  /** Every datagram takes from 1 ms to this, so that one may overtake another. */
  readonly maxDelayMs: number;
}

/** Events in the order of their time; two of the same time in the order of their coming. */
export class Timeline {
  readonly #events: { at: number; order: number; run: (now: number) => void }[] = [];
  #order = 0;
  now = 0;

  at(time: number, run: (now: number) => void): void {
    this.#events.push({ at: Math.max(time, this.now), order: this.#order++, run });
  }

  /** When the next event is, or Infinity. */
  get next(): number {
    return this.#events.reduce((first, { at }) => Math.min(first, at), Infinity);
  }

  /** Runs the next event. */
  step(): void {
    this.#events.sort((a, b) => a.at - b.at || a.order - b.order);
    const event = this.#events.shift();
    if (!event) return;
    this.now = event.at;
    event.run(event.at);
  }
}

/** Carries datagrams over a {@linkcode Timeline}. */
export class Network {
  constructor(
    readonly timeline: Timeline,
    readonly random: () => number,
    public impairments: Impairments,
  ) {}

  send(deliver: (now: number) => void): void {
    const { loss, duplication, maxDelayMs } = this.impairments;
    for (let copies = this.random() < duplication ? 2 : 1; copies > 0; copies--) {
      if (this.random() < loss) continue;
      this.timeline.at(this.timeline.now + 1 + this.random() * (maxDelayMs - 1), deliver);
    }
  }
}
