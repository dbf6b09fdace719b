/** The voice codec: how Opus (RFC 6716) is used in a call. */

import { type Libopus, LONGEST_PACKET_SAMPLES, type OpusEncoder, wasmLibopus } from "./libopus.ts";

/** Samples of one frame: 20 ms, Opus's best trade between delay and bits. */
export const FRAME_SAMPLES = 960;

/** An Opus packet of at most this many bytes says only that it is silent (RFC 7587, section 3.1.3). */
export const SILENT_PACKET_BYTES = 2;

/** Settings of the encoder: bits a second, and complexity, 0 to 10. */
interface Effort {
  readonly bitrate: number;
  readonly complexity: number;
}

/** Without losses: 160 kbit/s are transparent for a voice in full band at the lowest complexity, and little for a LAN. */
const PLENTY: Effort = { bitrate: 160_000, complexity: 0 };

/** With FEC. A higher complexity takes more time without an audible gain. */
const WITH_FEC: Effort = { bitrate: 128_000, complexity: 5 };

/** Silence lasts from 200 ms on: the sound before it has faded in the decoder, too. */
const SOUNDING_OUT_SAMPLES = 9600;

/** Samples of the shortest frame, 2.5 ms: concealment comes in multiples of it. */
const SHORTEST_FRAME_SAMPLES = 120;

/** Makes frames into packets. */
export interface VoiceEncoder extends Disposable {
  /** The packet of one frame, from 1 byte (lasting silence) to about 500. */
  encode(frame: Int16Array): Uint8Array;
  /**
   * Prepares for losses: from 1 % on, packets carry in-band FEC for the frame before them, at the cost of some of their
   * own bits (RFC 6716, section 2.1.7).
   *
   * @param part Expected loss, 0 to 1.
   * @returns Settles when the encoder is ready for it.
   */
  expectLoss(part: number): Promise<void>;
  /**
   * Whether lasting silence, of samples that are all 0, becomes packets of one byte, the TOC (discontinuous transmission,
   * RFC 6716, section 2.1.9). With the low-delay encoder some versions of libopus do not make such packets by themselves.
   */
  allowSilence(allowed: boolean): void;
}

/** Makes packets into samples, which are valid until the next call. */
export interface VoiceDecoder extends Disposable {
  /** The samples of a packet, up to 120 ms; undefined if it is no Opus packet. */
  decode(packet: Uint8Array): Int16Array | undefined;
  /** Whether a packet carries FEC for the one before it. */
  carriesCopy(packet: Uint8Array): boolean;
  /**
   * The samples of the packet before this one, from the FEC in this one (RFC 6716, section 2.1.7). Call it before the
   * packet itself is decoded.
   *
   * @param samples Number of missing samples.
   * @returns Undefined if the packet carries no FEC.
   */
  recover(packet: Uint8Array, samples: number): Int16Array | undefined;
  /** Samples that conceal a lost packet: the voice goes on, and fades out with further calls. */
  conceal(samples: number): Int16Array;
}

/** Most loss that the encoder prepares for: FEC for more would degrade the voice itself. */
const MOST_LOSS_PERCENT = 25;

/**
 * A new encoder: mono, 48 kHz, tuned for a voice.
 *
 * While no losses are expected it is Opus's low-delay one, which looks ahead 2.5 ms instead of 6.5 and takes half the
 * time, but has no FEC. Under expected losses the other one takes over: a decoder takes either at any time.
 *
 * @param frameSamples Samples of a frame: 480 (10 ms) or 960.
 * @param library The libopus that does the work.
 */
export async function openEncoder(
  frameSamples: number = FRAME_SAMPLES,
  library: Libopus = wasmLibopus,
): Promise<VoiceEncoder> {
  let encoder = await createOpusEncoder(library, frameSamples, 0);
  let lossPercent = 0;
  let silenceAllowed = false;
  let silentSamples = 0;
  let tableOfContents: number | undefined;
  let disposed = false;

  /** A new encoder each time: it must not predict from what the other one sent. */
  async function takeOver(): Promise<void> {
    const next = await createOpusEncoder(library, frameSamples, lossPercent);
    const last = disposed ? next : encoder;
    if (!disposed) encoder = next;
    last.free();
  }

  return {
    encode(frame) {
      silentSamples = silenceAllowed && frame.every((sample) => sample === 0)
        ? silentSamples + frame.length
        : 0;
      if (silentSamples > SOUNDING_OUT_SAMPLES && tableOfContents !== undefined) {
        return Uint8Array.of(tableOfContents);
      }
      const packet = encoder.encode(frame);
      tableOfContents = packet[0];
      return packet;
    },
    async expectLoss(part) {
      const percent = Math.min(MOST_LOSS_PERCENT, Math.floor(100 * part));
      const another = percent > 0 !== lossPercent > 0;
      if (percent === lossPercent) return;
      lossPercent = percent;
      if (another) await takeOver();
      else encoder.setPacketLossPercent(percent);
    },
    allowSilence(allowed) {
      silenceAllowed = allowed;
    },
    [Symbol.dispose]() {
      disposed = true;
      encoder.free();
    },
  };
}

function createOpusEncoder(
  library: Libopus,
  frameSamples: number,
  lossPercent: number,
): Promise<OpusEncoder> {
  const lowDelay = lossPercent === 0;
  const effort = lowDelay ? PLENTY : WITH_FEC;
  return library.createEncoder({ lowDelay, ...effort, lossPercent, frameSamples });
}

/**
 * A new decoder: mono, 48 kHz. A stereo packet is mixed to mono by Opus itself.
 *
 * @param library The libopus that does the work.
 */
export async function openDecoder(library: Libopus = wasmLibopus): Promise<VoiceDecoder> {
  const decoder = await library.createDecoder();
  return {
    decode(packet) {
      if (packet.length === 0) return undefined;
      try {
        return decoder.decode(packet);
      } catch {
        return undefined; // Not Opus: the bytes are from the network.
      }
    },
    carriesCopy,
    recover(packet, samples) {
      if (!carriesCopy(packet)) return undefined;
      try {
        const whole = Math.ceil(samples / SHORTEST_FRAME_SAMPLES) * SHORTEST_FRAME_SAMPLES;
        return decoder.decode(packet, { decodeFec: true, frameSize: whole }).subarray(whole - samples);
      } catch {
        return undefined;
      }
    },
    conceal(samples) {
      const whole = Math.ceil(samples / SHORTEST_FRAME_SAMPLES) * SHORTEST_FRAME_SAMPLES;
      return decoder.decodePacketLoss(Math.min(whole, LONGEST_PACKET_SAMPLES)).subarray(0, samples);
    },
    [Symbol.dispose]: () => decoder.free(),
  };
}

/** Samples of the frames of each configuration, modulo 4: SILK only, hybrid, CELT only (RFC 6716, section 3.1). */
const FRAMES_OF_MODE = {
  silk: [480, 960, 1920, 2880],
  hybrid: [480, 960, 480, 960],
  celt: [120, 240, 480, 960],
} as const;

/**
 * Samples of a packet, by its first bytes.
 *
 * @returns 0 if it is no Opus packet.
 */
export function packetSamples(packet: Uint8Array): number {
  const [toc, count] = packet;
  if (toc === undefined) return 0;
  const configuration = toc >> 3;
  const frames = FRAMES_OF_MODE[configuration < 12 ? "silk" : configuration < 16 ? "hybrid" : "celt"];
  const code = toc & 3;
  const number = code === 0 ? 1 : code < 3 ? 2 : (count ?? 0) & 0x3f;
  const samples = number * frames[configuration & 3]!;
  return samples <= LONGEST_PACKET_SAMPLES ? samples : 0;
}

/**
 * Whether a packet of one frame of up to 20 ms carries FEC for the one before it (LBRR): in its SILK part, the bit
 * after that for voice activity (RFC 6716, sections 3.1, 4.2.3 and 4.2.4).
 */
function carriesCopy(packet: Uint8Array): boolean {
  const [toc = 0xff, first = 0] = packet;
  const hasSilk = toc < 0x80;
  const oneMonoFrame = (toc & 0x07) === 0;
  const silkFrames = toc >> 3 < 12 && (toc >> 3) % 4 > 1 ? undefined : 1;
  return hasSilk && oneMonoFrame && silkFrames === 1 && (first & 0x40) !== 0;
}
