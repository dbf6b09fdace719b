/** The voice codec: Opus (RFC 6716), as libopus compiled to WebAssembly. */

import { Application, createDecoder, createEncoder, Signal } from "libopus-wasm";

/** Samples a second. Opus decodes to this whatever was sent. */
export const OPUS_SAMPLE_RATE = 48_000;

/** Samples of one frame: 20 ms, Opus's best trade between delay and bits. */
export const FRAME_SAMPLES = 960;

/** Bits a second. Transparent for one voice in full band, and nothing to a LAN. */
const BITRATE = 48_000;

/** 0 to 10. Above 5 a voice sounds no better at this bit rate and only takes more time. */
const COMPLEXITY = 5;

/** Samples of the longest packet that Opus allows, 120 ms (RFC 6716, section 3.2.5). */
const LONGEST_PACKET_SAMPLES = 5760;

/** Makes frames of {@linkcode FRAME_SAMPLES} into packets. */
export interface VoiceEncoder extends Disposable {
  /** The packet of one frame, from 1 byte (silence) to about 200. */
  encode(frame: Int16Array): Uint8Array;
}

/** Makes packets into samples again. */
export interface VoiceDecoder extends Disposable {
  /** The samples of a packet, up to 120 ms of them; undefined where it is no Opus packet. */
  decode(packet: Uint8Array): Int16Array | undefined;
  /** Samples that stand in for a lost packet: the voice goes on and fades out as more are asked for. */
  conceal(samples: number): Int16Array;
}

/** A new encoder: mono, 48 kHz, tuned for a voice. */
export async function openEncoder(): Promise<VoiceEncoder> {
  const encoder = await createEncoder({
    // `Voip` would turn the phase of low tones, which costs likeness to the original and wins nothing here.
    application: Application.Audio,
    bitrate: BITRATE,
    channels: 1,
    complexity: COMPLEXITY,
    frameSize: FRAME_SAMPLES,
    sampleRate: OPUS_SAMPLE_RATE,
    signal: Signal.Voice,
  });
  return {
    encode: (frame) => encoder.encode(frame),
    [Symbol.dispose]: () => encoder.free(),
  };
}

/** A new decoder: mono, 48 kHz. A stereo packet is mixed to mono by Opus itself. */
export async function openDecoder(): Promise<VoiceDecoder> {
  const decoder = await createDecoder({
    channels: 1,
    maxFrameSize: LONGEST_PACKET_SAMPLES,
    sampleRate: OPUS_SAMPLE_RATE,
  });
  return {
    decode(packet) {
      if (packet.length === 0) return undefined;
      try {
        return decoder.decode(packet);
      } catch {
        return undefined; // Bytes from the network that are no Opus.
      }
    },
    conceal: (samples) => decoder.decodePacketLoss(samples),
    [Symbol.dispose]: () => decoder.free(),
  };
}
