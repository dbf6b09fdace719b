/** A phone's registration, renewed whenever the connection to the registry is lost. */

import { isOwnAddress } from "../protocol/address.ts";
import type { Person } from "../protocol/registry_messages.ts";
import type { Trace } from "../protocol/trace.ts";
import {
  type ConnectFailure,
  isNoReply,
  type ListResult,
  type LookUpResult,
  type RegisterResult,
  RegistryClient,
  type RegistryClientOptions,
} from "./registry_client.ts";
import { Backoff, type Setback } from "./backoff.ts";
import type { HostNetwork } from "../util/host_addresses.ts";
import { pause } from "../util/pause.ts";

/** Time limit for connecting again, in milliseconds, besides the pauses. */
const RETRY_CONNECT_MS = 2000;

/** Why a phone that waits for its registry is not in the room yet. */
export type WaitReason = ConnectFailure | { readonly kind: "room_full" };

/** Failures that may pass by themselves. A certificate becomes valid when a machine that has just started sets its clock. */
const PASSING: ReadonlySet<string> = new Set<WaitReason["kind"]>([
  ...["refused", "timeout", "reset", "lost", "room_full", "name_not_resolved"] as const,
  ...[
    "network_unreachable",
    "host_unreachable",
    "address_not_available",
    "certificate_not_yet_valid",
  ] as const,
]);

/** Options of a {@linkcode Registration}. None of the functions may throw. */
export interface RegistrationOptions
  extends Pick<RegistryClientOptions, "replyMs" | "quietMs" | "password" | "tls"> {
  /** Receives every message as it was on the wire. */
  readonly onTrace?: (trace: Trace) => void;
  /**
   * With it, {@linkcode Registration.connect} and {@linkcode Registration.register} try until they succeed, or fail for a
   * reason that only a person can mend. Called once for each `kind` of reason.
   */
  readonly onAwait?: (reason: WaitReason) => void;
  /** Ends all attempts, as {@linkcode Registration.close} does. */
  readonly signal?: AbortSignal;
  /** The connection is lost; attempts begin. Only after a name is registered. */
  readonly onLost?: () => void;
  /** The name is registered again, perhaps with another address. */
  readonly onBack?: (person: Person) => void;
  /** Another phone has the name; attempts have ended. */
  readonly onNameTaken?: () => void;
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
 * A connection to the registry that is made again when it is lost, and registers the same name and port. While there is
 * none, requests result in `lost` at once.
 */
export class Registration implements AsyncDisposable {
  readonly #host: string;
  readonly #port: number;
  readonly #options: RegistrationOptions;
  readonly #closing = new AbortController();
  #client: RegistryClient | undefined;
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
  readonly #awaited = new Set<WaitReason["kind"]>();

  private constructor(host: string, port: number, options: RegistrationOptions) {
    this.#host = host;
    this.#port = port;
    this.#options = options;
    this.#backoff = new Backoff(options.random ?? Math.random);
    options.signal?.addEventListener("abort", () => this.#closing.abort());
  }

  /** Connects for the first time, in a single attempt unless {@linkcode RegistrationOptions.onAwait} is given. Never rejects. */
  static async connect(host: string, port: number, options: RegistrationOptions = {}): Promise<LinkResult> {
    const registration = new Registration(host, port, options);
    const failure = await registration.#begin();
    if (failure) return failure;
    registration.#watch = options.network?.watch(() => registration.#handleAddresses());
    return { kind: "connected", link: registration };
  }

  /** Makes the first connection. */
  async #begin(): Promise<ConnectFailure | undefined> {
    for (;;) {
      const result = await this.#connect();
      if (result.kind === "connected") {
        this.#client = result.client;
        return undefined;
      }
      if (!await this.#mayTryAgain(result)) return result;
    }
  }

  /** Waits until another attempt may begin. @returns False if there is none. */
  async #mayTryAgain(reason: WaitReason): Promise<boolean> {
    const { onAwait } = this.#options;
    if (!onAwait || !PASSING.has(reason.kind)) return false;
    if (!this.#awaited.has(reason.kind)) onAwait(reason);
    this.#awaited.add(reason.kind);
    const setback = reason.kind === "refused" ? "refused" : "unreachable";
    await pause(this.#backoff.failed(performance.now(), setback) ?? 0, this.#closing.signal);
    return !this.#closing.signal.aborted;
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
   * @param ip The address to register; if undefined, this host's on the connection, and after each loss on the new one.
   */
  async register(
    name: string,
    ip: string | undefined,
    port: number,
  ): Promise<RegisterResult | ConnectFailure> {
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
      const failed = result.kind === "room_full" || isNoReply(result);
      if (!failed || !await this.#mayTryAgain(result)) return result;
      await client.close();
      const failure = await this.#begin();
      if (failure) return failure;
    }
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

  #connect(connectMs?: number): ReturnType<typeof RegistryClient.connect> {
    const { onTrace, replyMs, quietMs, password, tls } = this.#options;
    return RegistryClient.connect(this.#host, this.#port, {
      ...(onTrace && { onTrace }),
      ...(replyMs !== undefined && { replyMs }),
      ...(quietMs !== undefined && { quietMs }),
      ...(password && { password }),
      ...(tls && { tls }),
      ...(connectMs !== undefined && { connectMs }),
      onLost: () => this.#lost(),
      signal: this.#closing.signal,
    });
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
    this.#client = undefined;
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

  /** @returns What is registered now, or why nothing is. */
  async #tryAgain({ name, ip, port }: Wanted): Promise<Setback | Person> {
    const result = await this.#connect(RETRY_CONNECT_MS);
    if (result.kind !== "connected") return result.kind === "refused" ? "refused" : "unreachable";
    const { client } = result;
    this.#attempt = client;
    const person = { nome: name, ip: ip ?? client.localIp, porta: port };
    const registered = this.#closing.signal.aborted
      ? { kind: "lost" } as const
      : await client.register(person.nome, person.ip, person.porta);
    this.#attempt = undefined;
    if (registered.kind === "confirmed") {
      this.#client = client;
      return person;
    }
    await client.close();
    if (isNoReply(registered)) return "unreachable";
    return registered.kind === "name_taken" ? "name_taken" : "turned_away";
  }
}
