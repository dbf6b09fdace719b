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

/** Counts the datagrams to each unvalidated address. All ports of an address, and all addresses of an IPv6 /64, count as one. */
export class AmplificationLimit {
  readonly #addresses = new Map<string, Count>();

  /**
   * Counts a datagram to an unvalidated address.
   *
   * @param now Milliseconds of a monotonic clock.
   * @param back Whether it responds to a datagram that came from there.
   * @returns Whether it may be sent.
   */
  take(now: number, to: Endpoint, back = true): boolean {
    this.#expire(now);
    const key = networkOf(to.ip);
    const count = this.#addresses.get(key) ?? { firstAt: now, sent: 0, sentBack: 0, lastUsedAt: now };
    count.lastUsedAt = now;
    // Moved to the end, so that the map stays in order of last use.
    this.#addresses.delete(key);
    this.#addresses.set(key, count);
    if (this.#addresses.size > MAX_UNVALIDATED_ADDRESSES) {
      this.#addresses.delete(this.#addresses.keys().next().value!);
    }
    if (!mayTake(now, count, back)) return false;
    count.sent++;
    if (back) count.sentBack++;
    return true;
  }

  /** Drops the count of an address that has been validated. */
  validated(from: Endpoint): void {
    this.#addresses.delete(networkOf(from.ip));
  }

  #expire(now: number): void {
    for (const [key, { lastUsedAt }] of this.#addresses) {
      if (lastUsedAt + UNVALIDATED_EXPIRY_MS > now) return;
      this.#addresses.delete(key);
    }
  }
}

function mayTake(now: number, { firstAt, sent, sentBack }: Count, back: boolean): boolean {
  if (sent >= MAX_UNVALIDATED_DATAGRAMS) return false;
  // What others have spent does not delay the first answer to an address itself.
  if (back && sentBack === 0) return true;
  if (!back && sent - sentBack >= MAX_UNVALIDATED_FROM_ELSEWHERE) return false;
  return now >= firstAt + UNVALIDATED_SPACING_MS[sent]!;
}
