/** Who waits for a name of a shared table. */

import { nameKey } from "../protocol/name.ts";
import type { Person } from "../protocol/registry_messages.ts";
import { ExpiryQueue } from "../util/expiry_queue.ts";
import type { Session } from "./session.ts";

/**
 * Time in which a shared table has to decide about a name. Then the answer is `sala_indisponivel`: phones wait 10 s for an
 * answer.
 */
export const CLAIM_TIMEOUT_MS = 8000;

/** A session that wants a name of a shared table. */
export interface Claim {
  readonly session: Session;
  readonly person: Person;
}

/** The claims of a registry: of those for one name, the first is being decided. */
export class Claims {
  /** By name key, in order of request. */
  readonly #byName = new Map<string, Claim[]>();
  /** The key of the name that a session wants. */
  readonly #wanted = new Map<Session, string>();
  readonly #undecided = new ExpiryQueue<Session>(CLAIM_TIMEOUT_MS);

  /** When the first one is due; `Infinity` for never. */
  get nextAt(): number {
    return this.#undecided.nextAt;
  }

  /** Takes those that were not decided in time. They stay until {@linkcode Claims.remove}. */
  due(now: number): Session[] {
    return [...this.#undecided.due(now)];
  }

  /** Gives all of them their whole time again. */
  startAll(now: number): void {
    this.#undecided.startAll(now);
  }

  /** @returns Whether it is the only one for its name. */
  add(now: number, session: Session, person: Person): boolean {
    const key = nameKey(person.nome);
    this.#undecided.start(now, session);
    this.#wanted.set(session, key);
    const claims = this.#byName.get(key) ?? [];
    this.#byName.set(key, claims);
    return claims.push({ session, person }) === 1;
  }

  has(session: Session): boolean {
    return this.#wanted.has(session);
  }

  /** The key of the name that a session wants. */
  keyOf(session: Session): string | undefined {
    return this.#wanted.get(session);
  }

  /** The claims for a name, in order of request, as they are now. */
  of(key: string): Claim[] {
    return [...this.#byName.get(key) ?? []];
  }

  /** Removes a session's claim. @returns Whether it was the first one for its name. */
  remove(session: Session): boolean {
    const key = this.#wanted.get(session) ?? "";
    this.#undecided.stop(session);
    this.#wanted.delete(session);
    const claims = this.#byName.get(key) ?? [];
    const index = claims.findIndex((claim) => claim.session === session);
    if (index >= 0) claims.splice(index, 1);
    if (claims.length === 0) this.#byName.delete(key);
    return index === 0;
  }
}
