/**
 * RTCP packets (RFC 3550, section 6). A datagram is a compound packet (section 6.1): a report first, then the others.
 * All packets have the same header:
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|  count  |  packet type  |      length in words - 1      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 */

import { concat } from "@std/bytes/concat";

/** Report block: reception statistics of one stream (RFC 3550, section 6.4.1), in the units of the wire. */
export interface ReportBlock {
  /** The reported stream. */
  readonly ssrc: number;
  /** Fraction lost since the previous report: 0 to 255, in 1/256. */
  readonly fractionLost: number;
  /** Packets lost since the start: -2^23 to 2^23 - 1. */
  readonly cumulativeLost: number;
  /** Extended highest sequence number received: cycles in the upper 16 bits. */
  readonly highestSequence: number;
  /** Interarrival jitter in timestamp units. */
  readonly jitter: number;
  /** LSR: {@linkcode middle32} of the last sender report received, 0 for none. */
  readonly lastSenderReport: number;
  /** DLSR: time since that report arrived, in 1/65536 s; 0 for none. */
  readonly delaySinceLastSenderReport: number;
}

/** Report of an active sender (section 6.4.1). */
export interface SenderReport {
  readonly kind: "sender_report";
  readonly ssrc: number;
  /** Wall clock: seconds since 1900 in the upper 32 bits, fraction of a second in the lower. */
  readonly ntpTimestamp: bigint;
  /** The same time as an RTP timestamp. */
  readonly rtpTimestamp: number;
  /** RTP packets sent, modulo 2^32. */
  readonly packetCount: number;
  /** Payload bytes sent, modulo 2^32. */
  readonly octetCount: number;
  readonly blocks: readonly ReportBlock[];
}

/** Report of a participant that is no active sender (section 6.4.2). */
export interface ReceiverReport {
  readonly kind: "receiver_report";
  readonly ssrc: number;
  readonly blocks: readonly ReportBlock[];
}

/** Source description (section 6.5) with its CNAME item; other items are ignored. */
export interface SourceDescription {
  readonly kind: "source_description";
  readonly ssrc: number;
  /** At most 255 bytes of UTF-8. */
  readonly cname: string;
}

/** Goodbye: streams that end (section 6.6). */
export interface Bye {
  readonly kind: "bye";
  readonly ssrcs: readonly number[];
}

/** Application-defined packet (section 6.7). */
export interface ApplicationPacket {
  readonly kind: "application";
  readonly ssrc: number;
  /** Four ASCII characters. */
  readonly name: string;
  /** A multiple of 4 bytes. After parsing, a view into the datagram. */
  readonly data: Uint8Array;
}

/** One packet of a compound packet. */
export type RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Bye | ApplicationPacket;

const VERSION = 2;
const HEADER_BYTES = 4;
const SENDER_INFO_BYTES = 20;
const BLOCK_BYTES = 24;
/** Most blocks, chunks or sources in one packet: the count has 5 bits. */
const MAX_COUNT = 31;
const CNAME_ITEM = 1;
const MAX_TEXT_BYTES = 255;

const PACKET_TYPE = {
  sender_report: 200,
  receiver_report: 201,
  source_description: 202,
  bye: 203,
  application: 204,
} as const;

/** Seconds from 1900, the epoch of NTP, to 1970. */
const NTP_UNIX_SECONDS = 2_208_988_800;

/**
 * Converts wall-clock time to an NTP timestamp (RFC 3550, section 4).
 *
 * @param unixMs Milliseconds since 1970, with fractions.
 * @returns 64 bits, which wrap to 0 in 2036.
 */
export function ntpFromUnixMs(unixMs: number): bigint {
  const seconds = Math.floor(unixMs / 1000);
  const fraction = Math.floor((unixMs / 1000 - seconds) * 2 ** 32);
  return BigInt.asUintN(32, BigInt(seconds + NTP_UNIX_SECONDS)) << 32n | BigInt(fraction);
}

/** The middle 32 bits of an NTP timestamp, in 1/65536 s: the form of LSR. */
export function middle32(ntpTimestamp: bigint): number {
  return Number(BigInt.asUintN(32, ntpTimestamp >> 16n));
}

/**
 * Encodes a compound packet as a datagram.
 *
 * @param packets A report, then the others: always a {@linkcode SourceDescription}; a {@linkcode Bye} last
 * (section 6.1).
 * @throws {RangeError} If a packet has more than 31 blocks or sources, or a CNAME more than 255 bytes.
 */
export function encodeCompound(
  packets: readonly [SenderReport | ReceiverReport, ...RtcpPacket[]],
): Uint8Array<ArrayBuffer> {
  return concat(packets.map(encodePacket));
}

function encodePacket(packet: RtcpPacket): Uint8Array<ArrayBuffer> {
  switch (packet.kind) {
    case "sender_report":
      return encodeSenderReport(packet);
    case "receiver_report":
      return encodeReceiverReport(packet);
    case "source_description":
      return encodeSourceDescription(packet);
    case "bye":
      return encodeBye(packet);
    case "application":
      return encodeApplication(packet);
  }
}

/** A packet with its header and an empty body. @param bodyBytes A multiple of 4. */
function newPacket(kind: RtcpPacket["kind"], count: number, bodyBytes: number): DataView<ArrayBuffer> {
  if (count > MAX_COUNT) throw new RangeError(`Cannot encode RTCP packet: ${count} entries are more than 31`);
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + bodyBytes));
  view.setUint8(0, VERSION << 6 | count);
  view.setUint8(1, PACKET_TYPE[kind]);
  view.setUint16(2, bodyBytes / 4);
  return view;
}

function bytesOf(view: DataView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer);
}

/*
 * Sender report, section 6.4.1. A receiver report (section 6.4.2) lacks the five words of sender information.
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|    RC   |   PT=SR=200   |             length            |
 * |                         SSRC of sender                        |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |              NTP timestamp, most significant word             |
 * |             NTP timestamp, least significant word             |
 * |                         RTP timestamp                         |
 * |                     sender's packet count                     |
 * |                      sender's octet count                     |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |                 SSRC_1 (SSRC of first source)                 |
 * | fraction lost |       cumulative number of packets lost       |
 * |           extended highest sequence number received           |
 * |                      interarrival jitter                      |
 * |                         last SR (LSR)                         |
 * |                   delay since last SR (DLSR)                  |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 */

function encodeSenderReport(report: SenderReport): Uint8Array<ArrayBuffer> {
  const { blocks } = report;
  const view = newPacket(report.kind, blocks.length, 4 + SENDER_INFO_BYTES + BLOCK_BYTES * blocks.length);
  view.setUint32(4, report.ssrc);
  view.setBigUint64(8, report.ntpTimestamp);
  view.setUint32(16, report.rtpTimestamp);
  view.setUint32(20, report.packetCount);
  view.setUint32(24, report.octetCount);
  writeBlocks(view, 8 + SENDER_INFO_BYTES, blocks);
  return bytesOf(view);
}

function encodeReceiverReport({ kind, ssrc, blocks }: ReceiverReport): Uint8Array<ArrayBuffer> {
  const view = newPacket(kind, blocks.length, 4 + BLOCK_BYTES * blocks.length);
  view.setUint32(4, ssrc);
  writeBlocks(view, 8, blocks);
  return bytesOf(view);
}

function writeBlocks(view: DataView, start: number, blocks: readonly ReportBlock[]): void {
  let at = start;
  for (const block of blocks) {
    view.setUint32(at, block.ssrc);
    view.setUint32(at + 4, block.fractionLost << 24 | block.cumulativeLost & 0xffffff);
    view.setUint32(at + 8, block.highestSequence);
    view.setUint32(at + 12, block.jitter);
    view.setUint32(at + 16, block.lastSenderReport);
    view.setUint32(at + 20, block.delaySinceLastSenderReport);
    at += BLOCK_BYTES;
  }
}

/*
 * Source description with one chunk, sections 6.5 and 6.5.1.
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|    SC   |  PT=SDES=202  |             length            |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |                           SSRC_1                              |
 * |    CNAME=1    |     length    | user and domain name        ...
 * |  ... at least one zero byte, up to a multiple of 4 bytes      |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 */

function encodeSourceDescription({ kind, ssrc, cname }: SourceDescription): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(cname);
  if (text.length > MAX_TEXT_BYTES) {
    throw new RangeError(`Cannot encode RTCP packet: a name of ${text.length} bytes is longer than 255`);
  }
  const itemBytes = 2 + text.length;
  const view = newPacket(kind, 1, 4 + itemBytes + 4 - itemBytes % 4);
  view.setUint32(4, ssrc);
  view.setUint8(8, CNAME_ITEM);
  view.setUint8(9, text.length);
  const bytes = bytesOf(view);
  bytes.set(text, 10);
  return bytes;
}

/*
 * Goodbye, section 6.6.
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|    SC   |   PT=BYE=203  |             length            |
 * |                           SSRC ...                            |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |     length    |               reason for leaving            ...  (optional)
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

function encodeBye({ kind, ssrcs }: Bye): Uint8Array<ArrayBuffer> {
  const view = newPacket(kind, ssrcs.length, 4 * ssrcs.length);
  ssrcs.forEach((ssrc, index) => view.setUint32(HEADER_BYTES + 4 * index, ssrc));
  return bytesOf(view);
}

/*
 * Application-defined packet, section 6.7.
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P| subtype |   PT=APP=204  |             length            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           SSRC/CSRC                           |
 * |                          name (ASCII)                         |
 * |                   application-dependent data                ...
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const NAME_BYTES = 4;

function encodeApplication({ kind, ssrc, name, data }: ApplicationPacket): Uint8Array<ArrayBuffer> {
  const view = newPacket(kind, 0, 4 + NAME_BYTES + data.length);
  view.setUint32(4, ssrc);
  for (let index = 0; index < NAME_BYTES; index++) view.setUint8(8 + index, name.charCodeAt(index));
  const bytes = bytesOf(view);
  bytes.set(data, 8 + NAME_BYTES);
  return bytes;
}

/**
 * Parses a datagram with the validity checks of RFC 3550, appendix A.2: version 2 throughout, a report without padding
 * first, lengths that add up to that of the datagram. Counts must fit the lengths as well.
 *
 * @returns Its packets in order, without unknown types; undefined if the datagram is invalid.
 */
export function parseCompound(datagram: Uint8Array): RtcpPacket[] | undefined {
  const packets: RtcpPacket[] = [];
  let at = 0;
  while (at < datagram.length) {
    if (datagram.length - at < HEADER_BYTES) return undefined;
    const view = new DataView(datagram.buffer, datagram.byteOffset + at, datagram.length - at);
    const length = HEADER_BYTES + 4 * view.getUint16(2);
    if (view.getUint8(0) >> 6 !== VERSION || length > view.byteLength) return undefined;
    const isFirst = at === 0;
    const isLast = length === view.byteLength;
    if (isFirst && !startsCompound(view)) return undefined;
    const padding = paddingOf(view, length);
    if (padding === undefined || padding > 0 && !isLast) return undefined;
    const parsed = parsePacket(new DataView(view.buffer, view.byteOffset, length - padding));
    if (!parsed) return undefined;
    packets.push(...parsed);
    at += length;
  }
  return packets.length === 0 ? undefined : packets;
}

function startsCompound(view: DataView): boolean {
  const type = view.getUint8(1);
  const hasPadding = (view.getUint8(0) & 0x20) !== 0;
  return !hasPadding && (type === PACKET_TYPE.sender_report || type === PACKET_TYPE.receiver_report);
}

/** Padding in bytes, which its last byte counts; undefined if that is invalid. */
function paddingOf(view: DataView, length: number): number | undefined {
  if ((view.getUint8(0) & 0x20) === 0) return 0;
  const padding = view.getUint8(length - 1);
  const valid = padding > 0 && padding % 4 === 0 && padding <= length - HEADER_BYTES;
  return valid ? padding : undefined;
}

/** @returns No packet for an unknown type; undefined for an invalid packet. */
function parsePacket(view: DataView): RtcpPacket[] | undefined {
  switch (view.getUint8(1)) {
    case PACKET_TYPE.sender_report:
      return parseSenderReport(view);
    case PACKET_TYPE.receiver_report:
      return parseReceiverReport(view);
    case PACKET_TYPE.source_description:
      return parseSourceDescription(view);
    case PACKET_TYPE.bye:
      return parseBye(view);
    case PACKET_TYPE.application:
      return parseApplication(view);
    default:
      return [];
  }
}

function countOf(view: DataView): number {
  return view.getUint8(0) & 0x1f;
}

function parseSenderReport(view: DataView): RtcpPacket[] | undefined {
  const blocks = parseBlocks(view, 8 + SENDER_INFO_BYTES);
  return blocks && [{
    kind: "sender_report",
    ssrc: view.getUint32(4),
    ntpTimestamp: view.getBigUint64(8),
    rtpTimestamp: view.getUint32(16),
    packetCount: view.getUint32(20),
    octetCount: view.getUint32(24),
    blocks,
  }];
}

function parseReceiverReport(view: DataView): RtcpPacket[] | undefined {
  const blocks = parseBlocks(view, 8);
  return blocks && [{ kind: "receiver_report", ssrc: view.getUint32(4), blocks }];
}

/** Parses the blocks from `start` on. Profile-specific extensions behind them are ignored. */
function parseBlocks(view: DataView, start: number): ReportBlock[] | undefined {
  const count = countOf(view);
  if (start + BLOCK_BYTES * count > view.byteLength) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const at = start + BLOCK_BYTES * index;
    return {
      ssrc: view.getUint32(at),
      fractionLost: view.getUint8(at + 4),
      cumulativeLost: view.getInt32(at + 4) << 8 >> 8,
      highestSequence: view.getUint32(at + 8),
      jitter: view.getUint32(at + 12),
      lastSenderReport: view.getUint32(at + 16),
      delaySinceLastSenderReport: view.getUint32(at + 20),
    };
  });
}

function parseSourceDescription(view: DataView): RtcpPacket[] | undefined {
  const descriptions: SourceDescription[] = [];
  let at = HEADER_BYTES;
  for (let chunk = countOf(view); chunk > 0; chunk--) {
    if (at + 4 > view.byteLength) return undefined;
    const ssrc = view.getUint32(at);
    at += 4;
    while (true) {
      if (at >= view.byteLength) return undefined; // The zero byte that ends a chunk is missing.
      const item = view.getUint8(at);
      if (item === 0) break;
      if (at + 2 > view.byteLength) return undefined;
      const textBytes = view.getUint8(at + 1);
      at += 2;
      if (at + textBytes > view.byteLength) return undefined;
      if (item === CNAME_ITEM) {
        const text = new Uint8Array(view.buffer, view.byteOffset + at, textBytes);
        descriptions.push({ kind: "source_description", ssrc, cname: new TextDecoder().decode(text) });
      }
      at += textBytes;
    }
    at += 4 - at % 4;
  }
  return descriptions;
}

function parseBye(view: DataView): RtcpPacket[] | undefined {
  const count = countOf(view);
  if (HEADER_BYTES + 4 * count > view.byteLength) return undefined;
  const ssrcs = Array.from({ length: count }, (_, index) => view.getUint32(HEADER_BYTES + 4 * index));
  return [{ kind: "bye", ssrcs }];
}

function parseApplication(view: DataView): RtcpPacket[] | undefined {
  if (view.byteLength < 8 + NAME_BYTES) return undefined;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const name = String.fromCharCode(...bytes.subarray(8, 8 + NAME_BYTES));
  return [{ kind: "application", ssrc: view.getUint32(4), name, data: bytes.subarray(8 + NAME_BYTES) }];
}
