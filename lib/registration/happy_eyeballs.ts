/** Which address of a registry to try when: Happy Eyeballs (RFC 8305), over several registries. */

import { ipVersion, sameEndpoint } from "../protocol/address.ts";
import type { PlaceFailure, RegistryPlace, Tried } from "./connect_failure.ts";

/** Connection Attempt Delay (RFC 8305, section 5): how long the next address waits for an answer of the one before it. */
export const ATTEMPT_DELAY_MS = 250;

/** Resolution Delay (RFC 8305, section 3): how long addresses that are known wait for those of a registry named before. */
export const RESOLUTION_DELAY_MS = 50;

/**
 * Further time for an answer once connected, in milliseconds: a registry to which thousands of phones come at once is slow, and
 * phones that give up and come again would keep it so. Others are tried meanwhile.
 */
const ANSWER_MS = 3000;

/**
 * Pause before an address that turned a connection away is tried again in the same round, while others are still awaited, in
 * milliseconds: its registry may be about to return, and the round may last seconds. It costs two small packets.
 */
export const AGAIN_MS = 1000;

/** Failures that come at once and pass by themselves: a registry that starts, or a balancer that has none behind it. */
const AGAIN: ReadonlySet<string> = new Set<PlaceFailure["kind"]>(["refused", "reset", "lost"]);

/**
 * Most addresses of one round: a name with more would keep a phone busy for a minute. Each registry has its share, so that a name
 * with many addresses leaves the registry behind it its turn.
 */
const MOST_ADDRESSES = 32;

/** One address to try. */
export interface Candidate extends RegistryPlace {
  readonly ip: string;
}

/** Output of a {@linkcode Race}. */
export type RaceOutput =
  /** Connect there. */
  | { readonly kind: "begin"; readonly candidate: Candidate }
  /** Close that connection, or end that attempt. */
  | { readonly kind: "abandon"; readonly candidate: Candidate }
  /** That one answered first. */
  | { readonly kind: "won"; readonly candidate: Candidate }
  /** All of them failed. */
  | { readonly kind: "over"; readonly tried: readonly Tried[] };

/** Options of a {@linkcode Race}. */
export interface RaceOptions {
  /** Time limit for connecting to one address, in milliseconds. */
  readonly attemptMs: number;
  /** The address to try last: that of the connection that was just lost. */
  readonly last?: { readonly ip: string; readonly port: number } | undefined;
}

/** The state of an address. */
interface Attempt {
  readonly candidate: Candidate;
  state: "waiting" | "trying" | "failed";
  /** When its time is over. */
  endsAt: number;
  /** When it may be tried again after it has failed; `Infinity` for never. */
  againAt: number;
  detail: PlaceFailure | undefined;
}

/** A registry of the command line. */
interface Entry {
  readonly place: RegistryPlace;
  /** Undefined until its name is resolved. */
  attempts: Attempt[] | undefined;
  /** Whether all its addresses are known, and not only those of one version of IP. */
  complete: boolean;
  /** Why it has no address. */
  unresolved: PlaceFailure | undefined;
  /** When its name was resolved: the time of its addresses begins then at the earliest. */
  resolvedAt: number;
}

/**
 * One round over all addresses of all registries. The first to answer wins, and the others are abandoned: an address that
 * takes connections and says nothing delays the next one by {@linkcode ATTEMPT_DELAY_MS}, and never wins. Addresses come in
 * the order of the command line, the first of each registry before the second of any, so that a machine that is down costs
 * one delay, however many addresses it has; those of one registry alternate between IPv6 and IPv4 (RFC 8305, section 4). One
 * that refused is tried again each {@linkcode AGAIN_MS}, as long as others are tried: that makes no round longer.
 *
 * Does no I/O and reads no clock: it takes the time, in milliseconds of a monotonic clock. After every input,
 * {@linkcode Race.drain} all output and read {@linkcode Race.wakeAt} again.
 */
export class Race {
  readonly #entries: readonly Entry[];
  readonly #options: RaceOptions;
  readonly #startedAt: number;
  #outputs: RaceOutput[] = [];
  /** When the next attempt may begin. */
  #nextAt: number;
  /**
   * When the time of the first attempt ends, if its address is known by then; each later one has {@linkcode ATTEMPT_DELAY_MS}
   * more.
   */
  #endsAt: number;
  #begun = 0;
  #newest: Attempt | undefined;
  #done = false;

  constructor(now: number, places: readonly RegistryPlace[], options: RaceOptions) {
    this.#entries = places.map((place) => ({
      ...{ place, attempts: undefined, complete: false, unresolved: undefined, resolvedAt: now },
    }));
    this.#options = options;
    this.#startedAt = now;
    this.#nextAt = now;
    this.#endsAt = now + options.attemptMs;
  }

  /** Whether there is more than one address, so that it counts who answers and not only who takes connections. */
  get several(): boolean {
    const [first] = this.#entries;
    return this.#entries.length > 1 || first?.complete === false || (first?.attempts?.length ?? 0) > 1;
  }

  /** When {@linkcode Race.tick} wants to be called; `Infinity` for never. */
  get wakeAt(): number {
    if (this.#done) return Infinity;
    const ends = this.#attempts("trying").map(({ endsAt }) => endsAt);
    const again = ends.length > 0 ? this.#attempts("failed").map(({ againAt }) => againAt) : [];
    return Math.min(...ends, ...again, this.#next() ? this.#mayBeginAt() : Infinity);
  }

  /** Takes all output, in order. */
  drain(): RaceOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /**
   * Takes the addresses of a registry, in the order of getaddrinfo (RFC 6724).
   *
   * @param index Of its place.
   * @param more Whether these are a part, such as those of one version of IP, and another call follows.
   */
  handleResolved(now: number, index: number, ips: readonly string[], more = false): void {
    const entry = this.#entries[index];
    if (!entry || entry.complete) return;
    entry.complete = !more;
    const { attempts: earlier = [] } = entry;
    const { place } = entry;
    entry.resolvedAt = now;
    const known = this.#attempts().map(({ candidate }) => candidate);
    const share = Math.max(1, Math.floor(MOST_ADDRESSES / this.#entries.length));
    const added = interleave(ips)
      .map((ip) => ({ ...place, ip }))
      // A machine that is named twice is tried once.
      .filter((candidate, at, all) =>
        ![...known, ...all.slice(0, at)].some((other) => sameEndpoint(other, candidate))
      )
      .slice(0, Math.max(0, share - earlier.length))
      .map((candidate): Attempt => ({
        ...{ candidate, state: "waiting", endsAt: 0, againAt: Infinity, detail: undefined },
      }));
    entry.attempts = [...earlier, ...added];
    this.tick(now);
  }

  /** A registry has no address. */
  handleUnresolved(now: number, index: number, detail: PlaceFailure): void {
    const entry = this.#entries[index];
    if (!entry || entry.complete) return;
    entry.complete = true;
    if (!entry.attempts) [entry.attempts, entry.unresolved] = [[], detail];
    this.tick(now);
  }

  /** An address takes connections, and has yet to answer. */
  handleConnected(now: number, candidate: Candidate): void {
    const attempt = this.#find(candidate);
    if (attempt?.state === "trying") attempt.endsAt += ANSWER_MS;
    this.tick(now);
  }

  /** An address has answered. */
  handleAnswer(now: number, candidate: Candidate): void {
    const attempt = this.#find(candidate);
    if (this.#done || attempt?.state !== "trying") return;
    this.#done = true;
    for (const other of this.#attempts("trying")) {
      if (other === attempt) continue;
      // It may still be the best one left.
      other.state = "waiting";
      this.#outputs.push({ kind: "abandon", candidate: other.candidate });
    }
    this.#outputs.push({ kind: "won", candidate });
    this.tick(now);
  }

  /** An attempt has failed, or the winner did not take the phone after all: the race goes on with the others at once. */
  handleFailure(now: number, candidate: Candidate, detail: PlaceFailure): void {
    const attempt = this.#find(candidate);
    if (attempt?.state !== "trying") return;
    attempt.state = "failed";
    attempt.detail = detail;
    attempt.againAt = !this.#done && AGAIN.has(detail.kind) ? now + AGAIN_MS : Infinity;
    if (this.#done) {
      this.#done = false;
      this.#begun = 0;
      this.#endsAt = now + this.#options.attemptMs;
      this.#nextAt = now;
    } else if (attempt === this.#newest) this.#nextAt = now;
    this.tick(now);
  }

  /** Time has passed. */
  tick(now: number): void {
    if (this.#done) return;
    this.#endLate(now);
    const next = this.#next();
    if (next && now >= this.#mayBeginAt()) {
      this.#begin(now, next);
      this.#endLate(now);
    }
    this.#tryAgain(now);
    this.#finish();
  }

  /** Ends the attempts whose time is over. */
  #endLate(now: number): void {
    for (const attempt of this.#attempts("trying")) {
      if (now < attempt.endsAt) continue;
      attempt.state = "failed";
      // What one has said that is tried again tells more.
      attempt.detail ??= { kind: "timeout" };
      this.#outputs.push({ kind: "abandon", candidate: attempt.candidate });
      if (attempt === this.#newest) this.#nextAt = now;
    }
  }

  #begin(now: number, attempt: Attempt): void {
    attempt.state = "trying";
    const { resolvedAt } = this.#entries.find(({ attempts }) => attempts?.includes(attempt)) ??
      { resolvedAt: now };
    attempt.endsAt = Math.max(this.#endsAt, resolvedAt + this.#options.attemptMs) +
      ATTEMPT_DELAY_MS * this.#begun++;
    this.#newest = attempt;
    this.#nextAt = now + ATTEMPT_DELAY_MS;
    this.#outputs.push({ kind: "begin", candidate: attempt.candidate });
  }

  /** Tries again what was refused, until the time of those that are awaited is over. */
  #tryAgain(now: number): void {
    const roundEndsAt = Math.max(...this.#attempts("trying").map(({ endsAt }) => endsAt));
    if (now >= roundEndsAt) return;
    for (const attempt of this.#attempts("failed")) {
      if (now < attempt.againAt) continue;
      attempt.state = "trying";
      attempt.endsAt = roundEndsAt;
      attempt.againAt = Infinity;
      this.#outputs.push({ kind: "begin", candidate: attempt.candidate });
    }
  }

  /** Ends the round if nothing is left of it. */
  #finish(): void {
    const open = this.#entries.some(({ complete }) => !complete) ||
      this.#attempts().some(({ state }) => state !== "failed");
    if (open) return;
    this.#done = true;
    const tried = this.#entries.flatMap(({ place, attempts = [], unresolved }): Tried[] =>
      unresolved
        ? [{ ...place, detail: unresolved }]
        : attempts.flatMap(({ candidate, detail }) => detail ? [{ ...candidate, detail }] : [])
    );
    this.#outputs.push({ kind: "over", tried });
  }

  /** All attempts, or those in one state, in the order in which they come. */
  #attempts(state?: Attempt["state"]): Attempt[] {
    const ranks = this.#entries.map(({ attempts }) => attempts?.length ?? 0);
    const inTurn = Array.from(
      { length: Math.max(0, ...ranks) },
      (_, rank) => this.#entries.flatMap(({ attempts }) => attempts?.[rank] ?? []),
    ).flat();
    const { last } = this.#options;
    const isLast = ({ candidate }: Attempt): boolean => last !== undefined && sameEndpoint(candidate, last);
    return [...inTurn.filter((attempt) => !isLast(attempt)), ...inTurn.filter(isLast)]
      .filter((attempt) => state === undefined || attempt.state === state);
  }

  #next(): Attempt | undefined {
    return this.#attempts("waiting")[0];
  }

  #find({ ip, port }: Candidate): Attempt | undefined {
    return this.#attempts().find(({ candidate }) => candidate.ip === ip && candidate.port === port);
  }

  /** When the next attempt may begin: later if an address that is not known yet would come before it. */
  #mayBeginAt(): number {
    const next = this.#next();
    const of = this.#entries.findIndex(({ attempts }) => next && attempts?.includes(next));
    const first = this.#entries[of]?.attempts?.[0] === next;
    const awaited = this.#entries.some(({ attempts }, index) => !attempts && (!first || index < of));
    return awaited ? Math.max(this.#nextAt, this.#startedAt + RESOLUTION_DELAY_MS) : this.#nextAt;
  }
}

/** Alternates between the versions of IP, beginning with the first address's (RFC 8305, section 4). */
export function interleave(ips: readonly string[]): string[] {
  const [first] = ips;
  if (first === undefined) return [];
  const version = ipVersion(first);
  const own = ips.filter((ip) => ipVersion(ip) === version);
  const other = ips.filter((ip) => ipVersion(ip) !== version);
  return Array.from({ length: Math.max(own.length, other.length) }, (_, rank) => [own[rank], other[rank]])
    .flat().filter((ip) => ip !== undefined);
}
