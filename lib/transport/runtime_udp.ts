/** UDP sockets of the runtime, `Deno.listenDatagram`, on every system. */

import { type Endpoint, ipVersion, isLinkLocal } from "../protocol/address.ts";
import { systemClock } from "../util/clock.ts";
import { type SystemError, systemError } from "../util/system_error.ts";
import { type DatagramListener, RECEIVE_BYTES, type UdpDriver, type UdpSocket } from "./udp_socket.ts";

/** Time for which the links of this machine are taken to be the same, in milliseconds. */
const SAME_LINKS_MS = 5_000;

/**
 * The runtime's UDP. It has no way to mark packets, nor to filter them, nor to choose the address that they leave from, and does
 * not tell the zone of a link-local sender: what goes to a link-local address without a zone goes out on every link, one of
 * which has it.
 */
export const runtimeUdp: UdpDriver = {
  clock: systemClock,
  open(version, port, listener) {
    const hostname = version === 6 ? "::" : "0.0.0.0";
    return new RuntimeUdpSocket(Deno.listenDatagram({ transport: "udp", hostname, port }), listener);
  },
  // The event loop receives, and serves all others in turn anyway.
  restDuring: async (work) => {
    await work;
  },
};

/** EINVAL is what a blackhole in the table of routes gives on Linux (ip-route(8)). */
function sendError(error: unknown): SystemError {
  const isBlackhole = error instanceof Error && "code" in error && error.code === "EINVAL";
  return isBlackhole ? { kind: "network_unreachable" } : systemError(error);
}

class RuntimeUdpSocket implements UdpSocket {
  readonly port: number;
  readonly #socket: Deno.DatagramConn;
  readonly #listener: DatagramListener;
  readonly #receiving: Promise<void>;
  #lastSent: Promise<unknown> = Promise.resolve();
  #receiver: { readonly ip: string; readonly names: readonly string[]; readonly until: number } | undefined;
  #closed = false;

  constructor(socket: Deno.DatagramConn, listener: DatagramListener) {
    this.port = (socket.addr as Deno.NetAddr).port;
    this.#socket = socket;
    this.#listener = listener;
    this.#receiving = this.#receive();
  }

  send(datagram: Uint8Array<ArrayBuffer>, to: Endpoint, failed?: (error: SystemError) => void): void {
    if (this.#closed) return;
    const names = this.#namesOf(to.ip);
    for (const hostname of names) {
      this.#lastSent = this.#socket.send(datagram, { transport: "udp", hostname, port: to.port })
        .catch((error) => {
          // On several links, one failure says nothing.
          if (names.length === 1) failed?.(sendError(error));
        });
    }
  }

  #namesOf(ip: string): readonly string[] {
    const now = performance.now();
    if (this.#receiver?.ip !== ip || this.#receiver.until <= now) {
      this.#receiver = { ip, names: onEveryLink(ip), until: now + SAME_LINKS_MS };
    }
    return this.#receiver.names;
  }

  attachFilter(): void {
    // The runtime has no filters.
  }

  detachFilter(): void {}

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#lastSent;
    this.#socket.close();
    await this.#receiving;
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BYTES);
    while (!this.#closed) {
      try {
        const [datagram, address] = await this.#socket.receive(buffer);
        const { hostname: ip, port } = address as Deno.NetAddr;
        if (!this.#closed) this.#listener(datagram as Uint8Array<ArrayBuffer>, { ip, port });
      } catch {
        // Some systems report here that an earlier datagram did not arrive. Go on after a turn of the event loop.
        if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
  }
}

/** An address with the zone of each link that it may be on; alone if it needs none, or if the links are not told. */
function onEveryLink(ip: string): readonly string[] {
  if (ipVersion(ip) !== 6 || !isLinkLocal(ip) || ip.includes("%")) return [ip];
  try {
    const names = new Set<string>();
    for (const link of Deno.networkInterfaces()) {
      if (link.family === "IPv6" && isLinkLocal(link.address)) names.add(`${ip}%${link.scopeid}`);
    }
    return names.size === 0 ? [ip] : [...names];
  } catch {
    return [ip]; // Not permitted.
  }
}
