/** The panel's HTTP server: its page, the feed, exports, and the way in. */

import { concat } from "@std/bytes/concat";
import { formatEndpoint } from "../protocol/address.ts";
import type { PasswordGate } from "../protocol/password_challenge.ts";
import { jsonLine } from "../trace/json_lines.ts";
import type { LadderMessage } from "../trace/ladder.ts";
import { mermaidLines, type MermaidWords } from "../trace/mermaid.ts";
import { pcapngBlocks } from "../trace/pcapng.ts";
import { pause } from "../util/pause.ts";
import type { TlsKeys } from "../util/tls_relay.ts";
import { cookiesOf, type HttpRequest } from "../web/http_request.ts";
import { type HttpResponse, HttpServer, isOwnHost } from "../web/http_server.ts";
import { PanelAccess, parseLogin } from "./access.ts";
import { eventStream, type FeedSource } from "./event_stream.ts";

/** The files of the page. */
export interface PanelFiles {
  /** In Portuguese: `lang` of another language is put in. */
  readonly html: string;
  readonly loginHtml: string;
  readonly script: string;
  readonly loginScript: string;
  readonly style: string;
  readonly icon: string;
  /** `docs/protocol.md` as a page. */
  readonly protocolHtml: string;
}

/** Options of {@linkcode openPanel}. */
export interface PanelOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Addresses by which other machines reach the panel, as URLs. */
  readonly addresses: readonly string[];
  /** Of the page, until its reader chooses another. */
  readonly language: string;
  readonly words: MermaidWords;
  /** Of the room's password, if it has one. */
  readonly gate?: PasswordGate | undefined;
  readonly tls?: TlsKeys | undefined;
}

/** Nothing from elsewhere, nothing inline, and no other page around this one (CSP, level 3). */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

const HTML = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
};

/** Bytes of an export that are sent at once: they are made within a few milliseconds. */
const PIECE_BYTES = 32_768;

const encoder = new TextEncoder();

/** Reads the page's files. They are in the executable, and only `--panel` needs them. */
export async function loadPanelFiles(): Promise<PanelFiles> {
  const [html, loginHtml, script, loginScript, style, icon, protocolHtml] = await Promise.all([
    import("../../pages/panel/index.html", { with: { type: "text" } }),
    import("../../pages/panel/login.html", { with: { type: "text" } }),
    import("../../pages/built/panel.js", { with: { type: "text" } }),
    import("../../pages/built/login.js", { with: { type: "text" } }),
    import("../../pages/built/panel.css", { with: { type: "text" } }),
    import("../../pages/shared/icon.svg", { with: { type: "text" } }),
    import("../../pages/built/protocol.html", { with: { type: "text" } }),
  ]);
  return {
    html: html.default,
    loginHtml: loginHtml.default,
    script: script.default,
    loginScript: loginScript.default,
    style: style.default,
    icon: icon.default,
    protocolHtml: protocolHtml.default,
  };
}

/**
 * Listens and answers.
 *
 * @throws What `Deno.listen` throws.
 */
export function openPanel(
  source: FeedSource,
  files: PanelFiles,
  options: PanelOptions,
): HttpServer {
  const pages = new PanelPages(source, files, options);
  const own = options.host.toLowerCase();
  const server = new HttpServer(options.host, options.port, (request) => pages.answer(request), {
    tls: options.tls,
    answersTo: (host) => isOwnHost(host) || host === own,
  });
  pages.port = server.port;
  return server;
}

type Answer = HttpResponse | Promise<HttpResponse>;

class PanelPages {
  port = 0;
  readonly #access: PanelAccess;

  constructor(readonly source: FeedSource, readonly files: PanelFiles, readonly options: PanelOptions) {
    this.#access = new PanelAccess(options.gate);
  }

  /**
   * Cookies are those of a host, whatever the port (RFC 6265, section 8.5): another panel there must not replace this one's. With TLS
   * no other host can set it either (RFC 6265bis, section 4.1.3.2).
   */
  get #cookie(): string {
    return `${this.options.tls ? "__Host-" : ""}sala_painel_${this.port}`;
  }

  answer(request: HttpRequest): Answer {
    const { method, path } = request;
    if (path === "/login") return this.#login(request);
    if (method !== "GET" && method !== "HEAD") return { status: 405, headers: { allow: "GET, HEAD" } };
    const open = this.#openPages[path];
    if (open) return open(request);
    const inside = this.#access.admits(cookiesOf(request, this.#cookie));
    if (path === "/") return this.#page(inside ? this.files.html : this.files.loginHtml);
    const page = this.#pages[path];
    if (!page) return { status: 404 };
    return inside ? page(request) : { status: 401 };
  }

  /** Pages for everybody. */
  readonly #openPages: Readonly<Record<string, (request: HttpRequest) => Answer>> = {
    "/login.js": () => script(this.files.loginScript),
    "/panel.css": () => file("text/css; charset=utf-8", this.files.style),
    "/icon.svg": () => file("image/svg+xml", this.files.icon),
    "/challenge": ({ ip }) => {
      const challenge = this.#access.challenge(ip);
      return challenge ? file("application/json", JSON.stringify(challenge)) : { status: 404 };
    },
  };

  /** Pages for those who may see the room. */
  readonly #pages: Readonly<Record<string, (request: HttpRequest) => Answer>> = {
    "/panel.js": () => script(this.files.script),
    "/addresses": () => file("application/json", JSON.stringify(this.options.addresses)),
    "/protocol": () => ({ status: 200, headers: HTML, body: this.files.protocolHtml }),
    "/events": ({ headers, query }) => ({
      status: 200,
      headers: { "content-type": "text/event-stream" },
      body: eventStream(
        this.source,
        headers.get("last-event-id") ?? query.get("after") ?? undefined,
      ),
    }),
    "/export.mmd": ({ query }) =>
      download("text/plain; charset=utf-8", "mmd", mermaidLines(this.#chosen(query), this.options.words)),
    "/export.jsonl": ({ query }) =>
      download("application/x-ndjson", "jsonl", this.#chosen(query).values().map(jsonLine)),
    "/export.pcapng": ({ query }) =>
      download(
        "application/octet-stream",
        "pcapng",
        pcapngBlocks(this.#chosen(query), (message) => commentOf(message, this.options.words)),
      ),
  };

  #login(request: HttpRequest): Answer {
    if (request.method !== "POST") return { status: 405, headers: { allow: "POST" } };
    // A script of another site cannot send this type without asking first (Fetch, section 3.3).
    if (request.headers.get("content-type") !== "application/json") return { status: 400 };
    const answer = parseLogin(request.body);
    if (!answer) return { status: 400 };
    const session = this.#access.answer(performance.now(), request.ip, answer);
    if (session === "wrong") return { status: 403 };
    if (session === "too_often") return { status: 429 };
    const attributes = ["Path=/", "HttpOnly", "SameSite=Strict", ...this.options.tls ? ["Secure"] : []];
    return {
      status: 200,
      headers: { "set-cookie": [`${this.#cookie}=${session}`, ...attributes].join("; ") },
    };
  }

  #page(html: string): HttpResponse {
    // Browsers take it over TLS only, and complain elsewhere (HTML, section 7.1.3).
    const alone = this.options.tls ? { "cross-origin-opener-policy": "same-origin" } : {};
    return {
      status: 200,
      headers: { ...HTML, ...alone },
      body: html.replace('lang="pt"', `lang="${this.options.language}"`),
    };
  }

  /** The messages of a query: of one person or call, and of a time. */
  #chosen(query: URLSearchParams): readonly LadderMessage[] {
    const person = query.get("person");
    const call = query.get("call");
    const [from, to] = [Number(query.get("from") ?? -Infinity), Number(query.get("to") ?? Infinity)];
    return this.source.snapshot().snapshot.messages.filter((message) =>
      (person === null || message.from.name === person || message.to.name === person) &&
      (call === null || message.call === call) &&
      message.at >= from && message.at <= to
    );
  }
}

function file(type: string, body: string): HttpResponse {
  return { status: 200, headers: { "content-type": type }, body };
}

function script(body: string): HttpResponse {
  return file("text/javascript; charset=utf-8", body);
}

/** A file, made while it is sent: tens of thousands of messages at once would keep everybody else waiting. */
function download(type: string, ending: string, parts: Iterable<string | Uint8Array>): HttpResponse {
  const disposition = `attachment; filename="sala.${ending}"`;
  return {
    status: 200,
    headers: { "content-type": type, "content-disposition": disposition },
    body: async (send) => {
      for (const piece of pieces(parts)) {
        await send(piece);
        // What was sent without waiting must not go on and on.
        await pause(0);
      }
    },
  };
}

/** Joins parts until they are long enough to be worth a write. */
function* pieces(parts: Iterable<string | Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    const next = typeof part === "string" ? encoder.encode(part) : part;
    waiting.push(next);
    bytes += next.length;
    if (bytes < PIECE_BYTES) continue;
    yield concat(waiting);
    [waiting, bytes] = [[], 0];
  }
  yield concat(waiting);
}

function commentOf({ from, to, type, transmission, fate }: LadderMessage, words: MermaidWords): string {
  const name = ({ registry, name, ip, port }: LadderMessage["from"]): string =>
    registry ? words.registry : name ?? formatEndpoint({ ip, port });
  const notes = [
    ...transmission > 1 ? [words.transmission(transmission)] : [],
    ...fate === "lost" ? [words.lost] : [],
  ];
  return [`${name(from)} → ${name(to)}: ${type}`, ...notes].join(", ");
}
