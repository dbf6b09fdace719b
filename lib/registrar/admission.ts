/** Admission control of connections: who gets a place, who loses one, and who waits, by address. */

import { inZone, ipVersion, isLinkLocal, isLoopback, networkOf, zoneOf } from "../protocol/address.ts";
import { ExpiryQueue } from "../util/expiry_queue.ts";
import { TokenBucket } from "../util/token_bucket.ts";
import { Ranking } from "./ranking.ts";

/**
 * Default limit of connections from one address (of IPv6, one /64): enough for a school behind one router, and a small part of
 * the room for an attacker. Loopback addresses have no limit, since local users have easier ways to do harm.
 */
const DEFAULT_MAX_PER_ADDRESS = 500;

/**
 * What an IPv6 /48 may have and do, which one customer of a provider may have (RFC 6177), as a multiple of a /64; so such a site
 * weighs as much as an address that has a quarter of its connections.
 */
const SITE_FACTOR = 4;

/**
 * Places that are only for connections without a name, beyond all others: in a full room a phone can still come in, say who it
 * is, and take the place of one whose address has more.
 */
export const ENTRANCE = 64;

/** Hysteresis of what is said about a full address: again only after its connections fell below this fraction. */
const FULL_HYSTERESIS = 0.9;

/** A connection that ends sooner counts as one that comes and goes, in milliseconds. */
const SHORT_MS = 30_000;

/** Connections of one address that may come and go each second, after its burst. */
const CHURN_PER_SECOND = 100;
const CHURN_BURST = 200;

/** The same of all addresses that do so at all: each costs a third of a millisecond of the registry's processor. */
const TOTAL_CHURN_PER_SECOND = 300;
const TOTAL_CHURN_BURST = 300;

/** Connections of one address that may come and go each second, after a burst, before it waits for others that do so, too. */
const STEADY_PER_SECOND = 4;
const STEADY_BURST = 40;

/** Multiples of the golden ratio are spread evenly between integers. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Longest delay of a new connection, since others may share the address of a host that floods. */
const MAX_WAIT_MS = 5000;

/** Burst of a connection's own limit, in seconds of its rate: enough to read the list of a full room. */
const BURST_SECONDS = 4;

/**
 * What a connection may do without waiting for others, in seconds of its rate. It gets that back only while the registry waits for
 * it: one that always has more to say, as those of a flood, gets nothing back, and a phone that a person uses never runs out.
 */
const CREDIT_SECONDS = 1 / 3;

/** The part of it that a new connection has: a phone registers and asks who is there. */
const FIRST_CREDIT = 1 / 4;

/** Requests of one address that count as those of people, as a multiple of the limit of one connection. */
const ADDRESS_FACTOR = 20;

/** Burst of that, in seconds of its rate. */
const ADDRESS_BURST_SECONDS = 2;

/** What all that is beyond shares, likewise, after what people ask: a tenth of a core. */
const BUSY_FACTOR = 20;

/** Burst of that, in seconds of its rate. */
const BUSY_BURST_SECONDS = 1 / 2;

/** Limits of an {@linkcode Admission}. */
export interface AdmissionLimits {
  /** Most connections from one address (IPv6: one /64). */
  readonly maxPerAddress?: number | undefined;
  /** Rate limit of one connection, in requests a second. */
  readonly requestsPerSecond: number;
}

/** What became of a new connection. */
export type Entry =
  | {
    readonly place: Place;
    /** Delay in ms before it is served. */
    readonly waitMs: number;
    /** Connections that lost their places to it. */
    readonly evicted: readonly Place[];
    /** The limit of its address, if it has just been reached. */
    readonly addressFull?: number;
  }
  | { readonly refused: "room" | "address" };

/** What an {@linkcode Admission} has counted since the beginning. */
export interface AdmissionCounts {
  /** Connections that were refused, by reason. */
  readonly refused: Readonly<Record<"room" | "address", number>>;
  /** Connections that lost their places to others. */
  readonly evicted: Readonly<Record<"nameless" | "named", number>>;
}

/** A connection's place. */
export interface Place {
  readonly ip: string;
  /** The IPv4 address or the /64. */
  readonly network: string;
  /** The IPv4 address, the /48, or the link of a link-local address. */
  readonly site: string;
  readonly since: number;
  readonly bucket: TokenBucket;
  /** What it may do without waiting for others, in requests. */
  credit: number;
  /** Since when the registry has been waiting for it. */
  idleSince: number;
  /** Whether it holds a name. */
  named: boolean;
  /** Whether it has left or lost its place. */
  gone: boolean;
  /** Whose it is, for whoever asked for it. */
  owner?: unknown;
}

/** An IPv4 address or a /64; or the site of several. */
interface Network {
  /** What it may do, as a multiple of an address. */
  readonly factor: number;
  connections: number;
  /** Whether it has had its limit of connections since it last had clearly fewer. */
  isFull: boolean;
  /** Limits of connections that come and go; made when one has. */
  churn?: { readonly own: TokenBucket; readonly steady: TokenBucket };
  readonly work: TokenBucket;
}

/**
 * Gives connections their places. When places run short, connections without a name go first: the oldest of the address that
 * has most of them. Then phones of the address that holds most. Does no I/O and reads no clock.
 */
export class Admission {
  readonly #maxPerAddress: number | undefined;
  readonly #rate: number;
  readonly #networks = new Map<string, Network>();
  /** Networks without connections, until their buckets are full again. */
  readonly #idle = new ExpiryQueue<string>(2 * 1000 * STEADY_BURST / STEADY_PER_SECOND);
  readonly #nameless = new Ranking<Place>();
  readonly #namelessOfNetwork = new Ranking<Place>();
  readonly #named = new Ranking<Place>();
  /** Those of each /48. */
  readonly #namedOfSite = new Ranking<Place>();
  readonly #churn = new TokenBucket(TOTAL_CHURN_PER_SECOND, TOTAL_CHURN_BURST);
  readonly #busy: TokenBucket;
  readonly #refused = { room: 0, address: 0 };
  readonly #evicted = { nameless: 0, named: 0 };
  #namelessCount = 0;
  /** Spreads waits, from 0 to 1. */
  #phase = 0;
  #namedCount = 0;

  constructor({ maxPerAddress, requestsPerSecond }: AdmissionLimits) {
    this.#maxPerAddress = maxPerAddress;
    this.#rate = requestsPerSecond;
    const rate = requestsPerSecond * BUSY_FACTOR;
    this.#busy = new TokenBucket(rate, rate * BUSY_BURST_SECONDS);
  }

  /** Number of networks that it remembers. */
  get size(): number {
    return this.#networks.size;
  }

  /** Connections that have a place. */
  get connections(): number {
    return this.#namelessCount + this.#namedCount;
  }

  get counts(): AdmissionCounts {
    return { refused: { ...this.#refused }, evicted: { ...this.#evicted } };
  }

  /**
   * Admits a new connection, which has no name yet.
   *
   * @param capacity Most connections with a name.
   */
  enter(now: number, ip: string, capacity: number): Entry {
    this.#forget(now);
    const place = this.#placeFor(now, ip);
    const evicted: Place[] = [];
    const limit = this.#limitOf(ip);
    const { network, site } = place;
    const waitMs = this.#waitFor(now, place);
    // Who comes and goes all the time takes nobody's place: squatters would only replace each other.
    const mayEvict = waitMs === 0;
    if (this.#connectionsOf(network) >= limit) {
      const room = mayEvict && this.#evictOldest(now, this.#namelessOfNetwork, network, evicted);
      if (!room) return this.#refuse("address");
    } else if (hasSite(place) && this.#connectionsOf(site) >= SITE_FACTOR * limit && !isLinkLocal(ip)) {
      const room = mayEvict && this.#evictOldest(now, this.#nameless, site, evicted);
      if (!room) return this.#refuse("address");
    }
    if (this.#namelessCount >= ENTRANCE && this.connections >= capacity) {
      if (!mayEvict) return this.#refuse("room");
      this.#evictOldest(now, this.#nameless, this.#nameless.largest, evicted);
    } else if (this.#namedCount >= capacity && !(mayEvict && this.#largestBeside(place))) {
      return this.#refuse("room");
    }
    const entered = this.#add(place);
    const reached = entered.connections >= limit && !entered.isFull;
    if (reached) entered.isFull = true;
    return { place, waitMs, evicted, ...(reached && { addressFull: limit }) };
  }

  /**
   * A connection has registered a name.
   *
   * @returns Who loses the place for it, perhaps this one itself; undefined if there is room.
   */
  handleNamed(now: number, place: Place, capacity: number): Place | undefined {
    if (place.gone || place.named) return undefined;
    this.#remove(place);
    place.named = true;
    this.#add(place);
    if (this.#namedCount <= capacity) return undefined;
    const victim = this.#largestBeside(place) ?? place;
    this.#evict(now, victim);
    return victim;
  }

  /** A connection has ended. Changes nothing for one that has lost its place. */
  leave(now: number, place: Place): void {
    if (place.gone) return;
    place.gone = true;
    this.#remove(place);
    const isShort = now - place.since < SHORT_MS;
    if (isShort) take(this.#churn, now, 1, TOTAL_CHURN_PER_SECOND * MAX_WAIT_MS / 1000);
    for (const key of keysOf(place)) {
      const network = this.#networks.get(key);
      if (!network) continue;
      if (isShort) countShort(now, network);
      if (network.connections === 0) this.#idle.start(now, key);
    }
  }

  /**
   * A connection has made work.
   *
   * @param tokens The work, in requests.
   * @returns Delay in ms before more is taken from it.
   */
  handleWork(now: number, place: Place, tokens: number): number {
    const idle = Math.max(0, now - place.idleSince) / 1000;
    const credit = Math.min(CREDIT_SECONDS, place.credit / this.#rate + idle) * this.#rate;
    place.credit = Math.max(0, credit - tokens);
    const isOfFew = this.#countWork(now, place.network, tokens);
    const isOfFewAtSite = !hasSite(place) || this.#countWork(now, place.site, tokens);
    const own = place.bucket.take(now, tokens);
    const isLight = credit >= tokens && isOfFew && isOfFewAtSite;
    if (isLight) take(this.#busy, now, tokens, this.#rate * BUSY_FACTOR * BUSY_BURST_SECONDS);
    const waitMs = isLight ? own : Math.max(own, this.#busy.take(now, tokens));
    place.idleSince = Math.ceil(now + waitMs);
    return waitMs;
  }

  /** Counts the work of a network. @returns Whether it is still that of people. */
  #countWork(now: number, key: string, tokens: number): boolean {
    const network = this.#networks.get(key);
    if (!network) return true;
    const { work, factor } = network;
    take(work, now, tokens, factor * this.#rate * ADDRESS_FACTOR * ADDRESS_BURST_SECONDS);
    return work.level(now) >= 0;
  }

  /**
   * The connection of the address or the site that holds most, if that is more than a place's holds with it: addresses of a large
   * site must not take the places of a smaller one, nor a large address those of a small site.
   */
  #largestBeside(place: Place): Place | undefined {
    const one = place.named ? 0 : 1;
    const [networks, sites] = [this.#named, this.#namedOfSite];
    const ofNetwork = networks.size(place.network) + one;
    const ofSite = hasSite(place) ? sites.size(place.site) + one : ofNetwork;
    const isSite = sites.most / SITE_FACTOR > networks.most;
    const most = isSite ? sites.most / SITE_FACTOR : networks.most;
    const own = hasSite(place) ? Math.max(ofNetwork, ofSite / SITE_FACTOR) : ofNetwork;
    // Those who were there first keep their places.
    if (most > own) return newestOfLargest(isSite ? sites : networks);
    return sites.most > Math.max(ofNetwork, ofSite) ? newestOfLargest(sites) : undefined;
  }

  #limitOf(ip: string): number {
    return this.#maxPerAddress ?? (isLoopback(ip) ? Infinity : DEFAULT_MAX_PER_ADDRESS);
  }

  #connectionsOf(network: string): number {
    return this.#networks.get(network)?.connections ?? 0;
  }

  /** Takes the place of the oldest connection of a group. @returns Whether there was one. */
  #evictOldest(now: number, ranking: Ranking<Place>, group: string | undefined, evicted: Place[]): boolean {
    const place = group === undefined ? undefined : ranking.oldest(group);
    if (!place) return false;
    this.#evict(now, place);
    evicted.push(place);
    return true;
  }

  #evict(now: number, place: Place): void {
    this.#evicted[place.named ? "named" : "nameless"]++;
    this.leave(now, place);
  }

  #refuse(reason: "room" | "address"): Entry {
    this.#refused[reason]++;
    return { refused: reason };
  }

  #placeFor(now: number, ip: string): Place {
    // A whole number takes no memory of its own.
    const since = Math.ceil(now);
    const network = networkOf(ip);
    const bucket = new TokenBucket(this.#rate, this.#rate * BURST_SECONDS);
    const credit = FIRST_CREDIT * CREDIT_SECONDS * this.#rate;
    const site = siteOf(ip, network);
    return {
      ip,
      network,
      site,
      since,
      bucket,
      credit,
      idleSince: since,
      named: false,
      gone: false,
      owner: undefined,
    };
  }

  /** @returns Its network. */
  #add(place: Place): Network {
    if (place.named) this.#namedCount++;
    else this.#namelessCount++;
    for (const [ranking, group] of this.#rankingsOf(place)) ranking.add(group, place);
    if (hasSite(place)) this.#count(place.site, SITE_FACTOR);
    return this.#count(place.network, 1);
  }

  /** Counts one more connection of a network. */
  #count(key: string, factor: number): Network {
    let network = this.#networks.get(key);
    if (!network) {
      const rate = factor * this.#rate * ADDRESS_FACTOR;
      const work = new TokenBucket(rate, rate * ADDRESS_BURST_SECONDS);
      this.#networks.set(key, network = { factor, connections: 0, isFull: false, work });
    }
    this.#idle.stop(key);
    network.connections++;
    return network;
  }

  #remove(place: Place): void {
    const network = this.#networks.get(place.network);
    if (network && --network.connections < FULL_HYSTERESIS * this.#limitOf(place.ip)) network.isFull = false;
    const site = hasSite(place) ? this.#networks.get(place.site) : undefined;
    if (site) site.connections--;
    if (place.named) this.#namedCount--;
    else this.#namelessCount--;
    for (const [ranking, group] of this.#rankingsOf(place)) ranking.delete(group, place);
  }

  #rankingsOf(place: Place): (readonly [ranking: Ranking<Place>, group: string])[] {
    const { network, site } = place;
    if (!place.named) return [[this.#nameless, site], [this.#namelessOfNetwork, network]];
    return hasSite(place) ? [[this.#named, network], [this.#namedOfSite, site]] : [[this.#named, network]];
  }

  /** How long a new connection waits for those of its network and site that came and went before. */
  #waitFor(now: number, place: Place): number {
    let wait = 0;
    let isSteady = true;
    for (const key of keysOf(place)) {
      const { churn, factor = 1 } = this.#networks.get(key) ?? {};
      if (!churn) continue;
      wait = Math.max(wait, -churn.own.level(now) * 1000 / (factor * CHURN_PER_SECOND));
      isSteady &&= churn.steady.level(now) > 0;
    }
    if (!isSteady) wait = Math.max(wait, -this.#churn.level(now) * 1000 / TOTAL_CHURN_PER_SECOND);
    if (wait === 0) return 0;
    const waitMs = Math.min(MAX_WAIT_MS, wait);
    // Those that came at the same time must not all be served at the same time.
    this.#phase = (this.#phase + GOLDEN) % 1;
    return waitMs * (1 - this.#phase / 2);
  }

  #forget(now: number): void {
    for (const network of this.#idle.due(now)) this.#networks.delete(network);
  }
}

/** Takes from a bucket that owes at most so many tokens, so that it is soon good again. */
function take(bucket: TokenBucket, now: number, tokens: number, mostOwed: number): void {
  if (bucket.level(now) > -mostOwed) bucket.take(now, tokens);
}

/** A connection of a network has come and gone. */
function countShort(now: number, network: Network): void {
  const { factor } = network;
  const { own, steady } = network.churn ??= {
    own: new TokenBucket(factor * CHURN_PER_SECOND, factor * CHURN_BURST),
    steady: new TokenBucket(factor * STEADY_PER_SECOND, factor * STEADY_BURST),
  };
  take(own, now, 1, factor * CHURN_PER_SECOND * MAX_WAIT_MS / 1000);
  take(steady, now, 1, factor * STEADY_BURST);
}

function newestOfLargest(ranking: Ranking<Place>): Place | undefined {
  return ranking.largest === undefined ? undefined : ranking.newest(ranking.largest);
}

function keysOf(place: Place): readonly string[] {
  return hasSite(place) ? [place.network, place.site] : [place.network];
}

/** Whether a place's address is one of a site with several. */
function hasSite({ network, site }: Place): boolean {
  return network !== site;
}

/**
 * What one customer of a provider may have: an IPv4 address, or an IPv6 /48 (RFC 6177). One host of a link may give itself any
 * link-local addresses, so these are one site, whose phones are not limited together: they may be many.
 */
function siteOf(ip: string, network: string): string {
  if (isLinkLocal(ip)) return `link-local ${ipVersion(inZone(ip, ""))} ${zoneOf(ip)}`;
  if (network === ip || ipVersion(inZone(ip, "")) !== 6 || network.includes("::")) return network;
  return network.split(":").slice(0, 3).join(":");
}
