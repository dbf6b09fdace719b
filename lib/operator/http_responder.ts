/**
 * A few pages by HTTP (RFC 9112), for programs that watch a registry. One request a connection, so many connections and
 * bytes and no more: `Deno.serve` limits neither, and a registry must not run out of file descriptors.
 */

import { pause } from "../util/pause.ts";
import { withTimeLimit } from "../util/time_limit.ts";
import { writeAll } from "../util/write_all.ts";

/** Most connections. Another one closes the oldest. */
const MAX_CONNECTIONS = 16;

/** Most bytes of a request's head. */
const MAX_HEAD_BYTES = 8192;

/** Time limit of a connection, in milliseconds, from its beginning until its reader has everything. */
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

/** Listens and answers. @throws What `Deno.listen` throws. */
export class HttpResponder implements Disposable {
  readonly host: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #pages: Pages;
  /** In order of arrival. */
  readonly #connections = new Set<Deno.TcpConn>();
  #closed = false;

  /** @param port 0 for any free one. */
  constructor(host: string, port: number, pages: Pages) {
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
    if (oldest && this.#connections.size >= MAX_CONNECTIONS) close(oldest);
    this.#connections.add(connection);
    try {
      await withTimeLimit(CONNECTION_MS, undefined, async () => {
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

  async #answer(head: string | undefined): Promise<Response> {
    const request = parseRequestLine(head ?? "");
    if (!request) return { status: 400, body: "" };
    const { method, path } = request;
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

/** The first line of a request (RFC 9112, section 3), its path without the query. @returns Undefined if it is none. */
export function parseRequestLine(
  head: string,
): { readonly method: string; readonly path: string } | undefined {
  const [, method, path] = /^([!-~]{1,20}) (\/[!->@-~]*)(?:\?[!-~]*)? HTTP\/1\.[01]\r?\n/.exec(head) ?? [];
  return method !== undefined && path !== undefined ? { method, path } : undefined;
}

/** Reads a request up to its empty line. @returns Undefined if it is too long or ends before. */
async function readHead(connection: Deno.TcpConn): Promise<string | undefined> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  for (let length = 0; length < buffer.length;) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) return undefined;
    length += count;
    // Latin-1: each byte is a character (RFC 9112, section 2.2).
    const text = String.fromCharCode(...buffer.subarray(0, length));
    if (/\r?\n\r?\n/.test(text)) return text;
  }
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
