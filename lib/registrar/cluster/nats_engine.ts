/** The engine behind a shared table: a key-value bucket of NATS JetStream. */

import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { KV, Kvm, KvWatchEntry } from "@nats-io/kv";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import type { ClusterDetail } from "../../events/registry_events.ts";
import { parseObject } from "../../protocol/json_object.ts";
import { isName } from "../../protocol/name.ts";
import { pause } from "../../util/pause.ts";
import { Permits } from "../../util/permits.ts";
import { systemError } from "../../util/system_error.ts";
import { tlsError } from "../../util/tls_error.ts";
import { type Answer, LIFETIME_MS, type WriteResult } from "./directory.ts";

/** Patience at the start, in which a cluster elects its leaders. */
const START_MS = 15_000;
const START_PAUSE_MS = 500;

/** Time limit for connecting to one server, and for an operation, in milliseconds. */
const CONNECT_MS = 2000;
const OPERATION_MS = 3000;

/** Time limit for the question whether another registry is there: NATS may take a dead one for alive for a moment. */
const PRESENCE_MS = 500;

/** Interval of pings to the server: two without an answer, and the next server is tried. */
const PING_MS = 2000;
const RECONNECT_MS = 250;

/** Pause before a watch that cannot be opened is tried again. */
const WATCH_PAUSE_MS = 500;

/** Operations at a time. The rest waits in line, so that none is out of time before it is sent. */
const MOST_AT_ONCE = 256;

/** Copies of the bucket where the servers form a cluster: one of three may be lost. */
const REPLICAS = 3;

/** Codes of JetStream's errors (server/errors.json of nats-server). */
const NOT_ENABLED = [10039, 10076];

/** The modules of NATS. Only registries of a cluster load them. */
export interface NatsLibrary {
  readonly transport: typeof import("@nats-io/transport-node");
  readonly jetstream: typeof import("@nats-io/jetstream");
  readonly kv: typeof import("@nats-io/kv");
}

/** Loads the modules of NATS. */
export async function loadNats(): Promise<NatsLibrary> {
  const [transport, jetstream, kv] = await Promise.all([
    import("@nats-io/transport-node"),
    import("@nats-io/jetstream"),
    import("@nats-io/kv"),
  ]);
  return { transport, jetstream, kv };
}

/** How to reach the engine. */
export interface EngineOptions {
  /** Hosts with their ports, without a scheme. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly user?: { readonly name: string; readonly password: string };
  /** The content of a file of credentials (`.creds`). */
  readonly credentials?: string;
  /** The table's name: registries with the same one share it. */
  readonly room: string;
}

/** The engine cannot be used. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";

  constructor(readonly detail: ClusterDetail) {
    super(`The cluster cannot be used: ${detail.cause.kind}`);
  }
}

/** What an engine tells. */
export interface EngineListener {
  handleDisconnected(): void;
  /** All rows follow, then their changes. @param bucket The same as long as the bucket is. */
  handleWatch(bucket: string): void;
  handleRow(key: string, value: string | undefined, revision: number): void;
  /** The operator of another registry has removed who has a name. */
  handleRemoval(name: string): void;
  /** Another registry asks. */
  handleQuestion(place: string | undefined, ofHolders: boolean, answer: (kept: boolean) => void): void;
}

/** A connection to NATS that is made again whenever it is lost. */
export class NatsEngine implements AsyncDisposable {
  readonly #library: NatsLibrary;
  readonly #connection: NatsConnection;
  readonly #stream: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #kvm: Kvm;
  readonly #room: string;
  readonly #permits = new Permits(MOST_AT_ONCE);
  readonly #closing = new AbortController();
  #listener: EngineListener | undefined;
  #watch: { stop(): void } | undefined;
  #watching = 0;
  #questions: Subscription | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(
    library: NatsLibrary,
    connection: NatsConnection,
    parts: { stream: JetStreamClient; manager: JetStreamManager; kvm: Kvm },
    room: string,
  ) {
    this.#library = library;
    this.#connection = connection;
    this.#stream = parts.stream;
    this.#manager = parts.manager;
    this.#kvm = parts.kvm;
    this.#room = room;
  }

  /**
   * Connects, and makes the bucket unless it is there.
   *
   * @throws {ClusterError} If that does not succeed within 15 s.
   */
  static async open(library: NatsLibrary, options: EngineOptions): Promise<NatsEngine> {
    const { transport, jetstream: { jetstream, jetstreamManager }, kv: { Kvm } } = library;
    const { servers, credentials, user, tls, room } = options;
    const fail = (error: unknown): ClusterError =>
      new ClusterError({ kind: "cluster_failed", servers: [...servers], cause: causeOf(error) });
    const deadline = performance.now() + START_MS;
    for (;;) {
      let connection: NatsConnection | undefined;
      try {
        connection = await transport.connect({
          servers: [...servers],
          name: `sala ${room}`,
          timeout: CONNECT_MS,
          pingInterval: PING_MS,
          maxReconnectAttempts: -1,
          reconnectTimeWait: RECONNECT_MS,
          ignoreAuthErrorAbort: true,
          ...(tls && { tls: {} }),
          ...(user && { user: user.name, pass: user.password }),
          ...(credentials !== undefined && {
            authenticator: transport.credsAuthenticator(new TextEncoder().encode(credentials)),
          }),
        });
        const parts = {
          stream: jetstream(connection, { timeout: OPERATION_MS }),
          manager: await jetstreamManager(connection, { timeout: OPERATION_MS, checkAPI: false }),
          kvm: new Kvm(connection),
        };
        const engine = new NatsEngine(library, connection, parts, room);
        await engine.#openBucket();
        return engine;
      } catch (error) {
        await connection?.close();
        if (!mayPass(error) || performance.now() > deadline) throw fail(error);
        await pause(START_PAUSE_MS);
      }
    }
  }

  /** Begins to tell the listener what happens. To be called once. */
  start(listener: EngineListener): void {
    this.#listener = listener;
    this.#running = this.#followConnection();
    this.rewatch();
  }

  /**
   * Writes a key; without a value, deletes it. Never rejects. Nothing but plain messages: what NATS 2.9 with replicas loses
   * after purges, and after writes with an expected revision that was wrong, docs/campus.md tells.
   */
  write(key: string, value: string | undefined): Promise<WriteResult> {
    return this.#permits.use(async () => {
      const headers = this.#library.transport.headers();
      if (value === undefined) headers.set("KV-Operation", "DEL");
      try {
        const ack = await this.#stream.publish(`$KV.${this.#bucketName}.${key}`, value ?? "", {
          timeout: OPERATION_MS,
          expect: { streamName: this.#streamName },
          ...(value === undefined && { headers }),
        });
        return ack.seq;
      } catch (error) {
        // Nobody takes the bucket's subjects: it was lost.
        if ((error as Error).name === "JetStreamNotEnabled") this.rewatch();
        return "unknown";
      }
    });
  }

  /** Asks another registry. Never rejects. */
  async ask(registry: string, place: string | undefined, ofHolders = false): Promise<Answer> {
    try {
      const question = JSON.stringify({ chave: place, so_quem_tem: ofHolders });
      const reply = await this.#connection.request(this.#address(registry), question, {
        timeout: place === undefined ? PRESENCE_MS : OPERATION_MS,
      });
      const { fica } = parseObject(reply.string()) ?? {};
      return typeof fica === "boolean" ? fica ? "kept" : "free" : "unknown";
    } catch (error) {
      const none = (error as { isNoResponders?: () => boolean }).isNoResponders?.();
      return none ? "no_responders" : "unknown";
    }
  }

  /** Tells another registry that the operator removes who has a name. Nobody knows whether it arrives. */
  tellRemoval(registry: string, name: string): void {
    try {
      this.#connection.publish(this.#address(registry), JSON.stringify({ retira: name }));
    } catch {
      // Closed.
    }
  }

  /** Takes the questions to this registry from now on, and to none that it was before. */
  identify(registry: string): void {
    this.#questions?.unsubscribe();
    this.#questions = this.#connection.subscribe(this.#address(registry), {
      callback: (error, message) => {
        if (!error) this.#question(message);
      },
    });
  }

  /** Watches the bucket from its beginning. */
  rewatch(): void {
    this.#watching++;
    this.#watch?.stop();
    this.#openWatch(this.#watching);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#watching++;
    await this.#connection.close();
    await this.#running;
  }

  get #bucketName(): string {
    return `SALA_${this.#room}`;
  }

  get #streamName(): string {
    return `KV_${this.#bucketName}`;
  }

  #address(registry: string): string {
    return `sala.${this.#room}.${registry}`;
  }

  async #openBucket(): Promise<KV> {
    const replicas = this.#connection.info?.cluster ? REPLICAS : 1;
    return await this.#kvm.create(this.#bucketName, { history: 1, replicas, ttl: LIFETIME_MS });
  }

  #question(message: Msg): void {
    const { chave, so_quem_tem, retira } = parseObject(message.string()) ?? {};
    if (isName(retira)) return this.#listener?.handleRemoval(retira);
    const place = typeof chave === "string" ? chave : undefined;
    this.#listener?.handleQuestion(place, so_quem_tem === true, (kept) => {
      message.respond(JSON.stringify({ fica: kept }));
    });
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (this.#closing.signal.aborted) return;
      if (type === "disconnect") this.#listener?.handleDisconnected();
      if (type !== "reconnect") continue;
      this.rewatch();
    }
  }

  /** Opens a watch, unless another one is opened meanwhile. Never rejects. */
  async #openWatch(number: number): Promise<void> {
    while (this.#watching === number) {
      try {
        const bucket = await this.#openBucket();
        const before = await this.#manager.streams.info(this.#streamName);
        const watch = await bucket.watch();
        const { created } = await this.#manager.streams.info(this.#streamName);
        // Another number means another watch; another bucket in between, that it is unknown whose rows come.
        if (this.#watching !== number || String(created) !== String(before.created)) {
          watch.stop();
          continue;
        }
        this.#watch = watch;
        this.#listener?.handleWatch(String(created));
        await this.#follow(watch, number);
      } catch {
        // Without a connection, or without a leader.
      }
      await pause(WATCH_PAUSE_MS, this.#closing.signal);
    }
  }

  async #follow(watch: AsyncIterable<KvWatchEntry>, number: number): Promise<void> {
    for await (const entry of watch) {
      if (this.#watching !== number) return;
      const value = entry.operation === "PUT" ? entry.string() : undefined;
      this.#listener?.handleRow(entry.key, value, entry.revision);
    }
  }
}

/** The number of an error of JetStream; 0 of another one. */
function codeOf(error: unknown): number {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? code : 0;
}

const AUTHORISATION = ["AuthorizationError", "UserAuthenticationExpiredError", "PermissionViolationError"];

/** Whether an error is of those that a cluster has while it starts. */
function mayPass(error: unknown): boolean {
  return !["cluster_unauthorised", "no_jetstream", "bad_credentials", "cluster_too_old"].includes(
    causeOf(error).kind,
  ) && !tlsError(error);
}

function causeOf(error: unknown): ClusterDetail["cause"] {
  const { name, message, cause } = error as Error;
  if (AUTHORISATION.includes(name)) return { kind: "cluster_unauthorised" };
  if (name === "JetStreamNotEnabled" || NOT_ENABLED.includes(codeOf(error))) return { kind: "no_jetstream" };
  if (/creds|seed|nkey|jwt/i.test(message)) return { kind: "bad_credentials" };
  if (/only supported on servers|is not supported by the server|requires/i.test(message)) {
    return { kind: "cluster_too_old" };
  }
  const tls = tlsError(error) ?? tlsError(cause);
  if (tls) return tls;
  if (name === "TimeoutError") return { kind: "timeout" };
  if (/refused/i.test(message)) return { kind: "refused" };
  return systemError(cause instanceof Error ? cause : error);
}
