/** What the panel's page knows of the room: everything that the feed has told, and what of it is looked at. No DOM. */

import type { Batch, PanelPerson, Snapshot } from "../../lib/panel/feed.ts";
import type { CallSample, LadderMessage } from "../../lib/trace/ladder.ts";
import { countWhile, inOrder, placeOf } from "../shared/order.ts";

/** Most messages and samples that the page keeps; older ones go first. */
export const MAX_MESSAGES = 20_000;
const MAX_SAMPLES = 5_000;

/** When that many more have come, the oldest go, all at once. */
const SLACK = 1_000;

/** How far the clocks may move apart until this one counts as set, in milliseconds: more than batches are on their way. */
const CLOCK_STEP_MS = 2_000;

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
  /** In order of their times: copies from phones come later than what they are copies of. */
  messages: LadderMessage[] = [];
  samples: CallSample[] = [];
  /** The registry's clock minus this one's, in milliseconds. */
  clockOffset = 0;
  version = "";
  /** Grows with every change. */
  revision = 0;
  readonly #byNumber = new Map<number, LadderMessage>();

  /** Replaces everything. @param now This clock, in milliseconds since 1970. */
  begin(snapshot: Snapshot, now: number): void {
    this.people = snapshot.people;
    this.messages = snapshot.messages.toSorted(inOrder);
    this.samples = [...snapshot.samples];
    this.version = snapshot.version;
    this.clockOffset = snapshot.now - now;
    this.#byNumber.clear();
    for (const message of this.messages) this.#byNumber.set(message.number, message);
    this.revision++;
  }

  /** Adds what has happened since. @param now As for `begin`. */
  add(batch: Batch, now: number): void {
    const offset = batch.now - now;
    // This machine's clock was set, or slept.
    if (Math.abs(offset - this.clockOffset) > CLOCK_STEP_MS) this.clockOffset = offset;
    for (const message of batch.messages) this.#insert(message);
    for (const { number, fate } of batch.fates) {
      const message = this.#byNumber.get(number);
      if (message) this.#replace(message, { ...message, fate });
    }
    this.samples.push(...batch.samples);
    if (batch.people) this.people = batch.people;
    if (this.messages.length > MAX_MESSAGES + SLACK) {
      const gone = this.messages.splice(0, this.messages.length - MAX_MESSAGES);
      for (const { number } of gone) this.#byNumber.delete(number);
    }
    if (this.samples.length > MAX_SAMPLES + SLACK) this.samples = this.samples.slice(-MAX_SAMPLES);
    this.revision++;
  }

  /** The message with a number, if it is kept. */
  find(number: number): LadderMessage | undefined {
    return this.#byNumber.get(number);
  }

  #insert(message: LadderMessage): void {
    const last = this.messages.at(-1);
    if (!last || inOrder(last, message) < 0) this.messages.push(message);
    else this.messages.splice(placeOf(this.messages, message), 0, message);
    this.#byNumber.set(message.number, message);
  }

  #replace(before: LadderMessage, after: LadderMessage): void {
    this.messages[placeOf(this.messages, before)] = after;
    this.#byNumber.set(after.number, after);
  }
}

/** The messages of a filter, found anew only when something is new. */
export class FilteredMessages {
  readonly #model: RoomModel;
  #filter: Filter = {};
  #found: readonly LadderMessage[] = [];
  #revision = -1;

  constructor(model: RoomModel) {
    this.#model = model;
  }

  get(filter: Filter): readonly LadderMessage[] {
    const { messages, revision } = this.#model;
    if (filter.person === undefined && filter.call === undefined) return messages;
    if (filter !== this.#filter || revision !== this.#revision) {
      this.#found = messages.filter((message) => matches(message, filter));
      [this.#filter, this.#revision] = [filter, revision];
    }
    return this.#found;
  }
}

/** How many of the messages, in order of their times, were sent until a time. */
export function countUntil(messages: readonly LadderMessage[], time: number): number {
  return countWhile(messages, ({ at }) => at <= time);
}
