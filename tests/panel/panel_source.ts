/** A source of the panel's feed that tests write. */

import type { Batch, Snapshot } from "../../lib/panel/feed.ts";
import type { PanelSource } from "../../lib/panel/server.ts";
import type { LadderMessage } from "../../lib/trace/ladder.ts";
import { REGISTRY } from "../trace/samples.ts";

/** Keeps the last batches. */
export class TestSource implements PanelSource {
  latest = 0;
  readonly all: LadderMessage[] = [];
  readonly #batches = new Map<number, Batch>();
  readonly #kept: number;
  #next = Promise.withResolvers<void>();

  constructor(kept = 100) {
    this.#kept = kept;
  }

  /** Adds messages in a batch. */
  say(...messages: LadderMessage[]): void {
    this.all.push(...messages);
    this.#batches.set(++this.latest, { now: 1, messages, fates: [], samples: [] });
    this.#batches.delete(this.latest - this.#kept);
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  snapshot(): Snapshot {
    return { now: 1, version: "1.0", registry: REGISTRY, people: [], messages: this.all, samples: [] };
  }

  since(number: number): readonly Batch[] | undefined {
    const numbers = Array.from({ length: this.latest - number }, (_, i) => number + 1 + i);
    const batches = numbers.map((number) => this.#batches.get(number));
    return batches.every((batch) => batch !== undefined) ? batches : undefined;
  }

  changed(): Promise<void> {
    return this.#next.promise;
  }

  messages(): readonly LadderMessage[] {
    return this.all;
  }
}
