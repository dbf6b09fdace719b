/**
 * One registry's part in a table that several share: which names it holds there, what the others hold, and which of the
 * others have ended. docs/campus.md explains the rules; this file decides by them.
 */

import type { Person } from "../../protocol/registry_messages.ts";
import type { RevokeReason } from "../shared_table.ts";
import { RegistryTable } from "../table.ts";
import {
  encodeRecord,
  encodeRow,
  endKey,
  isRowKey,
  newId,
  parseRecord,
  parseRow,
  placeOf,
  recordKey,
  registryOf,
  registryOfEnd,
  type RegistryRecord,
  rowKey,
  type SharedRow,
} from "./records.ts";
import { type Entry, SharedCopy } from "./shared_copy.ts";

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

/** What the bucket has is forgotten at this age, so that it does not keep everything for ever. */
export const LIFETIME_MS = 900_000;

/** Rows are written again from this age on, and at most this number at a time. */
const REFRESH_MS = 300_000;
const REFRESHED_AT_ONCE = 200;

/** Result of a write: its revision, or that nobody knows. */
export type WriteResult = number | "unknown";

/** What another registry answers to the question whether a phone of its still wants its name. */
export type Answer = "kept" | "free" | "no_responders" | "unknown";

/** Output of a directory. */
export type DirectoryOutput =
  /** Write a key; without a value, delete it. */
  | {
    readonly kind: "write";
    readonly id: number;
    readonly key: string;
    readonly value: string | undefined;
  }
  /** Ask another registry: see {@linkcode ClusterDirectory.handleQuestion}. */
  | {
    readonly kind: "ask";
    readonly id: number;
    readonly registry: string;
    readonly place?: string;
    readonly ofHolders?: boolean;
  }
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

/** What a session wants. */
interface Want {
  readonly session: number;
  readonly person: Person;
  /** The key of its row. */
  readonly key: string;
  /** Whether the row was written, as far as is known. */
  written: boolean;
  held: boolean;
  /** Registries that have answered that nobody there has the name. */
  readonly asked: Set<string>;
}

/** A name that this registry wants to have or to be rid of. */
interface Name {
  /** What the keys of its rows begin with. */
  readonly place: string;
  want: Want | undefined;
  /** The operation or question in progress. */
  busy: number | undefined;
  /** Not before this time. */
  retryAt: number;
  /** Rows whose registry says that nobody there wants the name. */
  readonly freed: Set<string>;
  /** Remove the rows of registries that have ended. */
  sweep: boolean;
}

/** Another registry, or this one under an id that it no longer has. */
interface Peer {
  record: RegistryRecord;
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

type Operation =
  | { readonly of: "write"; readonly name: Name; readonly want: Want }
  | { readonly of: "remove"; readonly name: Name; readonly key: string }
  /** About a row, or because the engine may have lost one. */
  | {
    readonly of: "ask";
    readonly name: Name;
    readonly registry: string;
    readonly row: string | undefined;
    readonly want: Want;
  }
  | { readonly of: "self"; readonly beat: number; readonly at: number; readonly highest: number }
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
  /** When a watch has shown everything last. */
  #syncedAt = -Infinity;
  /** The beat that, once it comes, shows that the watch has shown everything before. */
  #syncBeat = Infinity;
  /** Whether there are rows that the engine has lost. */
  #remembers = false;
  readonly #copy = new SharedCopy();
  /** Since when rows of a registry without a record have been seen. */
  readonly #unknown = new Map<string, number>();
  readonly #names = new Map<string, Name>();
  /** The place of the name that a session has or wants. */
  readonly #places = new Map<number, string>();
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

  /** The ids of the other registries that run. */
  get others(): string[] {
    return [...this.#peers.values()].filter(isAlive).map(({ record }) => record.id);
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
    const place = placeOf(person.nome);
    const name = this.#name(place);
    if (name.want) {
      this.#outputs.push({ kind: "settled", session, result: "taken" });
      return;
    }
    name.want = this.#newWant(place, session, person);
    name.freed.clear();
    this.#places.set(session, place);
    this.#step(now, name);
  }

  /** A session no longer wants the name that it has or asked for. */
  handleRelease(now: number, session: number): void {
    const place = this.#places.get(session);
    const name = place === undefined ? undefined : this.#names.get(place);
    this.#answer(session, false);
    this.#places.delete(session);
    if (!name || name.want?.session !== session) return;
    name.want = undefined;
    this.#show(name.place);
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
    if (this.#bucket !== undefined && this.#bucket !== bucket) {
      for (const entry of this.#copy.all()) this.#lose(now, entry);
    }
    this.#bucket = bucket;
    this.#syncBeat = this.#beat + 1;
    this.#beatAt = -Infinity;
    for (const name of [...this.#names.values()]) this.#step(now, name);
    this.tick(now);
  }

  /** The watch shows a key. @param value Undefined if it was deleted. */
  handleRow(now: number, key: string, value: string | undefined, revision: number): void {
    if (revision <= this.#highest) return this.#distrust();
    this.#highest = revision;
    this.#learn(now, key, value);
    const id = registryOf(key);
    if (id !== this.#id || value === undefined) return;
    this.#seen(now, parseRecord(id, value)?.beat ?? 0);
  }

  /** The engine has lost what it had confirmed, and counts on from before: what it has now must be read anew. */
  #distrust(): void {
    this.#connected = false;
    this.#outputs.push({ kind: "rewatch" });
  }

  /** A write has ended. */
  handleWritten(now: number, id: number, result: WriteResult): void {
    const operation = this.#operations.get(id);
    this.#operations.delete(id);
    const known = result !== "unknown" && id >= this.#firstId;
    switch (operation?.of) {
      case "write": {
        const { name, want } = operation;
        name.busy = undefined;
        if (known) want.written = true;
        else name.retryAt = now + RETRY_MS;
        return this.#step(now, name);
      }
      case "remove": {
        const { name, key } = operation;
        name.busy = undefined;
        if (known) this.#remove(key);
        else name.retryAt = now + RETRY_MS;
        return this.#step(now, name);
      }
      case "self":
        this.#beating = undefined;
        if (known) this.#renewed(now, operation.beat, operation.at);
        // A watch that began meanwhile waits for a later beat.
        if (this.#syncBeat < Infinity && operation.beat < this.#syncBeat) this.#beatAt = -Infinity;
        // A watch that goes on from where the engine was shows nothing of what comes before.
        if (known && result <= operation.highest && now >= this.#syncedAt + REFILL_MS) this.#distrust();
        return;
      case "peer": {
        const { peer } = operation;
        peer.busy = undefined;
        if (known) this.#learnEnd(now, peer, "dead");
        else peer.retryAt = now + RETRY_MS;
        this.#stepPeer(now, peer);
        return;
      }
    }
  }

  /** Another registry has answered, or has not. */
  handleAnswer(now: number, id: number, answer: Answer): void {
    const operation = this.#operations.get(id);
    this.#operations.delete(id);
    if (operation?.of === "peer") return this.#handlePresence(now, operation.peer, answer);
    if (operation?.of !== "ask") return;
    const { name, row, registry, want } = operation;
    name.busy = undefined;
    const valid = row === undefined || this.#copy.get(row) !== undefined;
    if (answer === "kept" && valid && name.want === want) {
      if (want.held) this.#revoke(name, "superseded");
      else this.#settle(name, "taken");
    } else if (row === undefined) {
      // Whoever cannot be reached now would have put its rows in again before.
      want.asked.add(registry);
    } else if (answer === "free") name.freed.add(row);
    else if (answer !== "kept") name.retryAt = now + RETRY_MS;
    this.#step(now, name);
  }

  /**
   * Another registry asks whether a phone here still wants a name, or, without a place, whether this registry is there. It
   * asks for the name and not for a row: after a loss the engine may have an earlier session's.
   *
   * @param id Repeated by the `answer`.
   * @param ofHolders Whether a claim in progress counts for nothing. Otherwise its end is the answer.
   */
  handleQuestion(id: number, place: string | undefined, ofHolders = false): void {
    const want = place === undefined ? undefined : this.#names.get(place)?.want;
    if (!want || (ofHolders && !want.held)) {
      this.#outputs.push({ kind: "answer", id, kept: place === undefined });
      return;
    }
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
    if (this.#remembers) this.#forget(now);
    this.#refresh(now);
  }

  /** This registry closes: tells the others that its rows are nobody's. @returns Whether there is anything to write. */
  handleClose(): boolean {
    this.#closing = true;
    if (this.#leaseUntil === -Infinity) return false;
    this.#write({ of: "nothing" }, endKey(this.#id), "left");
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
    const operation = { of: "self", beat: this.#beat, at: now, highest: this.#highest } as const;
    this.#beating = this.#write(operation, recordKey(this.#id), encodeRecord(this.#record));
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
    this.#syncedAt = now;
    for (const entry of this.#copy.all()) {
      if (entry.round !== this.#round && entry.missingSince === undefined) this.#lose(now, entry);
    }
    for (const name of [...this.#names.values()]) {
      if (name.want && !this.#copy.get(name.want.key)) name.want.written = false;
      this.#step(now, name);
    }
  }

  /**
   * The bucket has no such row, and nobody has removed it. The engine may have lost it, as three servers that are killed at
   * the same moment may lose the last ones: its registry will put it in again. Meanwhile it is not given away unasked.
   */
  #lose(now: number, entry: Entry): void {
    if (this.#isOwn(entry.row) || this.#hasEnded(entry.row.registry)) return this.#remove(entry.key);
    this.#copy.lose(now, entry);
    this.#remembers = true;
  }

  /** What its registry, being there, has not put in again is nobody's, and so is what is of one whose lease is over. */
  #forget(now: number): void {
    this.#remembers = false;
    for (const { key, missingSince, row } of this.#copy.all()) {
      if (missingSince === undefined) continue;
      const seen = this.#peers.get(row.registry)?.lastSeen ?? -Infinity;
      const refilled = seen > missingSince && now >= missingSince + REFILL_MS;
      if (refilled || now >= missingSince + LEASE_MS || this.#hasEnded(row.registry)) this.#remove(key);
      else this.#remembers = true;
    }
    for (const name of [...this.#names.values()]) this.#step(now, name);
  }

  /** Writes rows again before the bucket forgets them. */
  #refresh(now: number): void {
    let count = 0;
    for (const entry of this.#copy.ofRegistry(this.#id)) {
      if (now < entry.shownAt + REFRESH_MS || count++ >= REFRESHED_AT_ONCE) return;
      const name = this.#names.get(entry.place);
      if (name?.want?.key === entry.key) name.want.written = false;
      if (name) this.#step(now, name);
    }
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
      ...{ record, lastSeen: -Infinity },
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
    for (const name of this.#names.values()) {
      const { want } = name;
      if (want) name.want = this.#newWant(name.place, want.session, want.person);
    }
  }

  // ——— Names ———

  #name(place: string): Name {
    const known = this.#names.get(place);
    if (known) return known;
    const name: Name = {
      ...{ place, want: undefined, busy: undefined },
      ...{ retryAt: -Infinity, freed: new Set<string>(), sweep: false },
    };
    this.#names.set(place, name);
    return name;
  }

  #newWant(place: string, session: number, person: Person): Want {
    const key = rowKey(place, { registry: this.#id, session });
    return { session, person, key, written: false, held: false, asked: new Set() };
  }

  /** Does the next thing for a name: what the registry wants and what the bucket has decide. */
  #step(now: number, name: Name): void {
    if (name.busy !== undefined || !this.#connected || this.#names.get(name.place) !== name) return;
    if (now < name.retryAt) {
      this.#retries.add(name);
      this.#retryAt = Math.min(this.#retryAt, name.retryAt);
      return;
    }
    // What an earlier watch has shown may be gone by now.
    if (this.#syncBeat < Infinity) return;
    const rows = this.#copy.of(name.place);
    const useless = rows.find((entry) => this.#isUseless(name, entry));
    if (useless) return this.#takeAway(now, name, useless);
    const { want } = name;
    if (!want) {
      this.#names.delete(name.place);
      this.#retries.delete(name);
      return;
    }
    // Without a lease nobody can tell the others that this registry has ended.
    if (now < this.#leaseUntil) this.#pursue(now, name, want, rows);
  }

  /** Whether a row is nobody's, and this registry removes it. */
  #isUseless({ want, sweep, freed }: Name, { key, row }: Entry): boolean {
    if (this.#isOwn(row)) return want?.key !== key;
    return (want !== undefined || sweep) && (freed.has(key) || this.#hasEnded(row.registry));
  }

  /**
   * Gets or keeps a name. The first row of a name has it: all registries see the rows in the engine's order. A row that was
   * written again comes later than it was, and so says that its phone has the name.
   */
  #pursue(now: number, name: Name, want: Want, rows: readonly Entry[]): void {
    const index = rows.findIndex(({ key }) => key === want.key);
    const before = index < 0 ? rows : rows.slice(0, index);
    const rival = want.held
      ? index < 0 ? undefined : before[0]
      : before[0] ?? rows.find(({ key, row }) => key !== want.key && row.held);
    if (rival) return this.#ask(name, want, rival.row.registry, rival.key);
    if (!want.written) {
      const row = { person: want.person, registry: this.#id, session: want.session, held: want.held };
      name.busy = this.#write({ of: "write", name, want }, want.key, encodeRow(row));
      return;
    }
    // It comes through the watch.
    if (index < 0 || want.held) return;
    const other = this.#doubted(now, want);
    if (other === undefined) this.#settle(name, "granted");
    else this.#ask(name, want, other, undefined);
  }

  /**
   * A registry to be asked although the bucket has no row of its: this one has just begun to watch the bucket, and does not
   * know what the engine may have lost before.
   */
  #doubted(now: number, { asked }: Want): string | undefined {
    if (now >= this.#syncedAt + REFILL_MS) return undefined;
    return this.others.find((id) => !asked.has(id));
  }

  /** Removes a row that is nobody's. */
  #takeAway(now: number, name: Name, { key, missingSince }: Entry): void {
    if (missingSince !== undefined) {
      this.#remove(key);
      return this.#step(now, name);
    }
    name.busy = this.#write({ of: "remove", name, key }, key, undefined);
  }

  #ask(name: Name, want: Want, registry: string, row: string | undefined): void {
    name.busy = this.#operation({ of: "ask", name, want, registry, row });
    this.#outputs.push({
      ...{ kind: "ask", id: name.busy, registry, place: name.place },
      ofHolders: row === undefined,
    });
  }

  #settle(name: Name, result: "granted" | "taken"): void {
    const { want } = name;
    if (!want) return;
    if (result === "granted") want.held = true;
    else {
      name.want = undefined;
      this.#places.delete(want.session);
    }
    this.#answer(want.session, result === "granted");
    this.#show(name.place);
    this.#outputs.push({ kind: "settled", session: want.session, result });
  }

  #revoke(name: Name, reason: RevokeReason): void {
    const { want } = name;
    if (!want) return;
    name.want = undefined;
    this.#places.delete(want.session);
    this.#answer(want.session, false);
    this.#outputs.push({ kind: "revoked", session: want.session, reason });
    this.#show(name.place);
  }

  #answer(session: number, kept: boolean): void {
    for (const id of this.#questions.get(session) ?? []) this.#outputs.push({ kind: "answer", id, kept });
    this.#questions.delete(session);
  }

  /** Whether a row is this registry's, of any session. */
  #isOwn({ registry }: SharedRow): boolean {
    return registry === this.#id;
  }

  #hasEnded(registry: string): boolean {
    const peer = this.#peers.get(registry);
    // Nobody knows better than this registry that it has let its phones go.
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
      peer.busy = this.#write({ of: "peer", peer }, endKey(record.id), "dead");
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
    peer.sweepAt = now + SWEEP_MS;
    const entries = this.#copy.ofRegistry(id);
    for (const { place } of entries) this.#sweepPlace(now, place);
    if (entries.length === 0 && now >= peer.endedAt + 2 * LIFETIME_MS) this.#peers.delete(id);
  }

  #sweepPlace(now: number, place: string): void {
    const name = this.#name(place);
    name.sweep = true;
    this.#step(now, name);
  }

  /** Rows of registries that nobody has heard of. */
  #tickUnknown(now: number): void {
    for (const id of this.#copy.registries()) {
      if (id === this.#id || this.#peers.has(id)) this.#unknown.delete(id);
      else if (!this.#unknown.has(id)) this.#unknown.set(id, now);
    }
    for (const [id, since] of this.#unknown) {
      const entries = this.#copy.ofRegistry(id);
      if (entries.length === 0) this.#unknown.delete(id);
      else if (this.#fresh && this.#seenAt >= since + LEASE_MS) {
        this.#unknown.set(id, -Infinity);
        for (const { place } of entries) this.#sweepPlace(now, place);
      }
    }
  }

  #rank(): number {
    return this.others.filter((id) => id < this.#id).length;
  }

  // ——— The copy ———

  #learn(now: number, key: string, value: string | undefined): void {
    if (isRowKey(key)) {
      const row = value === undefined ? undefined : parseRow(key, value);
      if (row) this.#learnRow(now, row);
      else this.#learnRemoval(now, key);
      return;
    }
    const ended = registryOfEnd(key);
    if (ended !== undefined) return this.#learnEndOf(now, ended, value);
    const id = registryOf(key);
    const record = id === undefined || value === undefined ? undefined : parseRecord(id, value);
    if (record && id !== this.#id) this.#learnRecord(now, record);
  }

  #learnRow(now: number, row: SharedRow): void {
    const place = placeOf(row.person.nome);
    this.#copy.show(place, row, this.#round, now);
    this.#show(place);
    const name = this.#names.get(place);
    if (name?.want?.key === rowKey(place, row)) name.want.written = true;
    if (name) this.#step(now, name);
    // A claim that was given up has come through after all.
    else if (this.#isOwn(row)) this.#step(now, this.#name(place));
  }

  #learnRemoval(now: number, key: string): void {
    const entry = this.#copy.get(key);
    if (!entry) return;
    this.#remove(key);
    const name = this.#names.get(entry.place);
    if (name?.want?.key === key) name.want.written = false;
    if (name) this.#step(now, name);
  }

  #remove(key: string): void {
    const entry = this.#copy.remove(key);
    if (!entry) return;
    this.#names.get(entry.place)?.freed.delete(key);
    this.#show(entry.place, entry.row.person.nome);
  }

  /** Brings a row of the table up to date. @param before The name that it may have had. */
  #show(place: string, before?: string): void {
    const want = this.#names.get(place)?.want;
    const shown = this.#copy.of(place).find(({ key, row }) => !this.#isOwn(row) || want?.key === key);
    const name = before ?? this.#copy.of(place)[0]?.row.person.nome;
    if (shown) this.table.put(shown.row.person);
    else if (name !== undefined) this.table.remove(name);
  }

  #learnRecord(now: number, record: RegistryRecord): void {
    const { id } = record;
    const known = this.#peers.get(id);
    const before = known?.record;
    const peer = known ?? {
      ...{ record, lastSeen: now, ended: "no", busy: undefined },
      ...{ retryAt: -Infinity, endedAt: Infinity, sweepAt: Infinity },
    };
    this.#peers.set(id, peer);
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
      ...{ record, lastSeen: now, ended: "no", busy: undefined },
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
    for (const { place } of this.#copy.ofRegistry(record.id)) {
      const name = this.#names.get(place);
      if (!name) continue;
      // A question that went to the dead is answered.
      const asked = this.#operations.get(name.busy ?? 0);
      if (asked?.of === "ask" && asked.registry === record.id) {
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

  /** @param value Undefined to delete the key. */
  #write(operation: Operation, key: string, value: string | undefined): number {
    const id = this.#operation(operation);
    this.#outputs.push({ kind: "write", id, key, value });
    return id;
  }
}

/** Whether it is another registry that has not ended, as far as is known. */
function isAlive({ record, lastSeen }: Peer): boolean {
  return record.state === "alive" && lastSeen > -Infinity;
}
