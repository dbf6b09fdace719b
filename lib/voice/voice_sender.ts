/** From samples to RTP datagrams, without a socket or a clock. */

import { levelDb } from "../dsp/level.ts";
import { SAMPLE_RATE } from "../dsp/pcm.ts";
import { SILENT_PACKET_BYTES, type VoiceEncoder } from "../codec/opus.ts";
import { MAX_DATAGRAM_BYTES } from "../protocol/call_messages.ts";
import { TAG_BYTES } from "../srtp/aes_gcm.ts";
import {
  encodeRedundant,
  LAST_HEADER_BYTES,
  LONGEST_REDUNDANT_BYTES,
  REDUNDANT_HEADER_BYTES,
  REDUNDANT_PAYLOAD_TYPE,
  type RedundantFrame,
} from "../rtp/red.ts";
import { encodeRtp, OPUS_PAYLOAD_TYPE, RTP_HEADER_BYTES } from "../rtp/rtp.ts";

/** Least level of speech, in dBFS. */
const SPEECH_DB = -55;

/**
 * Stops sending silence after 8 s without speech (DTX). Shorter pauses are sent: the receiver's jitter buffer measures the
 * network's delay by packets, and so knows it before the next word.
 */
const LONG_SILENCE_SAMPLES = 8 * SAMPLE_RATE;

/** Under DTX, sends one packet of silence every 400 ms as a keepalive: Opus's own interval. */
const KEEPALIVE_SAMPLES = 0.4 * SAMPLE_RATE;

/** Longest payload that fits, encrypted, into a datagram that every receiver takes. */
const LONGEST_PAYLOAD_BYTES = MAX_DATAGRAM_BYTES - RTP_HEADER_BYTES - TAG_BYTES;

const NO_REDUNDANCY: RedundantFrame[] = [];

/** A frame that was sent. */
interface SentFrame {
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** The sender of a call's voice. */
export class VoiceSender {
  /** Number of earlier frames that a packet carries (RFC 2198). */
  redundancy = 0;
  /** The stream's identifier (RFC 3550, section 8.1). */
  readonly ssrc: number;
  readonly #encoder: VoiceEncoder;
  #sequenceNumber: number;
  #timestamp: number;
  #sentTimestamp = 0;
  #sent = 0;
  #silent = false;
  /** The last frames, for redundancy in the next packets. */
  readonly #before: SentFrame[] = [];
  /** Samples since the last speech. */
  #quietSamples = 0;
  /** Samples since the last packet. */
  #unsentSamples = 0;

  /**
   * @param encoder Owned by the caller.
   * @param random Three random numbers of 32 bits: nobody may guess where a stream begins (RFC 3550, section 5.1).
   */
  constructor(encoder: VoiceEncoder, random: Uint32Array = crypto.getRandomValues(new Uint32Array(3))) {
    this.#encoder = encoder;
    const [ssrc = 0, sequenceNumber = 0, timestamp = 0] = random;
    this.ssrc = ssrc;
    // In the lower half: a receiver that misses the first packets must not miss a rollover (RFC 3711, section 3.3.1).
    this.#sequenceNumber = sequenceNumber & 0x7fff;
    this.#timestamp = timestamp;
  }

  /** Packets made so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Timestamp of the last packet, for sender reports. */
  get timestamp(): number {
    return this.#sentTimestamp;
  }

  /**
   * The datagram of the next frame.
   *
   * @param frame Samples; cleared if they count as silence.
   * @param muted Whether they are silent because the person muted the microphone.
   * @returns Undefined if the frame need not be sent: the silence that the last packet announced goes on (discontinuous
   * transmission, RFC 7587, section 3.1.3). The timestamp still advances.
   */
  packet(frame: Int16Array, muted = false): Uint8Array<ArrayBuffer> | undefined {
    this.#quietSamples = levelDb(frame) < SPEECH_DB ? this.#quietSamples + frame.length : 0;
    const pausing = muted || this.#quietSamples >= LONG_SILENCE_SAMPLES;
    // Opus's low-delay encoder recognises digital silence only. The receiver adds comfort noise.
    if (pausing) frame.fill(0);
    const wasSilent = this.#silent;
    const timestamp = this.#timestamp;
    this.#timestamp = (timestamp + frame.length) >>> 0;
    this.#unsentSamples += frame.length;
    if (pausing && wasSilent && this.#unsentSamples < KEEPALIVE_SAMPLES) {
      this.#before.length = 0;
      return undefined;
    }
    this.#unsentSamples = 0;
    this.#encoder.allowSilence(pausing);
    const payload = this.#encoder.encode(frame);
    this.#silent = payload.length <= SILENT_PACKET_BYTES;
    const redundant = this.#redundantFor({ timestamp, payload });
    const datagram = encodeRtp({
      payloadType: redundant.length > 0 ? REDUNDANT_PAYLOAD_TYPE : OPUS_PAYLOAD_TYPE,
      marker: this.#sent === 0 || (wasSilent && !this.#silent),
      sequenceNumber: this.#sequenceNumber,
      timestamp,
      ssrc: this.ssrc,
      payload: redundant.length > 0 ? encodeRedundant({ redundant, payload }) : payload,
    });
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#sentTimestamp = timestamp;
    this.#sent++;
    return datagram;
  }

  /** The earlier frames that fit into the packet of a frame. Keeps the frame for the next packets. */
  #redundantFor(frame: SentFrame): RedundantFrame[] {
    const before = this.#before;
    while (before.length > this.redundancy) before.shift();
    if (this.redundancy === 0) return NO_REDUNDANCY;
    const redundant: RedundantFrame[] = [];
    let bytes = LAST_HEADER_BYTES + frame.payload.length;
    for (const { timestamp, payload } of before.toReversed()) {
      bytes += REDUNDANT_HEADER_BYTES + payload.length;
      if (bytes > LONGEST_PAYLOAD_BYTES || payload.length > LONGEST_REDUNDANT_BYTES) break;
      redundant.unshift({ timestampOffset: (frame.timestamp - timestamp) >>> 0, payload });
    }
    before.push(frame);
    return redundant;
  }

  /** Bytes of a datagram that are voice. */
  static payloadBytes(datagram: Uint8Array): number {
    return datagram.length - RTP_HEADER_BYTES;
  }
}
