/**
 * Who is in the room and where, by the registry. Strangers use anybody's name, so the list tells who is meant where an address
 * does not: people who share an attacker's, and a caller whose address has changed.
 */

import { sameIp } from "../protocol/address.ts";
import { nameKey } from "../protocol/name.ts";

/**
 * Least time between two questions to the registry, in milliseconds, and what each person in the last answer adds: strangers
 * cause them, and a room may have 10,000 people on 170 pages.
 */
export const ROOM_INTERVAL_MS = 5_000;
const INTERVAL_PER_PERSON_MS = 5;

/** A person in the room. */
export interface Member {
  readonly nome: string;
  readonly ip: string;
}

/** The people in the room. */
export class RoomMembers {
  /** Addresses by the key of the name. */
  #ips: ReadonlyMap<string, string> = new Map();
  #askedAt = -Infinity;
  #wanted = false;
  #nextAt = -Infinity;

  /** When {@linkcode RoomMembers.takeQuestion} has one; `Infinity` for never. */
  get askAt(): number {
    return this.#wanted ? this.#nextAt : Infinity;
  }

  /** Somebody's place in the room matters. */
  want(): void {
    this.#wanted = true;
  }

  /** @returns Whether to ask the registry now. */
  takeQuestion(now: number): boolean {
    if (now < this.askAt) return false;
    this.#wanted = false;
    this.#nextAt = now + ROOM_INTERVAL_MS + INTERVAL_PER_PERSON_MS * this.#ips.size;
    return true;
  }

  /** Takes the registry's list. @param askedAt When it was asked for. */
  handleList(members: readonly Member[], askedAt: number): void {
    this.#ips = new Map(members.map(({ nome, ip }) => [nameKey(nome), ip]));
    this.#askedAt = askedAt;
  }

  /** Whether the list is not from before a time. */
  isSince(time: number): boolean {
    return this.#askedAt >= time;
  }

  /** Whether a person in the room has a name, given by its key, and an address. */
  has(key: string, ip: string): boolean {
    const registered = this.#ips.get(key);
    return registered !== undefined && sameIp(registered, ip);
  }
}
