/**
 * One registry's part in a table that several share: which names it holds there, what the others hold, and which of the
 * others have ended. docs/campus.md explains the rules; this file decides by them.
 */

import type { Person } from "../../protocol/registry_messages.ts";
import type { RevokeReason } from "../shared_table.ts";
import { RegistryTable } from "../table.ts";
import {
  encodeNotice,
  encodeRecord,
  encodeRow,
  endKey,
  isRowKey,
  newId,
  noticeKey,
  parseNotice,
  parseRecord,
  parseRow,
  recordKey,
  registryOf,
  registryOfEnd,
  type RegistryRecord,
  rowKey,
  rowOfNotice,
  type SharedRow,
} from "./records.ts";

/** Interval of the renewals of this registry's record. */
export const BEAT_MS = 2000;

/**
 * A registry without a confirmed renewal for this time lets its phones go: from then on others may have their names. More
 * than a minute, which NATS may be away for.
 */
export const FENCE_MS = 90_000;

/**
 * Another registry without a renewal for this time has let its phones go. It counts from when this registry saw the last
 * one, which is later than when the other one began to count; the rest is for clocks that run at different rates.
 */
export const LEASE_MS = 105_000;

/** The copy is out of date once the newest renewal that came back through it is older than this. */
export const STALE_MS = 6000;

/** A copy that does not show a renewal that the engine has confirmed this long ago is opened anew. */
const REWATCH_MS = 5000;

/** Pause before an operation whose outcome is unknown, or a question without an answer, is tried again. */
const RETRY_MS = 300;

/** Rows of a registry that has ended stay in lookups for this time, in which most of its phones come in elsewhere. */
const SWEEP_MS = 5000;

/** Further time for each registry before this one in the order of ids: one of them is enough. */
const SWEEP_STEP_MS = 2000;

/** Time in which another registry that is there puts a row in again that the engine has lost. */
const REFILL_MS = 10_000;

/** Age from which notices of removed rows are removed themselves, how often, and at most how many at a time. */
const NOTICE_MS = 60_000;
const NOTICES_EVERY_MS = 10_000;
const NOTICES_AT_ONCE = 2000;

/** Age at which the record of a registry that has ended is removed. */
const RECORD_MS = 600_000;

/** Result of a write or a purge: the revision that it made, or that the key was there, or that nobody knows. */
export type WriteResult = number | "conflict" | "unknown";

/** Result of a read: the value and its revision, or that nobody knows. What is not there has no value, and revision 0. */
export type ReadResult = { readonly value: string | undefined; readonly revision: number } | "unknown";

/** What another registry answers to the question whether a phone of its still wants its name. */
export type Answer = "kept" | "free" | "no_responders" | "unknown";

/** Output of a directory. */
export type DirectoryOutput =
  /** Write a key: only if it is not there, or in any case. */
  | {
    readonly kind: "write";
    readonly id: number;
    readonly key: string;
    readonly value: string;
    readonly create: boolean;
  }
  /** Remove what a key had up to a revision, so that it is not there, unless it has something newer. */
  | { readonly kind: "purge"; readonly id: number; readonly key: string; readonly upTo: number }
  | { readonly kind: "read"; readonly id: number; readonly key: string }
  /** Ask another registry whether a phone there still wants the name; without a key, whether it is there. */
  | { readonly kind: "ask"; readonly id: number; readonly registry: string; readonly key?: string }
  /** The answer to a question of another registry: see {@linkcode ClusterDirectory.handleQuestion}. */
  | { readonly kind: "answer"; readonly id: number; readonly kept: boolean }
  /** Ping the phone of a session: see {@linkcode ClusterDirectory.handleContested}. */
  | { readonly kind: "contest"; readonly session: number }
  | { readonly kind: "settled"; readonly session: number; readonly result: "granted" | "taken" }
  | { readonly kind: "revoked"; readonly session: number; readonly reason: RevokeReason }
  /** Watch over another registry by its life line, or no longer. */
  | { readonly kind: "link"; readonly record: RegistryRecord }
  | { readonly kind: "unlink"; readonly registry: string }
  /** Answer questions under this id from now on. */
  | { readonly kind: "identity"; readonly id: string }
  /** Watch the bucket from its beginning. */
  | { readonly kind: "rewatch" }
  | {
    readonly kind: "peer";
    readonly record: RegistryRecord;
    readonly change: "joined" | "left" | "dead";
  }
  | { readonly kind: "freshness"; readonly fresh: boolean; readonly ms: number }
  | { readonly kind: "fenced"; readonly people: number };

/** What a registry tells about itself. */
export type Self = Pick<RegistryRecord, "lifePort" | "addresses">;

/** A row as this registry knows it. */
interface Entry {
  readonly row: SharedRow;
  /** 0: the bucket no longer has it, and nobody has removed it: the engine has lost it. */
  readonly revision: number;
  /** Since when that is so. */
  readonly missingSince?: number;
  /** Number of the watch during which it was last seen. */
  readonly round: number;
}

/** A name that this registry wants to have or to be rid of. */
interface Name {
  readonly key: string;
  want: { readonly session: number; readonly person: Person; held: boolean } | undefined;
  /** The operation or question in progress. */
  busy: number | undefined;
  /** What the bucket has must be read first. */
  uncertain: boolean;
  /** Not before this time. */
  retryAt: number;
  /** The holder that says that it no longer wants the name. */
  freed: string | undefined;
  /** Remove the row of a registry that has ended. */
  sweep: boolean;
  /** The revision up to which rows were removed and the others must be told; 0 for none. */
  removed: number;
}

/** Another registry, or this one under an id that it no longer has. */
interface Peer {
  record: RegistryRecord;
  /** Of the record; 0 if it is not in this bucket. */
  revision: number;
  /** When its last renewal arrived here. */
  lastSeen: number;
  /** Whether it is known to have ended: its process, or its lease. */
  ended: "no" | "perhaps" | "certainly";
  busy: number | undefined;
  retryAt: number;
  /** When it was first seen to have left or died. */
  endedAt: number;
  sweepAt: number;
}

/** Rows of a name up to a revision were removed. */
interface Notice {
  readonly upTo: number;
  /** Its own revision. */
  readonly own: number;
  readonly at: number;
}

/** Who has a row that cannot be read. */
const NOBODY: Person = { nome: "", ip: "", porta: 0 };

type Operation =
  /** `row`: what is written, or about which another registry is asked. */
  | {
    readonly of: "name";
    readonly name: Name;
    readonly does: "create" | "remove" | "notice" | "read" | "ask";
    readonly row?: SharedRow;
    /** The revision that is removed or told, or what was known before a read. */
    readonly revision: number;
  }
  | { readonly of: "self"; readonly beat: number; readonly at: number }
  | { readonly of: "peer"; readonly peer: Peer }
  | { readonly of: "nothing" };

/**
 * The shared table as one registry sees it. Does no I/O and reads no clock: `now` is in milliseconds of a monotonic clock.
 * After every input, {@linkcode ClusterDirectory.drain} all output and read {@linkcode ClusterDirectory.wakeAt} again.
 */
export class ClusterDirectory {
  /** The copy: everybody in the room, as far as this registry knows. Row numbers only grow. */
  readonly table = new RegistryTable();
  /** Where phones come in; 0 until it is known. */
  #port = 0;
  readonly #self: Self;
  readonly #newId: () => string;
  #id: string;
  #beat = 0;
  #beatAt = -Infinity;
  #beating: number | undefined;
  /** When the beats that did not come back through the watch yet were sent. */
  readonly #sentAt = new Map<number, number>();
  /** When this registry has to let its phones go. */
  #leaseUntil = -Infinity;
  /** When the newest beat was sent that came back through the watch. */
  #seenAt = -Infinity;
  /** When the first beat was confirmed that did not come back yet. */
  #unseenSince = Infinity;
  #fresh = false;
  #staleSince = 0;
  #connected = false;
  #closing = false;
  #bucket: string | undefined;
  #round = 0;
  /** The highest revision that the watch has shown. */
  #highest = 0;
  /** The beat that, once it comes, shows that the watch has shown everything before. */
  #syncBeat = Infinity;
  /** Whether there are rows that the engine has lost. */
  #remembers = false;
  readonly #entries = new Map<string, Entry>();
  /** Keys of the rows of each registry. */
  readonly #rows = new Map<string, Set<string>>();
  /** Since when rows of a registry without a record have been seen. */
  readonly #unknown = new Map<string, number>();
  /** What is known to be removed, by the row's key, in the order in which it was told. */
  readonly #notices = new Map<string, Notice>();
  #noticesAt = 0;
  readonly #names = new Map<string, Name>();
  readonly #keys = new Map<number, string>();
  readonly #peers = new Map<string, Peer>();
  /** Names that wait for their `retryAt`, and when the first of them or of the other registries is due. */
  readonly #retries = new Set<Name>();
  #retryAt = Infinity;
  readonly #operations = new Map<number, Operation>();
  /** The first operation since the watch began: nobody knows what is left of earlier ones. */
  #firstId = 0;
  /** Questions of other registries, by session. */
  readonly #questions = new Map<number, Set<number>>();
  #lastId = 0;
  #outputs: DirectoryOutput[] = [];

  constructor(self: Self, makeId: () => string = newId) {
    this.#self = self;
    this.#newId = makeId;
    this.#id = makeId();
  }

  /** This registry's id now. */
  get id(): string {
    return this.#id;
  }

  /** Whether the copy is up to date. */
  get fresh(): boolean {
    return this.#fresh;
  }

  /** Number of the other registries that run. */
  get others(): number {
    return [...this.#peers.values()].filter(isAlive).length;
  }

  /** When {@linkcode ClusterDirectory.tick} wants to be called; `Infinity` for never. */
  get wakeAt(): number {
    if (this.#closing) return Infinity;
    // What is not urgent waits for the next beat.
    return Math.min(
      this.#beatAt + BEAT_MS,
      this.#leaseUntil > -Infinity ? this.#leaseUntil : Infinity,
      this.#fresh ? this.#seenAt + STALE_MS : Infinity,
      this.#retryAt,
    );
  }

  /** Takes all output, in order. */
  drain(): DirectoryOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** This registry listens for phones at a port. */
  handleListening(now: number, port: number): void {
    this.#port = port;
    this.#beatAt = -Infinity;
    this.tick(now);
  }

  // ——— What phones want ———

  /** A session wants a name. The answer is `settled`; none comes after {@linkcode ClusterDirectory.handleRelease}. */
  handleClaim(now: number, session: number, person: Person): void {
    const key = rowKey(person.nome);
    const name = this.#name(key);
    if (name.want) {
      this.#outputs.push({ kind: "settled", session, result: "taken" });
      return;
    }
    name.want = { session, person, held: false };
    name.freed = undefined;
    this.#keys.set(session, key);
    this.#step(now, name);
  }

  /** A session no longer wants the name that it has or asked for. */
  handleRelease(now: number, session: number): void {
    const key = this.#keys.get(session);
    const name = key === undefined ? undefined : this.#names.get(key);
    this.#answer(session, false);
    this.#keys.delete(session);
    if (!name || name.want?.session !== session) return;
    name.want = undefined;
    this.#show(name.key);
    this.#step(now, name);
  }

  /** A session has answered the ping of a `contest`, or is over. */
  handleContested(session: number, kept: boolean): void {
    this.#answer(session, kept);
  }

  // ——— What comes from the engine ———

  /** The engine cannot be asked. Operations in progress still end, as `unknown`. */
  handleDisconnected(): void {
    this.#connected = false;
  }

  /**
   * A watch begins, and the engine can be asked: all rows follow.
   *
   * @param bucket Another one than before if the bucket was made anew.
   */
  handleWatch(now: number, bucket: string): void {
    this.#connected = true;
    this.#round++;
    this.#highest = 0;
    this.#unseenSince = Infinity;
    // After a loss the engine counts on from an earlier revision: those of an earlier watch mean nothing in this one.
    this.#firstId = this.#lastId + 1;
    this.#notices.clear();
    for (const peer of this.#peers.values()) peer.revision = 0;
    if (this.#bucket !== undefined && this.#bucket !== bucket) {
      for (const [key, entry] of [...this.#entries]) this.#lose(now, key, entry);
    }
    this.#bucket = bucket;
    this.#syncBeat = this.#beat + 1;
    this.#beatAt = -Infinity;
    for (const name of [...this.#names.values()]) this.#step(now, name);
    this.tick(now);
  }

  /** The watch shows a key. @param value Undefined if it was deleted. */
  handleRow(now: number, key: string, value: string | undefined, revision: number): void {
    if (revision <= this.#highest) {
      // The engine has lost what it had confirmed, and counts on from before: what it has now must be read anew.
      this.#connected = false;
      this.#outputs.push({ kind: "rewatch" });
      return;
    }
    this.#highest = revision;
    this.#learn(now, key, value, revision);
    const id = registryOf(key);
    if (id !== this.#id || value === undefined) return;
    this.#seen(now, parseRecord(id, value)?.beat ?? 0);
  }

  /** A write has ended. */
  handleWritten(now: number, id: number, written: WriteResult): void {
    const operation = this.#operations.get(id);
    const result = id < this.#firstId ? "unknown" : written;
    this.#operations.delete(id);
    switch (operation?.of) {
      case "name": {
        const { name } = operation;
        name.busy = undefined;
        if (typeof result === "number") this.#done(now, operation, result);
        else if (operation.does === "create") this.#doubt(now, name, result === "conflict" ? 0 : RETRY_MS);
        else name.retryAt = now + RETRY_MS;
        this.#step(now, name);
        return;
      }
      case "self":
        this.#beating = undefined;
        if (typeof result === "number") this.#renewed(now, operation.beat, operation.at);
        // A watch that began meanwhile waits for a later beat.
        if (this.#syncBeat < Infinity && operation.beat < this.#syncBeat) this.#beatAt = -Infinity;
        return;
      case "peer": {
        const { peer } = operation;
        peer.busy = undefined;
        if (typeof result === "number") this.#learnEnd(now, peer, "dead");
        else peer.retryAt = now + RETRY_MS;
        this.#stepPeer(now, peer);
        return;
      }
    }
  }

  /** A write or a purge has succeeded. */
  #done(now: number, operation: Extract<Operation, { of: "name" }>, revision: number): void {
    const { name, does, row } = operation;
    switch (does) {
      case "create":
        if (row) this.#learnRow(now, name.key, row, revision);
        return;
      case "remove":
        name.removed = Math.max(name.removed, operation.revision);
        if ((this.#entries.get(name.key)?.revision ?? Infinity) <= operation.revision) this.#remove(name.key);
        return;
      case "notice":
        if (name.removed <= operation.revision) name.removed = 0;
    }
  }

  /** A read has ended. */
  handleRead(now: number, id: number, read: ReadResult): void {
    const operation = this.#operations.get(id);
    const result = id < this.#firstId ? "unknown" : read;
    this.#operations.delete(id);
    switch (operation?.of) {
      case "name": {
        const { name } = operation;
        name.busy = undefined;
        if (result === "unknown") this.#doubt(now, name, RETRY_MS);
        else {
          name.uncertain = false;
          this.#learnRead(now, name.key, result, operation.revision);
        }
        this.#step(now, name);
      }
    }
  }

  /** Another registry has answered, or has not. */
  handleAnswer(now: number, id: number, answer: Answer): void {
    const operation = this.#operations.get(id);
    this.#operations.delete(id);
    if (operation?.of === "peer") return this.#handlePresence(now, operation.peer, answer);
    if (operation?.of !== "name") return;
    const { name, row: asked } = operation;
    name.busy = undefined;
    const row = this.#entries.get(name.key)?.row;
    const same = asked && row && holderOf(row) === holderOf(asked);
    if (answer === "kept" && same && name.want && !name.want.held) {
      this.#settle(name, "taken");
    } else if (answer === "free" && asked) {
      name.freed = holderOf(asked);
    } else if (answer !== "kept") {
      name.retryAt = now + RETRY_MS;
    }
    this.#step(now, name);
  }

  /**
   * Another registry asks whether a phone here still wants a name, or, without a key, whether this registry is there. Its row
   * may be an earlier session's: after a loss the engine may have that one again.
   *
   * @param id Repeated by the `answer`.
   */
  handleQuestion(id: number, key: string | undefined): void {
    const want = key === undefined ? undefined : this.#names.get(key)?.want;
    if (!want) {
      this.#outputs.push({ kind: "answer", id, kept: key === undefined });
      return;
    }
    // A claim in progress is no name yet: its end is the answer.
    const questions = this.#questions.get(want.session) ?? new Set();
    this.#questions.set(want.session, questions.add(id));
    if (want.held && questions.size === 1) this.#outputs.push({ kind: "contest", session: want.session });
  }

  // ——— What comes from life lines and clocks ———

  /** The process of another registry has ended, as far as its life line tells. */
  handleSilence(now: number, registry: string): void {
    const peer = this.#peers.get(registry);
    if (!peer || peer.record.state !== "alive" || peer.ended !== "no") return;
    peer.ended = "perhaps";
    peer.retryAt = now;
    this.#stepPeer(now, peer);
  }

  /** This machine slept for this time, in which the monotonic clock may have stood still. */
  handleSleep(now: number, ms: number): void {
    this.#leaseUntil -= ms;
    this.tick(now);
  }

  /** Lets all phones go if this registry was cut off for too long. To be called before anything else after a pause. */
  checkLease(now: number): void {
    if (now >= this.#leaseUntil && this.#leaseUntil > -Infinity) this.#fence();
  }

  /** Runs all timers that are due. */
  tick(now: number): void {
    if (this.#closing) return;
    this.checkLease(now);
    if (this.#fresh && now >= this.#seenAt + STALE_MS) {
      this.#fresh = false;
      this.#staleSince = this.#seenAt;
      this.#outputs.push({ kind: "freshness", fresh: false, ms: now - this.#seenAt });
    }
    if (!this.#connected) {
      // Nothing can be done, but the next beat is due at its time.
      if (now >= this.#beatAt + BEAT_MS) this.#beatAt = now;
      this.#retryAt = Infinity;
      return;
    }
    if (now >= this.#beatAt + BEAT_MS) this.#renew(now);
    if (now >= this.#unseenSince + REWATCH_MS) {
      this.#unseenSince = Infinity;
      this.#outputs.push({ kind: "rewatch" });
    }
    if (now >= this.#retryAt) {
      this.#retryAt = Infinity;
      const waiting = [...this.#retries];
      this.#retries.clear();
      for (const name of waiting) this.#step(now, name);
    }
    for (const peer of [...this.#peers.values()]) this.#tickPeer(now, peer);
    this.#tickUnknown(now);
    if (now >= this.#noticesAt + NOTICES_EVERY_MS) this.#forgetNotices(now);
    if (this.#remembers) this.#forget(now);
  }

  /** This registry closes: tells the others that its rows are nobody's. @returns Whether there is anything to write. */
  handleClose(): boolean {
    this.#closing = true;
    if (this.#leaseUntil === -Infinity) return false;
    this.#write({ of: "nothing" }, endKey(this.#id), "left", false);
    return true;
  }

  // ——— This registry's record ———

  get #record(): RegistryRecord {
    return { ...this.#self, port: this.#port, id: this.#id, beat: this.#beat, state: "alive" };
  }

  #renew(now: number): void {
    this.#beatAt = now;
    if (this.#beating !== undefined) return;
    if (this.#beat === 0) this.#outputs.push({ kind: "identity", id: this.#id });
    this.#beat++;
    this.#sentAt.set(this.#beat, now);
    const operation = { of: "self", beat: this.#beat, at: now } as const;
    this.#beating = this.#write(operation, recordKey(this.#id), encodeRecord(this.#record), false);
  }

  #renewed(now: number, beat: number, at: number): void {
    this.#leaseUntil = Math.max(this.#leaseUntil, at + FENCE_MS);
    if (this.#sentAt.has(beat)) this.#unseenSince = Math.min(this.#unseenSince, now);
    // The first renewal lets the registry give names away.
    for (const name of [...this.#names.values()]) if (!name.want?.held) this.#step(now, name);
  }

  /** A beat came back through the watch. */
  #seen(now: number, beat: number): void {
    const at = this.#sentAt.get(beat);
    for (const sent of this.#sentAt.keys()) if (sent <= beat) this.#sentAt.delete(sent);
    if (at === undefined) return;
    this.#unseenSince = Infinity;
    this.#seenAt = Math.max(this.#seenAt, at);
    if (beat >= this.#syncBeat) this.#finishSync(now);
    if (this.#syncBeat < Infinity || this.#fresh || now >= this.#seenAt + STALE_MS) return;
    this.#fresh = true;
    this.#outputs.push({ kind: "freshness", fresh: true, ms: now - this.#staleSince });
  }

  /** Everything that the bucket has was shown: what was not is gone. */
  #finishSync(now: number): void {
    this.#syncBeat = Infinity;
    for (const [key, entry] of [...this.#entries]) {
      if (entry.round !== this.#round && entry.revision > 0) this.#lose(now, key, entry);
    }
    for (const name of [...this.#names.values()]) this.#step(now, name);
  }

  /**
   * The bucket has no such row, and no notice that it was removed, at least of the last minute. The engine may have lost it,
   * as three servers that are killed at the same moment may lose the last ones: its registry will put it in again. Meanwhile
   * it is not given away unasked.
   */
  #lose(now: number, key: string, entry: Entry): void {
    if (this.#isOwn(entry.row) || this.#hasEnded(entry.row.registry)) return this.#remove(key);
    this.#entries.set(key, { ...entry, revision: 0, missingSince: entry.missingSince ?? now });
    this.#remembers = true;
  }

  /** What its registry, being there, has not put in again is nobody's, and so is what is of one whose lease is over. */
  #forget(now: number): void {
    this.#remembers = false;
    for (const [key, { revision, missingSince = now, row }] of [...this.#entries]) {
      if (revision > 0) continue;
      const seen = this.#peers.get(row.registry)?.lastSeen ?? -Infinity;
      const refilled = seen > missingSince && now >= missingSince + REFILL_MS;
      if (refilled || now >= missingSince + LEASE_MS || this.#hasEnded(row.registry)) this.#remove(key);
      else this.#remembers = true;
    }
    for (const name of [...this.#names.values()]) this.#step(now, name);
  }

  /** Lets all phones go, and goes on as another registry. */
  #fence(): void {
    const record = this.#record;
    let people = 0;
    for (const name of this.#names.values()) {
      if (!name.want?.held) continue;
      people++;
      this.#revoke(name, "fenced");
    }
    this.#outputs.push({ kind: "fenced", people });
    this.#peers.set(record.id, {
      ...{ record, revision: 0, lastSeen: -Infinity },
      ...{ ended: "certainly", busy: undefined, retryAt: 0 },
      ...{ endedAt: Infinity, sweepAt: Infinity },
    });
    this.#id = this.#newId();
    this.#beat = 0;
    this.#beatAt = -Infinity;
    this.#sentAt.clear();
    this.#syncBeat = this.#syncBeat === Infinity ? Infinity : 1;
    this.#leaseUntil = -Infinity;
    this.#unseenSince = Infinity;
    if (this.#beating !== undefined) this.#operations.delete(this.#beating);
    this.#beating = undefined;
  }

  // ——— Names ———

  #name(key: string): Name {
    const known = this.#names.get(key);
    if (known) return known;
    const name: Name = {
      ...{ key, want: undefined, busy: undefined, uncertain: false },
      ...{ retryAt: -Infinity, freed: undefined, sweep: false, removed: 0 },
    };
    this.#names.set(key, name);
    return name;
  }

  /** Does the next thing for a name: what the registry wants and what the bucket has decide. */
  #step(now: number, name: Name): void {
    if (name.busy !== undefined || !this.#connected || this.#names.get(name.key) !== name) return;
    if (now < name.retryAt) {
      this.#retries.add(name);
      this.#retryAt = Math.min(this.#retryAt, name.retryAt);
      return;
    }
    if (name.uncertain) {
      const revision = this.#entries.get(name.key)?.revision ?? 0;
      name.busy = this.#operation({ of: "name", name, does: "read", revision });
      this.#outputs.push({ kind: "read", id: name.busy, key: name.key });
      return;
    }
    const { want } = name;
    const entry = this.#entries.get(name.key);
    // Of a row that an earlier watch has shown, the revision may be another one's by now.
    if (entry && entry.revision > 0 && entry.round !== this.#round) return;
    if (!want) return this.#stepAway(name, entry);
    // Without a lease nobody can tell the others that this registry has ended.
    if (now >= this.#leaseUntil) return;
    const row = { person: want.person, registry: this.#id, session: want.session };
    if (entry && holderOf(entry.row) === holderOf(row)) {
      if (!want.held) this.#settle(name, "granted");
      return;
    }
    if (!entry || (entry.revision === 0 && this.#isNobodys(entry.row, name.freed))) {
      // Of several that create a key, the engine lets one do it. Of several that replace a value, NATS 2.9 may let two.
      const operation = { of: "name", name, does: "create", row, revision: 0 } as const;
      name.busy = this.#write(operation, name.key, encodeRow(row), true);
    } else if (this.#isOwn(entry.row) || this.#isNobodys(entry.row, name.freed)) {
      this.#takeAway(name, entry.revision);
    } else if (want.held) {
      this.#revoke(name, "superseded");
      this.#names.delete(name.key);
    } else {
      this.#ask(name, entry.row);
    }
  }

  /** Nobody here wants the name. */
  #stepAway(name: Name, entry: Entry | undefined): void {
    const mine = entry && (this.#isOwn(entry.row) || (name.sweep && this.#hasEnded(entry.row.registry)));
    if (mine && entry.revision > 0) return this.#takeAway(name, entry.revision);
    if (name.removed > 0 && this.#syncBeat < Infinity) return;
    name.removed = Math.min(name.removed, this.#highest, (entry?.revision || Infinity) - 1);
    if (name.removed > 0) {
      // A removal shows in no watch.
      const operation = { of: "name", name, does: "notice", revision: name.removed } as const;
      const notice = encodeNotice(name.removed, this.#bucket ?? "");
      name.busy = this.#write(operation, noticeKey(name.key), notice, false);
      return;
    }
    this.#names.delete(name.key);
    this.#retries.delete(name);
  }

  /** Removes a row that is nobody's. A newer one stays. */
  #takeAway(name: Name, revision: number): void {
    name.busy = this.#operation({ of: "name", name, does: "remove", revision });
    this.#outputs.push({ kind: "purge", id: name.busy, key: name.key, upTo: revision });
  }

  #ask(name: Name, { registry, session, person }: SharedRow): void {
    const row = { registry, session, person };
    name.busy = this.#operation({ of: "name", name, does: "ask", row, revision: 0 });
    this.#outputs.push({ kind: "ask", id: name.busy, registry, key: name.key });
  }

  #doubt(now: number, name: Name, ms: number): void {
    name.uncertain = true;
    name.retryAt = now + ms;
  }

  #settle(name: Name, result: "granted" | "taken"): void {
    const { want } = name;
    if (!want) return;
    if (result === "granted") want.held = true;
    else {
      name.want = undefined;
      this.#keys.delete(want.session);
    }
    this.#answer(want.session, result === "granted");
    this.#show(name.key);
    this.#outputs.push({ kind: "settled", session: want.session, result });
  }

  #revoke(name: Name, reason: RevokeReason): void {
    const { want } = name;
    if (!want) return;
    name.want = undefined;
    this.#keys.delete(want.session);
    this.#answer(want.session, false);
    this.#outputs.push({ kind: "revoked", session: want.session, reason });
    this.#show(name.key);
  }

  #answer(session: number, kept: boolean): void {
    for (const id of this.#questions.get(session) ?? []) this.#outputs.push({ kind: "answer", id, kept });
    this.#questions.delete(session);
  }

  /** Whether a row is this registry's, of any session. */
  #isOwn({ registry }: SharedRow): boolean {
    return registry === this.#id;
  }

  /** Whether a row of another registry may be taken. */
  #isNobodys(row: SharedRow, freed: string | undefined): boolean {
    return freed === holderOf(row) || this.#hasEnded(row.registry);
  }

  #hasEnded(registry: string): boolean {
    const peer = this.#peers.get(registry);
    // Nobody knows better than this registry that it has let its phones go.
    if (registry === "") return true;
    if (peer) return peer.record.state !== "alive" || peer.lastSeen === -Infinity;
    return this.#unknown.get(registry) === -Infinity;
  }

  // ——— Other registries ———

  #tickPeer(now: number, peer: Peer): void {
    if (peer.record.state !== "alive") {
      if (now >= peer.sweepAt) this.#sweep(now, peer);
      return;
    }
    // A beat that was sent after the lease has come back through the watch, and no renewal before it.
    if (peer.ended === "no" && this.#fresh && this.#seenAt >= peer.lastSeen + LEASE_MS) {
      peer.ended = "certainly";
    }
    this.#stepPeer(now, peer);
  }

  /** Tells everybody that a registry has ended, if it is certain. */
  #stepPeer(now: number, peer: Peer): void {
    const { record } = peer;
    if (record.state !== "alive" || peer.ended === "no") return;
    if (peer.busy !== undefined || !this.#connected) return;
    if (now < peer.retryAt) {
      this.#retryAt = Math.min(this.#retryAt, peer.retryAt);
      return;
    }
    if (peer.ended === "perhaps") {
      peer.busy = this.#operation({ of: "peer", peer });
      this.#outputs.push({ kind: "ask", id: peer.busy, registry: record.id });
    } else {
      peer.busy = this.#write({ of: "peer", peer }, endKey(record.id), "dead", false);
    }
  }

  #handlePresence(now: number, peer: Peer, answer: Answer): void {
    peer.busy = undefined;
    if (answer === "no_responders") peer.ended = "certainly";
    else if (answer === "unknown") peer.retryAt = now + RETRY_MS;
    else peer.ended = "no";
    this.#stepPeer(now, peer);
  }

  #sweep(now: number, peer: Peer): void {
    const { id } = peer.record;
    const keys = this.#rows.get(id) ?? [];
    peer.sweepAt = now + SWEEP_MS;
    for (const key of [...keys]) {
      const name = this.#name(key);
      name.sweep = true;
      this.#step(now, name);
    }
    if (keys instanceof Set || now < peer.endedAt + RECORD_MS) return;
    this.#peers.delete(id);
    if (!this.#isFirst()) return;
    for (const key of [recordKey(id), endKey(id)]) this.#erase(key, Infinity);
  }

  /** Rows of registries that nobody has heard of. */
  #tickUnknown(now: number): void {
    for (const id of this.#rows.keys()) {
      if (id === this.#id || this.#peers.has(id)) this.#unknown.delete(id);
      else if (!this.#unknown.has(id)) this.#unknown.set(id, now);
    }
    for (const [id, since] of this.#unknown) {
      if (!this.#rows.has(id)) this.#unknown.delete(id);
      else if (this.#fresh && this.#seenAt >= since + LEASE_MS) {
        this.#unknown.set(id, -Infinity);
        for (const key of [...this.#rows.get(id) ?? []]) {
          const name = this.#name(key);
          name.sweep = true;
          this.#step(now, name);
        }
      }
    }
  }

  /** Whether this registry does what one of them has to do. */
  #isFirst(): boolean {
    return this.#rank() === 0;
  }

  #rank(): number {
    return [...this.#peers.values()].filter((peer) => isAlive(peer) && peer.record.id < this.#id).length;
  }

  #forgetNotices(now: number): void {
    this.#noticesAt = now;
    const first = this.#isFirst();
    let count = 0;
    for (const [key, { own, at }] of this.#notices) {
      if (at + NOTICE_MS > now || count++ >= NOTICES_AT_ONCE) break;
      this.#notices.delete(key);
      if (first) this.#erase(noticeKey(key), own);
    }
  }

  #erase(key: string, upTo: number): void {
    const id = this.#operation({ of: "nothing" });
    this.#outputs.push({ kind: "purge", id, key, upTo });
  }

  // ——— The copy ———

  #learn(now: number, key: string, value: string | undefined, revision: number): void {
    if (isRowKey(key)) {
      this.#learnRow(now, key, value === undefined ? undefined : parseRow(key, value), revision);
      return;
    }
    const removed = rowOfNotice(key);
    if (removed !== undefined) {
      // Revisions of a lost bucket mean nothing in this one.
      return this.#learnNotice(now, removed, parseNotice(value ?? "", this.#bucket ?? "") ?? 0, revision);
    }
    const ended = registryOfEnd(key);
    if (ended !== undefined) return this.#learnEndOf(now, ended, value);
    const id = registryOf(key);
    const record = id === undefined || value === undefined ? undefined : parseRecord(id, value);
    if (record && id !== this.#id) this.#learnRecord(now, record, revision);
  }

  /** @param known The row's revision when it was asked for. */
  #learnRead(
    now: number,
    key: string,
    { value, revision }: Exclude<ReadResult, "unknown">,
    known: number,
  ): void {
    if (revision > 0) return this.#learn(now, key, value, revision);
    // A row that has come since then is another one.
    const entry = this.#entries.get(key);
    if (entry && entry.revision > 0 && entry.revision <= known) this.#remove(key);
  }

  #learnRow(now: number, key: string, row: SharedRow | undefined, revision: number): void {
    const before = this.#entries.get(key);
    const known = before?.round === this.#round ? before.revision : 0;
    if (revision <= Math.max(known, this.#notices.get(key)?.upTo ?? 0)) return;
    // What is no row is nobody's: it stays in the way until somebody wants the name.
    const there = row ?? { person: before?.row.person ?? NOBODY, registry: "", session: 0 };
    if (before) this.#unlist(before.row.registry, key);
    this.#entries.set(key, { row: there, revision, round: this.#round });
    const keys = this.#rows.get(there.registry) ?? new Set();
    this.#rows.set(there.registry, keys.add(key));
    this.#show(key);
    const name = this.#names.get(key);
    if (name) this.#step(now, name);
    // A claim that was given up has come through after all.
    else if (this.#isOwn(there)) this.#step(now, this.#name(key));
  }

  /** Rows up to a revision were removed. @param own The revision of the notice. */
  #learnNotice(now: number, key: string, upTo: number, own: number): void {
    const before = this.#notices.get(key);
    this.#notices.delete(key);
    this.#notices.set(key, { upTo: Math.max(upTo, before?.upTo ?? 0), own, at: now });
    const entry = this.#entries.get(key);
    if (entry && entry.revision > 0 && entry.revision <= upTo) this.#remove(key);
    const name = this.#names.get(key);
    if (name) this.#step(now, name);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#unlist(entry.row.registry, key);
    this.table.remove(entry.row.person.nome);
  }

  #unlist(registry: string, key: string): void {
    const keys = this.#rows.get(registry);
    keys?.delete(key);
    if (keys?.size === 0) this.#rows.delete(registry);
  }

  /** Brings a row of the table up to date. */
  #show(key: string): void {
    const row = this.#entries.get(key)?.row;
    if (!row) return;
    if (row.registry === "") return;
    const wanted = !this.#isOwn(row) || this.#names.get(key)?.want?.session === row.session;
    if (wanted) this.table.put(row.person);
    else this.table.remove(row.person.nome);
  }

  #learnRecord(now: number, record: RegistryRecord, revision: number): void {
    const { id } = record;
    const known = this.#peers.get(id);
    const before = known?.record;
    const peer = known ?? {
      ...{ record, revision: 0, lastSeen: now, ended: "no", busy: undefined },
      ...{ retryAt: -Infinity, endedAt: Infinity, sweepAt: Infinity },
    };
    if (revision <= peer.revision) return;
    this.#peers.set(id, peer);
    peer.revision = revision;
    // Under an id that this registry has given up, or that has ended, nothing counts any more.
    if (peer.lastSeen === -Infinity || peer.record.state !== "alive") return;
    if (before?.beat !== record.beat) peer.lastSeen = now;
    peer.record = record;
    if (!known) this.#outputs.push({ kind: "link", record });
    if (record.port !== 0 && (before?.port ?? 0) === 0 || (!known && record.port !== 0)) {
      this.#outputs.push({ kind: "peer", record, change: "joined" });
    }
  }

  /** A registry has left or is dead. */
  #learnEndOf(now: number, id: string, value: string | undefined): void {
    if (value !== "left" && value !== "dead") return;
    if (id === this.#id) {
      if (!this.#closing) this.#fence();
      return;
    }
    const peer = this.#peers.get(id);
    if (peer) return this.#learnEnd(now, peer, value);
    const record = { id, port: 0, addresses: [], lifePort: 1, beat: 0, state: "alive" } as const;
    const unknown: Peer = {
      ...{ record, revision: 0, lastSeen: now, ended: "no", busy: undefined },
      ...{ retryAt: -Infinity, endedAt: Infinity, sweepAt: Infinity },
    };
    this.#peers.set(id, unknown);
    this.#learnEnd(now, unknown, value);
  }

  #learnEnd(now: number, peer: Peer, state: "left" | "dead"): void {
    const { record } = peer;
    if (record.state !== "alive") return;
    peer.record = { ...record, state };
    peer.endedAt = now;
    peer.sweepAt = now + SWEEP_MS + this.#rank() * SWEEP_STEP_MS;
    if (peer.lastSeen > -Infinity && record.port !== 0) {
      this.#outputs.push({ kind: "unlink", registry: record.id }, { kind: "peer", record, change: state });
    }
    for (const key of [...this.#rows.get(record.id) ?? []]) {
      const name = this.#names.get(key);
      if (!name) continue;
      // A question that went to the dead is answered.
      const asked = this.#operations.get(name.busy ?? 0);
      if (asked?.of === "name" && asked.does === "ask") {
        this.#operations.delete(name.busy ?? 0);
        name.busy = undefined;
      }
      name.retryAt = -Infinity;
      this.#step(now, name);
    }
  }

  // ——— Operations ———

  #operation(operation: Operation): number {
    const id = ++this.#lastId;
    this.#operations.set(id, operation);
    return id;
  }

  #write(operation: Operation, key: string, value: string, create: boolean): number {
    const id = this.#operation(operation);
    this.#outputs.push({ kind: "write", id, key, value, create });
    return id;
  }
}

/** Whether it is another registry that has not ended, as far as is known. */
function isAlive({ record, lastSeen }: Peer): boolean {
  return record.state === "alive" && lastSeen > -Infinity;
}

/** Which session of which registry has a row. */
function holderOf({ registry, session }: SharedRow): string {
  return `${registry}/${session}`;
}
