/** Several screens of one phone as one. */

import type { PersonFields } from "../events/fields.ts";
import type { LiveStatus, PhoneEvent } from "../events/phone_events.ts";
import type { Screen } from "../phone/screen.ts";

/**
 * Shows everything on all screens, and takes lines from all. The first one, the terminal's or a script's, decides whether
 * somebody can be asked, and when the person leaves.
 */
export class JoinedScreen implements Screen {
  readonly #first: Screen;
  readonly #others: readonly Screen[];

  constructor(first: Screen, ...others: readonly Screen[]) {
    this.#first = first;
    this.#others = others;
  }

  get interactive(): boolean {
    return this.#first.interactive;
  }

  get endLeaves(): boolean {
    return this.#first.endLeaves;
  }

  get broken(): Promise<void> {
    return this.#first.broken;
  }

  show(event: PhoneEvent): void {
    for (const screen of this.#all) screen.show(event);
  }

  status(status: LiveStatus | undefined): void {
    for (const screen of this.#all) screen.status(status);
  }

  names(names: readonly string[]): void {
    for (const screen of this.#all) screen.names(names);
  }

  onNamesWanted(listener: () => void): void {
    for (const screen of this.#all) screen.onNamesWanted(listener);
  }

  people(people: readonly PersonFields[]): void {
    for (const screen of this.#all) screen.people?.(people);
  }

  onPeopleWanted(listener: () => void): void {
    for (const screen of this.#all) screen.onPeopleWanted?.(listener);
  }

  /** The lines of all screens as they come; they end with those of the first, if that means that the person leaves. */
  get lines(): AsyncIterable<string> {
    return this.#merged();
  }

  async *#merged(): AsyncGenerator<string, void, void> {
    const leaves = this.interactive || this.endLeaves;
    const first = this.#first.lines[Symbol.asyncIterator]();
    const iterators = [first, ...this.#others.map(({ lines }) => lines[Symbol.asyncIterator]())];
    const next = new Map(iterators.map((iterator) => [iterator, iterator.next()]));
    while (next.size > 0) {
      const [iterator, { done, value }] = await Promise.race(
        [...next].map(async ([iterator, result]) => [iterator, await result] as const),
      );
      if (done) next.delete(iterator);
      else next.set(iterator, iterator.next());
      if (done && iterator === first && leaves) return;
      if (!done) yield value;
    }
  }

  async flush(): Promise<void> {
    await Promise.all(this.#all.map((screen) => screen.flush()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((screen) => screen[Symbol.asyncDispose]()));
  }

  get #all(): readonly Screen[] {
    return [this.#first, ...this.#others];
  }
}
