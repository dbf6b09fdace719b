/** The latest of what happened in a room, in bounded memory. */

import type { CallSample, Fate, LadderMessage } from "../trace/ladder.ts";
import type { Batch } from "./feed.ts";

/** Most messages, and most text of them in UTF-16 units. */
export const MAX_MESSAGES = 5000;
const MAX_TEXT = 4 * 1024 * 1024;

/** Part of those that one phone may fill before its new messages push out its own. */
const SHARE = 1 / 8;

/** Most figures of calls: those of 20 calls for 5 minutes. */
const MAX_SAMPLES = 6000;

/** Most batches for pages that were away, and most text of them. */
const MAX_BATCHES = 3000;
const MAX_BATCH_TEXT = 4 * 1024 * 1024;

/** What a row of the table adds to a batch, in UTF-16 units. */
const PERSON_TEXT = 200;

/** A batch with its number. */
export interface NumberedBatch {
  /** The value of `Last-Event-ID` of a page that has it. */
  readonly id: string;
  readonly batch: Batch;
}

interface Source {
  /** Numbers of its messages, the oldest first. */
  readonly numbers: Set<number>;
  text: number;
}

/** The latest messages of a room, none crowded out by those of one phone. */
export class MessageRing {
  readonly #messages = new Map<number, { message: LadderMessage; readonly source: object }>();
  readonly #sources = new Map<object, Source>();
  #text = 0;

  /** All that there are, the oldest first. */
  get all(): LadderMessage[] {
    return [...this.#messages.values()].map(({ message }) => message);
  }

  /** @param source Who caused it. */
  add(message: LadderMessage, source: object): void {
    const own = this.#sources.get(source) ?? { numbers: new Set(), text: 0 };
    this.#sources.set(source, own);
    this.#messages.set(message.number, { message, source });
    own.numbers.add(message.number);
    own.text += message.text.length;
    this.#text += message.text.length;
    while (this.#messages.size > MAX_MESSAGES || this.#text > MAX_TEXT) {
      const greedy = own.numbers.size > SHARE * MAX_MESSAGES || own.text > SHARE * MAX_TEXT;
      const [oldest] = greedy ? own.numbers : this.#messages.keys();
      this.#remove(oldest!);
    }
  }

  /** What became of a message, if it is still there. */
  setFate(number: number, fate: Fate): void {
    const entry = this.#messages.get(number);
    if (entry) entry.message = { ...entry.message, fate };
  }

  #remove(number: number): void {
    const { message, source } = this.#messages.get(number)!;
    this.#messages.delete(number);
    this.#text -= message.text.length;
    const own = this.#sources.get(source)!;
    own.numbers.delete(number);
    own.text -= message.text.length;
    if (own.numbers.size === 0) this.#sources.delete(source);
  }
}

/** The latest figures of calls. */
export class SampleRing {
  #samples: CallSample[] = [];

  get all(): readonly CallSample[] {
    return this.#samples;
  }

  add(sample: CallSample): void {
    this.#samples.push(sample);
    // Seldom, so that it costs little.
    if (this.#samples.length > 1.25 * MAX_SAMPLES) this.#samples = this.#samples.slice(-MAX_SAMPLES);
  }
}

/** The latest batches. */
export class BatchRing {
  readonly #epoch: string;
  #batches: (NumberedBatch & { readonly text: number })[] = [];
  #text = 0;
  #last = 0;

  /** @param epoch Of this run of the registry: a page must not take numbers of another run for its own. */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** Of the last batch. */
  get lastId(): string {
    return `${this.#epoch}-${this.#last}`;
  }

  add(batch: Batch): NumberedBatch {
    this.#last++;
    const numbered = { id: this.lastId, batch };
    const text = batch.messages.reduce((sum, message) => sum + message.text.length, 0) +
      PERSON_TEXT * (1 + (batch.people?.length ?? 0));
    this.#batches.push({ ...numbered, text });
    this.#text += text;
    let excess = Math.max(0, this.#batches.length - MAX_BATCHES);
    for (let left = this.#text; left > MAX_BATCH_TEXT && excess < this.#batches.length - 1; excess++) {
      left -= this.#batches[excess]!.text;
    }
    for (const { text } of this.#batches.splice(0, excess)) this.#text -= text;
    return numbered;
  }

  /** The batches after the one with this number; undefined if they are not all there, or it is none. */
  since(id: string): NumberedBatch[] | undefined {
    const [, epoch, digits] = /^(.*)-(\d{1,15})$/.exec(id) ?? [];
    const number = epoch === this.#epoch ? Number(digits) : NaN;
    const missed = this.#last - number;
    if (!Number.isInteger(missed) || missed < 0 || missed > this.#batches.length) return undefined;
    return this.#batches.slice(this.#batches.length - missed).map(({ id, batch }) => ({ id, batch }));
  }
}
