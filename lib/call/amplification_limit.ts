/**
 * Anti-amplification (as RFC 9000, section 8). An invitation names the address that the callee answers to, and anybody
 * can name anybody else's. So an address gets few datagrams until the callee has validated it.
 */

import type { Endpoint } from "../protocol/address.ts";

/** Most datagrams to an unvalidated address, over all calls: an answer and two retransmissions. */
export const MAX_UNVALIDATED_DATAGRAMS = 3;

/** The count of an address expires when no call had anything to send there for this time. */
export const UNVALIDATED_EXPIRY_MS = 60_000;

/** Most unvalidated addresses at once. Past it, a new one gets no answer until another has expired. */
export const MAX_UNVALIDATED_ADDRESSES = 64;

/** Counts the datagrams to each unvalidated address. */
export class AmplificationLimit {
  readonly #addresses = new Map<string, { sent: number; lastUsedAt: number }>();

  /**
   * Counts a datagram to an unvalidated address.
   *
   * @param now Milliseconds of a monotonic clock.
   * @returns Whether it may be sent.
   */
  take(now: number, to: Endpoint): boolean {
    this.#expire(now);
    const key = keyOf(to);
    const address = this.#addresses.get(key) ?? { sent: 0, lastUsedAt: now };
    if (address.sent === 0 && this.#addresses.size >= MAX_UNVALIDATED_ADDRESSES) return false;
    address.lastUsedAt = now;
    // Moved to the end, so that the map stays in order of last use.
    this.#addresses.delete(key);
    this.#addresses.set(key, address);
    if (address.sent >= MAX_UNVALIDATED_DATAGRAMS) return false;
    address.sent++;
    return true;
  }

  /** Drops the count of an address that has been validated. */
  validated(from: Endpoint): void {
    this.#addresses.delete(keyOf(from));
  }

  #expire(now: number): void {
    for (const [key, { lastUsedAt }] of this.#addresses) {
      if (lastUsedAt + UNVALIDATED_EXPIRY_MS > now) return;
      this.#addresses.delete(key);
    }
  }
}

function keyOf({ ip, port }: Endpoint): string {
  return `${ip} ${port}`;
}
