/** Admission control of connections, by address. */

import { ExpiryQueue } from "../util/expiry_queue.ts";
import { TokenBucket } from "../util/token_bucket.ts";

/** New connections of one address that are served each second, after its burst. */
const CONNECTIONS_PER_SECOND = 200;

/** New connections of one address that are served at once: more than the phones behind one router. */
const BURST = 1000;

/** Longest delay of a new connection, since others may share the address of a host that floods. */
const MAX_WAIT_MS = 1000;

interface Address {
  connections: number;
  readonly bucket: TokenBucket;
}

/**
 * Counts the connections of each address, and limits the rate of new ones, so that a phone that joins and leaves in a
 * loop does not starve the others. Reads no clock.
 */
export class Admission {
  readonly #addresses = new Map<string, Address>();
  /** Addresses without connections, until their buckets are full again. */
  readonly #idle = new ExpiryQueue<string>(1000 * BURST / CONNECTIONS_PER_SECOND + MAX_WAIT_MS);

  /** Number of known addresses. */
  get size(): number {
    return this.#addresses.size;
  }

  /**
   * Admits a new connection.
   *
   * @param limit Most connections of the address.
   * @returns How many it has with this one, and the delay in ms before this one is served; undefined if it is refused.
   */
  enter(now: number, ip: string, limit: number): { connections: number; waitMs: number } | undefined {
    for (const expired of this.#idle.due(now)) this.#addresses.delete(expired);
    const address = this.#addresses.get(ip) ??
      { connections: 0, bucket: new TokenBucket(CONNECTIONS_PER_SECOND, BURST) };
    if (address.connections >= limit) return undefined;
    this.#addresses.set(ip, address);
    this.#idle.stop(ip);
    const waitMs = Math.min(MAX_WAIT_MS, address.bucket.take(now, 1));
    return { connections: ++address.connections, waitMs };
  }

  /** An admitted connection has ended. */
  leave(now: number, ip: string): void {
    const address = this.#addresses.get(ip);
    if (address && --address.connections === 0) this.#idle.start(now, ip);
  }
}
