/** IP addresses and ports, as messages carry them. */

import { isIP } from "node:net";

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
 * `::ffff:192.0.2.1`, as `192.0.2.1` (RFC 4291, section 2.5.5.2).
 */
export function canonicalIp(ip: string): string {
  if (isIP(ip) !== 6 || ip.includes("%")) return ip;
  const compressed = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(compressed);
  if (!mapped) return compressed;
  return mapped.slice(1).flatMap((group) => {
    const sixteenBits = parseInt(group, 16);
    return [sixteenBits >> 8, sixteenBits & 0xff];
  }).join(".");
}

/** Whether an address is a loopback address (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
export function isLoopback(ip: string): boolean {
  return ip.startsWith("127.") || ip === "::1";
}

/** `192.0.2.1:6000` or `[2001:db8::1]:6000`. */
export function formatEndpoint({ ip, port }: Endpoint): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Whether two endpoints are the same, however their addresses are written. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && canonicalIp(a.ip) === canonicalIp(b.ip);
}
