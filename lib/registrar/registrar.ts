/** The room: all conversations of a registry, and who of those in it is still there. */

import type { LeaveReason } from "../events/registry_events.ts";
import { type Line, MAX_LINE_BYTES } from "../protocol/line_splitter.ts";
import { nameKey } from "../protocol/name.ts";
import type { Person, RegistryReply } from "../protocol/registry_messages.ts";
import { ExpiryQueue } from "../util/expiry_queue.ts";
import type { PasswordGate } from "../protocol/password_challenge.ts";
import { type Outcome, Session } from "./session.ts";
import { RegistryTable } from "./table.ts";

/** After how long without a line a phone is asked for a sign of life, in milliseconds. */
export const QUIET_MS = 15_000;

/** How long it may take to answer; so somebody who vanished is in the table for at most 30 s. */
export const PONG_MS = 15_000;

/** How long it may take while somebody waits for its name. */
export const CHALLENGE_MS = 2000;

/** How long a connection may say nothing before it has a name, unless told otherwise. */
export const IDLE_MS = 30_000;

/**
 * A wake-up that is later than this finds a registry that was itself away: paused, or on a machine that slept. What
 * phones said meanwhile is still unread, so nobody is taken for gone and everybody's time starts anew.
 */
const LATE_MS = 1000;

/** What the room wants done. */
export type RegistrarOutput =
  | { readonly kind: "send"; readonly session: Session; readonly message: RegistryReply }
  /** All is said: the connection is to be closed once the last message has arrived. */
  | { readonly kind: "finish"; readonly session: Session }
  /** Nobody is there: the connection is to be closed at once. */
  | { readonly kind: "drop"; readonly session: Session }
  /** The request that waited has its reply: see {@linkcode Session.waiting}. */
  | { readonly kind: "resume"; readonly session: Session }
  | { readonly kind: "joined"; readonly person: Person }
  | { readonly kind: "left"; readonly person: Person; readonly reason: LeaveReason };

/** What a room can be told. */
export interface RegistrarOptions {
  /** How long a connection without a name may say nothing, in milliseconds. */
  readonly idleMs?: number;
  /** Longest line, in bytes. */
  readonly lineBytes?: number;
  /** Where the room has a password, who checks it. */
  readonly gate?: PasswordGate;
}

/**
 * All conversations of a registry. It takes what happens and the time (in milliseconds, of any clock that only grows),
 * and opens no socket, reads no clock and starts no timer. After every input {@linkcode Registrar.drain} says what
 * is to be done, and {@linkcode Registrar.wakeAt} when {@linkcode Registrar.tick} is to be called.
 */
export class Registrar {
  readonly #table = new RegistryTable();
  readonly #lineBytes: number;
  readonly #gate: PasswordGate | undefined;
  /** Who has a name, by its key. */
  readonly #holders = new Map<string, Session>();
  /** Those without a name. */
  readonly #nameless: ExpiryQueue<Session>;
  /** Everybody who was heard of since they were last asked. */
  readonly #quiet = new ExpiryQueue<Session>(QUIET_MS);
  /** Who was asked for a sign of life and has given none. */
  readonly #asked = new ExpiryQueue<Session>(PONG_MS);
  /** Whose names others want, and who that is, in the order in which they came. */
  readonly #challenged = new ExpiryQueue<Session>(CHALLENGE_MS);
  readonly #challengers = new Map<Session, Set<Session>>();
  #outputs: RegistrarOutput[] = [];

  constructor({ idleMs = IDLE_MS, lineBytes = MAX_LINE_BYTES, gate }: RegistrarOptions = {}) {
    this.#gate = gate;
    this.#lineBytes = lineBytes;
    this.#nameless = new ExpiryQueue(idleMs);
  }

  /** Everybody, in order of registration. */
  people(): Person[] {
    return this.#table.people();
  }

  /** When {@linkcode Registrar.tick} wants to be called; `Infinity` if nothing is waited for. */
  get wakeAt(): number {
    return Math.min(
      this.#nameless.nextAt,
      this.#quiet.nextAt,
      this.#asked.nextAt,
      this.#challenged.nextAt,
    );
  }

  /** Takes out what there is to do, in order. */
  drain(): RegistrarOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** Somebody has connected. */
  handleConnect(now: number): Session {
    const session = new Session(this.#table, this.#lineBytes, this.#gate);
    this.#nameless.start(now, session);
    this.#quiet.start(now, session);
    return session;
  }

  /** A line has come. Its session must not be {@linkcode Session.waiting}. */
  handleLine(now: number, session: Session, line: Line): void {
    if (session.gone) return;
    this.#asked.stop(session);
    this.#quiet.start(now, session);
    if (this.#nameless.has(session)) this.#nameless.start(now, session);
    this.#apply(now, session, session.handleLine(line), "goodbye");
    // Whoever says anything is there, and keeps the name unless that was a goodbye.
    if (this.#challenged.stop(session)) session.answeredAt = now;
    this.#settle(now, session);
  }

  /** A connection has ended. One that ended before changes nothing. */
  handleDisconnect(now: number, session: Session): void {
    this.#end(now, session, "disconnected");
  }

  /** It is time for something. */
  tick(now: number): void {
    if (now > this.wakeAt + LATE_MS) {
      for (const deadlines of [this.#nameless, this.#quiet, this.#asked, this.#challenged]) {
        deadlines.startAll(now);
      }
      return;
    }
    for (const session of this.#challenged.due(now)) this.#drop(now, session);
    for (const session of this.#asked.due(now)) this.#drop(now, session);
    for (const session of this.#nameless.due(now)) this.#drop(now, session);
    for (const session of this.#quiet.due(now)) this.#ask(now, session);
  }

  #ask(now: number, session: Session): void {
    this.#asked.start(now, session);
    this.#outputs.push({ kind: "send", session, message: { tipo: "ping" } });
  }

  #drop(now: number, session: Session): void {
    this.#outputs.push({ kind: "drop", session });
    this.#end(now, session, "silent");
  }

  #end(now: number, session: Session, reason: LeaveReason): void {
    this.#forget(session);
    const left = session.end();
    if (left) this.#left(left, reason);
    this.#settle(now, session);
  }

  /** Stops all of a session's times, and its own wait for a name. */
  #forget(session: Session): void {
    session.gone = true;
    for (const deadlines of [this.#nameless, this.#quiet, this.#asked, this.#challenged]) {
      deadlines.stop(session);
    }
    if (!session.waiting) return;
    for (const challengers of this.#challengers.values()) challengers.delete(session);
    this.#resume(session);
  }

  #apply(now: number, session: Session, outcome: Outcome, reason: LeaveReason): void {
    const { reply, joined, left, contested, close } = outcome;
    if (reply) this.#outputs.push({ kind: "send", session, message: reply });
    if (left) this.#left(left, reason);
    if (joined) this.#joined(session, joined);
    if (contested) this.#challenge(now, session, contested);
    if (close) {
      this.#forget(session);
      this.#outputs.push({ kind: "finish", session });
    }
  }

  #joined(session: Session, person: Person): void {
    this.#nameless.stop(session);
    this.#holders.set(nameKey(person.nome), session);
    this.#outputs.push({ kind: "joined", person });
  }

  #left(person: Person, reason: LeaveReason): void {
    this.#holders.delete(nameKey(person.nome));
    this.#outputs.push({ kind: "left", person, reason });
  }

  /** Somebody wants a name that another has: who has it is asked whether they are there. */
  #challenge(now: number, session: Session, name: string): void {
    const holder = this.#holders.get(nameKey(name));
    if (!holder) return;
    // Whoever asks again and again is not to make somebody else answer all day.
    if (now - holder.answeredAt < CHALLENGE_MS) {
      this.#apply(now, session, session.settle(), "goodbye");
      return;
    }
    session.waiting = true;
    const challengers = this.#challengers.get(holder);
    if (challengers) {
      challengers.add(session);
      return;
    }
    this.#challengers.set(holder, new Set([session]));
    this.#challenged.start(now, holder);
    this.#ask(now, holder);
  }

  /** Whether a name is free is known now: those who wait for it are told, the first of them first. */
  #settle(now: number, holder: Session): void {
    const challengers = this.#challengers.get(holder) ?? [];
    this.#challengers.delete(holder);
    for (const session of challengers) {
      this.#apply(now, session, session.settle(), "goodbye");
      this.#resume(session);
    }
  }

  #resume(session: Session): void {
    session.waiting = false;
    this.#outputs.push({ kind: "resume", session });
  }
}
