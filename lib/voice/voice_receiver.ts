/** From RTP datagrams to samples, without a socket or a clock. */

import { packetSamples, type VoiceDecoder } from "../codec/opus.ts";
import type { JitterBufferConfig } from "../jitter_buffer/config.ts";
import { JitterBuffer } from "../jitter_buffer/jitter_buffer.ts";
import { ReceiverStatistics } from "../rtp/receiver_statistics.ts";
import {
  MOST_REDUNDANT_FRAMES,
  parseRedundant,
  REDUNDANT_PAYLOAD_TYPE,
  type RedundantPayload,
} from "../rtp/red.ts";
import { OPUS_PAYLOAD_TYPE, parseRtp, type RtpPacket } from "../rtp/rtp.ts";
import { SequenceUnwrapper } from "../rtp/sequence_unwrapper.ts";

/** One direction of a call's voice, inward. */
export class VoiceReceiver {
  /** Decides which samples to play. */
  readonly jitterBuffer: JitterBuffer;
  /** Statistics for reports. */
  readonly statistics = new ReceiverStatistics();
  #sequence = new SequenceUnwrapper(16);
  #timestamp = new SequenceUnwrapper(32);
  #ssrc: number | undefined;

  /**
   * @param decoder Owned by the caller.
   * @param leadSamples See {@linkcode JitterBuffer}.
   * @param stretching See {@linkcode JitterBuffer}.
   * @param config See {@linkcode JitterBuffer}.
   */
  constructor(decoder: VoiceDecoder, leadSamples = 0, stretching = true, config?: JitterBufferConfig) {
    this.jitterBuffer = new JitterBuffer(decoder, leadSamples, stretching, config);
  }

  /**
   * Takes a datagram that looks like RTP.
   *
   * @param now Milliseconds on any clock that only goes forward.
   * @param datagram Its bytes, kept until they are played.
   * @returns Whether it was voice.
   */
  handlePacket(now: number, datagram: Uint8Array): boolean {
    const packet = parseRtp(datagram);
    const voice = packet && voiceOf(packet);
    if (!voice || voice.payload.length === 0) return false;
    if (packet.ssrc !== this.#ssrc) { // Another stream: its numbers start anywhere.
      this.#ssrc = packet.ssrc;
      this.#sequence = new SequenceUnwrapper(16);
      this.#timestamp = new SequenceUnwrapper(32);
      this.jitterBuffer.restart();
    }
    const sequenceNumber = this.#sequence.extend(packet.sequenceNumber);
    const timestamp = this.#timestamp.extend(packet.timestamp);
    this.statistics.record(packet.ssrc, sequenceNumber, timestamp, now);
    const redundancy = voice.redundant.length;
    this.jitterBuffer.handlePacket(now, { sequenceNumber, timestamp, payload: voice.payload }, redundancy);
    voice.redundant.forEach(({ timestampOffset, payload }, index) => {
      this.jitterBuffer.handleRedundant({
        sequenceNumber: sequenceNumber - redundancy + index,
        timestamp: timestamp - timestampOffset,
        payload,
      });
    });
    return true;
  }

  /** Fills `samples` with the next ones to play: see {@linkcode JitterBuffer.play}. */
  play(samples: Int16Array, now: number, behind = 0): void {
    this.jitterBuffer.play(samples, now, behind);
  }
}

const NO_REDUNDANCY: RedundantPayload["redundant"] = [];

/** The frames of a packet, redundant ones as far as they were sent directly before it; undefined if it is not voice. */
function voiceOf({ payloadType, payload }: RtpPacket): RedundantPayload | undefined {
  if (payloadType === OPUS_PAYLOAD_TYPE) return { payload, redundant: NO_REDUNDANCY };
  if (payloadType !== REDUNDANT_PAYLOAD_TYPE) return undefined;
  const parsed = parseRedundant(payload);
  return parsed && { payload: parsed.payload, redundant: directlyBefore(parsed.redundant) };
}

/**
 * The last redundant frames, as far as each ends where the next one begins. Only by that their sequence numbers are known:
 * RFC 2198 gives the offset of a timestamp, and senders may leave frames out.
 */
function directlyBefore(redundant: RedundantPayload["redundant"]): RedundantPayload["redundant"] {
  let first = redundant.length;
  let start = 0;
  while (first > 0 && redundant.length - first < MOST_REDUNDANT_FRAMES) {
    const { timestampOffset, payload } = redundant[first - 1]!;
    if (payload.length === 0 || timestampOffset - packetSamples(payload) !== start) break;
    start = timestampOffset;
    first--;
  }
  return redundant.slice(first);
}
