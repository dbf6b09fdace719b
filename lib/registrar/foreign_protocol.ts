/** What a client that is no phone speaks, by the first bytes that it sends, however they are cut into packets. */

import type { ForeignProtocol } from "../events/registry_events.ts";
import { PROXY_BEGINNINGS } from "./proxy_protocol.ts";

/** First bytes of a TLS handshake: content type, major version (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = [22, 3];

/** First line of a request (RFC 9112, section 3) or of HTTP/2 (RFC 9113, section 3.4). */
const HTTP = /^[A-Z]{3,8} \S+ HTTP\//;

/** What may become one. */
const BEGINS_HTTP = /^[A-Z]{1,8}(?: (?:\S+(?: (?:H(?:T(?:TP?)?)?)?)?)?)?$/;

/** What is longer without being told is no request of HTTP, in bytes: a line of a phone must not wait for long. */
const MOST_UNDECIDED = 256;

const FIXED: readonly (readonly [ForeignProtocol, readonly number[]])[] = [
  ...PROXY_BEGINNINGS.map((beginning) => ["proxy", beginning] as const),
  ["tls", TLS_HANDSHAKE],
];

/**
 * What the first bytes of a connection are.
 *
 * @param bytes All of them so far, at least one.
 * @returns `lines` if they are those of a phone, or of nothing known; `undecided` if further ones will tell.
 */
export function protocolOf(bytes: Uint8Array): ForeignProtocol | "lines" | "undecided" {
  let undecided = false;
  for (const [protocol, beginning] of FIXED) {
    const length = Math.min(bytes.length, beginning.length);
    if (!beginning.slice(0, length).every((byte, index) => byte === bytes[index])) continue;
    if (length === beginning.length) return protocol;
    undecided = true;
  }
  if (undecided) return "undecided";
  const text = decoder.decode(bytes.subarray(0, MOST_UNDECIDED));
  if (HTTP.test(text)) return "http";
  return bytes.length < MOST_UNDECIDED && BEGINS_HTTP.test(text) ? "undecided" : "lines";
}

const decoder = new TextDecoder();
