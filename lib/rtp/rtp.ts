/**
 * RTP data packets (RFC 3550, section 5.1).
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           timestamp                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           synchronization source (SSRC) identifier            |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |            contributing source (CSRC) identifiers             |
 * |                             ....                              |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 */

/** Bytes of a header without contributing sources and extension. */
export const RTP_HEADER_BYTES = 12;

/** Payload type of Opus: a dynamic one (RFC 3551, section 6), the same as WebRTC's. */
export const OPUS_PAYLOAD_TYPE = 111;

/** An RTP packet. */
export interface RtpPacket {
  /** 0 to 127. */
  readonly payloadType: number;
  /** Set on the first packet of a talkspurt (RFC 3551, section 4.1). */
  readonly marker: boolean;
  /** 16 bits; one more for each packet sent. */
  readonly sequenceNumber: number;
  /** Sampling time of the first sample, in 1/48000 s, modulo 2^32. */
  readonly timestamp: number;
  /** Synchronization source: 32 random bits. */
  readonly ssrc: number;
  /** After parsing, a view into the datagram. */
  readonly payload: Uint8Array;
}

/** Whether a datagram may be RTP or RTCP: its version is 2. */
export function isRtpOrRtcp(datagram: Uint8Array): boolean {
  return datagram.length > 1 && (datagram[0] as number) >> 6 === 2;
}

/** Whether an RTP or RTCP datagram is RTCP: packet type 192 to 223 (RFC 5761, section 4). */
export function isRtcp(datagram: Uint8Array): boolean {
  const type = datagram[1] ?? 0;
  return type >= 192 && type <= 223;
}

/**
 * Encodes a packet as a datagram.
 *
 * @param packet Numbers are truncated to their width.
 */
export function encodeRtp(packet: RtpPacket): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RTP_HEADER_BYTES + packet.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x80);
  view.setUint8(1, (packet.marker ? 0x80 : 0) | packet.payloadType & 0x7f);
  view.setUint16(2, packet.sequenceNumber);
  view.setUint32(4, packet.timestamp);
  view.setUint32(8, packet.ssrc);
  bytes.set(packet.payload, RTP_HEADER_BYTES);
  return bytes;
}

/**
 * Parses a datagram, and skips contributing sources, header extension and padding.
 *
 * @returns Undefined if the version is not 2 or a length does not fit.
 */
export function parseRtp(datagram: Uint8Array): RtpPacket | undefined {
  if (datagram.length < RTP_HEADER_BYTES || (datagram[0] as number) >> 6 !== 2) return undefined;
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const first = view.getUint8(0);
  const second = view.getUint8(1);
  let start = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  if (first & 0x10) { // Extension: 16 bits defined by the profile, 16 bits of length in words (section 5.3.1).
    if (datagram.length < start + 4) return undefined;
    start += 4 + 4 * view.getUint16(start + 2);
  }
  let end = datagram.length;
  if (first & 0x20) { // Padding: the last byte counts it, itself included.
    const padding = view.getUint8(end - 1);
    if (padding === 0) return undefined;
    end -= padding;
  }
  if (start > end) return undefined;
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequenceNumber: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    payload: datagram.subarray(start, end),
  };
}
