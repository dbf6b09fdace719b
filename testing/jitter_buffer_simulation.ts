/** A made-up call in one direction for tests: a voice, a network from a seed, two clocks, and no real codec. */

import { SAMPLE_RATE } from "../lib/dsp/pcm.ts";
import type { VoiceDecoder } from "../lib/codec/opus.ts";
import { JitterBuffer } from "../lib/jitter_buffer/jitter_buffer.ts";

const FRAME = 960;

/** Evenly spread numbers from 0 to 1 (mulberry32), on which the values in the jitter buffer's tests depend. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A sample of a gliding tone with overtones, with a period of 2 s. */
function tone(index: number): number {
  const time = index / SAMPLE_RATE;
  const phase = 2 * Math.PI * (140 * time - 3.67 * Math.cos(2 * Math.PI * 1.5 * time));
  let sum = 0;
  for (let overtone = 1; overtone <= 10; overtone++) sum += Math.sin(phase * overtone) / overtone;
  return 6000 * sum;
}

/** A voice in syllables with pauses between. */
const VOICE = Int16Array.from({ length: 96_000 }, (_, index) => {
  const syllable = Math.max(0, Math.sin(2 * Math.PI * 2.5 * index / SAMPLE_RATE)) ** 0.5;
  return syllable * tone(index);
});

/** A voice that never pauses. */
const STEADY_VOICE = Int16Array.from({ length: 96_000 }, (_, index) => tone(index) / 2);

/** Bits that mark a made-up packet as one with FEC for the frame before it, and as one of the steady voice. */
const FEC = 0x80;
const STEADY = 0x40;

/** A made-up packet, which says which frame it holds and whether it carries FEC for the one before. */
export function voicePacket(frame: number, fec: boolean, steady = false): Uint8Array {
  return Uint8Array.of((fec ? FEC : 0) | (steady ? STEADY : 0), frame >> 16, frame >> 8, frame);
}

function isSteady(packet: Uint8Array): boolean {
  return (packet[0]! & STEADY) !== 0;
}

function frameOf(packet: Uint8Array): number {
  return packet[1]! * 65536 + packet[2]! * 256 + packet[3]!;
}

/** The samples of a frame of {@linkcode VOICE}, or of the steady one. */
export function voiceFrame(frame: number, steady = false): Int16Array {
  const start = (frame % (VOICE.length / FRAME)) * FRAME;
  return (steady ? STEADY_VOICE : VOICE).subarray(start, start + FRAME);
}

/** A made-up packet that says only that it is silent. */
const SILENT_PACKET = new Uint8Array(2);

/** A made-up packet that holds silence. */
const QUIET_PACKET = new Uint8Array(3);

/** Decodes the made-up packets. It conceals with silence. */
export class FakeDecoder implements VoiceDecoder {
  decode(packet: Uint8Array): Int16Array | undefined {
    if (packet.length < 4) return new Int16Array(FRAME);
    return packet.length === 4 ? voiceFrame(frameOf(packet), isSteady(packet)) : undefined;
  }

  carriesCopy(packet: Uint8Array): boolean {
    return (packet[0]! & FEC) !== 0;
  }

  recover(packet: Uint8Array, samples: number): Int16Array | undefined {
    if (!this.carriesCopy(packet)) return undefined;
    return voiceFrame(frameOf(packet) - 1, isSteady(packet)).subarray(0, samples);
  }

  conceal(samples: number): Int16Array {
    return new Int16Array(samples);
  }

  [Symbol.dispose](): void {}
}

/** What happens to a packet. */
export interface Fate {
  readonly lost?: boolean;
  readonly delayMs?: number;
  readonly twice?: boolean;
}

/** A call. */
export interface Simulation {
  readonly seconds: number;
  /** The fate of the packet that is sent at a time. */
  readonly network?: (timeMs: number, random: () => number) => Fate;
  /** How much faster the loudspeaker's clock runs than the microphone's, in parts per million. */
  readonly driftPpm?: number;
  /** Whether packets carry in-band FEC for the frames before them. */
  readonly fec?: boolean;
  /** Whether nobody speaks at a time, and packets say only that. */
  readonly silent?: (timeMs: number) => boolean;
  /** Whether nobody speaks at a time, and packets hold silence. */
  readonly quiet?: (timeMs: number) => boolean;
  /** Whether the voice never pauses. */
  readonly steady?: boolean;
  readonly seed?: number;
  /** Called every 10 ms. */
  readonly each?: (timeMs: number, jitterBuffer: JitterBuffer) => void;
}

/** Runs a call. @returns Its jitter buffer and all that it played. */
export function simulate(
  {
    seconds,
    network = () => ({}),
    driftPpm = 0,
    fec = false,
    silent = () => false,
    quiet = () => false,
    steady = false,
    seed = 1,
    each,
  }: Simulation,
): { jitterBuffer: JitterBuffer; heard: Int16Array } {
  const random = randomFrom(seed);
  const jitterBuffer = new JitterBuffer(new FakeDecoder());
  const arrivals: { at: number; frame: number }[] = [];
  const blocks = Math.floor(seconds * 100);
  const heard = new Int16Array(blocks * 480);
  let sent = 0;
  for (let block = 0; block < blocks; block++) {
    const now = block * 10 / (1 + driftPpm * 1e-6);
    for (; sent * 20 <= now; sent++) {
      const { lost, delayMs = 0, twice } = network(sent * 20, random);
      for (let copy = 0; copy < (lost ? 0 : twice ? 2 : 1); copy++) {
        arrivals.push({ at: sent * 20 + 3 + delayMs, frame: sent });
      }
    }
    arrivals.sort((a, b) => a.at - b.at);
    for (; arrivals.length > 0 && arrivals[0]!.at <= now; arrivals.shift()) {
      const { frame, at } = arrivals[0]!;
      const voice = quiet(frame * 20) ? QUIET_PACKET : voicePacket(frame, fec, steady);
      const packet = silent(frame * 20) ? SILENT_PACKET : voice;
      jitterBuffer.handlePacket(at, {
        sequenceNumber: 70_000 + frame,
        timestamp: 1e6 + frame * FRAME,
        payload: packet,
      });
    }
    jitterBuffer.play(heard.subarray(block * 480, (block + 1) * 480), now);
    each?.(now, jitterBuffer);
  }
  return { jitterBuffer, heard };
}

/** The voice at the microphone. */
export function said(seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * SAMPLE_RATE }, (_, index) => VOICE[index % VOICE.length]!);
}
