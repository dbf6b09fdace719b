/** How much of a log each peer may fill. */

import { isLoopback, networkOf } from "../protocol/address.ts";
import { TokenBucket } from "../util/token_bucket.ts";

/** Limits of a log, in bytes a second; 0 for none. */
export interface LogLimits {
  /** What one address may cause, with all of its connections. An IPv6 address counts as its /64. */
  readonly addressBytes?: number;
  /** What all addresses together may cause. */
  readonly totalBytes?: number;
}

/** Lines that were left out, of one address or of several others (`ip` null). An IPv6 address stands as its /64. */
export interface OmittedLines {
  readonly ip: string | null;
  readonly addresses: number;
  readonly lines: number;
}

const ADDRESS_BYTES = 64 * 1024;
const TOTAL_BYTES = 1024 * 1024;

/** Burst of both limits, in seconds of their rates: 500 phones behind one router return at once, and all are printed. */
const BURST_SECONDS = 8;

/** Part of the total burst that only those addresses get which have most of their own left: others fill the log. */
const FOR_LIGHT = 0.35;

/** An address with this part of its own burst is a light one. */
const LIGHT = 0.5;

/** Part of what one address may cause that tables may, whoever joins and leaves: three of 50 rows a second, even in JSON. */
const FOR_TABLES = 0.5;

/** Interval between sums of what was left out, in milliseconds. */
const SUM_MS = 1000;

/** Most addresses that such a sum names; further ones are summed up in one. */
const MOST_NAMED = 4;

/** Interval at which addresses are forgotten that have their whole burst again, in milliseconds. */
const FORGET_MS = 1000 * BURST_SECONDS;

/** Most IPv6 addresses whose /64 is kept at hand. */
const MAX_NETWORKS = 10_000;

/** What an address may still cause, and what was left out of it. */
class Peer extends TokenBucket {
  omitted = 0;
}

/**
 * Bounds what peers make a program write into its log, and counts what is left out. Does no I/O and reads no clock: ask
 * {@linkcode LogLimit.admits} before a line is made, tell {@linkcode LogLimit.charge} its length, and at
 * {@linkcode LogLimit.wakeAt} {@linkcode LogLimit.tick} gives the sums. Lines that are bounded by other means need not be
 * asked for, but count all the same.
 */
export class LogLimit {
  readonly #addressBytes: number;
  readonly #totalBytes: number;
  readonly #total: TokenBucket | undefined;
  readonly #tables: TokenBucket | undefined;
  readonly #peers = new Map<string, Peer>();
  readonly #networks = new Map<string, string>();
  #forgetAt = -Infinity;
  #wakeAt = Infinity;
  #left = 0;

  constructor({ addressBytes = ADDRESS_BYTES, totalBytes = TOTAL_BYTES }: LogLimits = {}) {
    this.#addressBytes = addressBytes;
    this.#totalBytes = totalBytes;
    const forTables = FOR_TABLES * addressBytes;
    if (forTables > 0) this.#tables = new TokenBucket(forTables, forTables * BURST_SECONDS);
    if (totalBytes > 0) this.#total = new TokenBucket(totalBytes, totalBytes * BURST_SECONDS);
  }

  /** Lines left out since the beginning. */
  get omitted(): number {
    return this.#left;
  }

  /** Number of addresses that it remembers. */
  get size(): number {
    return this.#peers.size;
  }

  /** When {@linkcode LogLimit.tick} has sums to give, in milliseconds; `Infinity` for never. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  /** Whether a line that this address caused may be written; if not, counts it. */
  admits(now: number, ip: string): boolean {
    const peer = this.#peer(now, ip);
    if (this.#mayWrite(now, peer)) return true;
    peer.omitted++;
    this.#left++;
    if (this.#wakeAt === Infinity) this.#wakeAt = now + SUM_MS;
    return false;
  }

  /** A line of this many bytes is written. */
  charge(now: number, ip: string, bytes: number): void {
    if (this.#total) take(this.#total, now, bytes, this.#totalBytes);
    if (this.#addressBytes > 0) take(this.#peer(now, ip), now, bytes, this.#addressBytes);
  }

  /** Time in ms until a table may be written; 0 for now. Each is true for all of the room, so nobody's is left out. */
  tableWait(now: number): number {
    const level = this.#tables?.level(now) ?? 0;
    return level >= 0 ? 0 : -level * 1000 / (FOR_TABLES * this.#addressBytes);
  }

  /** A table of this many bytes is written. */
  chargeTable(now: number, bytes: number): void {
    this.#tables?.take(now, bytes);
    if (this.#total) take(this.#total, now, bytes, this.#totalBytes);
  }

  /** What was left out since the last sum, if one is due: the addresses with most lines, then all others together. */
  tick(now: number): OmittedLines[] {
    if (now < this.#wakeAt) return [];
    this.#wakeAt = Infinity;
    const most = [...this.#peers].filter(([, peer]) => peer.omitted > 0)
      .sort(([, a], [, b]) => b.omitted - a.omitted);
    const sums: OmittedLines[] = most.slice(0, MOST_NAMED)
      .map(([ip, { omitted }]) => ({ ip, addresses: 1, lines: omitted }));
    const others = most.slice(MOST_NAMED);
    if (others.length > 0) {
      const lines = others.reduce((sum, [, { omitted }]) => sum + omitted, 0);
      sums.push({ ip: null, addresses: others.length, lines });
    }
    for (const [, peer] of most) peer.omitted = 0;
    return sums;
  }

  #mayWrite(now: number, peer: Peer): boolean {
    const own = this.#addressBytes === 0 ? 1 : peer.level(now) / (this.#addressBytes * BURST_SECONDS);
    if (own <= 0) return false;
    if (!this.#total) return true;
    const all = this.#total.level(now) / (this.#totalBytes * BURST_SECONDS);
    return all > (own >= LIGHT ? 0 : FOR_LIGHT);
  }

  #peer(now: number, ip: string): Peer {
    const key = this.#network(ip);
    let peer = this.#peers.get(key);
    if (!peer) {
      this.#forget(now);
      const rate = this.#addressBytes || 1;
      peer = new Peer(rate, rate * BURST_SECONDS);
      this.#peers.set(key, peer);
    }
    return peer;
  }

  #network(ip: string): string {
    if (!ip.includes(":") || isLoopback(ip)) return ip;
    let network = this.#networks.get(ip);
    if (network === undefined) {
      if (this.#networks.size >= MAX_NETWORKS) this.#networks.clear();
      network = networkOf(ip);
      if (network !== ip && !network.includes("::")) network = `${network}::/64`;
      this.#networks.set(ip, network);
    }
    return network;
  }

  #forget(now: number): void {
    if (now < this.#forgetAt) return;
    this.#forgetAt = now + FORGET_MS;
    const full = (this.#addressBytes || 1) * BURST_SECONDS;
    for (const [key, peer] of this.#peers) {
      if (peer.omitted === 0 && peer.level(now) >= full) this.#peers.delete(key);
    }
  }
}

/** Takes from a bucket whose debt is at most its burst. */
function take(bucket: TokenBucket, now: number, bytes: number, rate: number): void {
  if (bucket.level(now) > -rate * BURST_SECONDS) bucket.take(now, bytes);
}
