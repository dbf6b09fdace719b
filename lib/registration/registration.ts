/** A phone's place in the room: a connection to the registry that is made again whenever it is lost. */

import type { Person } from "../protocol/registry_messages.ts";
import type { Trace } from "../protocol/trace.ts";
import {
  type ConnectFailure,
  type ListResult,
  type LookUpResult,
  type RegisterResult,
  RegistryClient,
  type RegistryClientOptions,
} from "./registry_client.ts";
import { Backoff, type Setback } from "./backoff.ts";
import { pause } from "../util/pause.ts";

/** How long each attempt to come back may take to connect, in milliseconds. The pauses between them come on top. */
const RETRY_CONNECT_MS = 2000;

/** What a link can be told. None of the functions may throw. */
export interface RegistrationOptions
  extends Pick<RegistryClientOptions, "replyMs" | "quietMs" | "password" | "tls"> {
  /** Told of every message, as it stood on the wire. */
  readonly onTrace?: (trace: Trace) => void;
  /** The connection is lost, and the link begins to try again. Not told before a name is registered. */
  readonly onLost?: () => void;
  /** The person is in the room again. */
  readonly onBack?: (person: Person) => void;
  /** The name is somebody else's now: the link has given up. */
  readonly onNameTaken?: () => void;
  /** Numbers from 0 up to but not including 1, for the pauses. */
  readonly random?: () => number;
}

/** What came of {@linkcode Registration.connect}. */
export type LinkResult = { readonly kind: "connected"; readonly link: Registration } | ConnectFailure;

/**
 * A connection to the registry that comes back by itself, under the same name, address and port. While it is away every
 * question is answered `lost` at once.
 */
export class Registration implements AsyncDisposable {
  readonly #host: string;
  readonly #port: number;
  readonly #options: RegistrationOptions;
  readonly #closing = new AbortController();
  #client: RegistryClient | undefined;
  /** The connection that is to become the next one. */
  #attempt: RegistryClient | undefined;
  #person: Person | undefined;
  #returning: Promise<void> = Promise.resolve();

  private constructor(host: string, port: number, options: RegistrationOptions) {
    this.#host = host;
    this.#port = port;
    this.#options = options;
  }

  /** Connects for the first time, which is tried once. Never rejects. */
  static async connect(host: string, port: number, options: RegistrationOptions = {}): Promise<LinkResult> {
    const link = new Registration(host, port, options);
    const result = await link.#connect();
    if (result.kind !== "connected") return result;
    link.#client = result.client;
    return { kind: "connected", link };
  }

  /** This machine's address on the connection. */
  get localIp(): string {
    return this.#client?.localIp ?? "";
  }

  /** Asks for a name. Once it is confirmed the link holds on to it. */
  async register(name: string, ip: string, port: number): Promise<RegisterResult> {
    if (!this.#client) return { kind: "lost" };
    const result = await this.#client.register(name, ip, port);
    if (result.kind === "confirmed") {
      this.#person = result.person;
      if (this.#client.closed) this.#lost();
    }
    return result;
  }

  /** Asks where somebody is. */
  async lookUp(name: string): Promise<LookUpResult> {
    return await this.#client?.lookUp(name) ?? { kind: "lost" };
  }

  /** Asks who is in the room. */
  async list(): Promise<ListResult> {
    return await this.#client?.list() ?? { kind: "lost" };
  }

  /** Says goodbye, if the registry is there, and ends all attempts. */
  async close(): Promise<void> {
    this.#closing.abort();
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

  /** The connection is over. Before there is a name, and while it is being asked for again, the asking says so. */
  #lost(): void {
    if (!this.#person || !this.#client?.closed || this.#closing.signal.aborted) return;
    this.#client = undefined;
    this.#options.onLost?.();
    this.#returning = this.#return(this.#person);
  }

  async #return(person: Person): Promise<void> {
    const { random = Math.random } = this.#options;
    const reconnection = new Backoff(random);
    const { signal } = this.#closing;
    for (let pauseMs: number | undefined = reconnection.lost(); pauseMs !== undefined;) {
      await pause(pauseMs, signal);
      if (signal.aborted) return;
      const outcome = await this.#tryAgain(person);
      if (signal.aborted) return;
      if (outcome === "back") {
        this.#options.onBack?.(person);
        // It may have been lost in the meantime.
        this.#lost();
        return;
      }
      pauseMs = reconnection.failed(performance.now(), outcome);
    }
    this.#options.onNameTaken?.();
  }

  async #tryAgain(person: Person): Promise<Setback | "back"> {
    const result = await this.#connect(RETRY_CONNECT_MS);
    if (result.kind !== "connected") return result.kind === "refused" ? "refused" : "unreachable";
    const { client } = result;
    this.#attempt = client;
    const registered = this.#closing.signal.aborted
      ? { kind: "lost" } as const
      : await client.register(person.nome, person.ip, person.porta);
    this.#attempt = undefined;
    if (registered.kind === "confirmed") {
      this.#client = client;
      return "back";
    }
    await client.close();
    if (registered.kind === "lost") return "unreachable";
    return registered.kind === "name_taken" ? "name_taken" : "turned_away";
  }
}
