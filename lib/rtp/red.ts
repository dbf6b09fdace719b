/**
 * Redundant audio data (RFC 2198): a packet that also carries earlier frames recovers lost packets, in bursts as well.
 *
 * ```text
 *    0                   1                    2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |1|  block PT   |     timestamp offset      |   block length    |  for each redundant frame, oldest first
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |0|  block PT   |  then the redundant frames, and the frame itself
 *   +-+-+-+-+-+-+-+-+
 * ```
 */

import { OPUS_PAYLOAD_TYPE } from "./rtp.ts";

/** Payload type of redundant packets: WebRTC's. */
export const REDUNDANT_PAYLOAD_TYPE = 63;

/** Most redundant frames that a receiver takes. Each delays voice by a frame while the receiver waits for it. */
export const MOST_REDUNDANT_FRAMES = 2;

/** An earlier frame. */
export interface RedundantFrame {
  /** How much earlier it is: 0 to 16383 samples. */
  readonly timestampOffset: number;
  /** At most 1023 bytes. */
  readonly payload: Uint8Array;
}

/** The payload of a redundant packet. */
export interface RedundantPayload {
  /** Oldest first. */
  readonly redundant: readonly RedundantFrame[];
  /** The frame of the packet itself. */
  readonly payload: Uint8Array;
}

/** Header of each redundant frame. */
export const REDUNDANT_HEADER_BYTES = 4;

/** Header of the frame of the packet itself. */
export const LAST_HEADER_BYTES = 1;

/** Longest redundant frame: the block length has 10 bits. */
export const LONGEST_REDUNDANT_BYTES = 0x3ff;

/** Encodes the payload of a redundant packet. Numbers are truncated to their width. */
export function encodeRedundant({ redundant, payload }: RedundantPayload): Uint8Array<ArrayBuffer> {
  let at = REDUNDANT_HEADER_BYTES * redundant.length + LAST_HEADER_BYTES;
  const length = redundant.reduce((sum, frame) => sum + frame.payload.length, at + payload.length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  redundant.forEach((frame, index) => {
    const offset = (frame.timestampOffset & 0x3fff) << 10 | frame.payload.length & LONGEST_REDUNDANT_BYTES;
    view.setUint32(REDUNDANT_HEADER_BYTES * index, (0x80 | OPUS_PAYLOAD_TYPE) << 24 | offset);
    bytes.set(frame.payload, at);
    at += frame.payload.length;
  });
  view.setUint8(REDUNDANT_HEADER_BYTES * redundant.length, OPUS_PAYLOAD_TYPE);
  bytes.set(payload, at);
  return bytes;
}

/**
 * Parses the payload of a redundant packet. Of its redundant frames only those behind the last one that is not Opus are taken.
 *
 * @returns Views into `bytes`; undefined if they are invalid, or the frame of the packet itself is not Opus.
 */
export function parseRedundant(bytes: Uint8Array): RedundantPayload | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let headers = 0;
  while (headers < bytes.length && bytes[headers]! & 0x80) headers += REDUNDANT_HEADER_BYTES;
  if (headers >= bytes.length || bytes[headers] !== OPUS_PAYLOAD_TYPE) return undefined;
  let redundant: RedundantFrame[] = [];
  let at = headers + LAST_HEADER_BYTES;
  for (let header = 0; header < headers; header += REDUNDANT_HEADER_BYTES) {
    const fields = view.getUint32(header);
    const length = fields & LONGEST_REDUNDANT_BYTES;
    if (at + length > bytes.length) return undefined;
    const payload = bytes.subarray(at, at + length);
    if ((fields >>> 24 & 0x7f) !== OPUS_PAYLOAD_TYPE) redundant = [];
    else redundant.push({ timestampOffset: fields >>> 10 & 0x3fff, payload });
    at += length;
  }
  return { redundant, payload: bytes.subarray(at) };
}
