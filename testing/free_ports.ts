import { hasIpv6 } from "./has_ipv6.ts";

/**
 * The lowest and highest port: below the ephemeral ones (from 32768 on Linux), which the system could give to another
 * program before the port is used.
 */
const PORTS = [20_000, 32_000] as const;

/**
 * Finds adjacent ports of this machine that are free for TCP and UDP.
 *
 * @returns The first. It is even, as RTP's is (RFC 3550, section 11).
 */
export function freePorts(count = 1): number {
  const [least, most] = PORTS;
  for (;;) {
    const first = least + 2 * Math.floor(Math.random() * (most - least - count) / 2);
    if (Array.from({ length: count }, (_, index) => first + index).every(isFree)) return first;
  }
}

/** Whether a port is free on both versions of IP, where a registry listens. */
function isFree(port: number): boolean {
  const address = { hostname: "127.0.0.1", port };
  try {
    if (hasIpv6()) Deno.listen({ hostname: "::", port }).close();
    using _listener = Deno.listen(address);
    Deno.listenDatagram({ transport: "udp", ...address }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
