/** What the panel's page knows of the room: everything that the feed has told, and what of it is looked at. No DOM. */

import type { Batch, PanelPerson, Snapshot } from "../../lib/panel/feed.ts";
import { type CallSample, type LadderMessage, lifelineKey, type Party } from "../../lib/trace/ladder.ts";

/** Most messages and samples that the page keeps; older ones go first. */
export const MAX_MESSAGES = 20_000;
const MAX_SAMPLES = 5_000;

/** When that many more have come, the oldest go, all at once. */
const SLACK = 1_000;

/** What is looked at; everything, if empty. */
export interface Filter {
  /** The name of a person. */
  readonly person?: string;
  /** Short hash of a call. */
  readonly call?: string;
}

/** Whether a message is looked at. */
export function matches({ from, to, call }: LadderMessage, filter: Filter): boolean {
  if (filter.person !== undefined && from.name !== filter.person && to.name !== filter.person) return false;
  return filter.call === undefined || call === filter.call;
}

/** Everything that the feed has told. */
export class RoomModel {
  people: readonly PanelPerson[] = [];
  /** In order of their numbers. */
  messages: LadderMessage[] = [];
  samples: CallSample[] = [];
  /** The registry's clock minus this one's, in milliseconds. */
  clockOffset = 0;
  version = "";
  /** Grows with every change. */
  revision = 0;
  readonly #indexes = new Map<number, number>();

  /** Replaces everything. @param now This clock, in milliseconds since 1970. */
  begin(snapshot: Snapshot, now: number): void {
    this.people = snapshot.people;
    this.messages = [...snapshot.messages];
    this.samples = [...snapshot.samples];
    this.version = snapshot.version;
    this.clockOffset = snapshot.now - now;
    this.#index();
    this.revision++;
  }

  /** Adds what has happened since. */
  add(batch: Batch): void {
    for (const message of batch.messages) {
      this.#indexes.set(message.number, this.messages.length);
      this.messages.push(message);
    }
    for (const { number, fate } of batch.fates) {
      const index = this.#indexes.get(number);
      const message = index === undefined ? undefined : this.messages[index];
      if (index !== undefined && message) this.messages[index] = { ...message, fate };
    }
    this.samples.push(...batch.samples);
    if (batch.people) this.people = batch.people;
    if (this.messages.length > MAX_MESSAGES + SLACK) {
      this.messages = this.messages.slice(-MAX_MESSAGES);
      this.#index();
    }
    if (this.samples.length > MAX_SAMPLES + SLACK) this.samples = this.samples.slice(-MAX_SAMPLES);
    this.revision++;
  }

  #index(): void {
    this.#indexes.clear();
    this.messages.forEach(({ number }, index) => this.#indexes.set(number, index));
  }
}

/** The messages of a filter, found anew only where something is new. */
export class FilteredMessages {
  readonly #model: RoomModel;
  #filter: Filter = {};
  #found: LadderMessage[] = [];
  #revision = -1;
  /** The list that was looked through, and how far. */
  #source: readonly LadderMessage[] = [];
  #seen = 0;

  constructor(model: RoomModel) {
    this.#model = model;
  }

  get(filter: Filter): readonly LadderMessage[] {
    const { messages, revision } = this.#model;
    if (filter.person === undefined && filter.call === undefined) return messages;
    const same = filter.person === this.#filter.person && filter.call === this.#filter.call;
    if (same && revision === this.#revision) return this.#found;
    if (!same || messages !== this.#source) {
      this.#found = [];
      this.#seen = 0;
    }
    // Fates change where messages are: take those found before as they are now.
    const first = messages[0]?.number ?? 0;
    this.#found = this.#found.map((old) => messages[old.number - first] ?? old);
    for (; this.#seen < messages.length; this.#seen++) {
      const message = messages[this.#seen] as LadderMessage;
      if (matches(message, filter)) this.#found.push(message);
    }
    [this.#filter, this.#source, this.#revision] = [filter, messages, revision];
    return this.#found;
  }
}

/** How many of the messages, in order of their times, were sent until a time. */
export function countUntil(messages: readonly LadderMessage[], time: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle] as LadderMessage).at <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The lifelines of messages, in order: the registry first, then those that were there before, then new ones in order of appearance.
 */
export function lifelinesOf(messages: readonly LadderMessage[], before: readonly Party[]): Party[] {
  const needed = new Map<string, Party>();
  for (const { from, to } of messages) {
    for (const party of [from, to]) {
      const key = lifelineKey(party);
      if (!needed.has(key)) needed.set(key, party);
    }
  }
  const registry = needed.get("registry");
  needed.delete("registry");
  const kept = before.flatMap((party) => {
    const key = lifelineKey(party);
    const found = needed.get(key);
    needed.delete(key);
    return found ? [found] : [];
  });
  return [...registry ? [registry] : [], ...kept, ...needed.values()];
}
