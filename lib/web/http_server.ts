/**
 * Pages by HTTP (RFC 9112), and streams. One request a connection, so many connections and bytes and no more: `Deno.serve`
 * limits neither, and the program must not run out of file descriptors.
 */

import { canonicalIp, isLoopback, networkOf } from "../protocol/address.ts";
import { pause } from "../util/pause.ts";
import { withTimeLimit } from "../util/time_limit.ts";
import { writeAll } from "../util/write_all.ts";
import { type HttpRequest, type Reader, readRequest } from "./http_request.ts";

/** Most connections, which each hold a file descriptor. Another one closes the oldest of the address that has most. */
export const MAX_CONNECTIONS = 160;

/** Most connections of an address that is not this machine's; of IPv6, of its /64. Another one closes its oldest. */
const MAX_ADDRESS_CONNECTIONS = 24;

/** Time limit of a request and its answer, in milliseconds; of a stream, that of each piece. */
const PATIENCE_MS = 10_000;

/** Time to read on after the answer, in milliseconds: a reset would take from the reader what is on its way. */
const LINGER_MS = 1000;

/** Pause after a failed accept, in milliseconds: a lack of descriptors lasts a while. */
const ACCEPT_RETRY_MS = 100;

/** Sends text that goes on. It settles once the reader has gone (`gone` fires), or when it wants to end. */
export type Streamer = (send: (text: string) => Promise<void>, gone: AbortSignal) => Promise<void>;

/** An answer. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Streamer;
}

/** Answers a request. An error becomes status 500. */
export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** Certificate and key in PEM. */
export interface HttpTls {
  readonly cert: string;
  readonly key: string;
}

/** Reason phrases (RFC 9110, section 15). */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  303: "See Other",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  421: "Misdirected Request",
  429: "Too Many Requests",
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

type Connection = Deno.TcpConn | Deno.TlsConn;

const encoder = new TextEncoder();

/** Listens and answers. */
export class HttpServer implements Disposable {
  readonly host: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener | Deno.TlsListener;
  readonly #handler: HttpHandler;
  /** In order of arrival, with the address or network. */
  readonly #connections = new Map<Connection, string>();
  #closed = false;

  /**
   * @param port 0 for any free one.
   * @throws What `Deno.listen` throws.
   */
  constructor(host: string, port: number, handler: HttpHandler, tls?: HttpTls) {
    const options = { hostname: host, port };
    this.#listener = tls ? Deno.listenTls({ ...options, ...tls }) : Deno.listen(options);
    ({ hostname: this.host, port: this.port } = this.#listener.addr);
    this.#handler = handler;
    this.#accept();
  }

  /** Stops at once. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    for (const connection of this.#connections.keys()) close(connection);
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
  async #serve(connection: Connection): Promise<void> {
    try {
      const ip = canonicalIp(connection.remoteAddr.hostname);
      this.#makeRoom(ip);
      this.#connections.set(connection, networkOf(ip));
      const streamer = await withTimeLimit(PATIENCE_MS, undefined, () => this.#answer(connection, ip));
      if (streamer) await stream(connection, streamer);
      await withTimeLimit(LINGER_MS, undefined, async () => {
        await connection.closeWrite();
        await readToEnd(connection);
      });
    } catch {
      // The other side has gone, or takes too long.
    } finally {
      close(connection);
      this.#connections.delete(connection);
    }
  }

  /** Reads a request and answers it. @returns Of a stream, what comes after the head. */
  async #answer(connection: Connection, ip: string): Promise<Streamer | undefined> {
    const request = await readRequest(connection, ip);
    const response = request ? await this.#responseTo(request) : { status: 400 };
    const { body = "" } = response;
    const streams = typeof body === "function";
    const bytes = streams ? undefined : typeof body === "string" ? encoder.encode(body) : body;
    await writeAll(connection, encoder.encode(headOf(response, bytes?.length)));
    if (request?.method === "HEAD") return undefined;
    if (bytes) await writeAll(connection, bytes);
    return streams ? body : undefined;
  }

  async #responseTo(request: HttpRequest): Promise<HttpResponse> {
    try {
      return await this.#handler(request);
    } catch {
      return { status: 500 };
    }
  }

  /** Closes the connection that has to give way to another one of an address, if there is no room. */
  #makeRoom(ip: string): void {
    const counts = new Map<string, number>();
    for (const holder of this.#connections.values()) counts.set(holder, (counts.get(holder) ?? 0) + 1);
    const network = networkOf(ip);
    const crowded = (counts.get(network) ?? 0) >= MAX_ADDRESS_CONNECTIONS && !isLoopback(ip);
    if (!crowded && this.#connections.size < MAX_CONNECTIONS) return;
    const [most = [network]] = [...counts].sort(([, a], [, b]) => b - a);
    this.#closeOldest(crowded ? network : most[0]);
  }

  #closeOldest(network: string): void {
    for (const [connection, holder] of this.#connections) {
      if (holder !== network) continue;
      this.#connections.delete(connection);
      return close(connection);
    }
  }
}

/** @param length Of the body; undefined for a stream, which lasts until the connection ends (RFC 9112, section 6.3). */
function headOf({ status, headers }: HttpResponse, length?: number): string {
  const all = { ...USUAL, ...headers, ...(length === undefined ? {} : { "content-length": `${length}` }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${REASONS[status] ?? ""}`, ...lines, "", ""].join("\r\n");
}

/** Lets a streamer send until it has enough or the reader has gone, which a read tells. */
async function stream(connection: Connection, streamer: Streamer): Promise<void> {
  const gone = new AbortController();
  readToEnd(connection, Infinity).catch(() => {}).then(() => gone.abort());
  const send = async (text: string): Promise<void> => {
    gone.signal.throwIfAborted();
    await withTimeLimit(PATIENCE_MS, undefined, () => writeAll(connection, encoder.encode(text)));
  };
  await streamer(send, gone.signal);
}

/** Reads this many times at most, or until the other side ends. */
async function readToEnd(connection: Reader, times = 8): Promise<void> {
  const rest = new Uint8Array(1024);
  for (let left = times; left > 0; left--) {
    if (await connection.read(rest) === null) return;
  }
}

function close(connection: Connection): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
