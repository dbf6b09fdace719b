/** A phone's registration, renewed whenever the connection to the registry is lost. */

import { isOwnAddress } from "../protocol/address.ts";
import type { Person } from "../protocol/registry_messages.ts";
import type { Trace } from "../protocol/trace.ts";
import { Backoff, type Setback } from "./backoff.ts";
import { type ConnectFailure, isNoReply, type PlaceFailure, type RegistryPlace } from "./connect_failure.ts";
import type { ConnectionRace, RaceResult } from "./connection_race.ts";
import type { Candidate } from "./happy_eyeballs.ts";
import { HostAddresses } from "./host_addresses.ts";
import {
  isTemporary,
  type ListResult,
  type LookUpResult,
  type RegisterResult,
  RegistryClient,
  type RegistryClientOptions,
} from "./registry_client.ts";
import type { HostNetwork } from "../util/host_addresses.ts";
import { pause } from "../util/pause.ts";

/** Time limit for connecting again to an address, in milliseconds, besides the pauses. */
const RETRY_CONNECT_MS = 2000;

/** Failures that may pass by themselves. A certificate becomes valid when a machine that has just started sets its clock. */
const PASSING: ReadonlySet<string> = new Set<ConnectFailure["kind"]>([
  ...["refused", "timeout", "reset", "lost", "room_full"] as const,
  ...[
    "name_not_resolved",
    "name_servers_silent",
    "network_unreachable",
    "host_unreachable",
    "address_not_available",
    "certificate_not_yet_valid",
  ] as const,
]);

/** Failures that are an answer of a registry. */
const ANSWERED: ReadonlySet<string> = new Set<ConnectFailure["kind"]>(["room_full", "registry_refused"]);

/** Options of a {@linkcode Registration}. None of the functions may throw. */
export interface RegistrationOptions
  extends Pick<RegistryClientOptions, "replyMs" | "quietMs" | "password" | "tls" | "addresses"> {
  /** Receives every message as it was on the wire. */
  readonly onTrace?: (trace: Trace) => void;
  /**
   * With it, {@linkcode Registration.connect} and {@linkcode Registration.register} try until they succeed, or fail for a
   * reason that only a person can mend. Called once for each `kind` of reason.
   */
  readonly onAwait?: (reason: ConnectFailure) => void;
  /** Ends all attempts, as {@linkcode Registration.close} does. */
  readonly signal?: AbortSignal;
  /** The connection is lost; attempts begin. Only after a name is registered. */
  readonly onLost?: () => void;
  /** The name is registered again, perhaps with another address, or at another registry. */
  readonly onBack?: (person: Person) => void;
  /** Another phone has the name; attempts have ended. */
  readonly onNameTaken?: () => void;
  /** The registry's operator removed this phone, which does not try to come back. */
  readonly onRemoved?: () => void;
  /** This host's addresses: with them, a connection is lost as soon as its own one has left this host. */
  readonly network?: HostNetwork;
  /** Numbers from 0 up to but not including 1, for the pauses. */
  readonly random?: () => number;
}

/** Result of {@linkcode Registration.connect}. */
export type LinkResult = { readonly kind: "connected"; readonly link: Registration } | ConnectFailure;

/** What a phone registers: on each connection the local address of that connection, unless `ip` is given. */
interface Wanted {
  readonly name: string;
  readonly ip: string | undefined;
  readonly port: number;
}

/**
 * A connection to the first of several registries that answers. It is made again when it is lost, perhaps to another
 * registry, and registers the same name and port. While there is none, requests result in `lost` at once.
 */
export class Registration implements AsyncDisposable {
  readonly #places: readonly RegistryPlace[];
  readonly #options: RegistrationOptions;
  readonly #closing = new AbortController();
  readonly #addresses: HostAddresses;
  #client: RegistryClient | undefined;
  /** The round that gave the current connection. */
  #race: ConnectionRace<RegistryClient> | undefined;
  #at: Candidate | undefined;
  /** The connection of the current attempt. */
  #attempt: RegistryClient | undefined;
  #wanted: Wanted | undefined;
  #person: Person | undefined;
  #watch: AsyncDisposable | undefined;
  /** Fires when this host's addresses change while there is no connection. */
  #moved = new AbortController();
  #returning: Promise<void> = Promise.resolve();
  /** Of the attempts before the first registration. */
  readonly #backoff: Backoff;
  readonly #awaited = new Set<string>();

  private constructor(places: readonly RegistryPlace[], options: RegistrationOptions) {
    this.#places = places;
    this.#options = options;
    this.#addresses = options.addresses ?? new HostAddresses();
    this.#backoff = new Backoff(options.random ?? Math.random);
    options.signal?.addEventListener("abort", () => this.#closing.abort());
  }

  /**
   * Connects for the first time: one round over all addresses, unless {@linkcode RegistrationOptions.onAwait} is given.
   * Never rejects.
   */
  static async connect(
    places: readonly RegistryPlace[],
    options: RegistrationOptions = {},
  ): Promise<LinkResult> {
    const registration = new Registration(places, options);
    const failure = await registration.#begin();
    if (failure) return failure;
    registration.#watch = options.network?.watch(() => registration.#handleAddresses());
    return { kind: "connected", link: registration };
  }

  /** Makes the first connection. */
  async #begin(): Promise<ConnectFailure | undefined> {
    for (;;) {
      // Whoever waits looks again soon: a dead address must not hold up one that is there by now.
      this.#race = this.#newRace(this.#awaited.size > 0 ? RETRY_CONNECT_MS : undefined);
      const result = await this.#race.next();
      if (result.kind === "connected") {
        this.#use(result);
        return undefined;
      }
      if (!await this.#mayTryAgain(result)) return result;
    }
  }

  #use({ client, place }: RaceResult<RegistryClient> & { kind: "connected" }): void {
    this.#client = client;
    this.#at = place;
  }

  /** Waits until another round may begin. @returns False if there is none. */
  async #mayTryAgain(reason: ConnectFailure): Promise<boolean> {
    const { onAwait } = this.#options;
    const reasons = reason.kind === "none_answered" ? reason.tried.map(({ detail }) => detail) : [reason];
    if (!onAwait || !reasons.some(mayPass)) return false;
    const kinds = reasons.map(({ kind }) => kind).join();
    if (!this.#awaited.has(kinds)) onAwait(reason);
    this.#awaited.add(kinds);
    await pause(this.#backoff.failed(performance.now(), setbackOf(reason)) ?? 0, this.#closing.signal);
    return !this.#closing.signal.aborted;
  }

  /** The registry of the current or last connection, by the name on the command line and the address that answered. */
  get place(): Candidate | undefined {
    return this.#at;
  }

  /** Whether there was a choice of addresses. */
  get several(): boolean {
    return this.#race?.several ?? false;
  }

  /** This host's address on the connection. */
  get localIp(): string {
    return this.#client?.localIp ?? "";
  }

  /** Whether the registry is on this host. */
  get near(): boolean {
    return this.#client?.near ?? false;
  }

  /**
   * Registers a name, over a new connection if the registry has closed the one without a name, as it does after 30 s. Once
   * confirmed, it is registered again after each loss.
   *
   * A name in use is final: who says so has just heard of its holder. Only where a connection has ended between the request and
   * its reply, the holder may be this phone itself, and the name is asked for again as after a loss.
   *
   * @param ip The address to register; if undefined, this host's on the connection, and after each loss on the new one.
   */
  async register(
    name: string,
    ip: string | undefined,
    port: number,
  ): Promise<RegisterResult | ConnectFailure> {
    const { random = Math.random } = this.#options;
    let ghost: Backoff | undefined;
    for (;;) {
      if (this.#client?.closed && !this.#wanted && !this.#closing.signal.aborted) {
        const failure = await this.#begin();
        if (failure) return failure;
      }
      const client = this.#client;
      if (!client) return { kind: "lost" };
      const result = await client.register(name, ip ?? client.localIp, port);
      if (result.kind === "confirmed") {
        this.#wanted = { name: result.person.nome, ip, port };
        this.#person = result.person;
        if (client.closed) this.#lost();
      }
      const pauseMs = result.kind === "name_taken"
        ? ghost?.failed(performance.now(), "name_taken")
        : undefined;
      if (pauseMs !== undefined) {
        await pause(pauseMs, this.#closing.signal);
        if (!this.#closing.signal.aborted) continue;
      }
      if (isNoReply(result)) ghost ??= new Backoff(random);
      const reason = otherMayTake(result);
      if (!reason) return result;
      const next = await this.#race?.next(reason) ?? reason;
      if (next.kind === "connected") {
        await client.close();
        this.#use(next);
        continue;
      }
      if (!await this.#mayTryAgain(next)) return next;
      await client.close();
      const failure = await this.#begin();
      if (failure) return failure;
    }
  }

  /** Whether the registry where the name is registered asks for copies of call messages; not while it is away. */
  get wantsTrace(): boolean {
    return this.#client?.wantsTrace ?? false;
  }

  /** Whether a line of copies would go out at once. */
  get readyForTrace(): boolean {
    return this.#client?.readyForTrace ?? false;
  }

  /** Sends a line of type `rastro`, if the registry asks for them. */
  sendTrace(line: string): void {
    this.#client?.sendTrace(line);
  }

  /** Looks a person up. */
  async lookUp(name: string): Promise<LookUpResult> {
    return await this.#client?.lookUp(name) ?? { kind: "lost" };
  }

  /** Lists the people in the room. */
  async list(): Promise<ListResult> {
    return await this.#client?.list() ?? { kind: "lost" };
  }

  /** Unregisters, if there is a connection, and ends all attempts. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#attempt?.close();
    await this.#client?.close(this.#person?.nome);
    await this.#returning;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @param last The address to try last. */
  #newRace(connectMs?: number, last?: Candidate): ConnectionRace<RegistryClient> {
    const { onTrace, replyMs, quietMs, password, tls } = this.#options;
    return RegistryClient.race(this.#places, {
      ...(onTrace && { onTrace }),
      ...(replyMs !== undefined && { replyMs }),
      ...(quietMs !== undefined && { quietMs }),
      ...(password && { password }),
      ...(tls && { tls }),
      ...(connectMs !== undefined && { connectMs }),
      addresses: this.#addresses,
      onLost: () => this.#lost(),
      signal: this.#closing.signal,
    }, last);
  }

  /** This host's addresses have changed: the connection's may have gone, or the one to come back with is there. */
  #handleAddresses(): void {
    if (!this.#client) this.#moved.abort();
    const client = this.#client ?? this.#attempt;
    const own = this.#options.network?.addresses() ?? [];
    if (client && own.length > 0 && !isOwnAddress(client.localIp, own)) client.abandon();
  }

  /** The connection has ended. Without a name, and during an attempt, the result of the request says so. */
  #lost(): void {
    if (!this.#wanted || !this.#client?.closed || this.#closing.signal.aborted) return;
    const { removed } = this.#client;
    this.#client = undefined;
    if (removed) {
      this.#options.onRemoved?.();
      return;
    }
    this.#options.onLost?.();
    this.#returning = this.#return(this.#wanted);
  }

  async #return(wanted: Wanted): Promise<void> {
    const { random = Math.random } = this.#options;
    const { signal } = this.#closing;
    let backoff = new Backoff(random);
    for (let pauseMs: number | undefined = backoff.lost(); pauseMs !== undefined;) {
      await pause(pauseMs, AbortSignal.any([signal, this.#moved.signal]));
      if (this.#moved.signal.aborted) {
        // What failed on the old addresses says nothing about the new ones.
        this.#moved = new AbortController();
        backoff = new Backoff(random);
        await pause(backoff.lost(), signal);
      }
      if (signal.aborted) return;
      const outcome = await this.#tryAgain(wanted);
      if (signal.aborted) return;
      if (outcome === "removed") {
        this.#options.onRemoved?.();
        return;
      }
      if (typeof outcome === "object") {
        this.#person = outcome;
        this.#options.onBack?.(outcome);
        // The connection may have ended meanwhile, and its address may have gone.
        this.#lost();
        this.#handleAddresses();
        return;
      }
      pauseMs = backoff.failed(performance.now(), outcome);
    }
    this.#options.onNameTaken?.();
  }

  /** One round. @returns What is registered now, or why nothing is. */
  async #tryAgain({ name, ip, port }: Wanted): Promise<Setback | "removed" | Person> {
    const race = this.#newRace(RETRY_CONNECT_MS, this.#at);
    let result = await race.next();
    while (result.kind === "connected") {
      const { client } = result;
      this.#attempt = client;
      const person = { nome: name, ip: ip ?? client.localIp, porta: port };
      const registered = this.#closing.signal.aborted
        ? { kind: "lost" } as const
        : await client.register(person.nome, person.ip, person.porta);
      this.#attempt = undefined;
      if (registered.kind === "confirmed") {
        this.#race = race;
        this.#use(result);
        return person;
      }
      await client.close();
      // The same at every registry of the room.
      if (registered.kind === "name_taken" || registered.kind === "removed") return registered.kind;
      result = await race.next(reasonOf(registered));
    }
    return setbackOf(result);
  }
}

/** Whether a failure may pass by itself. */
function mayPass(reason: Exclude<ConnectFailure, { kind: "none_answered" }>): boolean {
  return PASSING.has(reason.kind) || reason.kind === "registry_refused" && isTemporary(reason.reason);
}

/** How a round has failed. A registry that refuses connections may be about to return: the pauses are shorter. */
function setbackOf(reason: ConnectFailure): Setback {
  const reasons = reason.kind === "none_answered" ? reason.tried.map(({ detail }) => detail) : [reason];
  if (reasons.some(({ kind }) => kind === "refused")) return "refused";
  return reasons.some(({ kind }) => ANSWERED.has(kind)) ? "turned_away" : "unreachable";
}

/** Why a registry did not take the phone, if another one may, or the same one later. */
function otherMayTake(result: RegisterResult | ConnectFailure): PlaceFailure | undefined {
  if (result.kind === "room_full" || isNoReply(result)) return result;
  return result.kind === "registry_refused" && isTemporary(result.reason) ? result : undefined;
}

/** Why a registry did not take a phone that was in the room before. */
function reasonOf(
  result: Exclude<RegisterResult, { kind: "confirmed" | "name_taken" | "removed" }>,
): PlaceFailure {
  return result.kind === "password_needed" || result.kind === "wrong_password"
    ? { kind: "registry_refused", reason: "senha_incorreta", text: "" }
    : result;
}
