/** The sockets on which a registry listens. */

import type { ListenDetail } from "../events/registry_events.ts";
import { canonicalIp, formatEndpoint, ipVersion, isLoopback } from "../protocol/address.ts";
import { lookUpHost } from "../util/look_up_host.ts";
import { hostAddresses } from "../util/host_addresses.ts";
import { pause } from "../util/pause.ts";
import { listenError } from "../util/system_error.ts";
import { tlsError } from "../util/tls_error.ts";
import { closeQuietly, peerOf, type Socket } from "./connection.ts";
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

/** Time for which a socket with the earlier certificate goes on, in milliseconds: closing it resets what is queued for it. */
const RENEWAL_MS = 100;

/** How often the system is asked for a port that is free on every address. */
const MOST_TRIES = 20;

/**
 * Most connections of balancers whose header is awaited: there are descriptors for so many only. When there are more, the one
 * that has been silent for longest goes, since a balancer sends its header at once.
 */
export const MOST_HEADERS = 256;

type Listener = Deno.TcpListener | Deno.TlsListener;

/** Certificate chain and private key in PEM. */
export interface TlsKeys {
  readonly cert: string;
  readonly key: string;
}

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
  /** The sockets by the address that each was opened with. */
  readonly #sockets: Map<string, Listener>;
  /** Connections whose header is awaited, the oldest first. */
  readonly #awaited = new Set<Socket>();
  #serving: ConnectionTaker | undefined;
  /** The sockets that take connections; for a moment also those with an earlier certificate. */
  readonly #open = new Set<Listener>();
  readonly #loops: Promise<void>[] = [];
  readonly #closing = new AbortController();

  private constructor(sockets: Map<string, Listener>, hosts: readonly string[]) {
    const [first] = sockets.values();
    this.#sockets = sockets;
    for (const socket of sockets.values()) this.#open.add(socket);
    this.hosts = hosts;
    this.port = (first?.addr as Deno.NetAddr).port;
  }

  /** @throws {ListenError} If it cannot listen there; `address_in_use` where the port is another process's. */
  static open({ hosts, port, tls }: ListenOptions): Listeners {
    const both = !hosts || hosts.some((host) => canonicalIp(host) === EVERY[6]);
    const dual = both && hasIpv6() && oneSocketForBoth();
    const wanted = !hosts ? hasIpv6() ? dual ? [EVERY[6]] : [EVERY[4], EVERY[6]] : [EVERY[4]] : both
      // All addresses are among these.
      ? dual ? [EVERY[6]] : [EVERY[6], EVERY[4]]
      : [...new Set(hosts.map(canonicalIp))];
    const sockets = openAll(wanted, port, tls);
    const opened = dual && sockets.has(EVERY[6]) ? [EVERY[4], EVERY[6]] : [...sockets.keys()];
    return new Listeners(sockets, opened.sort((a, b) => ipVersion(a) - ipVersion(b)));
  }

  /** Takes connections until it is closed. Never rejects. */
  async serve(taker: ConnectionTaker): Promise<void> {
    this.#serving = taker;
    for (const socket of this.#open) this.#loops.push(this.#accept(socket, taker));
    while (this.#loops.length > 0) await this.#loops.shift();
  }

  /**
   * Uses another certificate and key for connections from now on; those that are open stay. Only where it listens with TLS.
   * The runtime cannot give a listener another certificate, so there is a new one beside the earlier one, which goes on for a
   * moment to take what the system has queued for it. So nobody is refused; a connection that the system gives to the earlier
   * one in its last instant is reset.
   *
   * @throws {ListenError} If they are no good; then everything stays as it is.
   */
  renew(tls: TlsKeys): void {
    if (this.#closed) return;
    const renewed = new Map<string, Listener>();
    try {
      for (const host of this.#sockets.keys()) renewed.set(host, listenTls(host, this.port, tls));
    } catch (error) {
      for (const socket of renewed.values()) socket.close();
      throw error;
    }
    const earlier = [...this.#sockets.values()];
    for (const [host, socket] of renewed) {
      this.#sockets.set(host, socket);
      this.#listen(socket);
    }
    pause(RENEWAL_MS, this.#closing.signal).then(() => earlier.forEach((socket) => this.#stop(socket)));
  }

  /** Stops listening. Connections that were handed over stay. */
  close(): void {
    this.#closing.abort();
    for (const socket of this.#open) this.#stop(socket);
    for (const socket of this.#awaited) closeQuietly(socket);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #listen(socket: Listener): void {
    this.#open.add(socket);
    if (this.#serving) this.#loops.push(this.#accept(socket, this.#serving));
  }

  #stop(socket: Listener): void {
    if (this.#open.delete(socket)) socket.close();
  }

  async #accept(listener: Listener, taker: ConnectionTaker): Promise<void> {
    for (let count = 1; this.#open.has(listener); count++) {
      if (count % ACCEPTED_PER_TURN === 0) await pause(0);
      let socket: Socket;
      try {
        socket = await listener.accept();
      } catch (error) {
        if (this.#open.has(listener) && !isPeersFault(error)) await pause(ACCEPT_RETRY_MS);
        continue;
      }
      if (this.#closed) closeQuietly(socket);
      else if (!taker.proxies?.has(peerOf(socket).ip)) taker.onConnection(socket);
      else this.#identify(socket, taker);
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
function openAll(hosts: readonly string[], port: number, tls: TlsKeys | undefined): Map<string, Listener> {
  for (let tries = 1;; tries++) {
    const sockets = new Map<string, Listener>();
    let missing: ListenError | undefined;
    try {
      for (const host of hosts) {
        try {
          const [first] = sockets.values();
          const taken = (first?.addr as Deno.NetAddr | undefined)?.port;
          sockets.set(host, openOne(host, taken ?? port, tls));
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

function openOne(host: string, port: number, tls: TlsKeys | undefined): Listener {
  const exclusive = listening(host, port, () => Deno.listen({ hostname: host, port }));
  if (!tls) return exclusive;
  // Otherwise another registry with TLS could share the port, too.
  const own = exclusive.addr.port;
  exclusive.close();
  return listenTls(host, own, tls);
}

/** Listens beside an earlier socket of this program, if there is one (`SO_REUSEPORT` of socket(7)). */
function listenTls(hostname: string, port: number, tls: TlsKeys): Deno.TlsListener {
  const reusePort = Deno.build.os !== "windows";
  return listening(hostname, port, () => Deno.listenTls({ hostname, port, ...tls, reusePort }));
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
