/** What the panel's reader looks at, and how that changes. No DOM. */

import type { Batch, Snapshot } from "../../lib/panel/feed.ts";
import type { LadderMessage } from "../../lib/trace/ladder.ts";
import { countUntil, type Filter, FilteredMessages, RoomModel } from "./model.ts";
import type { LadderView } from "../shared/ladder.tsx";
import type { Language } from "../shared/ladder_texts.ts";

/** How the feed is. */
export type Connection = "connecting" | "open" | "lost";

/** Speeds of a replay, in seconds a second. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 16] as const;

/** Everything that the page shows depends on, with a call to every listener after a change. */
export class Store implements LadderView {
  readonly model = new RoomModel();
  readonly #filtered = new FilteredMessages(this.model);
  readonly #listeners = new Set<() => void>();
  language: Language;
  connection: Connection = "connecting";
  filter: Filter = {};
  /** Number of the message whose details are shown. */
  selected: number | undefined;
  /** The moment that is shown, by the registry's clock; undefined for now. */
  time: number | undefined;
  /** Seconds a second while a replay runs. */
  speed = 1;
  playing = false;

  constructor(language: Language) {
    this.language = language;
  }

  /** Calls back after each change. @returns What ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes something, and tells. */
  change(change: Partial<Pick<Store, "language" | "connection" | "filter" | "selected">>): void {
    Object.assign(this, change);
    this.#tell();
  }

  select(selected: number | undefined): void {
    this.change({ selected });
  }

  begin(snapshot: Snapshot, now: number): void {
    const { selection } = this;
    this.model.begin(snapshot, now);
    // A registry that was started again counts from 1.
    if (this.selection?.at !== selection?.at) this.selected = undefined;
    const [first] = this.model.messages;
    if (this.time !== undefined && (!first || this.time < first.at)) {
      [this.time, this.playing] = [undefined, false];
    }
    this.#tell();
  }

  add(batch: Batch, now: number): void {
    this.model.add(batch, now);
    this.#tell();
  }

  /** The messages that are looked at. */
  get messages(): readonly LadderMessage[] {
    return this.#filtered.get(this.filter);
  }

  /** How many of them are shown at this moment. */
  get count(): number {
    return this.time === undefined ? this.messages.length : countUntil(this.messages, this.time);
  }

  /** The message whose details are shown. */
  get selection(): LadderMessage | undefined {
    return this.selected === undefined ? undefined : this.model.find(this.selected);
  }

  /** The registry's time. @param now This clock, in milliseconds since 1970. */
  registryTime(now: number): number {
    return now + this.model.clockOffset;
  }

  /** Shows the present again. */
  live(): void {
    this.time = undefined;
    this.playing = false;
    this.#tell();
  }

  /** Stays at a moment; at the present one, if none is given. */
  pause(time = this.time ?? this.model.messages.at(-1)?.at ?? 0): void {
    this.time = time;
    this.playing = false;
    this.#tell();
  }

  /** Goes on from the moment that is shown; from the beginning, if that is the present or the end. */
  play(): void {
    const { messages } = this.model;
    if (this.time === undefined || this.time >= (messages.at(-1)?.at ?? 0)) {
      this.time = (messages[0]?.at ?? 1) - 1;
    }
    this.playing = true;
    this.#tell();
  }

  /** Moves a replay on. @param ms Milliseconds since the last call. */
  advance(ms: number): void {
    if (!this.playing || this.time === undefined) return;
    this.time += ms * this.speed;
    const last = this.model.messages.at(-1)?.at ?? 0;
    if (this.time >= last) {
      this.time = last;
      this.playing = false;
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
