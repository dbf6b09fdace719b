/**
 * Where the peer of a call with keys is. An authentic packet, newer than all before, from another address shows that the peer
 * has moved there (as RFC 9000, section 9.3, and RFC 9146, section 6, have it), and what this phone sends follows it. It does
 * no I/O and reads no clock.
 *
 * Two things are guarded against (RFC 9000, sections 9.3.1 to 9.3.3):
 *
 * - A copied or forged source address makes this phone flood somebody: a new address gets at most three times the bytes that
 *   came from it, until the peer has answered a challenge that was sent there.
 * - Somebody who reads along copies packets from an address of their own, faster than the originals: the originals still come
 *   from the old address, as duplicates, and while they do, that address gets all packets, too.
 */

import { type Endpoint, sameEndpoint } from "../protocol/address.ts";
import { exponentialBackoff } from "../util/backoff.ts";
import { INITIAL_RETRANSMIT_INTERVAL_MS, MAX_RETRANSMIT_INTERVAL_MS } from "./retransmission.ts";

/** Bytes that an unvalidated address may get for each byte from it (RFC 9000, section 8.1). */
export const AMPLIFICATION_FACTOR = 3;

/** An address still counts for this time after its last packet: a muted phone sends one every 400 ms. */
export const PATH_SILENT_MS = 1_000;

/** Most addresses at once. While all of them are in use, packets from others move nothing. */
export const MAX_PATHS = 4;

/** A challenge as it is sent: 28 bytes of RTCP, and 20 that encryption adds. */
export const CHALLENGE_BYTES = 48;

const challengeIntervalMs = exponentialBackoff(INITIAL_RETRANSMIT_INTERVAL_MS, MAX_RETRANSMIT_INTERVAL_MS);

/** Output of a call's paths. */
export type PathOutput =
  /** Send a challenge with this token to an address. */
  | { readonly kind: "challenge"; readonly to: Endpoint; readonly token: bigint }
  /** The peer has left the address that it had, and is at this one only. */
  | { readonly kind: "moved"; readonly to: Endpoint };

/** An address of the peer. */
interface Path {
  readonly endpoint: Endpoint;
  readonly token: bigint;
  validated: boolean;
  /** Time of the last packet, duplicates included; undefined before the first. */
  heardAt: number | undefined;
  /** Bytes that it may still get while it is not validated. */
  allowance: number;
  challenges: number;
  challengeAt: number;
}

/** The addresses of one call's peer. */
export class PeerPaths {
  readonly #newToken: () => bigint;
  #paths: readonly Path[];
  #current: Path;
  /** The address that the person knows of. */
  #told: Path;
  #output: PathOutput[] = [];

  /** @param agreed The address that signalling agreed on: the callee's registered one, or that of the invitation. */
  constructor(agreed: Endpoint, newToken: () => bigint = randomToken) {
    this.#newToken = newToken;
    this.#current = this.#told = { ...newPath(agreed, 0n), validated: true };
    this.#paths = [this.#current];
  }

  /** The peer's addresses, also those that it has left lately. */
  get endpoints(): readonly Endpoint[] {
    return this.#paths.map(({ endpoint }) => endpoint);
  }

  /** Takes all output, in order. */
  drain(): readonly PathOutput[] {
    const output = this.#output;
    if (output.length > 0) this.#output = [];
    return output;
  }

  /**
   * Takes note of the source of a datagram, authentic or not, new or a duplicate.
   *
   * @returns `current`: it is the address that is sent to; `known`: another one of the peer's.
   */
  handleSource(now: number, from: Endpoint): "current" | "known" | "unknown" {
    const path = this.#find(from);
    if (!path) return "unknown";
    path.heardAt = now;
    return path === this.#current ? "current" : "known";
  }

  /**
   * Takes note of an authentic packet that came for the first time.
   *
   * @param bytes Its size.
   * @param newest Whether it is newer than all before.
   */
  handlePacket(now: number, from: Endpoint, bytes: number, newest: boolean): void {
    const path = this.#find(from) ?? (newest ? this.#add(now, from) : undefined);
    if (!path) return;
    path.heardAt = now;
    if (newest) this.#current = path;
    if (!path.validated) {
      path.allowance += AMPLIFICATION_FACTOR * bytes;
      this.#challenge(now, path);
    }
    this.#tellMove(now);
  }

  /** Takes the token of an authentic response: its address is validated. */
  handleResponse(token: bigint): void {
    const path = this.#paths.find((each) => !each.validated && each.token === token);
    if (path) path.validated = true;
  }

  /**
   * The addresses that a datagram goes to: the current one, unless it is not validated and has got what it may; and all
   * validated ones from which packets still come.
   *
   * @param bytes Its size.
   * @param reserve Bytes of an unvalidated address's allowance to leave for other datagrams.
   */
  destinations(now: number, bytes: number, reserve = 0): readonly Endpoint[] {
    const to = this.#paths.filter((path) => this.#inUse(now, path) && this.#take(path, bytes, reserve));
    return to.map(({ endpoint }) => endpoint);
  }

  #find(from: Endpoint): Path | undefined {
    return this.#paths.find(({ endpoint }) => sameEndpoint(endpoint, from));
  }

  #add(now: number, from: Endpoint): Path | undefined {
    const kept = this.#paths.length < MAX_PATHS
      ? this.#paths
      : this.#paths.filter((path) => path === this.#told || this.#inUse(now, path));
    if (kept.length >= MAX_PATHS) return undefined;
    const path = newPath(from, this.#newToken());
    this.#paths = [...kept, path];
    return path;
  }

  #inUse(now: number, path: Path): boolean {
    if (path === this.#current) return true;
    if (!path.validated) return false;
    // Hosts with several addresses may name one and send from another. Both are right.
    if (path.heardAt === undefined) return !this.#current.validated;
    return now < path.heardAt + PATH_SILENT_MS;
  }

  #take(path: Path, bytes: number, reserve: number): boolean {
    if (path.validated) return true;
    if (path.allowance < bytes + reserve) return false;
    path.allowance -= bytes;
    return true;
  }

  /** Challenges only in response to a packet, so no timer is needed. */
  #challenge(now: number, path: Path): void {
    if (now < path.challengeAt || !this.#take(path, CHALLENGE_BYTES, 0)) return;
    path.challengeAt = now + challengeIntervalMs(path.challenges++);
    this.#output.push({ kind: "challenge", to: path.endpoint, token: path.token });
  }

  #tellMove(now: number): void {
    const current = this.#current;
    if (this.#told === current) return;
    if (this.#paths.some((path) => path !== current && path.validated && this.#inUse(now, path))) return;
    const { heardAt } = this.#told;
    this.#told = current;
    if (heardAt !== undefined) this.#output.push({ kind: "moved", to: current.endpoint });
  }
}

function newPath(endpoint: Endpoint, token: bigint): Path {
  const path = { endpoint, token, validated: false, heardAt: undefined };
  return { ...path, allowance: 0, challenges: 0, challengeAt: -Infinity };
}

function randomToken(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0]!;
}
