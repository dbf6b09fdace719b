/** One connection of a registry: reads its lines no faster than their replies are written. */

import { concat } from "@std/bytes/concat";
import type { ForeignProtocol } from "../events/registry_events.ts";
import { canonicalIp, type Endpoint } from "../protocol/address.ts";
import { type Line, LineSplitter } from "../protocol/line_splitter.ts";
import type { RegistryReply } from "../protocol/registry_messages.ts";
import { pause } from "../util/pause.ts";
import { within } from "../util/time_limit.ts";
import { WriteQueue } from "../util/write_queue.ts";
import type { Place } from "./admission.ts";
import { protocolOf } from "./foreign_protocol.ts";
import { NO_PHONE, type Session } from "./session.ts";
import type { Statistics } from "./statistics.ts";

/** Bytes that cost as much as a request, so that lines without an end are limited, too. */
const BYTES_PER_REQUEST = 512;

/** Reads that cost as much as a request, so that single bytes are limited, too. */
const READS_PER_REQUEST = 4;

/**
 * Pause after a read that completed no line, in milliseconds, doubled by each further one: a phone sends whole lines, and bytes in
 * packets of their own are read together.
 */
const FRAGMENT_PAUSE_MS = 20;
const MAX_FRAGMENT_PAUSE_MS = 1000;

/** Read buffer of a connection: most requests, and small enough for thousands of connections that wait. */
const READ_BYTES = 192;

/** Read buffers that are made together. */
const BUFFERS_AT_ONCE = 64;

const NOTHING = new Uint8Array();

/** Replies buffered before the next request is taken: bounds the memory for a phone that does not read. */
const MAX_WRITE_BACKLOG_BYTES = 64 * 1024;

/**
 * Lingering close: time to read after the last reply. Closing with unread bytes would send a reset, which could destroy
 * that reply (RFC 1122, section 4.2.2.13).
 */
export const LINGER_MS = 1000;

/** Most bytes to read after the last reply. */
const MAX_LINGER_BYTES = 64 * 1024;

/** A socket of a registry. `phone` is for whom a load balancer connected it, if one did. */
export type Socket = (Deno.TcpConn | Deno.TlsConn) & { readonly phone?: Endpoint };

/** The registry, as its connections see it. All times are in milliseconds of a monotonic clock. */
export interface ConversationHost {
  /** Longest line, in bytes. */
  readonly lineBytes: number;
  readonly statistics: Statistics;
  /** A connection has made work, in requests. @returns Delay in ms before more is taken from it. */
  handleWork(now: number, connection: Connection, tokens: number): number;
  /** A line has arrived. Replies are queued when this returns, unless the session is {@linkcode Session.waiting}. */
  handleLine(now: number, connection: Connection, line: Line): void;
  /** A client that is no phone has connected. */
  handleForeigner(peer: Endpoint, protocol: ForeignProtocol): void;
  /** The line of a reply. */
  encode(reply: RegistryReply, peer: Endpoint): string;
  /** Called with the size of each write. */
  readonly countSent: (bytes: number) => void;
  /** A connection is to be read from now on. @returns Whether it still is. */
  handleStart(connection: Connection): boolean;
  /** The connection failed, or was closed here. */
  handleFailure(connection: Connection, error: unknown): void;
  /** The conversation is over, and the socket is to be closed. */
  handleEnd(connection: Connection): void;
}

/** A connection and its state. */
export class Connection {
  readonly socket: Socket;
  readonly peer: Endpoint;
  readonly session: Session;
  readonly place: Place;
  readonly writeQueue: WriteQueue;
  /** Whether the last reply is queued. */
  finished = false;
  /** Continues after a pending reply, if one is pending. */
  resume: (() => void) | undefined;
  readonly #host: ConversationHost;
  readonly #splitter: LineSplitter;
  readonly #buffer = takeBuffer();
  /** The first bytes, until they tell what it speaks. */
  #beginning: Uint8Array | undefined = NOTHING;
  /** Reads one after the other that completed no line. */
  #fragments = 0;
  #isOver = false;
  /** For those who wait until it is over, if anybody does. */
  #over: PromiseWithResolvers<void> | undefined;

  constructor(socket: Socket, peer: Endpoint, session: Session, place: Place, host: ConversationHost) {
    this.socket = socket;
    this.peer = peer;
    this.session = session;
    this.place = place;
    this.#host = host;
    this.writeQueue = new WriteQueue(socket, host.countSent);
    this.#splitter = new LineSplitter(host.lineBytes);
  }

  /** Settles when the conversation is over. Never rejects. */
  get over(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return (this.#over ??= Promise.withResolvers()).promise;
  }

  /**
   * Reads and answers lines until either side ends that. Reads nothing while a reply is pending or unwritten, so a phone that
   * reads no replies stops only itself.
   *
   * @param waitMs Delay before the first read.
   */
  converse(waitMs: number): void {
    if (waitMs > 0) pause(waitMs).then(() => this.#begin());
    else this.#begin();
  }

  #begin(): void {
    try {
      if (this.#host.handleStart(this)) this.#read();
      else this.#end();
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Ten thousand connections wait here, and half of that time's memory would be the frame of an asynchronous function that reads
   * in a loop: so this one begins anew with each read.
   */
  #read(): void {
    this.socket.read(this.#buffer).then(this.#take, this.#take);
  }

  /** Takes what a read has given, or its error: one function for both, since each connection has its own. */
  readonly #take = async (count: number | null | Error): Promise<void> => {
    try {
      if (count instanceof Error) throw count;
      if (count !== null && await this.#answer(this.#buffer.subarray(0, count))) return this.#read();
      if (this.finished) await linger(this.socket);
      this.#end();
    } catch (error) {
      this.#fail(error);
    }
  };

  #fail(error: unknown): void {
    this.#host.handleFailure(this, error);
    this.#end();
  }

  #end(): void {
    giveBuffer(this.#buffer);
    this.#host.handleEnd(this);
    this.#isOver = true;
    this.#over?.resolve();
  }

  /** Answers what was read, until the system has taken the replies. @returns Whether the conversation goes on. */
  async #answer(bytes: Uint8Array): Promise<boolean> {
    const arrivedAt = performance.now();
    const handled = this.#handle(arrivedAt, bytes, this.#host);
    const lines = typeof handled === "number" ? handled : await handled;
    const isGone = lines > 0 && this.session.gone;
    if (this.finished) await within(LINGER_MS, this.writeQueue.drained());
    else if (lines > 0 && !isGone) await this.writeQueue.drained();
    if (lines > 0) this.#host.statistics.answered(lines, performance.now() - arrivedAt);
    return !this.finished && !isGone;
  }

  /** Handles what was read, at once if that is a line, as mostly. @returns The number of lines that were completed. */
  #handle(now: number, read: Uint8Array, host: ConversationHost): number | Promise<number> {
    let bytes = read;
    if (this.#beginning) {
      bytes = this.#beginning.length > 0 ? concat([this.#beginning, read]) : read;
      const protocol = protocolOf(bytes);
      this.#beginning = protocol === "undecided" ? bytes.slice() : undefined;
      if (protocol === "undecided") bytes = NOTHING;
      else if (protocol !== "lines") return this.#dismiss(protocol, host);
    }
    host.statistics.bytesReceived += bytes.length;
    const lines = this.#splitter.push(bytes);
    const isFragment = lines.length === 0 && bytes.length < READ_BYTES;
    this.#fragments = isFragment ? this.#fragments + 1 : 0;
    const work = 1 / READS_PER_REQUEST + bytes.length / BYTES_PER_REQUEST + Math.min(1, lines.length);
    const waitMs = host.handleWork(now, this, work);
    const [line] = lines;
    if (waitMs > 0 || lines.length !== 1 || !line) return this.#handleSlowly(lines, waitMs, host);
    host.handleLine(now, this, line);
    return this.session.waiting ? this.#resumed(1) : 1;
  }

  /** Answers a client that is no phone. */
  #dismiss(protocol: ForeignProtocol, host: ConversationHost): number {
    host.handleForeigner(this.peer, protocol);
    // A phone with `--tls` notices by any answer that this is no TLS.
    this.writeQueue.push(host.encode(NO_PHONE, this.peer));
    this.finished = true;
    return 0;
  }

  async #handleSlowly(lines: readonly Line[], waitMs: number, host: ConversationHost): Promise<number> {
    if (waitMs > 0) await pause(waitMs);
    if (this.#fragments > 0) {
      await pause(Math.min(MAX_FRAGMENT_PAUSE_MS, FRAGMENT_PAUSE_MS * 2 ** (this.#fragments - 1)));
    }
    for (const [index, line] of lines.entries()) {
      // The first one is paid already.
      const moreMs = index > 0 ? host.handleWork(performance.now(), this, 1) : 0;
      if (moreMs > 0) await pause(moreMs);
      host.handleLine(performance.now(), this, line);
      if (this.session.waiting) await this.#resumed(1);
      if (this.finished || this.session.gone) break;
      if (this.writeQueue.backlog > MAX_WRITE_BACKLOG_BYTES) await this.writeQueue.drained();
    }
    return lines.length;
  }

  /** Waits until the pending reply is out. @returns `lines`. */
  #resumed(lines: number): Promise<number> {
    return new Promise((resolve) => this.resume = () => resolve(lines));
  }
}

/** Read buffers that no connection has. */
const buffers: Uint8Array[] = [];

/**
 * A read buffer: a part of a larger array, since one of its own takes as much memory again. Those of connections that are over serve
 * others.
 */
function takeBuffer(): Uint8Array {
  if (buffers.length === 0) {
    const bytes = new Uint8Array(BUFFERS_AT_ONCE * READ_BYTES);
    for (let at = 0; at < bytes.length; at += READ_BYTES) buffers.push(bytes.subarray(at, at + READ_BYTES));
  }
  return buffers.pop() as Uint8Array;
}

function giveBuffer(buffer: Uint8Array): void {
  buffers.push(buffer);
}

/** The other end of a socket; behind a load balancer the phone and not the balancer. */
export function peerOf(socket: Socket): Endpoint {
  if (socket.phone) return socket.phone;
  const { hostname, port } = socket.remoteAddr as Deno.NetAddr;
  return { ip: canonicalIp(hostname), port };
}

/** Lingering close: ends this direction, then waits up to {@linkcode LINGER_MS} for the phone to close. */
export async function linger(socket: Socket): Promise<void> {
  await endWriting(socket);
  const closed = (async () => {
    const rest = new Uint8Array(READ_BYTES);
    for (let left = MAX_LINGER_BYTES; left > 0;) {
      const count = await socket.read(rest);
      if (count === null) break;
      left -= count;
    }
  })();
  await within(LINGER_MS, closed);
}

/**
 * Ends this direction, within {@linkcode LINGER_MS}: with TLS an alert has to be written first (RFC 8446, section 6.1), which never
 * ends with a peer that reads nothing or shakes no hands.
 */
export async function endWriting(socket: Socket): Promise<void> {
  await within(LINGER_MS, socket.closeWrite());
}
