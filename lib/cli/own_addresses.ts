/** The addresses of this machine that phones can type. */

import {
  canonicalIp,
  inZone,
  ipVersion,
  isLinkLocal,
  isLoopback,
  sameIp,
  zoneOf,
} from "../protocol/address.ts";
import type { HostAddress } from "../util/host_addresses.ts";

/** Networks inside this machine, by the names that their programs give them. */
const INTERNAL = /^(docker|br-[0-9a-f]{12}|veth|virbr|vmnet|vboxnet|lxc|lxd|cni|podman)/;

/**
 * The addresses by which phones on other machines reach a registry, IPv4 first; none if only this machine's can. For a
 * link-local one of IPv6 a phone has to name its own interface, so such stands there only if the registry listens at it.
 *
 * @param hosts The addresses that it listens on: `0.0.0.0` is all of IPv4, `::` all of IPv6.
 */
export function ownAddresses(
  hosts: readonly string[],
  own: readonly Pick<HostAddress, "interface" | "ip">[],
): string[] {
  const listening = hosts.map(canonicalIp);
  const single = listening.filter((ip) => !EVERY.includes(ip) && !isLoopback(ip)).map((ip) => {
    if (!isLinkLocal(ip) || ipVersion(ip) !== 6) return ip;
    // A number is good here only; the other machine's interface often has the same name.
    const [given, named] = [zoneOf(ip), own.find((other) => sameIp(other.ip, ip))?.interface];
    return inZone(ip, given === "" || /^\d+$/.test(given) ? named ?? given : given);
  });
  const every = EVERY.filter((ip) => listening.includes(ip)).map(ipVersion);
  return [...single, ...every.length > 0 ? addressesOf(every, own) : []];
}

/** All of IPv4, all of IPv6. */
const EVERY: readonly string[] = ["0.0.0.0", "::"];

/** All addresses of some versions of IP by which other machines reach this one. */
function addressesOf(
  every: readonly number[],
  own: readonly Pick<HostAddress, "interface" | "ip">[],
): string[] {
  const addresses = own
    .filter(({ interface: name, ip }) => !INTERNAL.test(name) && !isLoopback(ip))
    .map(({ ip }) => canonicalIp(ip));
  const common = every.flatMap((version) =>
    addresses.filter((ip) => ipVersion(ip) === version && !isLinkLocal(ip))
  );
  // Machines without a router and DHCP give themselves addresses of 169.254.0.0/16 (RFC 3927).
  return common.length > 0 || !every.includes(4) ? common : addresses.filter((ip) => ipVersion(ip) === 4);
}
