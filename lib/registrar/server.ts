/** The registry on the network: the table of people behind a TCP port. */

import type { RegistryEvent } from "../events/registry_events.ts";
import { canonicalIp, type Endpoint, formatEndpoint, isLoopback } from "../protocol/address.ts";
import { LineSplitter, MAX_LINE_BYTES } from "../protocol/line_splitter.ts";
import { DEFAULT_REGISTRY_PORT, type Person, type RegistryReply } from "../protocol/registry_messages.ts";
import { Admission } from "./admission.ts";
import { WriteQueue } from "../util/write_queue.ts";
import { Registrar, type RegistrarOutput } from "./registrar.ts";
import type { PasswordGate } from "../protocol/password_challenge.ts";
import { ROOM_FULL, type Session } from "./session.ts";
import { spareDescriptors } from "./descriptor_budget.ts";
import { TokenBucket } from "../util/token_bucket.ts";
import { withTimeLimit } from "../util/time_limit.ts";

/** Most connections at a time unless told otherwise, where there are descriptors for them. */
const MAX_CONNECTIONS = 10_000;

/**
 * Most connections of one address unless told otherwise: a whole school behind one router, and no more than a part of
 * the room for a single machine of ill will. The registry's own machine may have more: whoever is on it does not need
 * connections to do harm.
 */
const MAX_PER_ADDRESS = 500;

/**
 * File descriptors that are left alone, for refused connections and whatever the program needs: past the process's limit
 * Deno itself panics.
 */
const SPARE_DESCRIPTORS = 64;

/** For how many further connections it is found out at a time whether there are descriptors. */
const PROBED_CONNECTIONS = 250;

/** Where there were not enough, it is not tried again sooner than after this, in milliseconds. */
const PROBE_PAUSE_MS = 1000;

/** Requests a second of one connection unless told otherwise. A person does not type one in that time. */
const REQUESTS_PER_SECOND = 50;

/** Seconds of requests that may come at once: enough to read the list of a full room. */
const BURST_SECONDS = 4;

/** So many bytes count as a request, so that what never becomes one has its limit too. */
const BYTES_PER_REQUEST = 512;

/** And so does reading so many times, since a single byte costs as much as a packet. */
const READS_PER_REQUEST = 4;

/** Read at a time from a connection: several lines, and little enough for thousands of connections. */
const READ_BYTES = 1024;

/**
 * Replies that are gathered for one write. A packet full of short requests with long replies is answered in
 * several, so that a phone that asks much and reads nothing costs bounded memory.
 */
const MAX_WRITE_BYTES = 64 * 1024;

/**
 * How long a connection is still read after the last reply. Closing it with unread bytes would reset it, and
 * the phone might never see that reply (RFC 1122, section 4.2.2.13).
 */
const LINGER_MS = 1000;

/** Most refused connections that linger; beyond it they are reset, for a flood is not to hold descriptors. */
const MAX_LINGERING = SPARE_DESCRIPTORS / 2;

/** Most that is read of a phone after the last reply, in bytes. */
const MAX_LINGER_BYTES = 64 * 1024;

/** A full room has calmed down, and is worth a word when it is full again, below this share of its connections. */
const CALM_SHARE = 0.9;

/** Pause after a failed accept. Failures such as a lack of descriptors last a while; trying at once would spin. */
const ACCEPT_PAUSE_MS = 100;

/** How long closing waits for connections to end: one with a pending write may not end by itself. */
const CLOSE_MS = 1000;

/** How much a registry lets others have. */
export interface RegistryLimits {
  /** Most connections at a time; further ones are told `sala_cheia` and closed. */
  readonly maxConnections?: number;
  /** Most connections of one address, likewise. */
  readonly maxPerAddress?: number;
  /** Requests a second of one connection; what comes faster is read that slowly. */
  readonly requestsPerSecond?: number;
  /** Longest line in bytes. */
  readonly lineBytes?: number;
  /** How long a connection without a name may say nothing, in milliseconds; then it is closed. */
  readonly idleMs?: number;
}

/** What a registry can be told. */
export interface RegistryOptions extends RegistryLimits {
  /** The local address to listen on: `0.0.0.0` for all of IPv4, `::` for all of IPv6 and IPv4. */
  readonly host?: string;
  /** TCP port; 0 for any that is free. */
  readonly port?: number;
  /** Where the room has a password, who checks it. */
  readonly gate?: PasswordGate;
  /** Certificate chain and key in PEM: phones have to speak TLS then. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Told of every message and of whoever comes and goes. Must not throw. */
  readonly onEvent?: (event: RegistryEvent) => void;
}

/** A running registry. */
export interface RegistryServer extends AsyncDisposable {
  /** Where it listens. */
  readonly host: string;
  readonly port: number;
  /** Stops listening and closes all connections. Settles within about a second; may be called again. */
  close(): Promise<void>;
}

/** The port is taken by another process. */
export class PortInUseError extends Error {
  override readonly name = "PortInUseError";
  readonly port: number;

  constructor(port: number) {
    super(`Cannot listen: port ${port} is in use`);
    this.port = port;
  }
}

/**
 * Starts a registry.
 *
 * @throws {PortInUseError} If the port is taken.
 * @throws {Error} If it cannot listen there for another reason, such as an address that is not this machine's.
 */
export function startRegistry(options: RegistryOptions = {}): RegistryServer {
  const { host = "0.0.0.0", port = DEFAULT_REGISTRY_PORT } = options;
  let listener: Listener;
  try {
    listener = options.tls
      ? Deno.listenTls({ hostname: host, port, ...options.tls })
      : Deno.listen({ hostname: host, port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw new PortInUseError(port);
    const detail = error instanceof Error ? error.message.replace(/ \(os error \d+\)$/, "") : String(error);
    throw new Error(`Cannot listen at ${formatEndpoint({ ip: host, port })}: ${detail}`, { cause: error });
  }
  return new Server(listener, options);
}

type Socket = Deno.TcpConn | Deno.TlsConn;
type Listener = Deno.TcpListener | Deno.TlsListener;

/** A connection, and what waits for it. */
interface Connection {
  readonly socket: Socket;
  readonly peer: Endpoint;
  readonly writeQueue: WriteQueue;
  /** Whether the registry has said its last word. */
  finished: boolean;
  /** Goes on with the lines after a request whose reply had to wait. */
  resume: () => void;
}

class Server implements RegistryServer {
  readonly host: string;
  readonly port: number;
  readonly #listener: Listener;
  readonly #maxConnections: number;
  readonly #maxPerAddress: number | undefined;
  readonly #requestsPerSecond: number;
  readonly #lineBytes: number;
  readonly #admission = new Admission();
  /** For so many connections there are descriptors. */
  #affordable = 0;
  #nextProbeAt = -Infinity;
  #tell: (event: RegistryEvent) => void;
  readonly #registrar: Registrar;
  readonly #bySession = new Map<Session, Connection>();
  /** Every connection, and what settles when it has ended. */
  readonly #connections = new Map<Socket, Promise<void>>();
  readonly #lingering = new Set<Socket>();
  readonly #accepting: Promise<void>;
  /** How many connections there were when it was said that the room is full. */
  #saidFullAt = Infinity;
  #alarm: ReturnType<typeof setTimeout> | undefined;
  #alarmAt = Infinity;
  #closing: Promise<void> | undefined;

  constructor(
    listener: Listener,
    options: RegistryOptions,
  ) {
    this.#registrar = new Registrar(options);
    const { hostname, port } = listener.addr as Deno.NetAddr;
    this.host = hostname;
    this.port = port;
    this.#listener = listener;
    this.#maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    this.#maxPerAddress = options.maxPerAddress;
    this.#requestsPerSecond = options.requestsPerSecond ?? REQUESTS_PER_SECOND;
    this.#lineBytes = options.lineBytes ?? MAX_LINE_BYTES;
    this.#tell = options.onEvent ?? (() => {});
    this.#accepting = this.#accept();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    clearTimeout(this.#alarm);
    const ends = [...this.#connections.values()];
    for (const socket of [...this.#connections.keys(), ...this.#lingering]) closeQuietly(socket);
    for (const { resume } of this.#bySession.values()) resume();
    await orTimeOver(CLOSE_MS, Promise.all(ends));
    // A connection that ends even later has nobody to tell.
    this.#tell = () => {};
  }

  async #accept(): Promise<void> {
    while (!this.#closing) {
      let socket: Socket;
      try {
        socket = await this.#listener.accept();
      } catch {
        if (!this.#closing) await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
        continue;
      }
      if (this.#closing) closeQuietly(socket);
      else if (this.#hasRoom()) this.#admit(socket);
      else this.#turnAway(socket);
    }
  }

  /** Whether there is room for another connection: by number, and by what the system allows. */
  #hasRoom(): boolean {
    const count = this.#connections.size;
    if (count >= this.#maxConnections) return false;
    if (count < this.#affordable) return true;
    const now = performance.now();
    if (now < this.#nextProbeAt) return false;
    const spare = spareDescriptors(PROBED_CONNECTIONS + SPARE_DESCRIPTORS) - SPARE_DESCRIPTORS;
    if (spare < PROBED_CONNECTIONS) this.#nextProbeAt = now + PROBE_PAUSE_MS;
    this.#affordable = count + Math.max(0, spare);
    return count < this.#affordable;
  }

  #admit(socket: Socket): void {
    const { ip } = peerOf(socket);
    const most = this.#maxPerAddress ?? (isLoopback(ip) ? Infinity : MAX_PER_ADDRESS);
    const entry = this.#admission.enter(performance.now(), ip, most);
    // It was told when the last place was taken.
    if (!entry) return this.#refuse(socket);
    if (entry.connections === most) this.#tell({ event: "address_full", ip, connections: most });
    const served = this.#serve(socket, entry.waitMs).then(() => {
      this.#connections.delete(socket);
      this.#admission.leave(performance.now(), ip);
      // Where one place is taken again and again, once is enough.
      if (this.#connections.size < CALM_SHARE * this.#saidFullAt) this.#saidFullAt = Infinity;
    });
    this.#connections.set(socket, served);
  }

  /** Waits, then speaks with one phone until the connection ends, on either side. Never rejects. */
  async #serve(socket: Socket, waitMs: number): Promise<void> {
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const session = this.#registrar.handleConnect(performance.now());
    try {
      const connection: Connection = {
        socket,
        peer: peerOf(socket),
        writeQueue: new WriteQueue((bytes) => socket.write(bytes)),
        finished: false,
        resume: () => {},
      };
      this.#bySession.set(session, connection);
      this.#carryOut();
      if ("setNoDelay" in socket) {
        socket.setNoDelay(true);
        socket.setKeepAlive(true);
      }
      if (await this.#converse(session, connection)) await linger(socket);
    } catch {
      // The phone has gone away, or the registry is being closed: that ends the conversation like any other.
    } finally {
      // First of all, since the name must be free the moment that the phone can see its connection closed.
      this.#registrar.handleDisconnect(performance.now(), session);
      this.#carryOut();
      this.#bySession.delete(session);
      closeQuietly(socket);
    }
  }

  /**
   * Reads and answers until one side has had enough. Nothing is read while an answer waits to be given or taken, so a
   * phone that does not read its answers stops itself and nobody else.
   *
   * @returns True if it was the registry that had the last word.
   */
  async #converse(session: Session, connection: Connection): Promise<boolean> {
    const { socket, peer, writeQueue } = connection;
    const splitter = new LineSplitter(this.#lineBytes);
    const buffer = new Uint8Array(READ_BYTES);
    const rate = this.#requestsPerSecond;
    const bucket = new TokenBucket(performance.now(), rate, rate * BURST_SECONDS);
    const pay = async (tokens: number): Promise<void> => {
      const ms = bucket.take(performance.now(), tokens);
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    };
    for (;;) {
      const count = await socket.read(buffer);
      if (count === null) return false;
      await pay(1 / READS_PER_REQUEST + count / BYTES_PER_REQUEST);
      for (const line of splitter.push(buffer.subarray(0, count))) {
        await pay(1);
        this.#trace("received", peer, "text" in line ? line.text : `${line.beginning}…`);
        this.#registrar.handleLine(performance.now(), session, line);
        this.#carryOut();
        if (session.waiting) await new Promise<void>((resolve) => connection.resume = resolve);
        if (connection.finished) {
          await orTimeOver(LINGER_MS, writeQueue.drained());
          return true;
        }
        if (session.gone) return false;
        if (writeQueue.backlog > MAX_WRITE_BYTES) await writeQueue.drained();
      }
      await writeQueue.drained();
    }
  }

  /** Does what the room wants done, and sees to it that it is woken in time. */
  #carryOut(): void {
    for (const output of this.#registrar.drain()) {
      switch (output.kind) {
        case "joined":
          this.#tell({ event: "joined", ...fieldsOf(output.person) });
          this.#tellTable();
          break;
        case "left":
          this.#tell({ event: "left", ...fieldsOf(output.person), reason: output.reason });
          this.#tellTable();
          break;
        default:
          this.#attend(output);
      }
    }
    this.#setAlarm();
  }

  /** What is to be done with one connection. */
  #attend(output: Exclude<RegistrarOutput, { kind: "joined" | "left" }>): void {
    const connection = this.#bySession.get(output.session);
    if (!connection) return;
    switch (output.kind) {
      case "send":
        return connection.writeQueue.push(this.#say(output.message, connection.peer));
      case "finish":
        connection.finished = true;
        return;
      case "drop":
        return closeQuietly(connection.socket);
      case "resume":
        return connection.resume();
    }
  }

  /** Sets the one timer. One that goes off too early does no harm, so it is set anew only to an earlier time. */
  #setAlarm(): void {
    const at = this.#registrar.wakeAt;
    if (this.#closing || at >= this.#alarmAt) return;
    clearTimeout(this.#alarm);
    this.#alarmAt = at;
    this.#alarm = setTimeout(() => {
      this.#alarmAt = Infinity;
      this.#registrar.tick(performance.now());
      this.#carryOut();
    }, Math.max(0, at - performance.now()));
  }

  /** Follows whenever somebody came or went, so that what stands last on the screen is true. */
  #tellTable(): void {
    this.#tell({ event: "table", people: this.#registrar.people() });
  }

  #say(reply: RegistryReply, peer: Endpoint): string {
    const text = JSON.stringify(reply);
    this.#trace("sent", peer, text);
    return `${text}\n`;
  }

  #trace(direction: "sent" | "received", peer: Endpoint, text: string): void {
    this.#tell({ event: "message", direction, transport: "TCP", peer, text });
  }

  /** Tells a phone that there is no room for it. */
  #turnAway(socket: Socket): void {
    if (this.#saidFullAt === Infinity) {
      this.#saidFullAt = this.#connections.size;
      this.#tell({ event: "room_full", connections: this.#saidFullAt });
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
        await send(socket, this.#say(ROOM_FULL, peerOf(socket)));
        await linger(socket);
      } catch {
        // It did not wait to be told.
      } finally {
        closeQuietly(socket);
        this.#lingering.delete(socket);
      }
    })();
  }
}

function peerOf(socket: Socket): Endpoint {
  const { hostname, port } = socket.remoteAddr as Deno.NetAddr;
  return { ip: canonicalIp(hostname), port };
}

function fieldsOf({ nome, ip, porta }: Person): { name: string; ip: string; port: number } {
  return { name: nome, ip, port: porta };
}

const encoder = new TextEncoder();

async function send(socket: Socket, text: string): Promise<void> {
  const bytes = encoder.encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await socket.write(bytes.subarray(sent));
}

/** Says that nothing more will come, then waits, but not long, for the other side to close the connection. */
async function linger(socket: Socket): Promise<void> {
  await socket.closeWrite();
  const drained = (async () => {
    const rest = new Uint8Array(READ_BYTES);
    for (let left = MAX_LINGER_BYTES; left > 0;) {
      const count = await socket.read(rest);
      if (count === null) break;
      left -= count;
    }
  })();
  await orTimeOver(LINGER_MS, drained);
}

/** Waits until something is done or has failed, or the time is over. */
async function orTimeOver(ms: number, done: Promise<unknown>): Promise<void> {
  try {
    await withTimeLimit(ms, undefined, () => done);
  } catch {
    // Whichever it was, there is nothing more to wait for.
  }
}

function closeQuietly(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}
