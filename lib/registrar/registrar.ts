/** The registrar: all sessions of a registry, keep-alive and contested names. */

import type { LeaveReason } from "../events/registry_events.ts";
import { type Line, MAX_LINE_BYTES } from "../protocol/line_splitter.ts";
import { nameKey } from "../protocol/name.ts";
import type { Person, RegistryReply } from "../protocol/registry_messages.ts";
import { ExpiryQueue } from "../util/expiry_queue.ts";
import { Claims } from "./claims.ts";
import type { PasswordGate } from "../protocol/password_challenge.ts";
import {
  type AddressJudge,
  type ClaimResult,
  type Outcome,
  type Refusal,
  REMOVED,
  ROOM_FULL,
  Session,
} from "./session.ts";
import type { RevokeReason } from "./shared_table.ts";
import { type RefusalReason, Statistics } from "./statistics.ts";
import { RegistryTable } from "./table.ts";
import { TokenBucket } from "../util/token_bucket.ts";

/** Keep-alive: a connection without a line for this time gets a `ping`. */
export const KEEPALIVE_MS = 15_000;

/** Time to answer a `ping` by any line. So a phone that vanished stays in the table for 30 s at most. */
export const PONG_TIMEOUT_MS = 15_000;

/** Time to answer if somebody else wants the name. */
export const CONTEST_TIMEOUT_MS = 2000;

/** Default time to register a name, whatever else a connection says meanwhile. */
export const UNREGISTERED_MS = 30_000;

/** Time for which nobody gets the name of a phone that the operator removed: it must not be back in the next second. */
export const REMOVED_MS = 60_000;

/**
 * A tick later than this means that the registry itself was suspended. The phones' lines are still unread, so all timers
 * start anew instead of dropping everybody.
 */
const SUSPENDED_MS = 1000;

/**
 * Refusals of each kind that are reported at once, and then each second: whoever sends nothing else adds some 2 MB a day to
 * a log.
 */
const REPORTED_AT_ONCE = 20;
const REPORTED_PER_SECOND = 0.1;

/** Output of the registrar. */
export type RegistrarOutput =
  | { readonly kind: "send"; readonly session: Session; readonly message: RegistryReply }
  /** Close the connection once its last message is delivered. */
  | { readonly kind: "finish"; readonly session: Session }
  /** It loses its place to another one, and its last message says so: close the connection once that is delivered. */
  | { readonly kind: "evict"; readonly session: Session }
  /** The peer does not answer: close the connection at once. */
  | { readonly kind: "drop"; readonly session: Session }
  /** The registry ends the conversation: close the connection once the phone has read what was sent. */
  | { readonly kind: "dismiss"; readonly session: Session }
  /** The pending reply is out: see {@linkcode Session.waiting}. */
  | { readonly kind: "resume"; readonly session: Session }
  /** `omitted` of its kind were left out since the last one. */
  | {
    readonly kind: "refused";
    readonly session: Session;
    readonly refusal: Refusal;
    readonly omitted: number;
  }
  /** `version`: of the person's phone, if it gave one. */
  | {
    readonly kind: "joined";
    readonly session: Session;
    readonly person: Person;
    readonly version?: string;
  }
  | {
    readonly kind: "left";
    readonly session: Session;
    readonly person: Person;
    readonly reason: LeaveReason;
  }
  /** Of a shared table: see `SharedTable`. */
  | { readonly kind: "claim"; readonly session: Session; readonly person: Person }
  | { readonly kind: "release"; readonly session: Session }
  | { readonly kind: "contested"; readonly session: Session; readonly kept: boolean };

/** Options of a registrar. */
export interface RegistrarOptions {
  /** Time in ms after which a connection without a name is dropped. */
  readonly idleMs?: number;
  /** Longest line, in bytes. */
  readonly lineBytes?: number;
  /** Verifies the room's password, if it has one. */
  readonly gate?: PasswordGate;
  /** Counts what happens. */
  readonly statistics?: Statistics;
  /** This registry's copy of a table that several share. Then names are given by `claim` and `handleClaim`. */
  readonly sharedTable?: RegistryTable;
}

/**
 * All sessions of a registry. It does no I/O and reads no clock: it takes connections, lines and the time, in
 * milliseconds of a monotonic clock. After every input, {@linkcode Registrar.drain} all output and read
 * {@linkcode Registrar.wakeAt} again.
 */
export class Registrar {
  readonly #table: RegistryTable;
  readonly #shared: boolean;
  readonly #lineBytes: number;
  readonly #gate: PasswordGate | undefined;
  readonly #statistics: Statistics;
  /** The session of each registered name, by name key. */
  readonly #holders = new Map<string, Session>();
  /** Sessions without a name, since their beginning. */
  readonly #unregistered: ExpiryQueue<Session>;
  /** Sessions by the time of their next keep-alive `ping`. */
  readonly #keepAlive = new ExpiryQueue<Session>(KEEPALIVE_MS, {
    get: (session) => session.keepAlive,
    set: (session, entry) => session.keepAlive = entry,
    delete: (session) => session.keepAlive = undefined,
  });
  /** Sessions that have to answer a `ping`. */
  readonly #pinged = new ExpiryQueue<Session>(PONG_TIMEOUT_MS);
  /** Sessions whose name is contested. */
  readonly #contested = new ExpiryQueue<Session>(CONTEST_TIMEOUT_MS);
  /** Names that nobody gets for now. */
  readonly #withheld = new ExpiryQueue<string>(REMOVED_MS);
  /** The sessions that want the name of such a session, in order of request. */
  readonly #contenders = new Map<Session, Set<Session>>();
  readonly #claims = new Claims();
  /** Sessions whose name another registry contests. */
  readonly #contestedElsewhere = new Set<Session>();
  /** Limits the reports of refusals, by kind. */
  readonly #reports = new Map<Refusal["event"], { readonly bucket: TokenBucket; omitted: number }>();
  /** Sessions whose time to register is over while this registry decides about their registration. */
  readonly #overdue = new WeakSet<Session>();
  #outputs: RegistrarOutput[] = [];

  constructor(
    {
      idleMs = UNREGISTERED_MS,
      lineBytes = MAX_LINE_BYTES,
      gate,
      statistics = new Statistics(),
      sharedTable,
    }: RegistrarOptions = {},
  ) {
    this.#statistics = statistics;
    this.#table = sharedTable ?? new RegistryTable();
    this.#shared = sharedTable !== undefined;
    this.#gate = gate;
    this.#lineBytes = lineBytes;
    this.#unregistered = new ExpiryQueue(idleMs);
  }

  /** All registered people, in order of registration. */
  people(): Person[] {
    return this.#table.people();
  }

  /** Number of people in the room. */
  get size(): number {
    return this.#table.size;
  }

  /** Number of sessions with a name. */
  get registered(): number {
    return this.#holders.size;
  }

  /** The people who registered last, at most `most`, in order of registration. */
  latestPeople(most: number): Person[] {
    return this.#table.latest(most);
  }

  /** When {@linkcode Registrar.tick} wants to be called; `Infinity` for never. */
  get wakeAt(): number {
    return Math.min(
      this.#unregistered.nextAt,
      this.#keepAlive.nextAt,
      this.#pinged.nextAt,
      this.#contested.nextAt,
      this.#withheld.nextAt,
      this.#claims.nextAt,
    );
  }

  /** Takes all output, in order. */
  drain(): RegistrarOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** Opens a session for a new connection. @param judge Judges the address of its registration. */
  handleConnect(now: number, judge?: AddressJudge): Session {
    const session = new Session(
      this.#table,
      this.#lineBytes,
      this.#gate,
      judge,
      this.#statistics,
      this.#shared,
    );
    this.#unregistered.start(now, session);
    this.#keepAlive.start(now, session);
    return session;
  }

  /** Takes a line. Its session must not be {@linkcode Session.waiting}. */
  handleLine(now: number, session: Session, line: Line): void {
    if (session.gone) return;
    this.#pinged.stop(session);
    this.#keepAlive.start(now, session);
    this.#apply(now, session, session.handleLine(line), "goodbye");
    // Any line shows that the holder lives: it keeps the name, unless the line was a goodbye.
    if (this.#contested.stop(session)) session.keptNameAt = now;
    this.#settle(now, session);
  }

  /**
   * The operator removes a person, and nobody gets the name for a minute.
   *
   * @returns Whom; undefined if nobody has the name. Of a shared table it may be somebody at another registry.
   */
  remove(now: number, name: string): Person | undefined {
    const key = nameKey(name);
    const person = this.#table.find(name) ?? this.#claims.of(key)[0]?.person;
    const session = this.#holders.get(key);
    if (!person || (!session && !this.#shared)) return undefined;
    this.#table.withhold(name);
    this.#withheld.start(now, key);
    if (session) {
      this.#outputs.push({ kind: "send", session, message: REMOVED });
      this.#outputs.push({ kind: "dismiss", session });
      this.#end(now, session, "removed");
    }
    for (const { session } of this.#claims.of(key)) {
      this.#outputs.push({ kind: "release", session });
      this.#decide(now, session, "withheld");
    }
    return person;
  }

  /** A connection has ended. Changes nothing for one that was closed before. */
  handleDisconnect(now: number, session: Session): void {
    this.#end(now, session, "disconnected");
  }

  /** A session has lost its place to another one: tells it so, and ends it. */
  handleEviction(now: number, session: Session): void {
    if (session.gone) return;
    this.#outputs.push({ kind: "send", session, message: ROOM_FULL });
    this.#end(now, session, "crowded_out");
    this.#outputs.push({ kind: "evict", session });
  }

  /** A shared table has decided about a name. Changes nothing for a session that no longer waits for it. */
  handleClaim(now: number, session: Session, result: "granted" | "taken"): void {
    this.#decide(now, session, result);
  }

  /** Another registry has somebody who wants this session's name. The output `contested` follows. */
  handleContest(now: number, session: Session): void {
    if (session.gone || now - session.keptNameAt < CONTEST_TIMEOUT_MS) {
      this.#outputs.push({ kind: "contested", session, kept: !session.gone });
      return;
    }
    this.#contestedElsewhere.add(session);
    if (this.#contested.has(session)) return;
    this.#contested.start(now, session);
    this.#ping(now, session);
  }

  /** A session has lost its name. */
  handleRevoked(now: number, session: Session, reason: RevokeReason): void {
    if (!session.gone) this.#drop(now, session, reason);
  }

  /** Runs all timers that are due. */
  tick(now: number): void {
    if (now > this.wakeAt + SUSPENDED_MS) {
      const queues = [this.#unregistered, this.#keepAlive, this.#pinged, this.#contested, this.#claims];
      for (const queue of queues) {
        queue.startAll(now);
      }
      this.#withheld.startAll(now);
      return;
    }
    for (const key of this.#withheld.due(now)) this.#table.release(key);
    for (const session of this.#claims.due(now)) {
      this.#outputs.push({ kind: "release", session });
      this.#decide(now, session, "unavailable");
    }
    for (const session of this.#contested.due(now)) this.#drop(now, session);
    for (const session of this.#pinged.due(now)) this.#drop(now, session);
    for (const session of this.#unregistered.due(now)) {
      if (session.waiting) this.#overdue.add(session);
      else this.#drop(now, session);
    }
    for (const session of this.#keepAlive.due(now)) this.#ping(now, session);
  }

  #ping(now: number, session: Session): void {
    this.#pinged.start(now, session);
    this.#outputs.push({ kind: "send", session, message: { tipo: "ping" } });
  }

  #drop(now: number, session: Session, reason: LeaveReason = "silent"): void {
    this.#outputs.push({ kind: "drop", session });
    this.#end(now, session, reason);
  }

  #end(now: number, session: Session, reason: LeaveReason): void {
    this.#close(now, session);
    const left = session.end();
    if (left) this.#left(session, left, reason);
    this.#settle(now, session);
  }

  /** Stops all timers of a session, and withdraws it from a contest. */
  #close(now: number, session: Session): void {
    session.gone = true;
    for (const queue of [this.#unregistered, this.#keepAlive, this.#pinged, this.#contested]) {
      queue.stop(session);
    }
    if (!session.waiting) return;
    for (const contenders of this.#contenders.values()) contenders.delete(session);
    if (this.#claims.has(session)) this.#outputs.push({ kind: "release", session });
    this.#withdraw(now, session);
    this.#resume(session);
  }

  #apply(now: number, session: Session, outcome: Outcome, reason: LeaveReason): void {
    const { reply, joined, left, refused, contested, claim, close } = outcome;
    if (refused) this.#report(now, session, refused);
    if (reply) this.#outputs.push({ kind: "send", session, message: reply });
    if (left) this.#left(session, left, reason);
    if (joined) this.#joined(session, joined);
    if (contested) this.#contest(now, session, contested);
    if (claim) this.#claim(now, session, claim);
    if (close) {
      this.#close(now, session);
      this.#outputs.push({ kind: "finish", session });
    }
  }

  #report(now: number, session: Session, refusal: Refusal): void {
    this.#statistics.refusals[reasonOf(refusal)]++;
    const report = this.#reports.get(refusal.event) ??
      { bucket: new TokenBucket(REPORTED_PER_SECOND, REPORTED_AT_ONCE), omitted: 0 };
    this.#reports.set(refusal.event, report);
    if (!report.bucket.tryTake(now)) {
      report.omitted++;
      return;
    }
    this.#outputs.push({ kind: "refused", session, refusal, omitted: report.omitted });
    report.omitted = 0;
  }

  #joined(session: Session, person: Person): void {
    this.#unregistered.stop(session);
    this.#overdue.delete(session);
    this.#holders.set(nameKey(person.nome), session);
    this.#statistics.joined++;
    const { version } = session;
    this.#outputs.push({ kind: "joined", session, person, ...(version !== undefined && { version }) });
  }

  #left(session: Session, person: Person, reason: LeaveReason): void {
    this.#holders.delete(nameKey(person.nome));
    this.#statistics.left[reason]++;
    if (this.#shared) this.#outputs.push({ kind: "release", session });
    this.#outputs.push({ kind: "left", session, person, reason });
  }

  /** A session wants a name that another one holds: pings the holder. */
  #contest(now: number, session: Session, name: string): void {
    const holder = this.#holders.get(nameKey(name));
    if (!holder) return;
    // Nobody can make a phone answer more than one ping in this time.
    if (now - holder.keptNameAt < CONTEST_TIMEOUT_MS) {
      this.#apply(now, session, session.settle(), "goodbye");
      return;
    }
    session.waiting = true;
    const contenders = this.#contenders.get(holder);
    if (contenders) {
      contenders.add(session);
      return;
    }
    this.#contenders.set(holder, new Set([session]));
    this.#contested.start(now, holder);
    this.#ping(now, holder);
  }

  /** Ends a contest: decides the pending registrations, the first one first. */
  #settle(now: number, holder: Session): void {
    if (this.#contestedElsewhere.delete(holder)) {
      this.#outputs.push({ kind: "contested", session: holder, kept: !holder.gone });
    }
    const contenders = this.#contenders.get(holder) ?? [];
    this.#contenders.delete(holder);
    for (const session of contenders) {
      if (this.#shared) {
        this.#settleClaim(now, session, holder);
        continue;
      }
      this.#apply(now, session, session.settle(), "goodbye");
      this.#goOn(now, session);
    }
  }

  /** A registration is decided: the session goes on, unless its time to get a name is over. */
  #goOn(now: number, session: Session): void {
    if (!this.#overdue.has(session)) return this.#resume(session);
    this.#outputs.push({ kind: "finish", session });
    this.#close(now, session);
  }

  /** A session wants a name of a shared table. Those before it that want the same one are decided first. */
  #claim(now: number, session: Session, person: Person): void {
    session.waiting = true;
    if (this.#claims.add(now, session, person)) this.#decideNext(now, nameKey(person.nome));
  }

  /** Begins to decide about the first claim of a name: by a contest, if a session of this registry has it. */
  #decideNext(now: number, key: string): void {
    const [first] = this.#claims.of(key);
    if (!first) return;
    const { session, person } = first;
    const holder = this.#holders.get(key);
    if (!holder) {
      this.#outputs.push({ kind: "claim", session, person });
    } else if (now - holder.keptNameAt < CONTEST_TIMEOUT_MS) {
      this.#decide(now, session, "taken");
    } else {
      this.#contenders.set(holder, new Set([session]));
      if (this.#contested.has(holder)) return;
      this.#contested.start(now, holder);
      this.#ping(now, holder);
    }
  }

  /** The contest of a claim has ended. */
  #settleClaim(now: number, session: Session, holder: Session): void {
    if (!holder.gone) return this.#decide(now, session, "taken");
    this.#decideNext(now, this.#claims.keyOf(session) ?? "");
  }

  #decide(now: number, session: Session, result: ClaimResult): void {
    if (!this.#claims.has(session)) return;
    this.#apply(now, session, session.decide(result), "goodbye");
    this.#withdraw(now, session);
    this.#goOn(now, session);
  }

  /** Ends the claim of a session, and begins with the next one for that name. */
  #withdraw(now: number, session: Session): void {
    const key = this.#claims.keyOf(session);
    if (key === undefined) return;
    for (const contenders of this.#contenders.values()) contenders.delete(session);
    if (this.#claims.remove(session)) this.#decideNext(now, key);
  }

  #resume(session: Session): void {
    session.waiting = false;
    this.#outputs.push({ kind: "resume", session });
  }
}

function reasonOf(refusal: Refusal): RefusalReason {
  switch (refusal.event) {
    case "password_refused":
      return "wrong_password";
    case "name_refused":
      return `name_${refusal.reason}`;
    case "malformed_line":
      return ({ too_long: "line_too_long", not_utf8: "not_utf8", invalid: "no_request" } as const)[
        refusal.problem
      ];
  }
}
