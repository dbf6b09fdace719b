/** Who is behind which address: the phones of a room, by connection, name and endpoint. */

import { canonicalIp, type Endpoint, formatEndpoint, inZone } from "../protocol/address.ts";
import { nameKey } from "../protocol/name.ts";
import type { Person } from "../protocol/registry_messages.ts";
import { TokenBucket } from "../util/token_bucket.ts";

/** Messages of one phone, a second and at once: it must not push out what others have to show. */
const MESSAGES = { perSecond: 20, burst: 200 };

/** The same for figures of calls: one in 2 s is usual. */
const SAMPLES = { perSecond: 1, burst: 10 };

/** Most ports of calls that are remembered of a phone; it has one call at a time. */
const MAX_PORTS = 32;

/** Time for which a phone that has left keeps its endpoints, in milliseconds: its last messages are still to be named. */
const FORGET_MS = 60_000;

/** A connection to the registry, and what its phone has told. */
export interface Phone {
  /** The other end of the TCP connection. */
  readonly peer: Endpoint;
  /** The name that it registered last; undefined before the first. */
  name: string | undefined;
  /** Its row of the table, as long as it is in the room. */
  person: Person | undefined;
  joinedAt: number;
  leftAt: number;
  /** When it first sent a line of copies; `Infinity` if it never has. */
  sharesSince: number;
  /** The time of its latest copy: later copies are later. */
  datedAt: number;
  /** Copies that it left out, or that broke a rule, and when it said so last. */
  leftOut: number;
  leftOutAt: number;
  readonly messages: TokenBucket;
  readonly samples: TokenBucket;
  /** The endpoints of its calls, the latest last. */
  readonly ports: Set<string>;
}

/** Whose an endpoint is, and whether that phone itself says so. */
interface Holder {
  readonly phone: Phone;
  readonly own: boolean;
}

/** The phones of a room. Does no I/O and reads no clock. */
export class Room {
  readonly #phones = new WeakMap<object, Phone>();
  /** Phones with a name, in order of registration. */
  readonly #present = new Set<Phone>();
  readonly #names = new Map<string, Phone>();
  readonly #holders = new Map<string, Holder>();
  readonly #departed = new Set<Phone>();

  /** Phones in the room, in order of registration. */
  get present(): Iterable<Phone> {
    return this.#present;
  }

  /** The phone of a connection. */
  phoneOf(connection: object, peer: Endpoint): Phone {
    const known = this.#phones.get(connection);
    if (known) return known;
    const phone: Phone = {
      ...{ peer, name: undefined, person: undefined, joinedAt: 0, leftAt: 0, sharesSince: Infinity },
      ...{ datedAt: -Infinity, leftOut: 0, leftOutAt: -Infinity, ports: new Set() },
      messages: new TokenBucket(MESSAGES.perSecond, MESSAGES.burst),
      samples: new TokenBucket(SAMPLES.perSecond, SAMPLES.burst),
    };
    this.#phones.set(connection, phone);
    return phone;
  }

  /** The phone of a connection, if it is known. */
  known(connection: object): Phone | undefined {
    return this.#phones.get(connection);
  }

  /** A phone has registered. */
  join(now: number, phone: Phone, person: Person): void {
    Object.assign(phone, { name: person.nome, person, joinedAt: now });
    this.#present.add(phone);
    this.#names.set(nameKey(person.nome), phone);
    this.#take(phone, keyOf({ ip: person.ip, port: person.porta }), true);
  }

  /** It has left. */
  leave(now: number, phone: Phone): void {
    if (!phone.person) return;
    const key = nameKey(phone.person.nome);
    if (this.#names.get(key) === phone) this.#names.delete(key);
    this.#present.delete(phone);
    Object.assign(phone, { person: undefined, leftAt: now });
    this.#departed.add(phone);
  }

  /** Forgets the endpoints of phones that left some time ago. */
  tick(now: number): void {
    for (const phone of this.#departed) {
      if (phone.leftAt + FORGET_MS > now) break;
      this.#departed.delete(phone);
      for (const [key, holder] of this.#holders) if (holder.phone === phone) this.#holders.delete(key);
    }
  }

  /** The phone of this name in the room. */
  named(name: string): Phone | undefined {
    return this.#names.get(nameKey(name));
  }

  /** Whose an endpoint is or, if they have just left, was. */
  at(endpoint: Endpoint): Phone | undefined {
    return this.#holders.get(keyOf(endpoint))?.phone;
  }

  /**
   * A phone says that it has sent or received something at one of its ports.
   *
   * @returns Its endpoint, by its registered address; undefined if that is another phone's.
   */
  ownEndpoint(phone: Phone, port: number): Endpoint | undefined {
    if (!phone.person) return undefined;
    const endpoint = { ip: phone.person.ip, port };
    return this.#take(phone, keyOf(endpoint), true) ? endpoint : undefined;
  }

  /** Somebody else says that a call of a phone, which does not say so itself, comes from this endpoint. */
  suppose(phone: Phone, endpoint: Endpoint): void {
    this.#take(phone, keyOf(endpoint), false);
  }

  #take(phone: Phone, key: string, own: boolean): boolean {
    const holder = this.#holders.get(key);
    if (holder?.phone === phone && holder.own >= own) return true;
    // What a phone says of itself is worth more than what others say.
    if (holder?.phone.person && (holder.own || !own) && holder.phone !== phone) return false;
    this.#holders.set(key, { phone, own });
    if (phone.person && key === keyOf({ ip: phone.person.ip, port: phone.person.porta })) return true;
    phone.ports.add(key);
    const [oldest] = phone.ports;
    if (phone.ports.size > MAX_PORTS && oldest !== undefined) {
      phone.ports.delete(oldest);
      if (this.#holders.get(oldest)?.phone === phone) this.#holders.delete(oldest);
    }
    return true;
  }
}

/** Whether a phone is in the room and sends copies, and has since a time. */
export function shares(phone: Phone | undefined, since = Number.MAX_VALUE): boolean {
  return phone?.person !== undefined && phone.sharesSince <= since;
}

/** Whether a phone, in the room or not, has ever sent copies over its connection. */
export function hasShared(phone: Phone | undefined): boolean {
  return phone !== undefined && phone.sharesSince < Infinity;
}

/** An endpoint without its link, which another machine does not know. */
function keyOf({ ip, port }: Endpoint): string {
  return formatEndpoint({ ip: canonicalIp(inZone(ip, "")), port });
}
