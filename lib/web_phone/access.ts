/**
 * Who may speak to the phone's page server: only the page that the phone opened, which has the token of its address.
 *
 * - A page of another site, whose name an attacker let resolve to this machine (DNS rebinding), has that name in `Host`.
 * - A script of another page has that page in `Origin`, which browsers set and scripts cannot (WHATWG Fetch, section 3.2).
 * - A program of another user of this machine may send any header, and does not know the token.
 *
 * The token is in the fragment of the address, which browsers send to nobody, and then in a header of the WebSocket's
 * handshake. A cookie would go to every server on this host, whatever its port, also to another user's (RFC 6265, section 8.5).
 */

import { timingSafeEqual } from "node:crypto";
import { SUBPROTOCOL } from "./page_messages.ts";

/** Bytes of the token: 128 bits. */
const TOKEN_BYTES = 16;

/** A new token, in the alphabet of a subprotocol's name (RFC 9110, section 5.6.2). */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toHex();
}

/** The port of HTTP, which browsers leave out of `Host` and `Origin`. */
const HTTP_PORT = 80;

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/** What a request says about who sent it. */
export interface Caller {
  readonly host: string | null;
  readonly origin: string | null;
  /** The subprotocols that a WebSocket's handshake offers (RFC 6455, section 11.3.4). */
  readonly protocols: string | null;
}

/** The headers of a request that say who sent it. */
export function callerOf({ headers }: Request): Caller {
  return {
    host: headers.get("host"),
    origin: headers.get("origin"),
    protocols: headers.get("sec-websocket-protocol"),
  };
}

/** Decides about requests to one port. */
export class Access {
  readonly token: string;
  readonly #hosts: readonly string[];

  constructor(port: number, token: string = newToken()) {
    this.token = token;
    this.#hosts = LOOPBACK_NAMES.map((name) => port === HTTP_PORT ? name : `${name}:${port}`);
  }

  /** Whether a request is for this server under one of its own names. Scripts and styles, which are no secret, need no more. */
  mayRead({ host }: Caller): boolean {
    return host !== null && this.#hosts.includes(host.toLowerCase());
  }

  /** Whether a WebSocket's handshake comes from the phone's own page. */
  maySpeak(caller: Caller): boolean {
    const { host, origin, protocols } = caller;
    const [name, token, ...more] = protocols?.split(",").map((one) => one.trim()) ?? [];
    return this.mayRead(caller) && origin === `http://${host}` && name === SUBPROTOCOL && more.length === 0 &&
      token !== undefined && this.#isToken(token);
  }

  #isToken(text: string): boolean {
    const [given, right] = [text, this.token].map((one) => new TextEncoder().encode(one));
    return given!.length === right!.length && timingSafeEqual(given!, right!);
  }
}
