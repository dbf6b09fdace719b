/** The HTTP server of a phone's page, on this machine's loopback addresses only. */

import { Access, callerOf } from "./access.ts";
import type { PageFile } from "./page_files.ts";
import { SUBPROTOCOL } from "./page_messages.ts";

/** Seconds without an answer to a ping after which a page counts as gone. */
const IDLE_SECONDS = 30;

/** What the server is for. */
export interface PageServerParts {
  readonly files: ReadonlyMap<string, PageFile>;
  /** Takes the WebSocket of a page that has proved to be the phone's own: `/line` or `/sound`. False refuses it. */
  readonly welcomes: (path: string, query: URLSearchParams) => boolean;
  readonly connected: (socket: WebSocket, path: string, query: URLSearchParams) => void;
}

/** Headers of every response. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  // Isolated from other sites (HTML, section 7.1.4): they share no process and no window with the page, and the page may share
  // memory between its threads.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

/** Listens on 127.0.0.1 and, where there is IPv6, on the same port of ::1. */
export class PageServer implements Disposable {
  readonly port: number;
  readonly #end = new AbortController();
  readonly #access: Access;
  readonly #parts: PageServerParts;

  /**
   * @param port 0 for any free one.
   * @throws What `Deno.serve` throws if it cannot listen.
   */
  constructor(port: number, parts: PageServerParts) {
    this.#parts = parts;
    const first = this.#listen("127.0.0.1", port);
    this.port = first.addr.port;
    this.#access = new Access(this.port);
    try {
      this.#listen("::1", this.port);
    } catch {
      // No IPv6, or another program has the port there. The address that people are told is that of IPv4.
    }
  }

  /** Where the page is. It may be told to nobody but this phone's person. */
  get address(): string {
    return `http://127.0.0.1:${this.port}/#${this.#access.token}`;
  }

  /** Stops at once. The owner closes the WebSockets before. */
  [Symbol.dispose](): void {
    this.#end.abort();
  }

  #listen(hostname: string, port: number): Deno.HttpServer<Deno.NetAddr> {
    const onListen = (): void => {};
    const onError = (): Response => this.#refuse(500);
    const { signal } = this.#end;
    return Deno.serve({ hostname, port, signal, onListen, onError }, (request) => this.#answer(request));
  }

  #answer(request: Request): Response {
    const caller = callerOf(request);
    if (!this.#access.mayRead(caller)) return this.#refuse(403);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return this.#refuse(405, { Allow: "GET, HEAD" });
    }
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/line" || pathname === "/sound") {
      if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
        return this.#refuse(426, { Upgrade: "websocket" });
      }
      if (!this.#access.maySpeak(caller)) return this.#refuse(403);
      if (!this.#parts.welcomes(pathname, searchParams)) return this.#refuse(409);
      return this.#speak(request, pathname, searchParams);
    }
    const file = this.#parts.files.get(pathname);
    if (!file) return this.#refuse(404);
    return new Response(file.text, { headers: { ...HEADERS, "Content-Type": file.type } });
  }

  #speak(request: Request, path: string, query: URLSearchParams): Response {
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: SUBPROTOCOL,
      idleTimeout: IDLE_SECONDS,
    });
    socket.binaryType = "arraybuffer";
    this.#parts.connected(socket, path, query);
    return response;
  }

  #refuse(status: number, headers: Readonly<Record<string, string>> = {}): Response {
    return new Response(null, { status, headers: { ...HEADERS, ...headers } });
  }
}
