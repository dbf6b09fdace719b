/**
 * SRTP and SRTCP packets with AEAD_AES_128_GCM (RFC 3711, section 3; RFC 7714, sections 8 and 9). Headers stay in the
 * clear; the authentication tag covers the whole packet.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |  SRTP
 * |                           timestamp                           |
 * |                             SSRC                              |
 * |             contributing sources, header extension ...        |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |                     encrypted payload ...                     |
 * |                 authentication tag, 16 bytes                  |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|    RC   |      PT       |            length             |  SRTCP
 * |                        SSRC of sender                         |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |            encrypted rest of the compound packet ...          |
 * |                 authentication tag, 16 bytes                  |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |1|                        SRTCP index                          |  in the clear, authenticated
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 */

import { type AesGcm, IV_BYTES, runtimeCipher, TAG_BYTES } from "./aes_gcm.ts";
import { RTP_HEADER_BYTES } from "../rtp/rtp.ts";
import type { SessionKeys } from "./key_derivation.ts";

/** Clear part of SRTCP: the first header and its SSRC (RFC 3711, section 3.4). */
const RTCP_CLEAR_BYTES = 8;

/** Trailer of SRTCP: the E flag, which says that the packet is encrypted, and the index. */
const RTCP_INDEX_BYTES = 4;
const ENCRYPTED_FLAG = 0x8000_0000;

/** The unauthenticated identity of an encrypted packet. */
export interface PacketId {
  readonly ssrc: number;
  /** Sequence number of SRTP, 16 bits; index of SRTCP, 31 bits. */
  readonly number: number;
}

/** Encrypts an RTP packet. @param rollovers The rollover counter of its stream. */
export function sealRtp(
  keys: SessionKeys,
  packet: Uint8Array,
  rollovers: number,
  cipher: AesGcm = runtimeCipher,
): Uint8Array<ArrayBuffer> {
  const iv = rtpIv(keys.salt, uint32(packet, 8), rollovers, uint16(packet, 2));
  return encrypt(cipher, keys.key, iv, packet, rtpHeaderBytes(packet), new Uint8Array(0));
}

/** @returns Undefined if a packet is too short for SRTP. */
export function rtpId(packet: Uint8Array): PacketId | undefined {
  if (packet.length < RTP_HEADER_BYTES + TAG_BYTES) return undefined;
  return { ssrc: uint32(packet, 8), number: uint16(packet, 2) };
}

/** Decrypts a packet that has an {@linkcode rtpId}. @returns Undefined if it is not authentic. */
export function openRtp(
  keys: SessionKeys,
  packet: Uint8Array,
  rollovers: number,
  cipher: AesGcm = runtimeCipher,
): Uint8Array<ArrayBuffer> | undefined {
  const clearBytes = rtpHeaderBytes(packet);
  if (packet.length < clearBytes + TAG_BYTES) return undefined;
  const iv = rtpIv(keys.salt, uint32(packet, 8), rollovers, uint16(packet, 2));
  return decrypt(cipher, keys.key, iv, packet, clearBytes, 0);
}

/** Encrypts a compound RTCP packet. @param index The number of SRTCP packets sent before it, 0 to 2^31 - 1. */
export function sealRtcp(
  keys: SessionKeys,
  packet: Uint8Array,
  index: number,
  cipher: AesGcm = runtimeCipher,
): Uint8Array<ArrayBuffer> {
  const iv = rtcpIv(keys.salt, uint32(packet, 4), index);
  const trailer = new Uint8Array(RTCP_INDEX_BYTES);
  new DataView(trailer.buffer).setUint32(0, ENCRYPTED_FLAG + index);
  return encrypt(cipher, keys.key, iv, packet, RTCP_CLEAR_BYTES, trailer);
}

/** @returns Undefined if a packet is too short for SRTCP, or not encrypted, which Sala never sends. */
export function rtcpId(packet: Uint8Array): PacketId | undefined {
  if (packet.length < RTCP_CLEAR_BYTES + TAG_BYTES + RTCP_INDEX_BYTES) return undefined;
  const word = uint32(packet, packet.length - RTCP_INDEX_BYTES);
  return word < ENCRYPTED_FLAG ? undefined : { ssrc: uint32(packet, 4), number: word - ENCRYPTED_FLAG };
}

/** Decrypts a packet that has an {@linkcode rtcpId}. @returns Undefined if it is not authentic. */
export function openRtcp(
  keys: SessionKeys,
  packet: Uint8Array,
  cipher: AesGcm = runtimeCipher,
): Uint8Array<ArrayBuffer> | undefined {
  const index = uint32(packet, packet.length - RTCP_INDEX_BYTES) - ENCRYPTED_FLAG;
  const iv = rtcpIv(keys.salt, uint32(packet, 4), index);
  return decrypt(cipher, keys.key, iv, packet, RTCP_CLEAR_BYTES, RTCP_INDEX_BYTES);
}

/** Clear part of SRTP: header, contributing sources and header extension (RFC 3711, section 3.1). */
function rtpHeaderBytes(packet: Uint8Array): number {
  const first = packet[0] as number;
  const fixed = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  const hasExtension = (first & 0x10) !== 0;
  return hasExtension && packet.length >= fixed + 4 ? fixed + 4 + 4 * uint16(packet, fixed + 2) : fixed;
}

/** RFC 7714, section 8.1: 2 zero bytes, SSRC, rollover counter, sequence number; all XOR the salt. */
function rtpIv(salt: Uint8Array, ssrc: number, rollovers: number, sequence: number): Uint8Array {
  const iv = new Uint8Array(IV_BYTES);
  const view = new DataView(iv.buffer);
  view.setUint32(2, ssrc);
  view.setUint32(6, rollovers);
  view.setUint16(10, sequence);
  return xorSalt(iv, salt);
}

/** RFC 7714, section 9.1: 2 zero bytes, SSRC, 2 zero bytes, SRTCP index; all XOR the salt. */
function rtcpIv(salt: Uint8Array, ssrc: number, index: number): Uint8Array {
  const iv = new Uint8Array(IV_BYTES);
  const view = new DataView(iv.buffer);
  view.setUint32(2, ssrc);
  view.setUint32(8, index);
  return xorSalt(iv, salt);
}

function xorSalt(iv: Uint8Array, salt: Uint8Array): Uint8Array {
  for (let index = 0; index < IV_BYTES; index++) iv[index] = iv[index] as number ^ (salt[index] as number);
  return iv;
}

/**
 * Encrypts a packet from `clearBytes` on.
 *
 * @param trailer Authenticated bytes behind the tag: the SRTCP trailer, or none.
 */
function encrypt(
  cipher: AesGcm,
  key: Uint8Array,
  iv: Uint8Array,
  packet: Uint8Array,
  clearBytes: number,
  trailer: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(packet.length + TAG_BYTES + trailer.length);
  const clear = packet.subarray(0, clearBytes);
  const sealed = result.subarray(clearBytes, packet.length + TAG_BYTES);
  cipher.seal(key, iv, associatedData(clear, trailer), packet.subarray(clearBytes), sealed);
  result.set(clear);
  result.set(trailer, packet.length + TAG_BYTES);
  return result;
}

/** Reverses {@linkcode encrypt}. @returns Undefined if the tag does not verify. */
function decrypt(
  cipher: AesGcm,
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
  const authenticated = associatedData(clear, packet.subarray(trailerStart));
  if (!cipher.open(key, iv, authenticated, sealed, result.subarray(clearBytes))) return undefined;
  result.set(clear);
  return result;
}

/** The associated data of the AEAD: the clear part and the trailer. */
function associatedData(clear: Uint8Array, trailer: Uint8Array): Uint8Array {
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
