/** Socket addresses as Linux has them in memory: `sockaddr_in` and `sockaddr_in6` (ip(7), ipv6(7)). */

import { isIPv4 } from "node:net";
import { canonicalIp, type Endpoint, inZone, zoneOf } from "../protocol/address.ts";

/** Room for an address of any family (`sockaddr_storage`). */
export const ADDRESS_BYTES = 128;

/** Bytes of `sockaddr_in6`, the longer one. */
export const LONGEST_ADDRESS_BYTES = 28;
const IPV4_ADDRESS_BYTES = 16;

/** `AF_INET` and `AF_INET6`, by the version of IP. */
export const FAMILIES = { 4: 2, 6: 10 } as const;

const PORT_OFFSET = 2;
const IPV4_OFFSET = 4;
const IPV6_OFFSET = 8;
const ZONE_OFFSET = 24;
const IPV6_GROUPS = 8;

/** Prefix of an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`; RFC 4291, section 2.5.5.2). */
export const MAPPED_PREFIX = [0, 0, 0xffff];

/** An address as numbers of 32 bits: one for IPv4, four for IPv6. */
export function addressWords(ip: string): number[] {
  const text = inZone(ip, "");
  if (isIPv4(text)) return [text.split(".").reduce((word, byte) => (word << 8 | Number(byte)) >>> 0, 0)];
  const [head = "", tail] = text.split("::").map((half) => half === "" ? [] : half.split(":"));
  const groups = [...head, ...(tail ? [...new Array(8 - head.length - tail.length).fill("0"), ...tail] : [])]
    .map((group) => parseInt(group, 16));
  return [0, 2, 4, 6].map((index) => ((groups[index] ?? 0) << 16 | (groups[index + 1] ?? 0)) >>> 0);
}

/** Names of links: the index of an interface with some name, 0 for none, and the reverse. */
export interface LinkNames {
  indexOf(name: string): number;
  nameOf(index: number): string;
}

/** Links by their indices alone. */
export const NUMBERED_LINKS: LinkNames = { indexOf: Number, nameOf: String };

/**
 * The socket address of an endpoint. The family is in the machine's byte order, and so is the index of the link that a zone
 * names (`sin6_scope_id`).
 *
 * @param version Of the socket. One of version 4 has no room for an IPv6 address, and gets 0.0.0.0.
 */
export function encodeAddress(
  version: 4 | 6,
  { ip, port }: Endpoint,
  links: LinkNames = NUMBERED_LINKS,
): Uint8Array<ArrayBuffer> {
  const address = new DataView(new ArrayBuffer(version === 4 ? IPV4_ADDRESS_BYTES : LONGEST_ADDRESS_BYTES));
  address.setUint16(0, FAMILIES[version], true);
  address.setUint16(PORT_OFFSET, port);
  const words = addressWords(ip);
  if (version === 6) {
    const filled = words.length === 1 ? [...MAPPED_PREFIX, ...words] : words;
    for (const [index, word] of filled.entries()) address.setUint32(IPV6_OFFSET + 4 * index, word);
    const zone = zoneOf(ip);
    if (zone !== "") address.setUint32(ZONE_OFFSET, links.indexOf(zone), true);
  } else if (words.length === 1) {
    address.setUint32(IPV4_OFFSET, words[0]!);
  }
  return new Uint8Array(address.buffer);
}

/** The reverse. */
export function parseAddress(address: DataView, links: LinkNames = NUMBERED_LINKS): Endpoint {
  const isV4 = address.getUint16(0, true) === FAMILIES[4];
  const zone = isV4 ? 0 : address.getUint32(ZONE_OFFSET, true);
  const text = isV4 ? ipAt(address, IPV4_OFFSET, 4) : ipAt(address, IPV6_OFFSET, 6);
  const ip = zone === 0 ? text : inZone(text, links.nameOf(zone));
  return { ip, port: address.getUint16(PORT_OFFSET) };
}

/** The canonical text form of the address at an offset. */
export function ipAt(memory: DataView, offset: number, version: 4 | 6): string {
  if (version === 4) return new Uint8Array(memory.buffer, memory.byteOffset + offset, 4).join(".");
  const groups = Array.from({ length: IPV6_GROUPS }, (_, index) => memory.getUint16(offset + 2 * index));
  return canonicalIp(groups.map((group) => group.toString(16)).join(":"));
}
