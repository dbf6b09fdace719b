/** The sockets on which a registry listens. */

import type { ListenDetail } from "../events/registry_events.ts";
import { canonicalIp, formatEndpoint, ipVersion, isLoopback } from "../protocol/address.ts";
import { closeQuietly } from "../util/close_quietly.ts";
import { lookUpHost } from "../util/look_up_host.ts";
import { hostAddresses } from "../util/host_addresses.ts";
import { pause } from "../util/pause.ts";
import { listenError } from "../util/system_error.ts";
import { tlsError } from "../util/tls_error.ts";
import { type TlsKeys, TlsRelay } from "../util/tls_relay.ts";
import { peerOf, type Socket } from "./connection.ts";
import { type ProxyProblem, readProxyHeader, type TrustedProxies } from "./proxy_protocol.ts";

/** All addresses of this host, by version of IP. */
const EVERY = { 4: "0.0.0.0", 6: "::" } as const;

/** Pause after a failed accept, since a lack of descriptors lasts a while. */
const ACCEPT_RETRY_MS = 100;

/**
 * Connections accepted in one turn of the event loop. All that wait could be accepted in one: while 5,000 phones came back, others
 * waited 300 ms for a lookup, and now 10 to 30 ms.
 */
const ACCEPTED_PER_TURN = 16;

/** How often the system is asked for a port that is free on every address. */
const MOST_TRIES = 20;

/**
 * Most connections of balancers whose header is awaited: there are descriptors for so many only. When there are more, the one
 * that has been silent for longest goes, since a balancer sends its header at once.
 */
export const MOST_HEADERS = 256;

/** Where and how to listen. */
export interface ListenOptions {
  /**
   * Local addresses: `0.0.0.0` is all of IPv4, `::` all of IPv6 and IPv4. Those that this host does not have are left out,
   * unless it has none of them. Without any, all of IPv4 and, where this host has it, of IPv6.
   */
  readonly hosts?: readonly string[] | undefined;
  /** The same on all addresses; 0 for any free one. */
  readonly port: number;
  /** With it, TLS only. */
  readonly tls?: TlsKeys | undefined;
}

/** What connections need to be taken. */
export interface ConnectionTaker {
  /** Addresses of load balancers, whose connections begin with a header of the PROXY protocol; none if there are none. */
  readonly proxies?: TrustedProxies | undefined;
  /** Time for such a header, in milliseconds. */
  readonly headerMs?: number | undefined;
  /** Takes a connection. Its {@linkcode peerOf} is the phone, also behind a balancer. Must not throw. */
  readonly onConnection: (socket: Socket) => void;
  /** A connection of a balancer was closed for want of a header, or of places to wait for it. Must not throw. */
  readonly onProxyProblem: (ip: string, problem: ProxyProblem) => void;
}

/** The registry cannot listen, such as at an address that is not this machine's or with a key that is none. */
export class ListenError extends Error {
  override readonly name = "ListenError";

  constructor(readonly detail: ListenDetail) {
    super(`Cannot listen at ${formatEndpoint({ ip: detail.host, port: detail.port })}: ${detail.cause.kind}`);
  }
}

/** All sockets on which a registry listens. */
export class Listeners {
  /** The addresses that they listen on, IPv4 first; with `0.0.0.0` and `::` where one socket does for both. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Connections whose header is awaited, the oldest first. */
  readonly #awaited = new Set<Socket>();
  readonly #sockets: readonly Deno.TcpListener[];
  /** With TLS. */
  readonly #relay: TlsRelay | undefined;
  readonly #closing = new AbortController();

  private constructor(
    sockets: readonly Deno.TcpListener[],
    hosts: readonly string[],
    relay: TlsRelay | undefined,
  ) {
    this.#sockets = sockets;
    this.#relay = relay;
    this.hosts = hosts;
    this.port = (sockets[0]?.addr as Deno.NetAddr).port;
  }

  /** @throws {ListenError} If it cannot listen there; `address_in_use` where the port is another process's. */
  static open({ hosts, port, tls }: ListenOptions): Listeners {
    const both = !hosts || hosts.some((host) => canonicalIp(host) === EVERY[6]);
    // A socket of all addresses can be had where there is no address of IPv6 yet.
    const dual = both && (hosts !== undefined || hasIpv6()) && oneSocketForBoth();
    const wanted = !hosts ? hasIpv6() ? dual ? [EVERY[6]] : [EVERY[4], EVERY[6]] : [EVERY[4]] : both
      // All addresses are among these.
      ? dual ? [EVERY[6]] : [EVERY[6], EVERY[4]]
      : [...new Set(hosts.map(canonicalIp))];
    const sockets = openAll(wanted, port);
    const opened = dual && sockets.has(EVERY[6]) ? [EVERY[4], EVERY[6]] : [...sockets.keys()];
    opened.sort((a, b) => ipVersion(a) - ipVersion(b));
    try {
      const relay = tls && listening(opened[0] ?? "", port, () => new TlsRelay(tls));
      return new Listeners([...sockets.values()], opened, relay);
    } catch (error) {
      for (const socket of sockets.values()) socket.close();
      throw error;
    }
  }

  /** Takes connections until it is closed. Never rejects. */
  async serve(taker: ConnectionTaker): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => this.#accept(socket, taker)));
  }

  /**
   * Uses another certificate and key for connections from now on; those that are open stay. Only where it listens with TLS.
   *
   * @throws {ListenError} If they are no good; then everything stays as it is.
   */
  renew(tls: TlsKeys): void {
    if (!this.#closed) listening(this.hosts[0] ?? "", this.port, () => this.#relay?.renew(tls));
  }

  /** Stops listening. Connections that were handed over stay. */
  close(): void {
    if (this.#closed) return;
    this.#closing.abort();
    for (const socket of this.#sockets) socket.close();
    for (const socket of this.#awaited) closeQuietly(socket);
    this.#relay?.close();
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #accept(listener: Deno.TcpListener, taker: ConnectionTaker): Promise<void> {
    for (let count = 1; !this.#closed; count++) {
      if (count % ACCEPTED_PER_TURN === 0) await pause(0);
      let plain: Deno.TcpConn | undefined;
      try {
        plain = await listener.accept();
        const phone = peerOf(plain);
        const socket = this.#relay ? Object.assign(await this.#relay.secure(plain), { phone }) : plain;
        if (this.#closed) closeQuietly(socket);
        else if (!taker.proxies?.has(peerOf(socket).ip)) taker.onConnection(socket);
        else this.#identify(socket, taker);
      } catch (error) {
        if (plain) closeQuietly(plain);
        if (!this.#closed && !isPeersFault(error)) await pause(ACCEPT_RETRY_MS, this.#closing.signal);
      }
    }
  }

  /** Reads for whom a balancer connects, and hands the connection over. Never rejects. */
  async #identify(
    socket: Socket,
    { onConnection, onProxyProblem, headerMs }: ConnectionTaker,
  ): Promise<void> {
    const [oldest] = this.#awaited;
    if (oldest && this.#awaited.size >= MOST_HEADERS) this.#crowdOut(oldest, onProxyProblem);
    this.#awaited.add(socket);
    const header = await readProxyHeader(socket, headerMs).catch(() => undefined);
    if (!this.#awaited.delete(socket)) return;
    if (header === undefined || typeof header === "string" || this.#closed) {
      if (typeof header === "string" && !this.#closed) onProxyProblem(peerOf(socket).ip, header);
      closeQuietly(socket);
      return;
    }
    // A loopback address is one of the balancer's machine, whose address the connection itself has.
    const named = header.kind === "proxied" &&
      (!isLoopback(header.source.ip) || isLoopback(peerOf(socket).ip));
    onConnection(named ? Object.assign(socket, { phone: header.source }) : socket);
  }

  #crowdOut(silent: Socket, onProxyProblem: ConnectionTaker["onProxyProblem"]): void {
    this.#awaited.delete(silent);
    onProxyProblem(peerOf(silent).ip, "timeout");
    closeQuietly(silent);
  }
}

/**
 * The addresses to listen on at a host of the command line: all that a name has. `localhost` is each loopback address,
 * whatever the system's table of hosts says (RFC 6761, section 6.3).
 *
 * @throws {ListenError} If it has none.
 */
export async function addressesOfHost(host: string, port: number): Promise<string[]> {
  if (ipVersion(host) !== 0) return [host];
  if (host.toLowerCase() === "localhost") return ["127.0.0.1", "::1"];
  try {
    return await lookUpHost(host);
  } catch (error) {
    throw new ListenError({ kind: "cannot_listen", host, port, cause: listenError(error, port) });
  }
}

/** Whether this host has any IPv6 address; if it does not tell them, opening a socket will show. */
function hasIpv6(): boolean {
  const own = hostAddresses();
  return own.length === 0 || own.some(({ ip }) => ipVersion(ip) === 6);
}

/**
 * Whether a socket of `::` takes IPv4, too: the system decides (Linux's `net.ipv6.bindv6only`), and the runtime does not
 * tell. If it does, nobody can listen at `0.0.0.0` beside it. Several ports, since another program may have one of them.
 */
function oneSocketForBoth(): boolean {
  return [1, 2, 3].every(() => {
    try {
      using six = Deno.listen({ hostname: EVERY[6], port: 0 });
      Deno.listen({ hostname: EVERY[4], port: six.addr.port }).close();
      return false;
    } catch (error) {
      return error instanceof Deno.errors.AddrInUse;
    }
  });
}

/** Opens a socket for each address that this host has, all on one port. @throws {ListenError} */
function openAll(hosts: readonly string[], port: number): Map<string, Deno.TcpListener> {
  for (let tries = 1;; tries++) {
    const sockets = new Map<string, Deno.TcpListener>();
    let missing: ListenError | undefined;
    try {
      for (const host of hosts) {
        try {
          const [first] = sockets.values();
          const taken = (first?.addr as Deno.NetAddr | undefined)?.port;
          sockets.set(host, openOne(host, taken ?? port));
        } catch (error) {
          if (!(error instanceof ListenError) || !LACKING.has(error.detail.cause.kind)) throw error;
          missing ??= error;
        }
      }
      if (sockets.size === 0 && missing) throw missing;
      return sockets;
    } catch (error) {
      for (const socket of sockets.values()) socket.close();
      const inUse = error instanceof ListenError && error.detail.cause.kind === "address_in_use";
      if (!inUse || port !== 0 || tries === MOST_TRIES) throw error;
    }
  }
}

/** What the system says of an address that this host does not have. */
const LACKING: ReadonlySet<string> = new Set<ListenDetail["cause"]["kind"]>([
  "address_not_available",
  "ip_version_not_available",
]);

function openOne(hostname: string, port: number): Deno.TcpListener {
  return listening(hostname, port, () => Deno.listen({ hostname, port }));
}

/** The result of `listen`. @throws {ListenError} If it throws. */
export function listening<Result>(host: string, port: number, listen: () => Result): Result {
  try {
    return listen();
  } catch (error) {
    const cause = tlsError(error) ?? listenError(error, port);
    throw new ListenError({ kind: "cannot_listen", host, port, cause });
  }
}

/**
 * Whether a connection could not be accepted because its peer has reset it already: the next one is another's. A pause for each would
 * let ten such connections a second keep everybody out.
 */
function isPeersFault(error: unknown): boolean {
  return [Deno.errors.NotConnected, Deno.errors.ConnectionAborted, Deno.errors.ConnectionReset]
    .some((kind) => error instanceof kind);
}
