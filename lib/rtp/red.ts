/**
 * Redundant audio data (RFC 2198): a packet that also carries copies of the frames before its own, and so recovers lost
 * packets, in bursts as well.
 *
 * ```text
 *    0                   1                    2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |1|  block PT   |     timestamp offset      |   block length    |  for each copy, oldest first
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |0|  block PT   |  then the copies, and the frame itself
 *   +-+-+-+-+-+-+-+-+
 * ```
 */

import { OPUS_PAYLOAD_TYPE } from "./rtp.ts";

/** Payload type of redundant packets: WebRTC's. */
export const REDUNDANT_PAYLOAD_TYPE = 63;

/** Most copies that a receiver takes. Each one delays voice by a frame while the receiver waits for it. */
export const MOST_COPIES = 2;

/** A copy of an earlier frame. */
export interface FrameCopy {
  /** Timestamp offset: 0 to 16383 samples. */
  readonly earlierSamples: number;
  /** At most 1023 bytes. */
  readonly payload: Uint8Array;
}

/** The payload of a redundant packet. */
export interface RedundantPayload {
  /** Oldest first. */
  readonly copies: readonly FrameCopy[];
  /** The frame of the packet itself. */
  readonly payload: Uint8Array;
}

const COPY_HEADER_BYTES = 4;
const LAST_HEADER_BYTES = 1;

/** Longest copy: the block length has 10 bits. */
export const LONGEST_COPY_BYTES = 0x3ff;

/** Encodes the payload of a redundant packet. Numbers are truncated to their width. */
export function encodeRedundant({ copies, payload }: RedundantPayload): Uint8Array<ArrayBuffer> {
  let at = COPY_HEADER_BYTES * copies.length + LAST_HEADER_BYTES;
  const length = copies.reduce((sum, copy) => sum + copy.payload.length, at + payload.length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  copies.forEach((copy, index) => {
    const offset = (copy.earlierSamples & 0x3fff) << 10 | copy.payload.length & LONGEST_COPY_BYTES;
    view.setUint32(COPY_HEADER_BYTES * index, (0x80 | OPUS_PAYLOAD_TYPE) << 24 | offset);
    bytes.set(copy.payload, at);
    at += copy.payload.length;
  });
  view.setUint8(COPY_HEADER_BYTES * copies.length, OPUS_PAYLOAD_TYPE);
  bytes.set(payload, at);
  return bytes;
}

/**
 * Parses the payload of a redundant packet.
 *
 * @returns Views into `bytes`; undefined if they are invalid or have a block that is not Opus.
 */
export function parseRedundant(bytes: Uint8Array): RedundantPayload | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let headers = 0;
  while (headers < bytes.length && bytes[headers]! & 0x80) headers += COPY_HEADER_BYTES;
  if (headers >= bytes.length || bytes[headers] !== OPUS_PAYLOAD_TYPE) return undefined;
  const copies: FrameCopy[] = [];
  let at = headers + LAST_HEADER_BYTES;
  for (let header = 0; header < headers; header += COPY_HEADER_BYTES) {
    const fields = view.getUint32(header);
    const length = fields & LONGEST_COPY_BYTES;
    if ((fields >>> 24 & 0x7f) !== OPUS_PAYLOAD_TYPE || at + length > bytes.length) return undefined;
    copies.push({ earlierSamples: fields >>> 10 & 0x3fff, payload: bytes.subarray(at, at + length) });
    at += length;
  }
  return { copies, payload: bytes.subarray(at) };
}
