/** Who connects from where, and how often. */

import { ExpiryQueue } from "../util/expiry_queue.ts";
import { TokenBucket } from "../util/token_bucket.ts";

/** New connections a second of one address that are served at once, when it has had its burst. */
const PER_SECOND = 200;

/** So many may come at once: more phones than there are behind one address when a registry is back. */
const BURST = 1000;

/** Longest that a new connection waits to be served, in milliseconds: others at the same address are not to blame. */
const LONGEST_WAIT_MS = 1000;

interface Address {
  connections: number;
  readonly bucket: TokenBucket;
}

/**
 * Counts the connections of each address and sets the pace of new ones, so that somebody who connects, joins and leaves
 * without a pause does not keep the registry from its work. Told the time; reads no clock.
 */
export class Admission {
  readonly #addresses = new Map<string, Address>();
  /** Those without connections, until their buckets are full again and nothing is left to be remembered. */
  readonly #resting = new ExpiryQueue<string>(1000 * BURST / PER_SECOND + LONGEST_WAIT_MS);

  /** How many addresses are remembered. */
  get size(): number {
    return this.#addresses.size;
  }

  /**
   * A connection has come.
   *
   * @param most How many the address may have.
   * @returns How many it has now and how long this one is to wait before it is served, in milliseconds; or undefined if
   * it has as many as it may have, and then this one does not count.
   */
  enter(now: number, ip: string, most: number): { connections: number; waitMs: number } | undefined {
    for (const forgotten of this.#resting.due(now)) this.#addresses.delete(forgotten);
    const address = this.#addresses.get(ip) ??
      { connections: 0, bucket: new TokenBucket(now, PER_SECOND, BURST) };
    if (address.connections >= most) return undefined;
    this.#addresses.set(ip, address);
    this.#resting.stop(ip);
    const waitMs = Math.min(LONGEST_WAIT_MS, address.bucket.take(now, 1));
    return { connections: ++address.connections, waitMs };
  }

  /** A connection that counted has ended. */
  leave(now: number, ip: string): void {
    const address = this.#addresses.get(ip);
    if (address && --address.connections === 0) this.#resting.start(now, ip);
  }
}
