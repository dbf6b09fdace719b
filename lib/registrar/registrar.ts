/** The room: all conversations of a registry, and who of those in it is still there. */

import type { LeaveReason } from "../events/registry_events.ts";
import { type Line, MAX_LINE_BYTES } from "../protocol/line_splitter.ts";
import { nameKey } from "../protocol/name.ts";
import type { Person, RegistryReply } from "../protocol/registry_messages.ts";
import { Deadlines } from "../util/expiry_queue.ts";
import type { PasswordGate } from "../protocol/password_challenge.ts";
import { type Outcome, RegistrySession } from "./session.ts";
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
export type RoomOutput =
  | { readonly kind: "send"; readonly guest: Guest; readonly message: RegistryReply }
  /** All is said: the connection is to be closed once the last message has arrived. */
  | { readonly kind: "finish"; readonly guest: Guest }
  /** Nobody is there: the connection is to be closed at once. */
  | { readonly kind: "drop"; readonly guest: Guest }
  /** The request that waited has its reply: see {@linkcode Guest.waiting}. */
  | { readonly kind: "resume"; readonly guest: Guest }
  | { readonly kind: "joined"; readonly person: Person }
  | { readonly kind: "left"; readonly person: Person; readonly reason: LeaveReason };

/** A connection, registered or not. */
export class Guest {
  /** @private */
  readonly session: RegistrySession;
  /** While true, no further line may be given to the room: the reply to the last one comes first. */
  waiting = false;
  /** Whether it has left, or was sent away: nothing that it still says counts. */
  gone = false;
  /** When it last defended its name. */
  answeredAt = -Infinity;

  constructor(session: RegistrySession) {
    this.session = session;
  }
}

/** What a room can be told. */
export interface RoomOptions {
  /** How long a connection without a name may say nothing, in milliseconds. */
  readonly idleMs?: number;
  /** Longest line, in bytes. */
  readonly lineBytes?: number;
  /** Where the room has a password, who checks it. */
  readonly gate?: PasswordGate;
}

/**
 * All conversations of a registry. It takes what happens and the time (in milliseconds, of any clock that only grows),
 * and opens no socket, reads no clock and starts no timer. After every input {@linkcode RegistryRoom.drain} says what
 * is to be done, and {@linkcode RegistryRoom.wakeAt} when {@linkcode RegistryRoom.wake} is to be called.
 */
export class RegistryRoom {
  readonly #table = new RegistryTable();
  readonly #lineBytes: number;
  readonly #gate: PasswordGate | undefined;
  /** Who has a name, by its key. */
  readonly #holders = new Map<string, Guest>();
  /** Those without a name. */
  readonly #nameless: Deadlines<Guest>;
  /** Everybody who was heard of since they were last asked. */
  readonly #quiet = new Deadlines<Guest>(QUIET_MS);
  /** Who was asked for a sign of life and has given none. */
  readonly #asked = new Deadlines<Guest>(PONG_MS);
  /** Whose names others want, and who that is, in the order in which they came. */
  readonly #challenged = new Deadlines<Guest>(CHALLENGE_MS);
  readonly #challengers = new Map<Guest, Set<Guest>>();
  #outputs: RoomOutput[] = [];

  constructor({ idleMs = IDLE_MS, lineBytes = MAX_LINE_BYTES, gate }: RoomOptions = {}) {
    this.#gate = gate;
    this.#lineBytes = lineBytes;
    this.#nameless = new Deadlines(idleMs);
  }

  /** Everybody, in order of registration. */
  people(): Person[] {
    return this.#table.people();
  }

  /** When {@linkcode RegistryRoom.wake} wants to be called; `Infinity` if nothing is waited for. */
  get wakeAt(): number {
    return Math.min(
      this.#nameless.nextAt,
      this.#quiet.nextAt,
      this.#asked.nextAt,
      this.#challenged.nextAt,
    );
  }

  /** Takes out what there is to do, in order. */
  drain(): RoomOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** Somebody has connected. */
  enter(now: number): Guest {
    const guest = new Guest(new RegistrySession(this.#table, this.#lineBytes, this.#gate));
    this.#nameless.start(now, guest);
    this.#quiet.start(now, guest);
    return guest;
  }

  /** A line has come. The guest must not be {@linkcode Guest.waiting}. */
  receive(now: number, guest: Guest, line: Line): void {
    if (guest.gone) return;
    this.#asked.stop(guest);
    this.#quiet.start(now, guest);
    if (this.#nameless.has(guest)) this.#nameless.start(now, guest);
    this.#apply(now, guest, guest.session.receive(line), "goodbye");
    // Whoever says anything is there, and keeps the name unless that was a goodbye.
    if (this.#challenged.stop(guest)) guest.answeredAt = now;
    this.#settle(now, guest);
  }

  /** A connection has ended. One that ended before changes nothing. */
  leave(now: number, guest: Guest): void {
    this.#end(now, guest, "disconnected");
  }

  /** It is time for something. */
  wake(now: number): void {
    if (now > this.wakeAt + LATE_MS) {
      for (const deadlines of [this.#nameless, this.#quiet, this.#asked, this.#challenged]) {
        deadlines.startAll(now);
      }
      return;
    }
    for (const guest of this.#challenged.due(now)) this.#drop(now, guest);
    for (const guest of this.#asked.due(now)) this.#drop(now, guest);
    for (const guest of this.#nameless.due(now)) this.#drop(now, guest);
    for (const guest of this.#quiet.due(now)) this.#ask(now, guest);
  }

  #ask(now: number, guest: Guest): void {
    this.#asked.start(now, guest);
    this.#outputs.push({ kind: "send", guest, message: { tipo: "ping" } });
  }

  #drop(now: number, guest: Guest): void {
    this.#outputs.push({ kind: "drop", guest });
    this.#end(now, guest, "silent");
  }

  #end(now: number, guest: Guest, reason: LeaveReason): void {
    this.#forget(guest);
    const left = guest.session.end();
    if (left) this.#left(left, reason);
    this.#settle(now, guest);
  }

  /** Stops all of a guest's times, and its own wait for a name. */
  #forget(guest: Guest): void {
    guest.gone = true;
    for (const deadlines of [this.#nameless, this.#quiet, this.#asked, this.#challenged]) {
      deadlines.stop(guest);
    }
    if (!guest.waiting) return;
    for (const challengers of this.#challengers.values()) challengers.delete(guest);
    this.#resume(guest);
  }

  #apply(now: number, guest: Guest, outcome: Outcome, reason: LeaveReason): void {
    const { reply, joined, left, contested, close } = outcome;
    if (reply) this.#outputs.push({ kind: "send", guest, message: reply });
    if (left) this.#left(left, reason);
    if (joined) this.#joined(guest, joined);
    if (contested) this.#challenge(now, guest, contested);
    if (close) {
      this.#forget(guest);
      this.#outputs.push({ kind: "finish", guest });
    }
  }

  #joined(guest: Guest, person: Person): void {
    this.#nameless.stop(guest);
    this.#holders.set(nameKey(person.nome), guest);
    this.#outputs.push({ kind: "joined", person });
  }

  #left(person: Person, reason: LeaveReason): void {
    this.#holders.delete(nameKey(person.nome));
    this.#outputs.push({ kind: "left", person, reason });
  }

  /** Somebody wants a name that another has: who has it is asked whether they are there. */
  #challenge(now: number, guest: Guest, name: string): void {
    const holder = this.#holders.get(nameKey(name));
    if (!holder) return;
    // Whoever asks again and again is not to make somebody else answer all day.
    if (now - holder.answeredAt < CHALLENGE_MS) {
      this.#apply(now, guest, guest.session.settle(), "goodbye");
      return;
    }
    guest.waiting = true;
    const challengers = this.#challengers.get(holder);
    if (challengers) {
      challengers.add(guest);
      return;
    }
    this.#challengers.set(holder, new Set([guest]));
    this.#challenged.start(now, holder);
    this.#ask(now, holder);
  }

  /** Whether a name is free is known now: those who wait for it are told, the first of them first. */
  #settle(now: number, holder: Guest): void {
    const challengers = this.#challengers.get(holder) ?? [];
    this.#challengers.delete(holder);
    for (const guest of challengers) {
      this.#apply(now, guest, guest.session.settle(), "goodbye");
      this.#resume(guest);
    }
  }

  #resume(guest: Guest): void {
    guest.waiting = false;
    this.#outputs.push({ kind: "resume", guest });
  }
}
