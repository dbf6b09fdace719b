/** IP addresses and ports, as messages carry them, and which of them a phone can have. */

import { BlockList, isIP } from "node:net";
import type { HostAddress } from "../util/host_addresses.ts";

/** An IPv4 or IPv6 address and a port. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** Whether a value is the text form of an IPv4 or IPv6 address without a zone, which is valid on one host only. */
export function isIpAddress(value: unknown): value is string {
  return typeof value === "string" && !value.includes("%") && isIP(value) !== 0;
}

/** Whether a value is a port number, 1 to 65535. */
export function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535;
}

/** 4 or 6; 0 if the text is no address. */
export function ipVersion(ip: string): 0 | 4 | 6 {
  return isIP(ip) as 0 | 4 | 6;
}

/**
 * The canonical text form, for comparison: IPv6 as in RFC 5952, and an IPv4-mapped address of a dual-stack socket,
 * `::ffff:192.0.2.1`, as `192.0.2.1` (RFC 4291, section 2.5.5.2). A zone stays.
 */
export function canonicalIp(ip: string): string {
  if (isIP(ip) !== 6) return ip;
  if (ip.includes("%")) return inZone(ip);
  const compressed = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(compressed);
  if (!mapped) return compressed;
  return mapped.slice(1).flatMap((group) => {
    const sixteenBits = parseInt(group, 16);
    return [sixteenBits >> 8, sixteenBits & 0xff];
  }).join(".");
}

/** The zone of an address, `eth0` in `fe80::1%eth0` (RFC 4007, section 11): the link that it is on. Empty without one. */
export function zoneOf(ip: string): string {
  const at = ip.indexOf("%");
  return at < 0 ? "" : ip.slice(at + 1);
}

/** Whether an address is a loopback address (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
export function isLoopback(ip: string): boolean {
  return ip.startsWith("127.") || ip === "::1";
}

/** `192.0.2.1:6000` or `[2001:db8::1]:6000`. */
export function formatEndpoint({ ip, port }: Endpoint): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/**
 * Whether two endpoints are the same, however their addresses are written. One without a zone is the same as on any link: not
 * every system tells the zone.
 */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  // Most texts are equal; others are compared in their canonical form.
  return a.port === b.port && (a.ip === b.ip || sameIp(a.ip, b.ip));
}

/** Whether two texts are the same address; one without a zone is that on any link. */
export function sameIp(a: string, b: string): boolean {
  const [zoneA, zoneB] = [zoneOf(a), zoneOf(b)];
  // A link has a name and a number.
  const comparable = zoneA !== "" && zoneB !== "" && /^\d+$/.test(zoneA) === /^\d+$/.test(zoneB);
  const zone = comparable ? undefined : "";
  return inZone(a, zone) === inZone(b, zone);
}

/** The canonical form of an address in another zone, or none (`""`); its own unless given. */
export function inZone(ip: string, zone = zoneOf(ip)): string {
  const address = canonicalIp(ip.split("%", 1)[0] as string);
  return zone === "" ? address : `${address}%${zone}`;
}

/**
 * What one host may have all addresses of: an IPv4 address, or the /64 of an IPv6 address (RFC 4291, section 2.5.1). All hosts
 * of a link share the prefix of link-local addresses, so these count each by itself.
 */
export function networkOf(ip: string): string {
  const known = networks.get(ip);
  if (known !== undefined) return known;
  if (networks.size >= MAX_NETWORKS) networks.clear();
  const found = findNetwork(ip);
  // One text for both, where they are the same: thousands of them are kept.
  const network = found === ip ? ip : found;
  networks.set(ip, network);
  return network;
}

/** Networks of the latest addresses: a flood asks several times for each datagram. */
const networks = new Map<string, string>();
const MAX_NETWORKS = 256;

function findNetwork(ip: string): string {
  const address = inZone(ip);
  if (ipVersion(address) !== 6 || isLinkLocal(address)) return address;
  const [head = "", tail] = address.split("::").map((half) => half === "" ? [] : half.split(":"));
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...new Array<string>(zeros).fill("0"), ...(tail ?? [])].slice(0, 4).join(":");
}

/**
 * Whether two addresses may be of one host: they are the same, or of one /64 of IPv6, where a host has several and sends from
 * the newest (RFC 8981).
 */
export function maybeSameHost(a: string, b: string): boolean {
  return sameIp(a, b) || networkOf(a) === networkOf(b);
}

/** Why an address is not that of a phone. */
export type AddressProblem =
  /** No text of an IPv4 or IPv6 address. */
  | { readonly kind: "no_address" }
  /** No port number. */
  | { readonly kind: "no_port" }
  /** "This host on this network" (RFC 1122, section 3.2.1.3); Linux takes it for the own machine. */
  | { readonly kind: "unspecified_address" }
  | { readonly kind: "multicast_address" }
  /** Everybody on a network: 255.255.255.255, or the last (formerly also the first) address of one of this host's. */
  | { readonly kind: "broadcast_address" }
  /** Class E of IPv4 (RFC 1112, section 4), and what IPv6 discards or no longer uses (RFC 6666; RFC 4291, 2.5.5.1). */
  | { readonly kind: "reserved_address" }
  /** Each machine's own (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
  | { readonly kind: "loopback_address" }
  /** This phone's own address is a loopback address, and answers from another machine cannot come there. */
  | { readonly kind: "own_loopback_address" }
  /** Link-local (RFC 3927; RFC 4291, section 2.5.6), and this host has several networks, or none, where it may be. */
  | { readonly kind: "link_local_address" }
  /** Link-local on the command line, without the zone that says on which network it is (RFC 4007, section 11). */
  | { readonly kind: "no_zone" };

/** Addresses that are no phone's on any network, with the length of their prefixes in bits. The first row counts. */
const NOWHERE: readonly (readonly [AddressProblem["kind"], ...(readonly [net: string, prefix: number])[]])[] =
  [
    ["unspecified_address", ["0.0.0.0", 8], ["::", 128]],
    ["multicast_address", ["224.0.0.0", 4], ["ff00::", 8]],
    ["broadcast_address", ["255.255.255.255", 32]],
    ["loopback_address", ["::1", 128]],
    ["reserved_address", ["240.0.0.0", 4], ["::", 96], ["100::", 64]],
  ];

/** Some networks of both versions. */
class Networks {
  /** Network and mask of each of IPv4: `BlockList` takes fifty times as long, for every phone that registers. */
  readonly #ipv4: readonly (readonly [net: number, mask: number])[];
  readonly #ipv6 = new BlockList();

  constructor(...nets: readonly (readonly [net: string, prefix: number])[]) {
    this.#ipv4 = nets.filter(([net]) => isIP(net) === 4)
      .map(([net, prefix]) => [numberOf(net), -1 << 32 - prefix >>> 0]);
    for (const [net, prefix] of nets) if (isIP(net) === 6) this.#ipv6.addSubnet(net, prefix, "ipv6");
  }

  /** @param ip In its canonical form, without a zone. */
  has(ip: string): boolean {
    if (isIP(ip) === 6) return this.#ipv6.check(ip, "ipv6");
    const address = numberOf(ip);
    return this.#ipv4.some(([net, mask]) => (address & mask) >>> 0 === net);
  }
}

const NOWHERE_NETWORKS = NOWHERE.map(([kind, ...nets]) => [kind, new Networks(...nets)] as const);
const LINK_LOCAL = new Networks(["169.254.0.0", 16], ["fe80::", 10]);

function family(ip: string): "ipv4" | "ipv6" {
  return isIP(ip) === 6 ? "ipv6" : "ipv4";
}

/** Whether an address is valid on one link only (RFC 3927; RFC 4291, section 2.5.6). */
export function isLinkLocal(ip: string): boolean {
  const address = inZone(ip, "");
  return isIP(address) !== 0 && LINK_LOCAL.has(address);
}

/** What is wrong with an address on any network; undefined for loopback addresses, which a phone may have. */
export function addressProblem(ip: string): AddressProblem | undefined {
  if (!isIpAddress(ip)) return { kind: "no_address" };
  const address = canonicalIp(ip);
  const kind = NOWHERE_NETWORKS.find(([, networks]) => networks.has(address))?.[0];
  return kind === undefined || kind === "loopback_address" ? undefined : { kind };
}

/** Whether an address is one of this host's. */
export function isOwnAddress(ip: string, own: readonly HostAddress[]): boolean {
  const address = inZone(ip, "");
  return own.some((other) => inZone(other.ip, "") === address);
}

/**
 * What is wrong with the address of a phone, seen from this host.
 *
 * @param own This host's addresses; none if they are not known.
 * @param near Whether the phone is on this host, so that a loopback address leads to it.
 */
export function unreachable(
  { ip, port }: Endpoint,
  own: readonly HostAddress[],
  near: boolean,
): AddressProblem | undefined {
  const problem = addressProblem(ip);
  if (problem) return problem;
  if (!isPort(port)) return { kind: "no_port" };
  const address = canonicalIp(ip);
  if (isBroadcast(address, own)) return { kind: "broadcast_address" };
  if (isLoopback(address) && !near) return { kind: "loopback_address" };
  // Without a zone, the system sends to a link-local address on whichever network it likes.
  const lost = isLinkLocal(address) && own.length > 0 && !isOwnAddress(address, own) &&
    linksOf(address, own).size !== 1;
  return lost ? { kind: "link_local_address" } : undefined;
}

/** Whether an address is that of all hosts of one of this host's networks (RFC 1122, section 3.3.6). */
function isBroadcast(ip: string, own: readonly HostAddress[]): boolean {
  if (isIP(ip) !== 4 || isOwnAddress(ip, own)) return false;
  const address = numberOf(ip);
  return own.some((network) => {
    if (isIP(network.ip) !== 4 || isIP(network.netmask) !== 4) return false;
    const hosts = ~numberOf(network.netmask) >>> 0;
    // Networks of one or two hosts have no such address (RFC 3021).
    if (hosts <= 1 || (address | hosts) >>> 0 !== (numberOf(network.ip) | hosts) >>> 0) return false;
    const host = (address & hosts) >>> 0;
    return host === hosts || host === 0;
  });
}

/** The interfaces on which this host has a link-local address of the same version. */
function linksOf(ip: string, own: readonly HostAddress[]): Set<string> {
  const links = own.filter((other) => isLinkLocal(other.ip) && family(inZone(other.ip, "")) === family(ip));
  return new Set(links.map((other) => other.interface));
}

function numberOf(ipv4: string): number {
  return ipv4.split(".").reduce((word, byte) => (word << 8 | Number(byte)) >>> 0, 0);
}
