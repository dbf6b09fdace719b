/**
 * Pages by HTTP (RFC 9112), and streams. One request a connection, so many connections and bytes and no more: `Deno.serve`
 * limits neither, and the program must not run out of file descriptors.
 */

import { concat } from "@std/bytes/concat";
import { isIP } from "node:net";
import { canonicalIp, isLoopback, networkOf } from "../protocol/address.ts";
import { closeQuietly } from "../util/close_quietly.ts";
import { pause } from "../util/pause.ts";
import { withTimeLimit } from "../util/time_limit.ts";
import { TLS_DESCRIPTORS, type TlsKeys, TlsRelay } from "../util/tls_relay.ts";
import { writeAll } from "../util/write_all.ts";
import { type HttpRequest, readRequest } from "./http_request.ts";

/** Default of most connections. Another one takes the place of one that {@linkcode HttpServer} chooses, or has none. */
export const MAX_CONNECTIONS = 160;

/** Time for a request, and for each piece of its answer, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Bytes of a piece: even a bad radio link takes them in time. */
const PIECE_BYTES = 65_536;

/** Time to read on after the answer, in milliseconds: a reset would take from the reader what is on its way. */
const LINGER_MS = 1000;

/** Most reads after the answer, and bytes of each. */
const LINGER_READS = 16;
const LINGER_BYTES = 8192;

/** Pause after a failed accept, in milliseconds: a lack of descriptors lasts a while. */
const ACCEPT_RETRY_MS = 100;

/** Sends text that goes on. It settles once the reader has gone (`gone` fires), or when it wants to end. */
export type Streamer = (
  send: (piece: string | Uint8Array) => Promise<void>,
  gone: AbortSignal,
) => Promise<void>;

/** An answer. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Streamer;
}

/** Answers a request. An error becomes status 500. */
export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** Options of {@linkcode HttpServer}. */
export interface HttpServerOptions {
  /** With it, TLS only. */
  readonly tls?: TlsKeys | undefined;
  readonly maxConnections?: number;
  /** Time for a request, and for each piece of its answer, in milliseconds. */
  readonly patienceMs?: number;
  /**
   * Whether to answer requests for a host, which comes as in {@linkcode HttpRequest.host}. Others get status 421: a browser that was
   * told a false address for another site's name has that name in `Host` (DNS rebinding). Unless given, a server at a loopback
   * address answers for {@linkcode isOwnHost}, and others for all.
   */
  readonly answersTo?: (host: string) => boolean;
}

/** Reason phrases (RFC 9110, section 15). */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  421: "Misdirected Request",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Headers of every answer, unless it has others. */
const USUAL: Readonly<Record<string, string>> = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "connection": "close",
};

type Socket = Deno.TcpConn | Deno.TlsConn;

/** A connection that has a place. */
interface Holder {
  /** Its other end's address; of IPv6, the /64. */
  readonly network: string;
  /** Whether it gets a stream. */
  streams: boolean;
  /** May be called more than once. */
  readonly close: () => void;
}

const encoder = new TextEncoder();

/** File descriptors that a server needs at most, those with which it listens included. */
export function descriptorsFor({ maxConnections = MAX_CONNECTIONS, tls }: HttpServerOptions): number {
  return maxConnections * (tls ? TLS_DESCRIPTORS : 1) + (tls ? 2 : 1);
}

/** Whether a host is an address or this machine's name for itself, which no other site's page in a browser has. */
export function isOwnHost(host: string): boolean {
  return isIP(host) !== 0 || host === "localhost" || host.endsWith(".localhost");
}

/** Listens and answers. */
export class HttpServer implements Disposable {
  readonly host: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #relay: TlsRelay | undefined;
  readonly #handler: HttpHandler;
  readonly #maxConnections: number;
  readonly #patienceMs: number;
  readonly #answersTo: (host: string) => boolean;
  /** In order of arrival. */
  readonly #holders = new Set<Holder>();
  #closed = false;

  /**
   * @param port 0 for any free one.
   * @throws What `Deno.listen` throws, and what {@linkcode TlsRelay} does of keys that are no good.
   */
  constructor(host: string, port: number, handler: HttpHandler, options: HttpServerOptions = {}) {
    this.#handler = handler;
    this.#maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#listener = Deno.listen({ hostname: host, port });
    ({ hostname: this.host, port: this.port } = this.#listener.addr);
    this.#answersTo = options.answersTo ?? (isLoopback(this.host) ? isOwnHost : () => true);
    try {
      this.#relay = options.tls && new TlsRelay(options.tls, PIECE_BYTES / 4);
    } catch (error) {
      this.#listener.close();
      throw error;
    }
    this.#accept();
  }

  /** Uses another certificate and key from now on. Only with TLS. @throws As the constructor does; then nothing changes. */
  renew(tls: TlsKeys): void {
    if (!this.#closed) this.#relay?.renew(tls);
  }

  /** Stops at once. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    this.#relay?.close();
    for (const holder of this.#holders) holder.close();
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#serve(await this.#listener.accept());
      } catch {
        if (!this.#closed) await pause(ACCEPT_RETRY_MS);
      }
    }
  }

  /** Answers one request. Never rejects. */
  async #serve(plain: Deno.TcpConn): Promise<void> {
    const sockets: Socket[] = [plain];
    const close = (): void => sockets.forEach(closeQuietly);
    let holder: Holder | undefined;
    try {
      const ip = canonicalIp(plain.remoteAddr.hostname);
      holder = { network: networkOf(ip), streams: false, close };
      if (!this.#makeRoom(holder)) return;
      this.#holders.add(holder);
      const socket = await this.#secured(plain);
      sockets.unshift(socket);
      if (!this.#holders.has(holder)) return;
      await this.#answer(socket, ip, holder);
      await withTimeLimit(LINGER_MS, undefined, async () => {
        await socket.closeWrite();
        await readToEnd(socket, LINGER_READS);
      });
    } catch {
      // The other side has gone, or takes too long.
    } finally {
      close();
      if (holder) this.#holders.delete(holder);
    }
  }

  async #secured(plain: Deno.TcpConn): Promise<Socket> {
    return this.#relay ? await this.#relay.secure(plain) : plain;
  }

  /** Reads a request and answers it. */
  async #answer(socket: Socket, ip: string, holder: Holder): Promise<void> {
    const request = await withTimeLimit(this.#patienceMs, undefined, () => readRequest(socket, ip));
    const isRequest = !("status" in request);
    const response = isRequest ? await this.#responseTo(request) : request;
    const { body = "" } = response as HttpResponse;
    const streams = typeof body === "function";
    const bytes = streams ? undefined : typeof body === "string" ? encoder.encode(body) : body;
    const chunked = streams && isRequest && request.minorVersion === 1;
    await this.#write(socket, encoder.encode(headOf(response, bytes?.length, chunked)));
    if (isRequest && request.method === "HEAD") return;
    if (bytes) return await this.#write(socket, bytes);
    if (!streams) return;
    holder.streams = true;
    const write = (piece: Uint8Array): Promise<void> => this.#write(socket, chunked ? chunk(piece) : piece);
    await stream(socket, body, write);
    if (chunked) await this.#write(socket, encoder.encode("0\r\n\r\n"));
  }

  async #responseTo(request: HttpRequest): Promise<HttpResponse> {
    if (request.host !== undefined && !this.#answersTo(request.host)) return { status: 421 };
    try {
      return await this.#handler(request);
    } catch {
      return { status: 500 };
    }
  }

  /** Writes piece by piece: how long it takes may depend on how much it is. */
  async #write(socket: Socket, bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      const piece = bytes.subarray(start, start + PIECE_BYTES);
      await withTimeLimit(this.#patienceMs, undefined, () => writeAll(socket, piece));
    }
  }

  /**
   * Makes room for a connection: closes the oldest of the network that has most, those without a stream before others. One that would
   * end a stream of its own network has to go itself: else, of too many viewers behind one address, each would end another's.
   *
   * @returns Whether there is room.
   */
  #makeRoom({ network }: Holder): boolean {
    if (this.#holders.size < this.#maxConnections) return true;
    const counts = new Map<string, number>();
    for (const holder of this.#holders) counts.set(holder.network, (counts.get(holder.network) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const crowded = counts.get(network) === most
      ? network
      : [...counts].find(([, count]) => count === most)?.[0];
    const theirs = [...this.#holders].filter((holder) => holder.network === crowded);
    const leaves = theirs.find(({ streams }) => !streams) ?? (crowded === network ? undefined : theirs[0]);
    if (!leaves) return false;
    // At once: more connections can arrive before the conversation with this one has ended.
    this.#holders.delete(leaves);
    leaves.close();
    return true;
  }
}

/**
 * @param length Of the body; undefined for a stream, which lasts until its last chunk, or, with HTTP/1.0, until the connection ends
 * (RFC 9112, section 6.3).
 */
function headOf({ status, headers }: HttpResponse, length: number | undefined, chunked: boolean): string {
  const all = {
    ...USUAL,
    ...headers,
    ...length !== undefined && { "content-length": `${length}` },
    ...chunked && { "transfer-encoding": "chunked" },
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${REASONS[status] ?? ""}`, ...lines, "", ""].join("\r\n");
}

/** A chunk (RFC 9112, section 7.1): a reader can tell a stream that broke off from one that has ended. */
function chunk(bytes: Uint8Array): Uint8Array {
  return concat([encoder.encode(`${bytes.length.toString(16)}\r\n`), bytes, encoder.encode("\r\n")]);
}

/** Lets a streamer send until it has enough or the reader has gone, which a read tells. */
async function stream(
  socket: Socket,
  streamer: Streamer,
  write: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  const gone = new AbortController();
  readToEnd(socket, Infinity).catch(() => {}).then(() => gone.abort());
  await streamer(async (piece) => {
    gone.signal.throwIfAborted();
    // An empty chunk would be the last.
    if (piece.length > 0) await write(typeof piece === "string" ? encoder.encode(piece) : piece);
  }, gone.signal);
}

/** Reads this many times at most, or until the other side ends. */
async function readToEnd(socket: Socket, times: number): Promise<void> {
  const rest = new Uint8Array(LINGER_BYTES);
  for (let left = times; left > 0; left--) {
    if (await socket.read(rest) === null) return;
  }
}
