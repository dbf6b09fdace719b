/** The registry as a TCP or TLS server. */

import { personFields } from "../events/fields.ts";
import type { RegistryEvent } from "../events/registry_events.ts";
import { type Endpoint, isLoopback, unreachable } from "../protocol/address.ts";
import { type Line, MAX_LINE_BYTES } from "../protocol/line_splitter.ts";
import { DEFAULT_REGISTRY_PORT, type Person, type RegistryReply } from "../protocol/registry_messages.ts";
import { Admission } from "./admission.ts";
import { Registrar, type RegistrarOutput } from "./registrar.ts";
import type { PasswordGate } from "../protocol/password_challenge.ts";
import {
  closeQuietly,
  Connection,
  type ConversationHost,
  linger,
  peerOf,
  type Socket,
} from "./connection.ts";
import { Listeners, type TlsKeys } from "./listeners.ts";
import type { TrustedProxies } from "./proxy_protocol.ts";
import { type AddressJudge, ROOM_FULL, type Session } from "./session.ts";
import type { SharedTable } from "./shared_table.ts";
import { spareDescriptors } from "./descriptor_budget.ts";
import { hostAddresses } from "../util/host_addresses.ts";
import { tlsError } from "../util/tls_error.ts";
import { within } from "../util/time_limit.ts";
import { pause } from "../util/pause.ts";
import { writeAll } from "../util/write_all.ts";

/** Default limit of connections; fewer if the process may not open enough file descriptors. */
const DEFAULT_MAX_CONNECTIONS = 10_000;

/**
 * Default limit of connections from one address: enough for a school behind one router, and a small part of the room for
 * an attacker. Loopback addresses have no limit, since local users have easier ways to do harm.
 */
const DEFAULT_MAX_PER_ADDRESS = 500;

/** File descriptors kept free for refused connections and other files: past the process's limit Deno itself panics. */
const RESERVED_DESCRIPTORS = 64;

/** Further connections that one probe of the free descriptors looks for. */
const PROBED_CONNECTIONS = 250;

/** Shortest interval between probes while descriptors lack. */
const PROBE_INTERVAL_MS = 1000;

/** Default rate limit of one connection, in requests a second: no person types that fast. */
const DEFAULT_REQUESTS_PER_SECOND = 50;

/** Most refused connections that linger. Further ones are reset, so that a flood does not hold descriptors. */
const MAX_LINGERING = RESERVED_DESCRIPTORS / 2;

/** Hysteresis of the event `room_full`: it comes again only after the connections fell below this fraction. */
const FULL_HYSTERESIS = 0.9;

/** Longest time that closing waits for connections: one with a pending write may not end by itself. */
const CLOSE_TIMEOUT_MS = 1000;

/** Limits of a registry. */
export interface RegistryLimits {
  /** Most connections; further ones get `sala_cheia` and are closed. */
  readonly maxConnections?: number;
  /** Most connections from one address; likewise. */
  readonly maxPerAddress?: number;
  /** Rate limit of one connection, in requests a second; faster ones are delayed. */
  readonly requestsPerSecond?: number;
  /** Longest line in bytes. */
  readonly lineBytes?: number;
  /** Time in ms without a line after which a connection without a name is closed. */
  readonly idleMs?: number;
}

/** Options of a registry. */
export interface RegistryOptions extends RegistryLimits {
  /** The local addresses to listen on, as in {@linkcode Listeners.open}: all of IPv4 and IPv6 unless given. */
  readonly host?: string | readonly string[];
  /** TCP port; 0 for any free one. */
  readonly port?: number;
  /** Verifies the room's password, if it has one. */
  readonly gate?: PasswordGate;
  /** Certificate chain and private key in PEM. With it, the registry speaks TLS only. */
  readonly tls?: TlsKeys;
  /** The load balancers whose connections begin with a header of the PROXY protocol. */
  readonly proxies?: TrustedProxies;
  /** The table that several registries share, if this one is in a cluster. */
  readonly shared?: SharedTable;
  /** Called for every event. Must not throw. */
  readonly onEvent?: (event: RegistryEvent) => void;
}

/** A running registry. */
export interface RegistryServer extends AsyncDisposable {
  /** The addresses and the port that it listens on. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Stops listening and closes all connections, within about 1 s. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a registry.
 *
 * @throws {ListenError} If it cannot listen there; `address_in_use` where the port is another process's.
 */
export function startRegistry(options: RegistryOptions = {}): RegistryServer {
  const { host, port = DEFAULT_REGISTRY_PORT, tls } = options;
  const hosts = typeof host === "string" ? [host] : host;
  return new Server(Listeners.open({ hosts, port, tls }), options);
}

/** An output that concerns one connection. */
type ConnectionOutput = Extract<RegistrarOutput, { kind: "send" | "finish" | "refused" | "drop" | "resume" }>;

class Server implements RegistryServer {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly #listeners: Listeners;
  readonly #maxConnections: number;
  readonly #maxPerAddress: number | undefined;
  readonly #host: ConversationHost;
  readonly #admission = new Admission();
  /** Connections that the last probe found descriptors for. */
  #descriptorBudget = 0;
  #nextProbeAt = -Infinity;
  #onEvent: (event: RegistryEvent) => void;
  readonly #registrar: Registrar;
  readonly #shared: SharedTable | undefined;
  readonly #bySession = new Map<Session, Connection>();
  /** All connections; each promise resolves when its connection has ended. */
  readonly #connections = new Map<Socket, Promise<void>>();
  readonly #lingering = new Set<Socket>();
  readonly #accepting: Promise<void>;
  /** Number of connections at the last `room_full`; `Infinity` if another one is due. */
  #fullAt = Infinity;
  #applying = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #closing: Promise<void> | undefined;

  constructor(
    listeners: Listeners,
    options: RegistryOptions,
  ) {
    this.#shared = options.shared;
    this.#registrar = new Registrar({
      ...options,
      ...(options.shared && { sharedTable: options.shared.table }),
    });
    this.hosts = listeners.hosts;
    this.port = listeners.port;
    this.#listeners = listeners;
    this.#maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
    this.#maxPerAddress = options.maxPerAddress;
    this.#host = {
      lineBytes: options.lineBytes ?? MAX_LINE_BYTES,
      requestsPerSecond: options.requestsPerSecond ?? DEFAULT_REQUESTS_PER_SECOND,
      handleLine: (session, peer, line) => this.#handleLine(session, peer, line),
      handleForeigner: ({ ip }, protocol) => this.#onEvent({ event: "foreign_client", ip, protocol }),
      encode: (reply, peer) => this.#encode(reply, peer),
    };
    this.#onEvent = options.onEvent ?? (() => {});
    this.#attachTo(options.shared);
    this.#accepting = listeners.serve({
      proxies: options.proxies,
      onConnection: (socket) => this.#accepted(socket),
      onProxyProblem: (ip, problem) => this.#onEvent({ event: "proxy_refused", ip, problem }),
    });
  }

  /** Carries the decisions about names between the registrar and the table that it shares with others. */
  #attachTo(shared: SharedTable | undefined): void {
    const input = (handle: (registrar: Registrar, now: number) => void): void => {
      handle(this.#registrar, performance.now());
      this.#applyOutput();
    };
    shared?.attach({
      handleClaim: (session, result) => input((to, now) => to.handleClaim(now, session, result)),
      handleContest: (session) => input((to, now) => to.handleContest(now, session)),
      handleRevoked: (session, reason) => input((to, now) => to.handleRevoked(now, session, reason)),
    });
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#listeners.close();
    await this.#accepting;
    clearTimeout(this.#timer);
    const ends = [...this.#connections.values()];
    for (const socket of [...this.#connections.keys(), ...this.#lingering]) closeQuietly(socket);
    for (const { resume } of this.#bySession.values()) resume();
    await within(CLOSE_TIMEOUT_MS, Promise.all(ends));
    // Connections that end later report nothing.
    this.#onEvent = () => {};
  }

  #accepted(socket: Socket): void {
    if (this.#closing) closeQuietly(socket);
    else if (this.#hasCapacity()) this.#admit(socket);
    else this.#rejectFull(socket);
  }

  /** Whether another connection fits the limit and the free descriptors. */
  #hasCapacity(): boolean {
    const count = this.#connections.size;
    if (count >= this.#maxConnections) return false;
    if (count < this.#descriptorBudget) return true;
    const now = performance.now();
    if (now < this.#nextProbeAt) return false;
    const spare = spareDescriptors(PROBED_CONNECTIONS + RESERVED_DESCRIPTORS) - RESERVED_DESCRIPTORS;
    if (spare < PROBED_CONNECTIONS) this.#nextProbeAt = now + PROBE_INTERVAL_MS;
    this.#descriptorBudget = count + Math.max(0, spare);
    return count < this.#descriptorBudget;
  }

  #admit(socket: Socket): void {
    const { ip } = peerOf(socket);
    const limit = this.#maxPerAddress ?? (isLoopback(ip) ? Infinity : DEFAULT_MAX_PER_ADDRESS);
    const entry = this.#admission.enter(performance.now(), ip, limit);
    // The event came with the last admitted connection.
    if (!entry) return this.#refuse(socket);
    if (entry.connections === limit) this.#onEvent({ event: "address_full", ip, connections: limit });
    const served = this.#serve(socket, entry.waitMs).then(() => {
      this.#connections.delete(socket);
      this.#admission.leave(performance.now(), ip);
      // One event is enough while connections come and go at the limit.
      if (this.#connections.size < FULL_HYSTERESIS * this.#fullAt) this.#fullAt = Infinity;
    });
    this.#connections.set(socket, served);
  }

  /** Serves a connection until either side ends it. Never rejects. */
  async #serve(socket: Socket, waitMs: number): Promise<void> {
    if (waitMs > 0) await pause(waitMs);
    const session = this.#registrar.handleConnect(performance.now(), judgeFor(peerOf(socket)));
    try {
      const connection = new Connection(socket);
      this.#bySession.set(session, connection);
      this.#applyOutput();
      if ("setNoDelay" in socket) {
        socket.setNoDelay(true);
        socket.setKeepAlive(true);
      }
      if (await connection.converse(session, this.#host)) await linger(socket);
    } catch (error) {
      // The connection failed, or the registry closes.
      const detail = tlsError(error);
      if (detail) this.#onEvent({ event: "tls_failed", ip: peerOf(socket).ip, detail });
    } finally {
      // First, since the name must be free as soon as the phone sees the end of the connection.
      this.#registrar.handleDisconnect(performance.now(), session);
      this.#applyOutput();
      this.#bySession.delete(session);
      closeQuietly(socket);
    }
  }

  #handleLine(session: Session, peer: Endpoint, line: Line): void {
    this.#trace("received", peer, "text" in line ? line.text : `${line.beginning}…`);
    // After a pause, before anything else: the names may be others' by now.
    this.#shared?.checkLease();
    this.#registrar.handleLine(performance.now(), session, line);
    this.#applyOutput();
  }

  /** Applies all output of the registrar, also what comes of it meanwhile, and sets the timer. */
  #applyOutput(): void {
    if (this.#applying) return;
    this.#applying = true;
    try {
      for (let outputs = this.#registrar.drain(); outputs.length > 0; outputs = this.#registrar.drain()) {
        for (const output of outputs) this.#apply(output);
      }
    } finally {
      this.#applying = false;
    }
    this.#setTimer();
  }

  #apply(output: RegistrarOutput): void {
    switch (output.kind) {
      case "joined":
        this.#onEvent({
          event: "joined",
          ...eventFields(output.person),
          ...(output.version !== undefined && { version: output.version }),
        });
        this.#reportTable();
        break;
      case "left":
        this.#onEvent({ event: "left", ...eventFields(output.person), reason: output.reason });
        this.#reportTable();
        break;
      case "claim":
        this.#shared?.claim(output.session, output.person);
        break;
      case "release":
        this.#shared?.release(output.session);
        break;
      case "contested":
        this.#shared?.contested(output.session, output.kept);
        break;
      default:
        this.#applyToConnection(output);
    }
  }

  /** Applies an output that concerns one connection. */
  #applyToConnection(output: ConnectionOutput): void {
    const connection = this.#bySession.get(output.session);
    if (!connection) return;
    switch (output.kind) {
      case "send":
        return connection.writeQueue.push(this.#encode(output.message, connection.peer));
      case "finish":
        connection.finished = true;
        return;
      case "refused":
        return this.#onEvent({ ...output.refusal, peer: connection.peer, omitted: output.omitted });
      case "drop":
        return closeQuietly(connection.socket);
      case "resume":
        return connection.resume();
    }
  }

  /** Sets the timer, unless it already fires before: a tick that comes early does no harm. */
  #setTimer(): void {
    const at = this.#registrar.wakeAt;
    if (this.#closing || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#registrar.tick(performance.now());
      this.#applyOutput();
    }, Math.max(0, at - performance.now()));
  }

  /** Follows every change, so that the last table on the screen is true. */
  #reportTable(): void {
    const people = this.#registrar.people();
    // Converted when it is written: of the tables of one moment only the last is.
    this.#onEvent({
      event: "table",
      get people() {
        return people.map(personFields);
      },
    });
  }

  #encode(reply: RegistryReply, peer: Endpoint): string {
    const text = JSON.stringify(reply);
    this.#trace("sent", peer, text);
    return `${text}\n`;
  }

  #trace(direction: "sent" | "received", peer: Endpoint, text: string): void {
    this.#onEvent({ event: "message", direction, transport: "TCP", peer, text });
  }

  /** Refuses a connection beyond the limit; the first one with an event. */
  #rejectFull(socket: Socket): void {
    if (this.#fullAt === Infinity) {
      this.#fullAt = this.#connections.size;
      this.#onEvent({ event: "room_full", connections: this.#fullAt });
    }
    this.#refuse(socket);
  }

  #refuse(socket: Socket): void {
    if (this.#lingering.size >= MAX_LINGERING) {
      closeQuietly(socket);
      return;
    }
    this.#lingering.add(socket);
    (async () => {
      try {
        await writeAll(socket, encoder.encode(this.#encode(ROOM_FULL, peerOf(socket))));
        await linger(socket);
      } catch {
        // The phone closed first.
      } finally {
        closeQuietly(socket);
        this.#lingering.delete(socket);
      }
    })();
  }
}

/** Judges addresses as far as this machine can: whether a link-local one can be reached, only its callers know. */
function judgeFor(peer: Endpoint): AddressJudge {
  return ({ ip, porta }) => {
    const problem = unreachable({ ip, port: porta }, hostAddresses(), isLoopback(peer.ip));
    return problem?.kind === "link_local_address" ? undefined : problem;
  };
}

function eventFields({ nome, ip, porta }: Person): { name: string; ip: string; port: number } {
  return { name: nome, ip, port: porta };
}

const encoder = new TextEncoder();
