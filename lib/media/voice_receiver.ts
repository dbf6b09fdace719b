/** From RTP datagrams to samples, without a socket or a clock. */

import type { VoiceDecoder } from "./opus.ts";
import { Playout } from "./playout.ts";
import { ReceptionStatistics } from "./reception.ts";
import { OPUS_PAYLOAD_TYPE, parseRtp } from "./rtp.ts";
import { NumberExtender } from "./sequence.ts";

/** One direction of a call's voice, inward. */
export class VoiceReceiver {
  /** Decides what is heard when. */
  readonly playout: Playout;
  /** What arrives, for reports. */
  readonly reception = new ReceptionStatistics();
  #sequence = new NumberExtender(16);
  #timestamp = new NumberExtender(32);
  #ssrc: number | undefined;

  /**
   * @param decoder Owned by the caller.
   * @param leadSamples See {@linkcode Playout}.
   */
  constructor(decoder: VoiceDecoder, leadSamples = 0) {
    this.playout = new Playout(decoder, leadSamples);
  }

  /**
   * Takes a datagram that looks like RTP.
   *
   * @param datagram Its bytes, kept until they are played.
   * @param now Milliseconds on any clock that only goes forward.
   * @returns Whether it was voice.
   */
  receive(datagram: Uint8Array, now: number): boolean {
    const packet = parseRtp(datagram);
    if (packet?.payloadType !== OPUS_PAYLOAD_TYPE || packet.payload.length === 0) return false;
    if (packet.ssrc !== this.#ssrc) { // A new stream has numbers of its own.
      this.#ssrc = packet.ssrc;
      this.#sequence = new NumberExtender(16);
      this.#timestamp = new NumberExtender(32);
      this.playout.restart();
    }
    const number = this.#sequence.extend(packet.sequenceNumber);
    const timestamp = this.#timestamp.extend(packet.timestamp);
    this.reception.record(packet.ssrc, number, timestamp, now);
    this.playout.push(number, timestamp, packet.payload, now);
    return true;
  }

  /** Fills `samples` with what is to be heard next: see {@linkcode Playout.play}. */
  play(samples: Int16Array, now: number, behind = 0): void {
    this.playout.play(samples, now, behind);
  }
}
