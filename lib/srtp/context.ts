/** SRTP contexts (RFC 3711, section 3.2): sender and receiver of one direction of a call. */

import { type AesGcm, runtimeCipher } from "./aes_gcm.ts";
import { ReplayWindow } from "./replay_window.ts";
import { isRtcp } from "../rtp/rtp.ts";
import { type SessionKeys, sessionKeys, type SrtpMaster, wipeKeys } from "./key_derivation.ts";
import { openRtcp, openRtp, rtcpId, rtpId, sealRtcp, sealRtp } from "./packet.ts";

/** Sequence numbers in a cycle. */
const SEQUENCE_CYCLE = 0x1_0000;

/** Most streams of a peer. Sala's phone has one a call; other peers may start again with a new SSRC. */
export const MAX_STREAMS = 8;

/** The sender of one direction. */
export class SrtpSender {
  readonly #cipher: AesGcm;
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  /** Rollover counter (RFC 3711, section 3.3.1). */
  #rollovers = 0;
  #lastSequence = 0;
  #rtcpIndex = 0;
  #wiped = false;

  /** @param master Of this direction. One sender only may use it, or initialization vectors would repeat. */
  constructor(master: SrtpMaster, cipher: AesGcm = runtimeCipher) {
    this.#cipher = cipher;
    this.#rtp = sessionKeys(master, "rtp");
    this.#rtcp = sessionKeys(master, "rtcp");
  }

  /**
   * Encrypts an RTP or RTCP packet.
   *
   * @param packet Valid. RTP packets must be of one stream, in order of their sequence numbers, without duplicates.
   * @throws {Error} After {@linkcode SrtpSender.wipe}.
   */
  protect(packet: Uint8Array): Uint8Array<ArrayBuffer> {
    if (this.#wiped) throw new Error("the keys are wiped");
    if (isRtcp(packet)) return sealRtcp(this.#rtcp, packet, this.#rtcpIndex++, this.#cipher);
    const sequence = (packet[2] as number) << 8 | (packet[3] as number);
    if (sequence < this.#lastSequence) this.#rollovers++;
    this.#lastSequence = sequence;
    return sealRtp(this.#rtp, packet, this.#rollovers, this.#cipher);
  }

  /** Overwrites the keys, also in the cipher. */
  wipe(): void {
    this.#wiped = true;
    wipeKeys(this.#rtp, this.#rtcp);
    this.#cipher.wipe();
  }
}

/** Replay windows of one stream. */
interface Stream {
  readonly rtp: ReplayWindow;
  readonly rtcp: ReplayWindow;
}

/** The receiver of one direction. */
export class SrtpReceiver {
  readonly #cipher: AesGcm;
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  readonly #streams = new Map<number, Stream>();
  #wiped = false;

  constructor(master: SrtpMaster, cipher: AesGcm = runtimeCipher) {
    this.#cipher = cipher;
    this.#rtp = sessionKeys(master, "rtp");
    this.#rtcp = sessionKeys(master, "rtcp");
  }

  /**
   * Decrypts a datagram.
   *
   * @param datagram Any bytes.
   * @returns The RTP or RTCP packet; undefined if it is not authentic, a replay, or older than the replay window.
   */
  unprotect(datagram: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    if (this.#wiped) return undefined;
    return isRtcp(datagram) ? this.#unprotectRtcp(datagram) : this.#unprotectRtp(datagram);
  }

  /** The streams that authentic packets came of, by their SSRC. */
  get streams(): readonly number[] {
    return [...this.#streams.keys()];
  }

  /** Whether a datagram claims to be of a stream that authentic packets came of. */
  knows(datagram: Uint8Array): boolean {
    const id = isRtcp(datagram) ? rtcpId(datagram) : rtpId(datagram);
    return id !== undefined && this.#streams.has(id.ssrc);
  }

  /** Whether a datagram claims a higher number than all authentic ones of its stream, voice and reports apart. */
  isNewest(datagram: Uint8Array): boolean {
    const rtcp = isRtcp(datagram);
    const id = rtcp ? rtcpId(datagram) : rtpId(datagram);
    const stream = id && this.#stream(id.ssrc);
    if (!stream) return false;
    if (rtcp) return id.number > stream.rtcp.highest;
    return nearestIndex(id.number, stream.rtp.highest) > stream.rtp.highest;
  }

  /** Overwrites the keys, also in the cipher. No packet is authentic any more. */
  wipe(): void {
    this.#wiped = true;
    wipeKeys(this.#rtp, this.#rtcp);
    this.#cipher.wipe();
  }

  #unprotectRtp(datagram: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const id = rtpId(datagram);
    const stream = id && this.#stream(id.ssrc);
    if (!stream) return undefined;
    const index = nearestIndex(id.number, stream.rtp.highest);
    if (index < 0 || !stream.rtp.isNew(index)) return undefined;
    const packet = openRtp(this.#rtp, datagram, Math.floor(index / SEQUENCE_CYCLE), this.#cipher);
    if (!packet) return undefined;
    stream.rtp.add(index);
    this.#streams.set(id.ssrc, stream);
    return packet;
  }

  #unprotectRtcp(datagram: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const id = rtcpId(datagram);
    const stream = id && this.#stream(id.ssrc);
    if (!stream || !stream.rtcp.isNew(id.number)) return undefined;
    const packet = openRtcp(this.#rtcp, datagram, this.#cipher);
    if (!packet) return undefined;
    stream.rtcp.add(id.number);
    this.#streams.set(id.ssrc, stream);
    return packet;
  }

  /** A known stream, or a new one, which the caller keeps after its first authentic packet only. */
  #stream(ssrc: number): Stream | undefined {
    const known = this.#streams.get(ssrc);
    if (known || this.#streams.size >= MAX_STREAMS) return known;
    return { rtp: new ReplayWindow(), rtcp: new ReplayWindow() };
  }
}

/**
 * Estimates a packet's index, 2^16 * rollover counter + sequence number, as the one nearest to the highest so far
 * (RFC 3711, section 3.3.1 and appendix A). The first packet of a stream has rollover counter 0: senders start in the
 * lower half of the sequence numbers, so that no receiver misses a rollover.
 *
 * @param highest The highest authentic index, or -1.
 * @returns Negative for a packet before the first cycle.
 */
function nearestIndex(sequence: number, highest: number): number {
  if (highest < 0) return sequence;
  const index = highest - highest % SEQUENCE_CYCLE + sequence;
  if (index - highest > SEQUENCE_CYCLE / 2) return index - SEQUENCE_CYCLE;
  if (highest - index > SEQUENCE_CYCLE / 2) return index + SEQUENCE_CYCLE;
  return index;
}
