/** The addresses of this machine that phones can type. */

import { canonicalIp, ipVersion, isLinkLocal, isLoopback } from "../protocol/address.ts";
import type { HostAddress } from "../util/host_addresses.ts";

/** Networks inside this machine, by the names that their programs give them. */
const INTERNAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|lxd|cni|podman)/;

/**
 * The addresses by which phones on other machines reach a registry, IPv4 first; none if only this machine's can. A phone
 * would have to name its own interface for a link-local one.
 *
 * @param host The address that it listens on.
 */
export function ownAddresses(host: string, own: readonly Pick<HostAddress, "interface" | "ip">[]): string[] {
  const listening = canonicalIp(host);
  const every = { "0.0.0.0": [4], "::": [4, 6] }[listening];
  if (!every) return isLoopback(listening) ? [] : [listening];
  const addresses = own
    .filter(({ interface: name, ip }) => !INTERNAL.test(name) && !isLoopback(ip) && !isLinkLocal(ip))
    .map(({ ip }) => canonicalIp(ip));
  return every.flatMap((version) => addresses.filter((ip) => ipVersion(ip) === version));
}
