/**
 * Anti-amplification (as RFC 9000, section 8). An invitation names the address that the callee answers to, and anybody
 * can name anybody else's. So an address gets few datagrams until the callee has validated it.
 */

import { type Endpoint, networkOf } from "../protocol/address.ts";

/** Most datagrams to an unvalidated address, whatever the port, over all calls: an answer and two retransmissions. */
export const MAX_UNVALIDATED_DATAGRAMS = 3;

/**
 * Time from the first of them to each: over the caller's patience, so that a way back that is closed for some seconds does
 * not use them up.
 */
export const UNVALIDATED_SPACING_MS: readonly number[] = [0, 1_500, 5_000];

/** Most of them in response to datagrams from elsewhere: who names a victim's address leaves the victim the last one. */
export const MAX_UNVALIDATED_FROM_ELSEWHERE = 2;

/** The count of an address expires when no call had anything to send there for this time. */
export const UNVALIDATED_EXPIRY_MS = 60_000;

/** Most unvalidated addresses that are counted at once. Past it, the one that was used longest ago is forgotten. */
export const MAX_UNVALIDATED_ADDRESSES = 4_096;

/** What an unvalidated address has got. */
interface Count {
  firstAt: number;
  sent: number;
  /** Those in response to a datagram from that address. */
  sentBack: number;
  lastUsedAt: number;
}

/**
 * Counts the datagrams to each unvalidated address. All ports of an address, and all addresses of an IPv6 /64, count as one. A
 * person in the room has a count of their own: people share an address behind a NAT, and most of a room shares a /64.
 */
export class AmplificationLimit {
  readonly #addresses = new Map<string, Count>();
  readonly #members = new Map<string, Count>();

  /**
   * Counts a datagram to an unvalidated address.
   *
   * @param now Milliseconds of a monotonic clock.
   * @param back Whether it responds to a datagram that came from there.
   * @returns Whether it may be sent.
   */
  take(now: number, to: Endpoint, back = true): boolean {
    return take(this.#addresses, networkOf(to.ip), now, back);
  }

  /**
   * Counts a datagram in response to one from the address at which the registry has a person, where the count of the address
   * has nothing left. This count expires a minute after its first datagram, so that the person, who tries again and again, is not
   * kept away for longer than the attacker stays.
   *
   * @param key Of the person's name.
   * @returns Whether it may be sent.
   */
  takeForMember(now: number, key: string): boolean {
    const count = this.#members.get(key);
    if (count && count.firstAt + UNVALIDATED_EXPIRY_MS <= now) this.#members.delete(key);
    return take(this.#members, key, now, true);
  }

  /** Drops the count of an address that has been validated, and of the person there. */
  validated(from: Endpoint, key: string): void {
    this.#addresses.delete(networkOf(from.ip));
    this.#members.delete(key);
  }
}

function take(counts: Map<string, Count>, key: string, now: number, back: boolean): boolean {
  expire(counts, now);
  const count = counts.get(key) ?? { firstAt: now, sent: 0, sentBack: 0, lastUsedAt: now };
  count.lastUsedAt = now;
  // Moved to the end, so that the map stays in order of last use.
  counts.delete(key);
  counts.set(key, count);
  if (counts.size > MAX_UNVALIDATED_ADDRESSES) counts.delete(counts.keys().next().value!);
  if (!mayTake(now, count, back)) return false;
  count.sent++;
  if (back) count.sentBack++;
  return true;
}

function expire(counts: Map<string, Count>, now: number): void {
  for (const [key, { lastUsedAt }] of counts) {
    if (lastUsedAt + UNVALIDATED_EXPIRY_MS > now) return;
    counts.delete(key);
  }
}

function mayTake(now: number, { firstAt, sent, sentBack }: Count, back: boolean): boolean {
  if (sent >= MAX_UNVALIDATED_DATAGRAMS) return false;
  // What others have spent does not delay the first answer to an address itself.
  if (back && sentBack === 0) return true;
  if (!back && sent - sentBack >= MAX_UNVALIDATED_FROM_ELSEWHERE) return false;
  return now >= firstAt + UNVALIDATED_SPACING_MS[sent]!;
}
