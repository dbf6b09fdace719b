/** From RTP datagrams to samples, without a socket or a clock. */

import { JitterBuffer, type JitterBufferCounts } from "./jitter_buffer.ts";
import { FRAME_SAMPLES, type VoiceDecoder } from "./opus.ts";
import { OPUS_PAYLOAD_TYPE, parseRtp } from "./rtp.ts";
import { SequenceExtender } from "./sequence.ts";

/** One direction of a call's voice, inward. */
export class VoiceReceiver {
  readonly #decoder: VoiceDecoder;
  readonly #buffer = new JitterBuffer();
  #sequence = new SequenceExtender();
  #ssrc: number | undefined;
  /** Decoded samples that did not fit into the last request. */
  #rest = new Int16Array(0);

  /** @param decoder Owned by the caller. */
  constructor(decoder: VoiceDecoder) {
    this.#decoder = decoder;
  }

  get counts(): JitterBufferCounts {
    return this.#buffer.counts;
  }

  /**
   * Takes a datagram that looks like RTP.
   *
   * @param datagram Its bytes, kept until they are played.
   * @returns Whether it was voice.
   */
  receive(datagram: Uint8Array): boolean {
    const packet = parseRtp(datagram);
    if (packet?.payloadType !== OPUS_PAYLOAD_TYPE) return false;
    if (packet.ssrc !== this.#ssrc) { // A new stream has numbers of its own.
      this.#ssrc = packet.ssrc;
      this.#sequence = new SequenceExtender();
      this.#buffer.restart();
    }
    this.#buffer.push(this.#sequence.extend(packet.sequenceNumber), packet.payload);
    return true;
  }

  /** Fills `samples` with what is to be heard next. */
  play(samples: Int16Array): void {
    let filled = 0;
    while (filled < samples.length) {
      if (this.#rest.length === 0) this.#rest = this.#decodeNext();
      const part = this.#rest.subarray(0, samples.length - filled);
      samples.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
  }

  #decodeNext(): Int16Array<ArrayBuffer> {
    const next = this.#buffer.pop();
    let samples: Int16Array | undefined;
    if (next.kind === "packet") samples = this.#decoder.decode(next.payload);
    if (next.kind === "idle") return new Int16Array(FRAME_SAMPLES);
    samples ??= this.#decoder.conceal(FRAME_SAMPLES);
    return samples as Int16Array<ArrayBuffer>;
  }
}
