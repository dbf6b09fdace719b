/** Secure RTP and RTCP (RFC 3711, RFC 7714): the two ends of one direction of a call. */

import { ReplayWindow } from "./replay_window.ts";
import { isRtcp } from "../rtp/rtp.ts";
import { type SessionKeys, sessionKeys, type SrtpMaster } from "./key_derivation.ts";
import { openRtcp, openRtp, rtcpName, rtpName, sealRtcp, sealRtp } from "./packet.ts";

/** Sequence numbers until they begin again. */
const SEQUENCE_LAP = 0x1_0000;

/** Streams of the other side that are told apart. A phone has one in a call; the rest is for peers that begin anew. */
const MAX_STREAMS = 8;

/** One direction of a call, at its sender. */
export class SrtpSender {
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  /** How often the sequence number has begun again, and the last one. */
  #rollovers = 0;
  #lastSequence = 0;
  #rtcpIndex = 0;

  /** @param master Of this direction. No other sender may ever use it: a number would be used twice. */
  constructor(master: SrtpMaster) {
    this.#rtp = sessionKeys(master, "rtp");
    this.#rtcp = sessionKeys(master, "rtcp");
  }

  /**
   * An RTP or RTCP packet as it goes over the network.
   *
   * @param packet Well-formed. RTP comes in the order of its sequence numbers, of one stream, none of them twice.
   */
  protect(packet: Uint8Array): Uint8Array<ArrayBuffer> {
    if (isRtcp(packet)) return sealRtcp(this.#rtcp, packet, this.#rtcpIndex++);
    const sequence = (packet[2] as number) << 8 | (packet[3] as number);
    if (sequence < this.#lastSequence) this.#rollovers++;
    this.#lastSequence = sequence;
    return sealRtp(this.#rtp, packet, this.#rollovers);
  }
}

/** What has come of one stream. */
interface Stream {
  readonly rtp: ReplayWindow;
  readonly rtcp: ReplayWindow;
}

/** One direction of a call, at its receiver. */
export class SrtpReceiver {
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  readonly #streams = new Map<number, Stream>();

  constructor(master: SrtpMaster) {
    this.#rtp = sessionKeys(master, "rtp");
    this.#rtcp = sessionKeys(master, "rtcp");
  }

  /**
   * The RTP or RTCP packet in a datagram from the network.
   *
   * @param datagram Any bytes; they are not kept.
   * @returns Undefined for what the other side did not send, what was changed on its way, and what has come before.
   */
  unprotect(datagram: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    return isRtcp(datagram) ? this.#unprotectRtcp(datagram) : this.#unprotectRtp(datagram);
  }

  #unprotectRtp(datagram: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const name = rtpName(datagram);
    const stream = name && this.#stream(name.ssrc);
    if (!stream) return undefined;
    const index = nearestIndex(name.number, stream.rtp.newest);
    if (index < 0 || !stream.rtp.isNew(index)) return undefined;
    const packet = openRtp(this.#rtp, datagram, Math.floor(index / SEQUENCE_LAP));
    if (!packet) return undefined;
    stream.rtp.add(index);
    this.#streams.set(name.ssrc, stream);
    return packet;
  }

  #unprotectRtcp(datagram: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const name = rtcpName(datagram);
    const stream = name && this.#stream(name.ssrc);
    if (!stream || !stream.rtcp.isNew(name.number)) return undefined;
    const packet = openRtcp(this.#rtcp, datagram);
    if (!packet) return undefined;
    stream.rtcp.add(name.number);
    this.#streams.set(name.ssrc, stream);
    return packet;
  }

  /** A stream that is known, or a new one, which is remembered only when one of its packets has proved authentic. */
  #stream(ssrc: number): Stream | undefined {
    const known = this.#streams.get(ssrc);
    if (known || this.#streams.size >= MAX_STREAMS) return known;
    return { rtp: new ReplayWindow(), rtcp: new ReplayWindow() };
  }
}

/**
 * A sequence number and its laps, as the number nearest to the newest so far (RFC 3711, section 3.3.1 and appendix A).
 * The first of a stream is in lap 0: senders begin in the lower half of the numbers, so that none misses a lap.
 *
 * @param newest The largest index that was received, or -1.
 * @returns Negative for what would be from before the beginning.
 */
function nearestIndex(sequence: number, newest: number): number {
  if (newest < 0) return sequence;
  const index = newest - newest % SEQUENCE_LAP + sequence;
  if (index - newest > SEQUENCE_LAP / 2) return index - SEQUENCE_LAP;
  if (newest - index > SEQUENCE_LAP / 2) return index + SEQUENCE_LAP;
  return index;
}
