/**
 * One packet of secure RTP or RTCP with AEAD_AES_128_GCM (RFC 3711 and RFC 7714): headers stay readable, all else is
 * enciphered, and a change to any bit of either is found out. AES-GCM itself is a library's (`aes_gcm.ts`).
 *
 * ```text
 * RTP    | header, contributing sources, extension | enciphered payload | tag: 16 bytes |
 * RTCP   | first 8 bytes | enciphered rest | tag: 16 bytes |1| index: 31 bits |
 * ```
 */

import { aesGcm, IV_BYTES, TAG_BYTES } from "./aes_gcm.ts";
import { RTP_HEADER_BYTES } from "../rtp/rtp.ts";
import type { SessionKeys } from "./key_derivation.ts";

/** Of an RTCP packet its first header, with the sender's SSRC, is not enciphered (RFC 3711, section 3.4). */
const RTCP_CLEAR_BYTES = 8;

/** The word at the end of an SRTCP packet: whether it is enciphered, and its index. */
const RTCP_INDEX_BYTES = 4;
const ENCIPHERED = 0x8000_0000;

/** The SSRC and the number of an enciphered packet: readable before it is known whether it is authentic. */
export interface PacketName {
  readonly ssrc: number;
  /** RTP: the sequence number, 16 bits. RTCP: the index, 31 bits. */
  readonly number: number;
}

/** An RTP packet, enciphered. `rollovers` is how often the stream's sequence number has begun again. */
export function sealRtp(keys: SessionKeys, packet: Uint8Array, rollovers: number): Uint8Array<ArrayBuffer> {
  const iv = rtpIv(keys.salt, uint32(packet, 8), rollovers, uint16(packet, 2));
  return encipher(keys.key, iv, packet, rtpHeaderBytes(packet), new Uint8Array(0));
}

/** The name of an enciphered RTP packet, or undefined where it is too short to be one. */
export function rtpName(packet: Uint8Array): PacketName | undefined {
  if (packet.length < RTP_HEADER_BYTES + TAG_BYTES) return undefined;
  return { ssrc: uint32(packet, 8), number: uint16(packet, 2) };
}

/** The RTP packet in an enciphered one that has a {@linkcode rtpName}; undefined where it is not authentic. */
export function openRtp(
  keys: SessionKeys,
  packet: Uint8Array,
  rollovers: number,
): Uint8Array<ArrayBuffer> | undefined {
  const clearBytes = rtpHeaderBytes(packet);
  if (packet.length < clearBytes + TAG_BYTES) return undefined;
  const iv = rtpIv(keys.salt, uint32(packet, 8), rollovers, uint16(packet, 2));
  return decipher(keys.key, iv, packet, clearBytes, 0);
}

/** A compound RTCP packet, enciphered. `index` is the number of such packets before it, 0 to 2^31 - 1. */
export function sealRtcp(keys: SessionKeys, packet: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  const iv = rtcpIv(keys.salt, uint32(packet, 4), index);
  const trailer = new Uint8Array(RTCP_INDEX_BYTES);
  new DataView(trailer.buffer).setUint32(0, ENCIPHERED + index);
  return encipher(keys.key, iv, packet, RTCP_CLEAR_BYTES, trailer);
}

/** The name of an enciphered RTCP packet; undefined where it is too short, or in the clear, which Sala never sends. */
export function rtcpName(packet: Uint8Array): PacketName | undefined {
  if (packet.length < RTCP_CLEAR_BYTES + TAG_BYTES + RTCP_INDEX_BYTES) return undefined;
  const word = uint32(packet, packet.length - RTCP_INDEX_BYTES);
  return word < ENCIPHERED ? undefined : { ssrc: uint32(packet, 4), number: word - ENCIPHERED };
}

/** The RTCP packet in an enciphered one that has a {@linkcode rtcpName}; undefined where it is not authentic. */
export function openRtcp(keys: SessionKeys, packet: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const index = uint32(packet, packet.length - RTCP_INDEX_BYTES) - ENCIPHERED;
  const iv = rtcpIv(keys.salt, uint32(packet, 4), index);
  return decipher(keys.key, iv, packet, RTCP_CLEAR_BYTES, RTCP_INDEX_BYTES);
}

/** The first 12 bytes, contributing sources and the extension: what stays readable (RFC 3711, section 3.1). */
function rtpHeaderBytes(packet: Uint8Array): number {
  const first = packet[0] as number;
  const fixed = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  const hasExtension = (first & 0x10) !== 0;
  return hasExtension && packet.length >= fixed + 4 ? fixed + 4 + 4 * uint16(packet, fixed + 2) : fixed;
}

/** RFC 7714, section 8.1: two zero bytes, SSRC, rollovers, sequence number; by exclusive or with the salt. */
function rtpIv(salt: Uint8Array, ssrc: number, rollovers: number, sequence: number): Uint8Array {
  const iv = new Uint8Array(IV_BYTES);
  const view = new DataView(iv.buffer);
  view.setUint32(2, ssrc);
  view.setUint32(6, rollovers);
  view.setUint16(10, sequence);
  return salted(iv, salt);
}

/** RFC 7714, section 9.1: two zero bytes, SSRC, two zero bytes, index. */
function rtcpIv(salt: Uint8Array, ssrc: number, index: number): Uint8Array {
  const iv = new Uint8Array(IV_BYTES);
  const view = new DataView(iv.buffer);
  view.setUint32(2, ssrc);
  view.setUint32(8, index);
  return salted(iv, salt);
}

function salted(iv: Uint8Array, salt: Uint8Array): Uint8Array {
  for (let place = 0; place < IV_BYTES; place++) iv[place] = iv[place] as number ^ (salt[place] as number);
  return iv;
}

/**
 * Enciphers a packet from some byte on.
 *
 * @param trailer What stands behind the tag: with RTCP the word with the index, else nothing.
 */
function encipher(
  key: Uint8Array,
  iv: Uint8Array,
  packet: Uint8Array,
  clearBytes: number,
  trailer: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(packet.length + TAG_BYTES + trailer.length);
  const clear = packet.subarray(0, clearBytes);
  const sealed = result.subarray(clearBytes, packet.length + TAG_BYTES);
  aesGcm.seal(key, iv, associated(clear, trailer), packet.subarray(clearBytes), sealed);
  result.set(clear);
  result.set(trailer, packet.length + TAG_BYTES);
  return result;
}

/** The reverse of {@linkcode encipher}; undefined where the tag is not right. */
function decipher(
  key: Uint8Array,
  iv: Uint8Array,
  packet: Uint8Array,
  clearBytes: number,
  trailerBytes: number,
): Uint8Array<ArrayBuffer> | undefined {
  const trailerStart = packet.length - trailerBytes;
  const clear = packet.subarray(0, clearBytes);
  const sealed = packet.subarray(clearBytes, trailerStart);
  const result = new Uint8Array(trailerStart - TAG_BYTES);
  const also = associated(clear, packet.subarray(trailerStart));
  if (!aesGcm.open(key, iv, also, sealed, result.subarray(clearBytes))) return undefined;
  result.set(clear);
  return result;
}

/** What is authenticated without being enciphered: with RTCP the word with the index as well. */
function associated(clear: Uint8Array, trailer: Uint8Array): Uint8Array {
  if (trailer.length === 0) return clear;
  const bytes = new Uint8Array(clear.length + trailer.length);
  bytes.set(clear);
  bytes.set(trailer, clear.length);
  return bytes;
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) << 8 | (bytes[at + 1] as number);
}

function uint32(bytes: Uint8Array, at: number): number {
  return (uint16(bytes, at) << 16 | uint16(bytes, at + 2)) >>> 0;
}
