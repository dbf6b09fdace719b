/**
 * The ladder as a capture file that Wireshark opens (PCAP Next Generation, draft-ietf-opsawg-pcapng). Messages are put into IP
 * packets with the headers that they would have had: only addresses, ports and contents are known.
 */

import { concat } from "@std/bytes/concat";
import { canonicalIp, ipVersion } from "../protocol/address.ts";
import type { LadderMessage, Party } from "./ladder.ts";

/** Block types (section 11.1). */
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;

/** Packets begin with the IP header (https://www.tcpdump.org/linktypes.html). */
const LINKTYPE_RAW = 101;

const OPTION_COMMENT = 1;
const OPTION_USER_APPLICATION = 4;

/** IP protocol numbers (IANA). */
const TCP = 6;
const UDP = 17;

const TCP_PUSH_ACK = 0x18;
const WINDOW = 65535;
const HOP_LIMIT = 64;

/** Most bytes of a message in one packet: with headers, a little less than IP's 65,535. */
const MAX_PAYLOAD = 65_000;

/** Longest comment in UTF-16 units: an option has at most 65,535 bytes (section 3.5), and each unit at most 3 in UTF-8. */
const MAX_COMMENT = 2000;

const encoder = new TextEncoder();

/** @param comment What a packet's comment says, such as who sends it and what became of it. */
export function pcapng(
  messages: readonly LadderMessage[],
  comment: (message: LadderMessage) => string,
): Uint8Array {
  return concat([...pcapngBlocks(messages, comment)]);
}

/** The blocks of that file, one by one. */
export function* pcapngBlocks(
  messages: readonly LadderMessage[],
  comment: (message: LadderMessage) => string,
): Generator<Uint8Array> {
  const streams = new Map<string, number>();
  yield concat([
    block(SECTION_HEADER, [
      u32(0x1a2b3c4d),
      u16(1),
      u16(0),
      u64(0xffff_ffff_ffff_ffffn),
      option(OPTION_USER_APPLICATION, "Sala"),
      u32(0),
    ]),
    block(INTERFACE_DESCRIPTION, [u16(LINKTYPE_RAW), u16(0), u32(0)]),
  ]);
  for (const message of messages) {
    const pieces = payloadsOf(message);
    const said = comment(message);
    for (const payload of pieces) yield packetBlock(message, payload, said, streams);
  }
}

/** The contents of a message's packets: what does not fit into one needs several. Of TCP those are segments. */
function payloadsOf({ transport, text }: LadderMessage): Uint8Array[] {
  const bytes = encoder.encode(transport === "TCP" ? `${text}\n` : text);
  const count = Math.max(1, Math.ceil(bytes.length / MAX_PAYLOAD));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * MAX_PAYLOAD, (i + 1) * MAX_PAYLOAD));
}

function packetBlock(
  message: LadderMessage,
  payload: Uint8Array,
  comment: string,
  streams: Map<string, number>,
): Uint8Array {
  const packet = ipPacket(message, payload, streams);
  // Microseconds, the unit unless the interface names another (section 4.2); of what is no time, 0.
  const at = Math.round(message.at * 1000);
  const time = BigInt(at >= 0 && at < 2 ** 63 ? at : 0);
  return block(ENHANCED_PACKET, [
    u32(0),
    u32(Number(time >> 32n)),
    u32(Number(time & 0xffff_ffffn)),
    u32(packet.length),
    u32(packet.length),
    padded(packet),
    option(OPTION_COMMENT, comment.slice(0, MAX_COMMENT)),
    u32(0),
  ]);
}

/** A message in its packet. @param streams Bytes so far, by direction of a connection. */
function ipPacket(
  { from, to, transport }: LadderMessage,
  payload: Uint8Array,
  streams: Map<string, number>,
): Uint8Array {
  const source = addressBytes(from);
  const destination = addressBytes(to);
  const six = source.length === 16 || destination.length === 16;
  const ends = [source, destination].map((bytes) => six ? asIpv6(bytes) : bytes);
  const protocol = transport === "TCP" ? TCP : UDP;
  const segment = transport === "TCP" ? tcpSegment(from, to, payload, streams) : concat([
    bigEndian(16, from.port),
    bigEndian(16, to.port),
    bigEndian(16, 8 + payload.length),
    bigEndian(16, 0),
    payload,
  ]);
  fill(
    segment,
    protocol === TCP ? 16 : 6,
    checksum([...ends, pseudoEnd(six, segment.length, protocol), segment]),
  );
  return concat([
    six ? ipv6Header(ends, protocol, segment.length) : ipv4Header(ends, protocol, segment.length),
    segment,
  ]);
}

function tcpSegment(from: Party, to: Party, payload: Uint8Array, streams: Map<string, number>): Uint8Array {
  const key = (a: Party, b: Party): string => `${a.ip} ${a.port} ${b.ip} ${b.port}`;
  const sent = streams.get(key(from, to)) ?? 1;
  const received = streams.get(key(to, from)) ?? 1;
  streams.set(key(from, to), (sent + payload.length) % 2 ** 32);
  return concat([
    bigEndian(16, from.port),
    bigEndian(16, to.port),
    bigEndian(32, sent),
    bigEndian(32, received),
    // Five words of header (RFC 9293, section 3.1).
    Uint8Array.of(5 << 4, TCP_PUSH_ACK),
    bigEndian(16, WINDOW),
    bigEndian(32, 0),
    payload,
  ]);
}

/** RFC 791, section 3.1. */
function ipv4Header(ends: readonly Uint8Array[], protocol: number, length: number): Uint8Array {
  const header = concat([
    Uint8Array.of(0x45, 0),
    bigEndian(16, 20 + length),
    bigEndian(32, 0),
    Uint8Array.of(HOP_LIMIT, protocol, 0, 0),
    ...ends,
  ]);
  fill(header, 10, checksum([header]));
  return header;
}

/** RFC 8200, section 3. */
function ipv6Header(ends: readonly Uint8Array[], protocol: number, length: number): Uint8Array {
  return concat([
    bigEndian(32, 0x6000_0000),
    bigEndian(16, length),
    Uint8Array.of(protocol, HOP_LIMIT),
    ...ends,
  ]);
}

/** What the checksum covers beyond addresses and segment (RFC 9293, section 3.1; RFC 8200, section 8.1). */
function pseudoEnd(six: boolean, length: number, protocol: number): Uint8Array {
  return six
    ? concat([bigEndian(32, length), bigEndian(32, protocol)])
    : concat([Uint8Array.of(0, protocol), bigEndian(16, length)]);
}

/** The Internet checksum (RFC 1071); all parts but the last have an even length. A zero stands for "none" in UDP, so it is inverted. */
function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += (part[i] ?? 0) << 8 | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff || 0xffff;
}

/** The bytes of a party's address; of one that is none, 0.0.0.0. */
function addressBytes({ ip }: Party): Uint8Array {
  const [address = ""] = ip.split("%");
  const canonical = canonicalIp(address);
  if (ipVersion(canonical) === 4) return Uint8Array.from(canonical.split("."), Number);
  if (ipVersion(canonical) !== 6) return new Uint8Array(4);
  const [head = "", tail] = canonical.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = Array<number>(8 - first.length - last.length).fill(0);
  return concat([...first, ...zeros, ...last].map((group) => bigEndian(16, group)));
}

/** An IPv4 address in an IPv6 packet (RFC 4291, section 2.5.5.2). */
function asIpv6(address: Uint8Array): Uint8Array {
  return address.length === 16 ? address : concat([new Uint8Array(10), Uint8Array.of(0xff, 0xff), address]);
}

function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(parts);
  const length = u32(12 + body.length);
  return concat([u32(type), length, body, length]);
}

function option(code: number, text: string): Uint8Array {
  const bytes = encoder.encode(text);
  return concat([u16(code), u16(bytes.length), padded(bytes)]);
}

/** To a multiple of 32 bits. */
function padded(bytes: Uint8Array): Uint8Array {
  return concat([bytes, new Uint8Array(-bytes.length & 3)]);
}

/** The file is little-endian: its first block says so. */
function u16(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

function u64(value: bigint): Uint8Array {
  return concat([u32(Number(value & 0xffff_ffffn)), u32(Number(value >> 32n))]);
}

function bigEndian(bits: 16 | 32, value: number): Uint8Array {
  return (bits === 16 ? u16(value) : u32(value)).reverse();
}

function fill(bytes: Uint8Array, at: number, sixteenBits: number): void {
  bytes[at] = sixteenBits >>> 8;
  bytes[at + 1] = sixteenBits & 0xff;
}
