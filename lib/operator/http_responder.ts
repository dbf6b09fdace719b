/**
 * A few pages by HTTP (RFC 9112), for programs that watch a registry. One request a connection, so many connections and
 * bytes and no more: `Deno.serve` limits neither, and a registry must not run out of file descriptors.
 */

import { isIP } from "node:net";
import { isLoopback } from "../protocol/address.ts";
import { pause } from "../util/pause.ts";
import { withTimeLimit } from "../util/time_limit.ts";
import { writeAll } from "../util/write_all.ts";

/** Most connections. Another one closes the oldest. */
const MAX_CONNECTIONS = 16;

/** Most bytes of a request's head. */
const MAX_HEAD_BYTES = 8192;

/** Default time limit of a connection, in milliseconds. */
const CONNECTION_MS = 10_000;

/** Time to read on after the response, in milliseconds: see `linger()` of the registry's connections. */
const LINGER_MS = 1000;

/** Pause after a failed accept, in milliseconds: a lack of descriptors lasts a while. */
const ACCEPT_RETRY_MS = 100;

/** The answer to a request for a page. */
export interface Page {
  /** 200 or 503. */
  readonly status: 200 | 503;
  readonly body: string;
  /** Plain text in UTF-8 unless given. */
  readonly type?: string;
}

/** What a responder has, by path. */
export type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

/** Reason phrases (RFC 9110, section 15). */
const REASONS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

interface Response {
  readonly status: keyof typeof REASONS;
  readonly body: string;
  readonly type?: string;
  /** Whether the body is left out. */
  readonly headOnly?: boolean;
}

/** What a head says that is no request, or none for this host. */
type Misfit = { readonly status: 400 | 421 | 431 };

/** The first line of a request and the host that it is for. */
interface RequestHead {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The host's name or address without the port; undefined for HTTP/1.0 without one. */
  readonly host: string | undefined;
}

/** Listens and answers. @throws What `Deno.listen` throws. */
export class HttpResponder implements Disposable {
  readonly host: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #pages: Pages;
  /** In order of arrival. */
  readonly #connections = new Set<Deno.TcpConn>();
  #closed = false;

  readonly #connectionMs: number;

  /**
   * @param port 0 for any free one.
   * @param connectionMs Time limit of a connection, from its beginning until its reader has everything.
   */
  constructor(host: string, port: number, pages: Pages, connectionMs = CONNECTION_MS) {
    this.#connectionMs = connectionMs;
    this.#listener = Deno.listen({ hostname: host, port });
    ({ hostname: this.host, port: this.port } = this.#listener.addr);
    this.#pages = pages;
    this.#accept();
  }

  /** Stops at once. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
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
  async #serve(connection: Deno.TcpConn): Promise<void> {
    const [oldest] = this.#connections;
    if (oldest && this.#connections.size >= MAX_CONNECTIONS) {
      // At once: more connections can arrive before the conversation with this one has ended.
      this.#connections.delete(oldest);
      close(oldest);
    }
    this.#connections.add(connection);
    try {
      await withTimeLimit(this.#connectionMs, undefined, async () => {
        await writeAll(connection, encode(await this.#answer(await readHead(connection))));
        await connection.closeWrite();
      });
      await withTimeLimit(LINGER_MS, undefined, () => readToEnd(connection));
    } catch {
      // The other side has gone, or takes too long.
    } finally {
      close(connection);
      this.#connections.delete(connection);
    }
  }

  async #answer(head: string | Misfit): Promise<Response> {
    const request = typeof head === "string" ? parseRequestHead(head) : head;
    if ("status" in request) return { ...request, body: "" };
    const { method, path, host } = request;
    // Only a browser that was told a false address for a name asks this machine's own address for another host.
    if (isLoopback(this.host) && host !== undefined && !isOwn(host)) return { status: 421, body: "" };
    const page = Object.entries(this.#pages).find(([name]) => name === path)?.[1];
    if (!page) return { status: 404, body: "" };
    if (method !== "GET" && method !== "HEAD") return { status: 405, body: "" };
    try {
      return { ...await page(), headOnly: method === "HEAD" };
    } catch {
      return { status: 500, body: "" };
    }
  }
}

/** Request line (RFC 9112, section 3), its target in origin form or, as to a proxy, in absolute form. */
const REQUEST_LINE = /^([!-~]{1,20}) (?:http:\/\/([^\s/?]+))?(\/[!->@-~]*)(?:\?[!-~]*)? HTTP\/1\.([01])$/i;

/** Field lines (RFC 9112, section 5): no space before the colon, no folded lines. */
const FIELD_LINE = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r]*?)[ \t]*$/;

/** A name, or an address, of IPv6 in brackets, and its port (RFC 3986, section 3.2). */
const HOST = /^([\w.~!$&'()*+,;=%-]*|\[[\w:.%]*\])(?::\d*)?$/;

/** The request of a head. */
export function parseRequestHead(head: string): RequestHead | Misfit {
  const [line = "", ...rest] = head.replace(/\r?\n\r?\n[^]*$/, "").split(/\r?\n/);
  const [, method, authority, path, minor] = REQUEST_LINE.exec(line) ?? [];
  const fields = rest.map((field) => FIELD_LINE.exec(field));
  if (method === undefined || path === undefined || fields.includes(null)) return { status: 400 };
  const hosts = fields.filter((field) => field?.[1]?.toLowerCase() === "host");
  // RFC 9112, section 3.2.
  if (hosts.length > 1 || (hosts.length === 0 && minor === "1")) return { status: 400 };
  const given = authority ?? hosts[0]?.[2];
  if (given === undefined) return { method, path, host: undefined };
  const [, host] = HOST.exec(given) ?? [];
  return host === undefined ? { status: 400 } : { method, path, host };
}

/** Whether a host is an address or this machine's name for itself, which no foreign page in a browser has. */
function isOwn(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0 || name === "localhost" || name.endsWith(".localhost");
}

/** Reads a request up to its empty line. */
async function readHead(connection: Deno.TcpConn): Promise<string | Misfit> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  let text = "";
  while (text.length < MAX_HEAD_BYTES) {
    const count = await connection.read(buffer);
    if (count === null) return { status: 400 };
    // The empty line may have begun with the bytes before. Empty lines before a request are left out (RFC 9112, section 2.2).
    const from = Math.max(0, text.length - 3);
    // Latin-1: each byte is a character.
    text += String.fromCharCode(...buffer.subarray(0, count));
    if (from === 0) text = text.replace(/^[\r\n]+/, "");
    if (/\r?\n\r?\n/.test(text.slice(from))) return text;
  }
  return { status: 431 };
}

async function readToEnd(connection: Deno.TcpConn): Promise<void> {
  const rest = new Uint8Array(MAX_HEAD_BYTES);
  for (let left = 8; left > 0; left--) {
    if (await connection.read(rest) === null) return;
  }
}

function encode(
  { status, body, type = "text/plain; charset=utf-8", headOnly = false }: Response,
): Uint8Array {
  const bytes = new TextEncoder().encode(body);
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    ...status === 405 ? ["Allow: GET, HEAD"] : [],
    `Content-Type: ${type}`,
    `Content-Length: ${bytes.length}`,
    ...["Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Connection: close", "", ""],
  ].join("\r\n");
  const all = new Uint8Array([...new TextEncoder().encode(head), ...headOnly ? [] : bytes]);
  return all;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
