/** The addresses of this machine that phones can type. */

import { canonicalIp, ipVersion, isLinkLocal, isLoopback } from "../protocol/address.ts";
import type { HostAddress } from "../util/host_addresses.ts";

/** Networks inside this machine, by the names that their programs give them. */
const INTERNAL = /^(docker|br-[0-9a-f]{12}|veth|virbr|vmnet|vboxnet|lxc|lxd|cni|podman)/;

/**
 * The addresses by which phones on other machines reach a registry, IPv4 first; none if only this machine's can. For a
 * link-local one of IPv6 a phone has to name its own interface, so such stands there only if the registry listens at it.
 *
 * @param host The address that it listens on.
 */
export function ownAddresses(host: string, own: readonly Pick<HostAddress, "interface" | "ip">[]): string[] {
  const listening = canonicalIp(host);
  const every = { "0.0.0.0": [4], "::": [4, 6] }[listening];
  if (!every) {
    if (isLoopback(listening)) return [];
    const zone = own.find(({ ip }) => ip === listening)?.interface;
    // The other machine's interface often has the same name.
    return [isLinkLocal(listening) && ipVersion(listening) === 6 ? `${listening}%${zone}` : listening];
  }
  const addresses = own
    .filter(({ interface: name, ip }) => !INTERNAL.test(name) && !isLoopback(ip))
    .map(({ ip }) => canonicalIp(ip));
  const common = every.flatMap((version) =>
    addresses.filter((ip) => ipVersion(ip) === version && !isLinkLocal(ip))
  );
  // Machines without a router and DHCP give themselves addresses of 169.254.0.0/16 (RFC 3927).
  return common.length > 0 ? common : addresses.filter((ip) => ipVersion(ip) === 4);
}
