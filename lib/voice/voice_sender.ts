/** From samples to RTP datagrams, without a socket or a clock. */

import { levelDb } from "../dsp/level.ts";
import { SAMPLE_RATE } from "../dsp/pcm.ts";
import { SILENT_PACKET_BYTES, type VoiceEncoder } from "../codec/opus.ts";
import { encodeRedundant, type FrameCopy, LONGEST_COPY_BYTES, REDUNDANT_PAYLOAD_TYPE } from "../rtp/red.ts";
import { encodeRtp, OPUS_PAYLOAD_TYPE, RTP_HEADER_BYTES } from "../rtp/rtp.ts";

/** Softer than this, in dB below full scale, nobody speaks. */
const SPEECH_DB = -55;

/**
 * After this time without speech its silence need not be sent. Pauses between sentences are: what the network does is
 * learnt from packets, and so known before the next word.
 */
const LONG_SILENCE_SAMPLES = 8 * SAMPLE_RATE;

/** So often silence is sent all the same, for a sign of life: as often as Opus itself does. */
const SIGN_OF_LIFE_SAMPLES = 0.4 * SAMPLE_RATE;

/** Most bytes of frames in a packet with copies: with all headers it fits into the 1500 of Ethernet. */
const LONGEST_PAYLOAD_BYTES = 1400;

const NO_COPIES: FrameCopy[] = [];

/** A frame that was sent. */
interface SentFrame {
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** One direction of a call's voice, outward. */
export class VoiceSender {
  /** How many of the frames before it a packet carries copies of, if the other side takes them. */
  copies = 0;
  /** Whose voice it is: a random number of 32 bits. */
  readonly ssrc: number;
  readonly #encoder: VoiceEncoder;
  #sequenceNumber: number;
  #timestamp: number;
  #sentTimestamp = 0;
  #sent = 0;
  #silent = false;
  /** The last frames, of each of which the next packets carry a copy. */
  readonly #before: SentFrame[] = [];
  /** How long nobody has spoken. */
  #quietSamples = 0;
  /** How long nothing was sent. */
  #unsentSamples = 0;

  /**
   * @param encoder Owned by the caller.
   * @param random Three random numbers of 32 bits; where a stream begins must not be guessed (RFC 3550, section 5.1).
   */
  constructor(encoder: VoiceEncoder, random: Uint32Array = crypto.getRandomValues(new Uint32Array(3))) {
    this.#encoder = encoder;
    const [ssrc = 0, sequenceNumber = 0, timestamp = 0] = random;
    this.ssrc = ssrc;
    // In the lower half: a receiver that misses the first packets shall not take a lap for none (RFC 3711, section 3.3.1).
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
   * @param frame Samples. Made complete silence when it need not be sent.
   * @param muted Whether they are silent because the person wants it so.
   * @returns Undefined where the frame need not be sent, because there is still silence: the other side was told so
   * (discontinuous transmission, RFC 7587, section 3.1.3). Its time goes by all the same.
   */
  packet(frame: Int16Array, muted = false): Uint8Array<ArrayBuffer> | undefined {
    this.#quietSamples = levelDb(frame) < SPEECH_DB ? this.#quietSamples + frame.length : 0;
    const pausing = muted || this.#quietSamples >= LONG_SILENCE_SAMPLES;
    // Opus's low-delay encoder recognises only silence that is complete. The other side has comfort noise for it.
    if (pausing) frame.fill(0);
    const wasSilent = this.#silent;
    const timestamp = this.#timestamp;
    this.#timestamp = (timestamp + frame.length) >>> 0;
    this.#unsentSamples += frame.length;
    if (pausing && wasSilent && this.#unsentSamples < SIGN_OF_LIFE_SAMPLES) {
      this.#before.length = 0;
      return undefined;
    }
    this.#unsentSamples = 0;
    this.#encoder.allowSilence(pausing);
    const payload = this.#encoder.encode(frame);
    this.#silent = payload.length <= SILENT_PACKET_BYTES;
    const copies = this.#copiesFor({ timestamp, payload });
    const datagram = encodeRtp({
      payloadType: copies.length > 0 ? REDUNDANT_PAYLOAD_TYPE : OPUS_PAYLOAD_TYPE,
      marker: this.#sent === 0 || (wasSilent && !this.#silent),
      sequenceNumber: this.#sequenceNumber,
      timestamp,
      ssrc: this.ssrc,
      payload: copies.length > 0 ? encodeRedundant({ copies, payload }) : payload,
    });
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#sentTimestamp = timestamp;
    this.#sent++;
    return datagram;
  }

  /** Copies that fit into the packet of a frame, which is kept for those of the next ones. */
  #copiesFor(frame: SentFrame): FrameCopy[] {
    const before = this.#before;
    while (before.length > this.copies) before.shift();
    if (this.copies === 0) return NO_COPIES;
    const copies: FrameCopy[] = [];
    let bytes = frame.payload.length;
    for (const { timestamp, payload } of before.toReversed()) {
      bytes += payload.length;
      if (bytes > LONGEST_PAYLOAD_BYTES || payload.length > LONGEST_COPY_BYTES) break;
      copies.unshift({ earlierSamples: (frame.timestamp - timestamp) >>> 0, payload });
    }
    before.push(frame);
    return copies;
  }

  /** Bytes of a datagram that are voice. */
  static payloadBytes(datagram: Uint8Array): number {
    return datagram.length - RTP_HEADER_BYTES;
  }
}
