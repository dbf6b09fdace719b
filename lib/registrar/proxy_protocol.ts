/**
 * The PROXY protocol, version 2 (haproxy.org, `proxy-protocol.txt`, section 2.2): the first bytes of a connection by which a
 * load balancer says for whom it connects. Version 1, a line of text, is not taken: a receiver must not guess.
 */

import { BlockList, isIP } from "node:net";
import { canonicalIp, type Endpoint, inZone } from "../protocol/address.ts";
import { within } from "../util/time_limit.ts";

/** How a header begins: no text, and nothing that a phone sends. */
const SIGNATURE: readonly number[] = [
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
];

/** How a header of version 1 begins. */
const VERSION_1 = [..."PROXY "].map((letter) => letter.charCodeAt(0));

/** How a header of either version begins. */
export const PROXY_BEGINNINGS = [SIGNATURE, VERSION_1] as const;

/** Signature, version and command, family and transport, length of the rest. */
const FIXED_BYTES = 16;

/** Longest header: addresses, and TLVs such as names and certificates, which say nothing to a registry. */
const MAX_BYTES = 4096;

/** Time for the header: a balancer sends it at once. A lost packet is repeated after 1 s (RFC 6298, section 2). */
const HEADER_MS = 3000;

/** Why a connection of a trusted balancer was closed. */
export type ProxyProblem =
  /** What came is something else. */
  | "no_header"
  /** A header of version 1. */
  | "version_1"
  /** Another version, an unknown command, addresses that are no TCP ones or are cut off, or too long a header. */
  | "bad_header"
  /** It did not come in time. */
  | "timeout";

/** For whom a balancer connects. */
export type ProxyHeader =
  /** For itself, as to see whether the registry is well. */
  | { readonly kind: "local" }
  | { readonly kind: "proxied"; readonly source: Endpoint };

/** Bytes of TCP addresses by family: two addresses and two ports. */
const TCP = { 0x11: 4, 0x21: 16 } as const;

/** The commands, with the version in the upper four bits. */
const COMMANDS = { local: 0x20, proxy: 0x21 } as const;

/**
 * The length of a header by its fixed part.
 *
 * @param start At least its first byte; what is missing is taken for right.
 */
export function proxyHeaderBytes(start: Uint8Array): number | ProxyProblem {
  const begins = (with_: readonly number[]): boolean =>
    start.subarray(0, with_.length).every((byte, index) => byte === with_[index]);
  if (!begins(SIGNATURE)) {
    if (!begins(VERSION_1)) return "no_header";
    return start.length < VERSION_1.length ? FIXED_BYTES : "version_1";
  }
  if (start.length < FIXED_BYTES) return FIXED_BYTES;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const command = view.getUint8(12);
  if (command !== COMMANDS.local && command !== COMMANDS.proxy) return "bad_header";
  const bytes = FIXED_BYTES + view.getUint16(14);
  return bytes > MAX_BYTES ? "bad_header" : bytes;
}

/** Parses a whole header. TLVs behind the addresses are skipped. */
export function parseProxyHeader(header: Uint8Array): ProxyHeader | ProxyProblem {
  const bytes = proxyHeaderBytes(header);
  if (typeof bytes === "string") return bytes;
  if (header.length !== bytes) return "bad_header";
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const family = view.getUint8(13);
  // Of no known family: the endpoints of the connection itself count, as for a balancer's own one.
  if (view.getUint8(12) === COMMANDS.local || family === 0) return { kind: "local" };
  if (family !== 0x11 && family !== 0x21) return "bad_header";
  const length = TCP[family];
  if (bytes < FIXED_BYTES + 2 * length + 4) return "bad_header";
  const ip = header.subarray(FIXED_BYTES, FIXED_BYTES + length);
  return { kind: "proxied", source: { ip: textOf(ip), port: view.getUint16(FIXED_BYTES + 2 * length) } };
}

/** An address in its canonical text form. */
function textOf(ip: Uint8Array): string {
  if (ip.length === 4) return ip.join(".");
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength);
  return canonicalIp(
    Array.from({ length: 8 }, (_, group) => view.getUint16(2 * group).toString(16)).join(":"),
  );
}

/** A connection, as far as a header is read from it. */
interface Readable {
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * Reads the header of a connection and not one byte more.
 *
 * @returns Undefined if the connection ends without a byte, as that of a check without a header does.
 */
export async function readProxyHeader(
  connection: Readable,
  limitMs: number = HEADER_MS,
): Promise<ProxyHeader | ProxyProblem | undefined> {
  let result: ProxyHeader | ProxyProblem | undefined;
  const read = async (): Promise<void> => {
    const header = new Uint8Array(MAX_BYTES);
    let count = 0;
    let wanted: number | ProxyProblem = FIXED_BYTES;
    while (typeof wanted === "number" && count < wanted) {
      const more = await connection.read(header.subarray(count, wanted));
      if (more === null) {
        result = count === 0 ? undefined : "bad_header";
        return;
      }
      count += more;
      wanted = proxyHeaderBytes(header.subarray(0, count));
    }
    result = typeof wanted === "string" ? wanted : parseProxyHeader(header.subarray(0, wanted));
  };
  return await within(limitMs, read()) ? result : "timeout";
}

/** The addresses whose connections begin with a header. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /** @param networks Each an address, or one with the length of its prefix: `10.0.0.0/8`. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [ip = "", prefix] = network.split("/");
      const address = canonicalIp(ip);
      if (prefix === undefined) this.#list.addAddress(address, familyOf(address));
      else this.#list.addSubnet(ip, Number(prefix), familyOf(ip));
    }
  }

  /** Whether a text is an address, or one with the length of its prefix. */
  static isNetwork(text: string): boolean {
    const [, ip = "", prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const version = isIP(ip);
    return version !== 0 && (prefix === undefined || Number(prefix) <= (version === 4 ? 32 : 128));
  }

  has(ip: string): boolean {
    const address = inZone(ip, "");
    return this.#list.check(address, familyOf(address));
  }
}

function familyOf(ip: string): "ipv4" | "ipv6" {
  return isIP(ip) === 6 ? "ipv6" : "ipv4";
}
