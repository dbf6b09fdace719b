/** A source of the panel's feed that tests write. */

import type { FeedSource } from "../../lib/panel/event_stream.ts";
import type { Snapshot } from "../../lib/panel/feed.ts";
import { BatchRing, type NumberedBatch } from "../../lib/panel/history.ts";
import type { LadderMessage } from "../../lib/trace/ladder.ts";
import { REGISTRY } from "../trace/samples.ts";

/** Keeps what it is told. */
export class TestSource implements FeedSource {
  readonly #messages: LadderMessage[] = [];
  readonly #listeners = new Set<(batch: NumberedBatch) => void>();
  #batches: BatchRing;

  constructor(epoch = "epoch") {
    this.#batches = new BatchRing(epoch);
  }

  /** Adds messages in a batch. */
  say(...messages: LadderMessage[]): void {
    this.#messages.push(...messages);
    const batch = this.#batches.add({ now: 1, messages, fates: [], samples: [] });
    for (const listener of this.#listeners) listener(batch);
  }

  /** Forgets all batches, as if many others had come. */
  forget(): void {
    this.#batches = new BatchRing("later");
  }

  snapshot(): { id: string; snapshot: Snapshot } {
    const messages = [...this.#messages];
    const snapshot = { now: 1, version: "1.0", registry: REGISTRY, people: [], messages, samples: [] };
    return { id: this.#batches.lastId, snapshot };
  }

  since(id: string): readonly NumberedBatch[] | undefined {
    return this.#batches.since(id);
  }

  subscribe(listener: (batch: NumberedBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
