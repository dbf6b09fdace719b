/** What the panel's page is told, as server-sent events (WHATWG HTML, section 9.2) whose `data` is JSON. */

import type { CallSample, Fate, LadderMessage, Party } from "../trace/ladder.ts";

/** What a person in the room does, as far as messages tell. */
export type Activity = "free" | "inviting" | "ringing" | "in_call";

/** A person in the room. */
export interface PanelPerson {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly activity: Activity;
  /** The other person, unless `free`. */
  readonly with?: string;
  /** Short hash of the call, unless `free`. */
  readonly call?: string;
  /** Since when, by the registry's clock, in milliseconds since 1970. */
  readonly since: number;
  /** Whether their phone shares copies of its messages. */
  readonly shares: boolean;
  /** Messages of theirs that are not on the ladder, if there are any: there were too many, or they broke a rule. */
  readonly leftOut?: number;
}

/** Event `snapshot`, the first of a connection unless it resumes: it replaces everything that the page knows. */
export interface Snapshot {
  /** Of the registry, in milliseconds since 1970. */
  readonly now: number;
  readonly version: string;
  readonly registry: Party;
  readonly people: readonly PanelPerson[];
  /** The latest messages, oldest first; there may have been earlier ones. */
  readonly messages: readonly LadderMessage[];
  readonly samples: readonly CallSample[];
}

/**
 * Event `batch`: what has happened since the last event, at most ten times a second. Its `id` is what a page that was away sends
 * as `Last-Event-ID`; it then gets what it missed, or a snapshot if that is no longer kept.
 */
export interface Batch {
  readonly now: number;
  readonly messages: readonly LadderMessage[];
  /** Fates of earlier messages that have become known. */
  readonly fates: readonly { readonly number: number; readonly fate: Fate }[];
  readonly samples: readonly CallSample[];
  /** Everybody in the room, if that has changed. */
  readonly people?: readonly PanelPerson[];
}
