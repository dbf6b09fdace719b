/** Requests of HTTP/1.1 (RFC 9112), as far as a page of Sala makes them. */

/** What a request's head says. */
export interface RequestHead {
  readonly method: string;
  /** Without the query, and as it was sent: percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By name in lower case; the values of several with one name are joined (RFC 9110, section 5.3). */
  readonly headers: ReadonlyMap<string, string>;
  /** The host's name or address in lower case, without brackets, the dot at a name's end and the port; undefined for HTTP/1.0 without one. */
  readonly host: string | undefined;
  /** Of HTTP/1. */
  readonly minorVersion: 0 | 1;
}

/** A request. */
export interface HttpRequest extends RequestHead {
  readonly body: string;
  /** The address that it comes from. */
  readonly ip: string;
}

/** The status of what is no request, or too long. */
export interface Misfit {
  readonly status: 400 | 413 | 431;
}

/** Most bytes of a request's head, and of its body. */
const MAX_HEAD_BYTES = 8192;
const MAX_BODY_BYTES = 4096;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Something to read from, such as a connection. */
export interface Reader {
  read(buffer: Uint8Array): Promise<number | null>;
}

/** Reads a request, and perhaps bytes after it. */
export async function readRequest(from: Reader, ip: string): Promise<HttpRequest | Misfit> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES + MAX_BODY_BYTES);
  const end = new HeadEnd();
  let length = 0;
  const more = async (): Promise<boolean> => {
    const count = length < buffer.length ? await from.read(buffer.subarray(length)) : null;
    length += count ?? 0;
    return count !== null;
  };
  let bodyAt: number | undefined;
  while ((bodyAt = end.find(buffer.subarray(0, Math.min(length, MAX_HEAD_BYTES)))) === undefined) {
    if (length >= MAX_HEAD_BYTES) return { status: 431 };
    if (!await more()) return { status: 400 };
  }
  const head = parseRequestHead(latin1.decode(buffer.subarray(end.start, bodyAt)));
  const wanted = "status" in head ? 0 : bodyLength(head);
  if ("status" in head) return head;
  if (typeof wanted === "object") return wanted;
  while (length < bodyAt + wanted) {
    if (!await more()) return { status: 400 };
  }
  return { ...head, body: new TextDecoder().decode(buffer.subarray(bodyAt, bodyAt + wanted)), ip };
}

/** Latin-1: each byte is a character (RFC 9112, section 2.2). */
const latin1 = new TextDecoder("latin1");

/** Finds the empty line at the end of a head, looking at each byte once, however few come at a time. */
class HeadEnd {
  /** Where the head begins: empty lines before a request are left out (RFC 9112, section 2.2). */
  start = 0;
  #lineStart = 0;
  #seen = 0;

  /** @param bytes All bytes so far. @returns Where the head ends: after its empty line. */
  find(bytes: Uint8Array): number | undefined {
    while (this.#seen < bytes.length) {
      const at = this.#seen++;
      if (bytes[at] !== LINE_FEED) continue;
      const isEmpty = at === this.#lineStart ||
        at === this.#lineStart + 1 && bytes[this.#lineStart] === CARRIAGE_RETURN;
      const isFirst = this.#lineStart === this.start;
      this.#lineStart = at + 1;
      if (isEmpty && !isFirst) return at + 1;
      if (isEmpty) this.start = at + 1;
    }
  }
}

/** Bytes of a request's body (RFC 9112, section 6.3). */
function bodyLength({ headers }: RequestHead): number | Misfit {
  const given = headers.get("content-length") ?? "0";
  if (headers.has("transfer-encoding") || !/^\d+$/.test(given)) return { status: 400 };
  return Number(given) > MAX_BODY_BYTES ? { status: 413 } : Number(given);
}

/** Request line (RFC 9112, section 3), its target in origin form or, as to a proxy, in absolute form. */
const REQUEST_LINE =
  /^([!-~]{1,20}) (?:https?:\/\/([^\s/?]+))?(\/[!->@-~]*)(?:\?([!-~]*))? HTTP\/1\.([01])$/i;

/** Field lines (RFC 9112, section 5): no space before the colon, no folded lines. */
const FIELD_LINE = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r]*?)[ \t]*$/;

/** A name, or an address, of IPv6 in brackets, and its port (RFC 3986, section 3.2). */
const HOST = /^([\w.~!$&'()*+,;=%-]*|\[[\w:.%]*\])(?::\d*)?$/;

/** The request of a head. */
export function parseRequestHead(head: string): RequestHead | Misfit {
  const [line = "", ...rest] = head.replace(/\r?\n\r?\n[^]*$/, "").split(/\r?\n/);
  const [, method, authority, path, query, minor] = REQUEST_LINE.exec(line) ?? [];
  const fields = rest.map((field) => FIELD_LINE.exec(field));
  if (method === undefined || path === undefined || fields.includes(null)) return { status: 400 };
  const headers = joined(fields as RegExpExecArray[]);
  const named = headers.get("host");
  const hosts = fields.filter((field) => field?.[1]?.toLowerCase() === "host");
  // RFC 9112, section 3.2.
  if (hosts.length > 1 || (hosts.length === 0 && minor === "1")) return { status: 400 };
  const host = hostOf(authority ?? named);
  if (host === null) return { status: 400 };
  const minorVersion = minor === "1" ? 1 : 0;
  return { method, path, query: new URLSearchParams(query ?? ""), headers, host, minorVersion };
}

function joined(fields: readonly RegExpExecArray[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [, name = "", value = ""] of fields) {
    const key = name.toLowerCase();
    const before = headers.get(key);
    // RFC 9113, section 8.2.3.
    headers.set(key, before === undefined ? value : `${before}${key === "cookie" ? "; " : ", "}${value}`);
  }
  return headers;
}

/** The host in `Host`. @returns Null if it is none. */
function hostOf(given: string | undefined): string | undefined | null {
  if (given === undefined) return undefined;
  const [, host] = HOST.exec(given) ?? [];
  return host === undefined ? null : host.toLowerCase().replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** The values of a cookie (RFC 6265, section 5.4): several, if another page of this host has set one of that name, too. */
export function cookiesOf({ headers }: Pick<HttpRequest, "headers">, name: string): string[] {
  return (headers.get("cookie")?.split(";") ?? []).map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
}
