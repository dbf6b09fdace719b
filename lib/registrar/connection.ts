/** One connection of a registry: reads its lines no faster than their replies are written. */

import { concat } from "@std/bytes/concat";
import type { ForeignProtocol } from "../events/registry_events.ts";
import { canonicalIp, type Endpoint } from "../protocol/address.ts";
import { type Line, LineSplitter } from "../protocol/line_splitter.ts";
import type { RegistryReply } from "../protocol/registry_messages.ts";
import { pause } from "../util/pause.ts";
import { within } from "../util/time_limit.ts";
import { WriteQueue } from "../util/write_queue.ts";
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
const READ_BYTES = 256;

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

/** The registry, as its connections see it. */
export interface ConversationHost {
  /** Longest line, in bytes. */
  readonly lineBytes: number;
  /** A connection has made work, in requests. @returns Delay in ms before more is taken from it. */
  handleWork(session: Session, tokens: number): number;
  readonly statistics: Statistics;
  /** A line has arrived. Replies are queued when this returns, unless the session is {@linkcode Session.waiting}. */
  handleLine(session: Session, peer: Endpoint, line: Line): void;
  /** A client that is no phone has connected. */
  handleForeigner(peer: Endpoint, protocol: ForeignProtocol): void;
  /** The line of a reply. */
  encode(reply: RegistryReply, peer: Endpoint): string;
}

/** A connection and its state. */
export class Connection {
  readonly socket: Socket;
  readonly peer: Endpoint;
  readonly writeQueue: WriteQueue;
  /** Whether the last reply is queued. */
  finished = false;
  /** Continues after a pending reply, if one is pending. */
  resume: (() => void) | undefined;
  readonly #splitter: LineSplitter;
  /** Reads one after the other that completed no line. */
  #fragments = 0;

  /** @param written Called with the size of each write. */
  constructor(socket: Socket, peer: Endpoint, lineBytes: number, written: (bytes: number) => void) {
    this.socket = socket;
    this.peer = peer;
    this.writeQueue = new WriteQueue(socket, written);
    this.#splitter = new LineSplitter(lineBytes);
  }

  /**
   * Reads and answers lines. Reads nothing while a reply is pending or unwritten, so a phone that reads no replies stops
   * only itself.
   *
   * @returns True if the registry ended the conversation; false if the phone did.
   */
  async converse(session: Session, host: ConversationHost): Promise<boolean> {
    // Ten thousand connections wait here: what is only needed once there are bytes is in the functions below.
    const buffer = new Uint8Array(READ_BYTES);
    let beginning: Uint8Array | undefined = NOTHING;
    for (;;) {
      const count = await this.socket.read(buffer);
      if (count === null) return false;
      let bytes = buffer.subarray(0, count);
      if (beginning) {
        bytes = beginning.length > 0 ? concat([beginning, bytes]) : bytes;
        const protocol = protocolOf(bytes);
        beginning = protocol === "undecided" ? bytes.slice() : undefined;
        if (protocol === "undecided") bytes = NOTHING;
        else if (protocol !== "lines") return await this.#dismiss(protocol, host);
      }
      const ended = await this.#handle(bytes, session, host);
      if (ended) return ended === "finished";
    }
  }

  /** Answers a client that is no phone. */
  async #dismiss(protocol: ForeignProtocol, host: ConversationHost): Promise<true> {
    host.handleForeigner(this.peer, protocol);
    // A phone with `--tls` notices by any answer that this is no TLS.
    this.writeQueue.push(host.encode(NO_PHONE, this.peer));
    await within(LINGER_MS, this.writeQueue.drained());
    return true;
  }

  /** Handles the lines that some bytes complete, until their replies are written. @returns What ended the conversation. */
  async #handle(
    bytes: Uint8Array,
    session: Session,
    host: ConversationHost,
  ): Promise<"finished" | "gone" | undefined> {
    const { peer, writeQueue } = this;
    const { statistics } = host;
    const arrivedAt = performance.now();
    const throttle = (tokens: number): Promise<void> | undefined => {
      const ms = host.handleWork(session, tokens);
      return ms > 0 ? pause(ms) : undefined;
    };
    statistics.bytesReceived += bytes.length;
    await throttle(1 / READS_PER_REQUEST + bytes.length / BYTES_PER_REQUEST);
    const lines = this.#splitter.push(bytes);
    const isFragment = lines.length === 0 && bytes.length < READ_BYTES;
    this.#fragments = isFragment ? this.#fragments + 1 : 0;
    if (isFragment) {
      await pause(Math.min(MAX_FRAGMENT_PAUSE_MS, FRAGMENT_PAUSE_MS * 2 ** (this.#fragments - 1)));
    }
    for (const line of lines) {
      await throttle(1);
      host.handleLine(session, peer, line);
      if (session.waiting) await new Promise<void>((resolve) => this.resume = resolve);
      if (this.finished) {
        await within(LINGER_MS, writeQueue.drained());
        statistics.answered(lines.length, performance.now() - arrivedAt);
        return "finished";
      }
      if (session.gone) return "gone";
      if (writeQueue.backlog > MAX_WRITE_BACKLOG_BYTES) await writeQueue.drained();
    }
    await writeQueue.drained();
    if (lines.length > 0) statistics.answered(lines.length, performance.now() - arrivedAt);
  }
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
