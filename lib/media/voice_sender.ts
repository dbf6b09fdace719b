/** From samples to RTP datagrams, without a socket or a clock. */

import { type VoiceEncoder } from "./opus.ts";
import { encodeRtp, OPUS_PAYLOAD_TYPE } from "./rtp.ts";

/** One direction of a call's voice, outward. */
export class VoiceSender {
  readonly #encoder: VoiceEncoder;
  readonly #ssrc: number;
  #sequenceNumber: number;
  #timestamp: number;
  #sent = 0;

  /**
   * @param encoder Owned by the caller.
   * @param random Three random numbers of 32 bits; where a stream begins must not be guessed (RFC 3550, section 5.1).
   */
  constructor(encoder: VoiceEncoder, random: Uint32Array = crypto.getRandomValues(new Uint32Array(3))) {
    this.#encoder = encoder;
    const [ssrc = 0, sequenceNumber = 0, timestamp = 0] = random;
    this.#ssrc = ssrc;
    this.#sequenceNumber = sequenceNumber & 0xffff;
    this.#timestamp = timestamp;
  }

  /** Packets made so far. */
  get sent(): number {
    return this.#sent;
  }

  /** The datagram of the next frame. */
  packet(frame: Int16Array): Uint8Array<ArrayBuffer> {
    const datagram = encodeRtp({
      payloadType: OPUS_PAYLOAD_TYPE,
      marker: this.#sent === 0,
      sequenceNumber: this.#sequenceNumber,
      timestamp: this.#timestamp,
      ssrc: this.#ssrc,
      payload: this.#encoder.encode(frame),
    });
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + frame.length) >>> 0;
    this.#sent++;
    return datagram;
  }
}
