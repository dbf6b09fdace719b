/** Requests of HTTP/1.1 (RFC 9112), as far as a page of Sala makes them. */

/** A request. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By name in lower case; of several with one name, the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** The address that it comes from. */
  readonly ip: string;
}

/** Most bytes of a request's head, and of its body. */
const MAX_HEAD_BYTES = 8192;
const MAX_BODY_BYTES = 4096;

/** Something to read from, such as a connection. */
export interface Reader {
  read(buffer: Uint8Array): Promise<number | null>;
}

interface Head extends Pick<HttpRequest, "method" | "path" | "query" | "headers"> {
  /** Its length. */
  readonly bytes: number;
}

/** Reads a request. @returns Undefined if it is none, is too long or ends before. */
export async function readRequest(from: Reader, ip: string): Promise<HttpRequest | undefined> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES + MAX_BODY_BYTES);
  let length = 0;
  const more = async (): Promise<boolean> => {
    const count = length < buffer.length ? await from.read(buffer.subarray(length)) : null;
    length += count ?? 0;
    return count !== null;
  };
  let end: number | undefined;
  while ((end = endOfHead(buffer.subarray(0, length))) === undefined) {
    if (length > MAX_HEAD_BYTES || !await more()) return undefined;
  }
  if (end > MAX_HEAD_BYTES) return undefined;
  const head = parseHead(buffer.subarray(0, end));
  if (!head || head.headers.has("transfer-encoding")) return undefined;
  const { bytes, ...rest } = head;
  const wanted = Number(rest.headers.get("content-length") ?? 0);
  if (!Number.isSafeInteger(wanted) || wanted < 0 || wanted > MAX_BODY_BYTES) return undefined;
  while (length < bytes + wanted) {
    if (!await more()) return undefined;
  }
  return { ...rest, body: new TextDecoder().decode(buffer.subarray(bytes, bytes + wanted)), ip };
}

/** Latin-1: each byte is a character (RFC 9112, section 2.2). */
const latin1 = new TextDecoder("latin1");

/** Where the head ends: after its empty line. */
function endOfHead(bytes: Uint8Array): number | undefined {
  const found = /\r?\n\r?\n/.exec(latin1.decode(bytes));
  return found ? found.index + found[0].length : undefined;
}

function parseHead(bytes: Uint8Array): Head | undefined {
  const [first = "", ...lines] = latin1.decode(bytes).trimEnd().split(/\r?\n/);
  const [, method, target] = /^([A-Z]{1,20}) (\/[!-~]*) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const [path = "", query] = target.split("?", 2);
  const headers = new Map(lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return colon > 0 ? [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const] : [];
  }));
  return { method, path, query: new URLSearchParams(query), headers, bytes: bytes.length };
}

/** The value of a cookie (RFC 6265, section 5.4). */
export function cookieOf({ headers }: Pick<HttpRequest, "headers">, name: string): string | undefined {
  for (const pair of headers.get("cookie")?.split(";") ?? []) {
    const [key = "", value] = pair.trim().split("=", 2);
    if (key === name) return value;
  }
}
