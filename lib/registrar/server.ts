/** The registry as a TCP or TLS server. */

import { personFields } from "../events/fields.ts";
import type { FewDescriptorsEvent, RegistryEvent } from "../events/registry_events.ts";
import { type Endpoint, isLoopback, unreachable } from "../protocol/address.ts";
import { type Line, MAX_LINE_BYTES } from "../protocol/line_splitter.ts";
import { DEFAULT_REGISTRY_PORT, type Person, type RegistryReply } from "../protocol/registry_messages.ts";
import { Admission, type AdmissionCounts, ENTRANCE, type Place } from "./admission.ts";
import { Registrar, type RegistrarOutput } from "./registrar.ts";
import type { PasswordGate } from "../protocol/password_challenge.ts";
import {
  Connection,
  type ConversationHost,
  endWriting,
  linger,
  LINGER_MS,
  peerOf,
  type Socket,
} from "./connection.ts";
import { Listeners, MOST_HEADERS } from "./listeners.ts";
import type { RegistryObserver } from "./observer.ts";
import type { TrustedProxies } from "./proxy_protocol.ts";
import { type AddressJudge, ROOM_FULL, type Session } from "./session.ts";
import type { SharedTable } from "./shared_table.ts";
import { spareDescriptors } from "./descriptor_budget.ts";
import { Statistics } from "./statistics.ts";
import { closeQuietly } from "../util/close_quietly.ts";
import { recentHostAddresses } from "../util/host_addresses.ts";
import { TLS_DESCRIPTORS, type TlsKeys } from "../util/tls_relay.ts";
import { tlsError } from "../util/tls_error.ts";
import { within } from "../util/time_limit.ts";
import { pause } from "../util/pause.ts";
import { writeAll } from "../util/write_all.ts";

/** Default limit of connections; fewer if the process may not open enough file descriptors. */
const DEFAULT_MAX_CONNECTIONS = 10_000;

/** Most refused connections that linger. Further ones are reset, so that a flood does not hold descriptors. */
const MAX_LINGERING = 32;

/** Most phones that linger after they lost their places, besides those. */
const MAX_LEAVING = 32;

/**
 * Connections, beside those with a place, that need file descriptors: those, and the entrance of a full room. Past the process's limit
 * Deno itself panics.
 */
const FURTHER_CONNECTIONS = MAX_LINGERING + MAX_LEAVING + ENTRANCE;

/** File descriptors of other files, the pages of `--metrics` and the operator's socket included. */
const OTHER_DESCRIPTORS = 64;

/** Further connections that one probe of the free descriptors looks for. */
const PROBED_CONNECTIONS = 250;

/** Shortest interval between probes while descriptors lack. */
const PROBE_INTERVAL_MS = 1000;

/** Default rate limit of one connection, in requests a second: no person types that fast. */
const DEFAULT_REQUESTS_PER_SECOND = 50;

/** Hysteresis of the events `room_full` and `room_crowded`: they come again only after the connections fell below this fraction. */
const FULL_HYSTERESIS = 0.9;

/**
 * Most rows of the table that each joining and leaving reports: a class, and about what a screen shows. With all 10,000 rows of a full
 * room, one person who joins and leaves took 5 ms of processor time.
 */
const TABLE_ROWS = 50;

/** Shortest time from one tick to the next, in ms: 10,000 phones that are pinged one by one would wake it 600 times a second. */
const TICK_MS = 20;

/** Connections that a drain closes each second: another registry takes so many. */
const DRAINED_PER_SECOND = 2500;

/** Longest time over which a drain closes connections, in milliseconds, however many there are. */
const DRAIN_SPREAD_MS = 2500;

/** Longest time of a drain, in milliseconds. */
const DRAIN_MS = 4500;

/** Longest time that closing waits for connections: one with a pending write may not end by itself. */
const CLOSE_TIMEOUT_MS = 1000;

/** Limits of a registry. */
export interface RegistryLimits {
  /** Most connections; of further ones each takes the place of another, or gets `sala_cheia` and is closed. */
  readonly maxConnections?: number;
  /** Most connections from one address (IPv6: one /64; four times as many from one /48); likewise. */
  readonly maxPerAddress?: number;
  /** Rate limit of one connection, in requests a second; faster ones are delayed. */
  readonly requestsPerSecond?: number;
  /** Longest line in bytes. */
  readonly lineBytes?: number;
  /** Time in ms after which a connection without a name is closed. */
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
  /** Most file descriptors of this process, if known. */
  readonly descriptors?: number | undefined;
  /** Those of them that other parts of the process need, such as its panel. */
  readonly otherDescriptors?: number | undefined;
  /** The table that several registries share, if this one is in a cluster. */
  readonly shared?: SharedTable;
  /** Watches what happens; phones are asked for copies of their call messages (`registro_confirmado` with `rastro`). */
  readonly observer?: RegistryObserver | undefined;
  /** Called for every event, with the address that caused it. Must not throw. */
  readonly onEvent?: (event: RegistryEvent, ip?: string) => void;
}

/** Open connections of a registry, by what they are. */
export interface ConnectionCounts {
  /** With a name. */
  readonly registered: number;
  /** Without one yet. */
  readonly unregistered: number;
  /** Refused, and open until the phone has read why. */
  readonly refused: number;
}

/** A running registry. */
export interface RegistryServer extends AsyncDisposable {
  /** The addresses and the port that it listens on. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Why it takes fewer connections than wanted, if so. */
  readonly shortage?: FewDescriptorsEvent;
  /** What admission control has done so far. */
  readonly admission: AdmissionCounts;
  /** What it has counted so far. */
  readonly statistics: Statistics;
  /** Its open connections. */
  connections(): ConnectionCounts;
  /** Number of people in the room. */
  readonly population: number;
  /** The people in the room, in order of registration. */
  people(): readonly Person[];
  /**
   * Removes a person: tells the phone, closes its connection and gives the name to nobody for a minute.
   *
   * @returns Whom; undefined if nobody has the name.
   */
  remove(name: string): Person | undefined;
  /**
   * Stops listening, and closes all connections one after the other, so that their phones go to another registry; within
   * 5 s. May be called again.
   *
   * @returns How many connections there were.
   */
  drain(): Promise<number>;
  /** Whether it takes no more connections. */
  readonly draining: boolean;
  /**
   * Uses another certificate and key for connections from now on; those that are open stay. Only with
   * {@linkcode RegistryOptions.tls}.
   *
   * @throws {ListenError} If they are no good; then it goes on with those it has.
   */
  renewCertificate(tls: TlsKeys): void;
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
type ConnectionOutput = Extract<
  RegistrarOutput,
  { kind: "send" | "finish" | "refused" | "drop" | "evict" | "dismiss" | "resume" }
>;

class Server implements RegistryServer {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly shortage?: FewDescriptorsEvent;
  readonly #listeners: Listeners;
  readonly #maxConnections: number;
  readonly #host: ConversationHost;
  readonly #admission: Admission;
  /** Whether the system tells how many descriptors there are, and no probe is needed. */
  readonly #knowsDescriptors: boolean;
  /** Descriptors of one connection, and those that are kept free. */
  readonly #perConnection: number;
  readonly #reserved: number;
  /** Connections that the last probe found descriptors for. */
  #descriptorBudget = 0;
  #nextProbeAt = -Infinity;
  #onEvent: (event: RegistryEvent, ip?: string) => void;
  readonly #observer: RegistryObserver | undefined;
  readonly statistics = new Statistics();
  readonly #registrar: Registrar;
  readonly #shared: SharedTable | undefined;
  /** All connections that are not refused. */
  readonly #connections = new Map<Session, Connection>();
  readonly #lingering = new Set<Socket>();
  /** Connections that lost their places, until they are closed. */
  readonly #leaving = new Set<Socket>();
  readonly #accepting: Promise<void>;
  /** Number of connections at the last event of each kind; without one, another one is due. */
  readonly #fullAt = new Map<"room_full" | "room_crowded", number>();
  #applying = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #closing: Promise<void> | undefined;
  #drained: Promise<number> | undefined;

  constructor(
    listeners: Listeners,
    options: RegistryOptions,
  ) {
    this.#shared = options.shared;
    // Lines of copies may be as long as that, whatever the limit.
    const lineBytes = Math.max(options.lineBytes ?? MAX_LINE_BYTES, options.observer ? MAX_LINE_BYTES : 0);
    this.#registrar = new Registrar({
      ...options,
      lineBytes,
      statistics: this.statistics,
      ...(options.shared && { sharedTable: options.shared.table }),
    });
    this.hosts = listeners.hosts;
    this.port = listeners.port;
    this.#listeners = listeners;
    this.#maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
    const { maxPerAddress, requestsPerSecond = DEFAULT_REQUESTS_PER_SECOND, descriptors } = options;
    this.#admission = new Admission({ maxPerAddress, requestsPerSecond });
    this.#knowsDescriptors = descriptors !== undefined;
    this.#perConnection = options.tls ? TLS_DESCRIPTORS : 1;
    this.#reserved = this.#perConnection * FURTHER_CONNECTIONS + OTHER_DESCRIPTORS +
      (options.proxies ? MOST_HEADERS : 0) + (options.otherDescriptors ?? 0);
    if (descriptors !== undefined) this.#descriptorBudget = Math.max(1, this.#connectionsFor(descriptors));
    this.#host = {
      lineBytes,
      statistics: this.statistics,
      handleWork: (now, { place }, tokens) => this.#admission.handleWork(now, place, tokens),
      handleLine: (now, connection, line) => this.#handleLine(now, connection, line),
      handleForeigner: ({ ip }, protocol) => {
        this.statistics.refusals.not_a_phone++;
        this.#onEvent({ event: "foreign_client", ip, protocol });
      },
      encode: (reply, peer) => this.#encode(reply, peer),
      countSent: this.#countSent,
      handleStart: (connection) => this.#start(connection),
      handleFailure: (connection, error) => this.#handleFailure(connection, error),
      handleEnd: (connection) => this.#handleEnd(connection),
    };
    this.#onEvent = options.onEvent ?? (() => {});
    this.#observer = options.observer;
    this.#attachTo(options.shared);
    this.#accepting = listeners.serve({
      proxies: options.proxies,
      onConnection: (socket) => this.#accepted(socket),
      onProxyProblem: (ip, problem) => {
        this.statistics.refusals.no_proxy_header++;
        this.#onEvent({ event: "proxy_refused", ip, problem });
      },
    });
    if (descriptors !== undefined && this.#descriptorBudget < this.#maxConnections) {
      this.shortage = {
        event: "few_descriptors",
        descriptors,
        connections: this.#descriptorBudget,
        wanted: this.#perConnection * this.#maxConnections + this.#reserved,
      };
    }
  }

  get admission(): AdmissionCounts {
    return this.#admission.counts;
  }

  connections(): ConnectionCounts {
    const { registered } = this.#registrar;
    const unregistered = Math.max(0, this.#connections.size - registered);
    return { registered, unregistered, refused: this.#lingering.size };
  }

  get population(): number {
    return this.#registrar.size;
  }

  people(): readonly Person[] {
    return this.#registrar.people();
  }

  remove(name: string): Person | undefined {
    const removed = this.#registrar.remove(performance.now(), name);
    if (removed) this.#shared?.remove(name);
    this.#applyOutput();
    return removed;
  }

  get draining(): boolean {
    return this.#drained !== undefined;
  }

  drain(): Promise<number> {
    return this.#drained ??= this.#drain();
  }

  async #drain(): Promise<number> {
    this.#listeners.close();
    const connections = [...this.#connections.values()];
    const ends = connections.map(({ over }) => over);
    this.#onEvent({ event: "draining", connections: ends.length });
    const startedAt = performance.now();
    const everyMs = Math.min(1000 / DRAINED_PER_SECOND, DRAIN_SPREAD_MS / connections.length);
    for (const [index, connection] of connections.entries()) {
      const earlyMs = startedAt + index * everyMs - performance.now();
      if (earlyMs > 1) await pause(earlyMs);
      this.#dismiss(connection);
    }
    const restMs = startedAt + DRAIN_MS - performance.now();
    await within(Math.max(1, restMs), Promise.all(ends));
    return ends.length;
  }

  renewCertificate(tls: TlsKeys): void {
    this.#listeners.renew(tls);
  }

  /** Carries the decisions about names between the registrar and the table that it shares with others. */
  #attachTo(shared: SharedTable | undefined): void {
    const input = (handle: (registrar: Registrar, now: number) => void): void => {
      handle(this.#registrar, performance.now());
      this.#applyOutput();
    };
    shared?.attach({
      handleRemoval: (name) => {
        this.#registrar.remove(performance.now(), name);
        this.#applyOutput();
      },
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
    const connections = [...this.#connections.values()];
    const ends = connections.map(({ over }) => over);
    for (const socket of [...connections.map(({ socket }) => socket), ...this.#lingering]) {
      closeQuietly(socket);
    }
    for (const { resume } of connections) resume?.();
    await within(CLOSE_TIMEOUT_MS, Promise.all(ends));
    // Connections that end later report nothing.
    this.#onEvent = () => {};
  }

  #accepted(socket: Socket): void {
    this.statistics.accepted++;
    if (this.#closing || this.#drained) closeQuietly(socket);
    else this.#admit(socket);
  }

  #connectionsFor(descriptors: number): number {
    return Math.floor((descriptors - this.#reserved) / this.#perConnection);
  }

  /** Most connections with a name: fewer than wanted where the descriptors do not suffice. */
  #capacity(): number {
    const count = this.#connections.size;
    const now = performance.now();
    if (!this.#knowsDescriptors && count >= this.#descriptorBudget && now >= this.#nextProbeAt) {
      const probed = this.#perConnection * PROBED_CONNECTIONS + this.#reserved;
      const spare = this.#connectionsFor(spareDescriptors(probed));
      if (spare < PROBED_CONNECTIONS) this.#nextProbeAt = now + PROBE_INTERVAL_MS;
      this.#descriptorBudget = Math.max(1, count + spare);
    }
    return Math.min(this.#maxConnections, this.#descriptorBudget);
  }

  #admit(socket: Socket): void {
    const { ip } = peerOf(socket);
    const entry = this.#admission.enter(performance.now(), ip, this.#capacity());
    if ("refused" in entry) {
      // Of an address that is full, the event came with the last admitted connection.
      if (entry.refused === "room") this.#reportFull("room_full");
      return this.#refuse(socket, entry.refused === "room" ? "room_full" : "address_full");
    }
    const { place, evicted, addressFull } = entry;
    if (evicted.length > 0 && this.#admission.connections >= this.#capacity()) {
      this.#reportFull("room_crowded");
    }
    for (const other of evicted) this.#evict(other);
    if (addressFull !== undefined) this.#onEvent({ event: "address_full", ip, connections: addressFull }, ip);
    this.#serve(socket, place, entry.waitMs);
  }

  #serve(socket: Socket, place: Place, waitMs: number): void {
    const peer = peerOf(socket);
    const judge = isLoopback(peer.ip) ? judgeNear : judgeFar;
    const session = this.#registrar.handleConnect(performance.now(), judge);
    const connection = new Connection(socket, peer, session, place, this.#host);
    place.owner = connection;
    this.#connections.set(session, connection);
    this.#applyOutput();
    connection.converse(waitMs);
  }

  /** A connection has waited for those before it. @returns Whether it is to be read. */
  #start({ session, socket }: Connection): boolean {
    if (session.gone || this.#drained) return false;
    if ("setNoDelay" in socket) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true);
    }
    return true;
  }

  /** A connection failed, or the registry closes it. */
  #handleFailure({ peer: { ip } }: Connection, error: unknown): void {
    const detail = tlsError(error);
    if (!detail) return;
    this.statistics.refusals.tls_failed++;
    this.#onEvent({ event: "tls_failed", ip, detail });
  }

  #handleEnd({ socket, session, place }: Connection): void {
    const now = performance.now();
    // First, since the name must be free as soon as the phone sees the end of the connection.
    this.#registrar.handleDisconnect(now, session);
    this.#applyOutput();
    this.#connections.delete(session);
    this.#leaving.delete(socket);
    this.#admission.leave(now, place);
    closeQuietly(socket);
    // One event is enough while connections come and go at the limit.
    for (const [event, count] of this.#fullAt) {
      if (this.#connections.size < FULL_HYSTERESIS * count) this.#fullAt.delete(event);
    }
  }

  /** Ends a connection that lost its place. */
  #evict({ owner }: Place): void {
    if (!(owner instanceof Connection)) return;
    this.#registrar.handleEviction(performance.now(), owner.session);
    this.#applyOutput();
  }

  /** Delivers the last message to a connection that lost its place or its name, and closes it, within about 1 s. */
  async #dismiss(connection: Connection, most = Infinity): Promise<void> {
    const { socket, writeQueue } = connection;
    if (this.#lingering.size + this.#leaving.size >= most) return closeQuietly(socket);
    this.#leaving.add(socket);
    try {
      await within(LINGER_MS, writeQueue.drained());
      await endWriting(socket);
      // Its conversation reads what still comes, and ends when the phone closes.
      await within(LINGER_MS, connection.over);
    } catch {
      // The phone closed first.
    } finally {
      closeQuietly(socket);
    }
  }

  #handleLine(now: number, { session, peer }: Connection, line: Line): void {
    this.#trace("received", peer, "text" in line ? line.text : `${line.beginning}…`);
    this.#observer?.handleLine(session, peer, "received", "text" in line ? line.text : "");
    // After a pause, before anything else: the names may be others' by now.
    this.#shared?.checkLease();
    this.#registrar.handleLine(now, session, line);
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

  /** A connection has a name: another one may have to go for it. */
  #giveNamedPlace(session: Session): void {
    const place = this.#connections.get(session)?.place;
    const victim = place && this.#admission.handleNamed(performance.now(), place, this.#capacity());
    if (!victim) return;
    this.#reportFull("room_crowded");
    this.#evict(victim);
  }

  #apply(output: RegistrarOutput): void {
    const ip = this.#connections.get(output.session)?.peer.ip;
    switch (output.kind) {
      case "joined":
        this.#onEvent({
          event: "joined",
          ...eventFields(output.person),
          ...(output.version !== undefined && { version: output.version }),
        }, ip);
        this.#observer?.handleJoined(output.session, output.person);
        this.#reportTable();
        this.#giveNamedPlace(output.session);
        break;
      case "left":
        this.#onEvent({ event: "left", ...eventFields(output.person), reason: output.reason }, ip);
        this.#observer?.handleLeft(output.session);
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
    const connection = this.#connections.get(output.session);
    if (!connection) return;
    switch (output.kind) {
      case "send":
        return connection.writeQueue.push(this.#encodeFor(output.session, output.message, connection.peer));
      case "finish":
        connection.finished = true;
        return;
      case "refused":
        return this.#onEvent({ ...output.refusal, peer: connection.peer, omitted: output.omitted });
      case "evict":
        // Many of them must not hold descriptors.
        this.#dismiss(
          connection,
          connection.place.named ? MAX_LINGERING + MAX_LEAVING : MAX_LINGERING,
        );
        return;
      case "drop":
        return closeQuietly(connection.socket);
      case "dismiss":
        this.#dismiss(connection);
        return;
      case "resume":
        return connection.resume?.();
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
    }, Math.max(TICK_MS, at - performance.now()));
  }

  /** Follows every change, so that the last table on the screen is true. */
  #reportTable(): void {
    const people = this.#registrar.latestPeople(TABLE_ROWS);
    const omitted = this.#registrar.size - people.length;
    // Converted when it is written: of the tables of one moment only the last is.
    this.#onEvent({
      event: "table",
      get people() {
        return people.map(personFields);
      },
      ...(omitted > 0 && { omitted }),
    });
  }

  /** The line of a reply to a connection that may be watched. */
  #encodeFor(session: Session, reply: RegistryReply, peer: Endpoint): string {
    const observer = this.#observer;
    if (!observer) return this.#encode(reply, peer);
    const line = this.#encode(
      reply.tipo === "registro_confirmado" ? { ...reply, rastro: true } : reply,
      peer,
    );
    observer.handleLine(session, peer, "sent", line.trimEnd());
    return line;
  }

  #encode(reply: RegistryReply, peer: Endpoint): string {
    if (reply.tipo === "erro") this.statistics.errors[reply.codigo]++;
    const text = replyText(reply);
    this.#trace("sent", peer, text);
    return `${text}\n`;
  }

  #trace(direction: "sent" | "received", peer: Endpoint, text: string): void {
    this.#onEvent({ event: "message", direction, transport: "TCP", peer, text });
  }

  /** Says that places run short, once until they no longer do. */
  #reportFull(event: "room_full" | "room_crowded"): void {
    if (this.#fullAt.has(event)) return;
    const connections = this.#admission.connections;
    this.#fullAt.set(event, connections);
    this.#onEvent({ event, connections });
  }

  readonly #countSent = (bytes: number): void => {
    this.statistics.bytesSent += bytes;
  };

  #refuse(socket: Socket, reason: "room_full" | "address_full"): void {
    this.statistics.refusals[reason]++;
    if (this.#lingering.size >= MAX_LINGERING) return closeQuietly(socket);
    this.#lingering.add(socket);
    (async () => {
      try {
        const bytes = encoder.encode(this.#encode(ROOM_FULL, peerOf(socket)));
        // One that begins no TLS never takes it.
        if (!await within(LINGER_MS, writeAll(socket, bytes))) return;
        this.#countSent(bytes.length);
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

/** Judges the addresses of phones on this machine, and on others. */
const judgeNear = judgeFor(true);
const judgeFar = judgeFor(false);

/** Judges addresses as far as this machine can: whether a link-local one can be reached, only its callers know. */
function judgeFor(near: boolean): AddressJudge {
  return ({ ip, porta }) => {
    const problem = unreachable({ ip, port: porta }, recentHostAddresses(), near);
    return problem?.kind === "link_local_address" ? undefined : problem;
  };
}

/** A reply as JSON. The commonest one is put together here, which takes a third of the time. */
function replyText(reply: RegistryReply): string {
  if (reply.tipo !== "resposta_consulta" || reply.id !== undefined) return JSON.stringify(reply);
  const { nome, ip, porta } = reply;
  return `{"tipo":"resposta_consulta","nome":${JSON.stringify(nome)},"ip":${
    JSON.stringify(ip)
  },"porta":${porta}}`;
}

function eventFields({ nome, ip, porta }: Person): { name: string; ip: string; port: number } {
  return { name: nome, ip, port: porta };
}

const encoder = new TextEncoder();
