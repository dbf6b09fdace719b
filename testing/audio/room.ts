/** A simulated room with a loudspeaker and a microphone; the same on every run. */

import { SAMPLE_RATE, SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { convolution } from "./convolution.ts";
import { noise } from "./signals.ts";
import { seededRandom } from "../netem/random.ts";

/** Parameters of a room's impulse response. */
export interface RoomShape {
  /** A different room for each seed. */
  readonly seed: number;
  /** Length of the reverberation; 128 unless given. */
  readonly reverberationMs?: number;
  /** Decay of the reverberation at its end in dB; 40 unless given. */
  readonly decayDb?: number;
  /** Energy of the direct sound relative to the reverberation in dB; 3 unless given. */
  readonly directToReverberantDb?: number;
  /** Level of the echo of white noise relative to the noise in dB; -8 unless given. */
  readonly echoDb?: number;
}

/**
 * The impulse response from the loudspeaker to the microphone: the direct sound, then exponentially decaying noise
 * (Polack's model of late reverberation, 1988), low-passed a little as by walls and small loudspeakers.
 *
 * @returns Weights at {@linkcode SAMPLE_RATE}, the direct sound first.
 */
export function roomResponse(shape: RoomShape): Float32Array<ArrayBuffer> {
  const { seed, reverberationMs = 128, decayDb = 40, directToReverberantDb = 3, echoDb = -8 } = shape;
  const random = seededRandom(seed);
  const response = new Float32Array(Math.round(reverberationMs * SAMPLES_PER_MS));
  let dull = 0;
  for (let i = 1; i < response.length; i++) {
    const gaussian = random() + random() + random() + random() - 2;
    dull += 0.6 * (gaussian - dull);
    response[i] = dull * 10 ** (-decayDb * i / response.length / 20);
  }
  const reverberant = response.reduce((sum, weight) => sum + weight * weight, 0);
  response[0] = Math.sqrt(reverberant * 10 ** (directToReverberantDb / 10));
  const energy = reverberant + response[0] ** 2;
  const gain = Math.sqrt(10 ** (echoDb / 10) / energy);
  return response.map((weight) => gain * weight);
}

/** A scene in a room. */
export interface Scene {
  /** What the loudspeaker plays, full scale at 1, by the loudspeaker's clock. */
  readonly far: Float32Array;
  /** What a person in the room says, by the microphone's clock. */
  readonly near?: Float32Array;
  /** See {@linkcode roomResponse}. */
  readonly response: Float32Array;
  /** Delay from a played sample to its direct sound at the microphone. */
  readonly delaySamples: number;
  /** A change of the delay, from a captured sample on. */
  readonly step?: { readonly at: number; readonly delaySamples: number };
  /** How much faster the loudspeaker's clock runs than the microphone's, in parts per million. */
  readonly driftPpm?: number;
  /** Peak of the white background noise; 0.0003, which is -75 dB, unless given. */
  readonly noisePeak?: number;
}

/** What the microphone captures. */
export interface RoomSound {
  /** The whole signal, as long as the scene. */
  readonly microphone: Int16Array<ArrayBuffer>;
  /** The echo alone, full scale at 1. */
  readonly echo: Float32Array<ArrayBuffer>;
}

/** What loudspeakers play in rooms, by the sound and the room's response: many scenes have both in common. */
const ECHOES = new WeakMap<Float32Array, WeakMap<Float32Array, Float32Array>>();

/** What the loudspeaker's sound has become at the microphone, without the delay. */
function echoOf(far: Float32Array, response: Float32Array): Float32Array {
  const known = ECHOES.get(far) ?? new WeakMap();
  const echo = known.get(response) ?? new Float32Array(convolution(far, response).subarray(0, far.length));
  ECHOES.set(far, known.set(response, echo));
  return echo;
}

/** Computes what the microphone captures. */
export function hear(scene: Scene): RoomSound {
  const { far, near, response, delaySamples, step, driftPpm = 0, noisePeak = 0.0003 } = scene;
  const dry = echoOf(far, response);
  const echo = new Float32Array(far.length);
  for (let i = 0; i < echo.length; i++) {
    const delay = step && i >= step.at ? step.delaySamples : delaySamples;
    echo[i] = sampleAt(dry, i * (1 + driftPpm * 1e-6) - delay);
  }
  const hiss = noise(far.length, 77, noisePeak);
  const microphone = Int16Array.from(
    echo,
    (sample, i) =>
      Math.max(-32768, Math.min(32767, Math.round(32767 * (sample + hiss[i]! + (near?.[i] ?? 0))))),
  );
  return { microphone, echo };
}

/** Half the samples that take part in one between two. */
const HALF_TAPS = 8;

/** Each of them, counted from the one before: its angle in the window, as cosine and sine. */
const TAPS = Array.from({ length: 2 * HALF_TAPS }, (_, index) => {
  const tap = index + 1 - HALF_TAPS;
  return { tap, cosine: Math.cos(Math.PI * tap / HALF_TAPS), sine: Math.sin(Math.PI * tap / HALF_TAPS) };
});

/** A sample between two: a sinc with the window `cos²(π distance / (2 · HALF_TAPS)) = (1 + cos(π distance / HALF_TAPS)) / 2`. */
function sampleAt(signal: Float32Array, position: number): number {
  const whole = Math.floor(position);
  const fraction = position - whole;
  if (fraction === 0) return signal[whole] ?? 0;
  const [cosine, sine] = [Math.cos(Math.PI * fraction / HALF_TAPS), Math.sin(Math.PI * fraction / HALF_TAPS)];
  // sin(π (tap - fraction)) / π is that, with the opposite sign for each next tap.
  const height = Math.sin(Math.PI * fraction) / Math.PI;
  let sum = 0;
  for (const taps of TAPS) {
    const { tap } = taps;
    const window = (1 + taps.cosine * cosine + taps.sine * sine) / 2;
    sum += (signal[whole + tap] ?? 0) * window * (tap % 2 === 0 ? -height : height) / (tap - fraction);
  }
  return sum;
}

const RECORDINGS = new Map<string, Float32Array>();

/** A recording in the folder `demo`, at {@linkcode SAMPLE_RATE}. */
function recording(name: string): Float32Array {
  const known = RECORDINGS.get(name);
  if (known) return known;
  const file = new URL(`../../demo/${name}`, import.meta.url);
  const { samples, sampleRate } = parseWav(Deno.readFileSync(file), name);
  const sound = resample(samples, sampleRate, SAMPLE_RATE);
  RECORDINGS.set(name, sound);
  return sound;
}

/**
 * The project's own samples of speech one after the other, again and again, at {@linkcode SAMPLE_RATE}.
 *
 * @param names Files in the folder `demo`.
 */
export function speech(names: readonly string[], seconds: number): Float32Array<ArrayBuffer> {
  const parts = names.map(recording);
  const result = new Float32Array(seconds * SAMPLE_RATE);
  let part = 0;
  for (let start = 0; start < result.length; part++) {
    const sound = parts[part % parts.length]!.subarray(0, result.length - start);
    result.set(sound, start);
    start += sound.length;
  }
  return result;
}

/** The order in which blocks are played and captured. */
export interface BlockOrder {
  /** Samples per block. */
  readonly blockSamples: number;
  /** How much faster the loudspeaker's clock runs than the microphone's, in parts per million. */
  readonly driftPpm?: number;
  /** Uniform from 0 to 1. With it blocks come in bursts: several played, none captured, several captured. */
  readonly random?: () => number;
}

/** The blocks played and captured until `samples` samples are captured. */
export function* blocks(samples: number, order: BlockOrder): Generator<"play" | "capture"> {
  const { blockSamples, driftPpm = 0, random } = order;
  let played = 0;
  let held = 0;
  for (let due = blockSamples; due <= samples; due += blockSamples) {
    const early = random ? Math.floor(4 * random()) * blockSamples : 0;
    for (; played + blockSamples <= due * (1 + driftPpm * 1e-6) + early; played += blockSamples) yield "play";
    held++;
    if (random && held < 4 && random() < 0.6) continue;
    for (; held > 0; held--) yield "capture";
  }
  for (; held > 0; held--) yield "capture";
}

/** The part of a phone between loudspeaker and microphone. */
export interface Processor {
  played(samples: Int16Array): void;
  capture(samples: Int16Array<ArrayBuffer>): void;
}

/**
 * Runs a call through a processor.
 *
 * @param far As in {@linkcode Scene}.
 * @returns The processed signal, full scale at 1, as long as `microphone`.
 */
export function runCall(
  processor: Processor,
  far: Float32Array,
  microphone: Int16Array,
  order: BlockOrder,
): Float32Array<ArrayBuffer> {
  const { blockSamples } = order;
  const loudspeaker = Int16Array.from(far, (sample) => Math.round(32767 * sample));
  const output = new Float32Array(microphone.length);
  let played = 0;
  let captured = 0;
  for (const kind of blocks(microphone.length, order)) {
    if (kind === "play") {
      processor.played(loudspeaker.subarray(played, played + blockSamples));
      played += blockSamples;
      continue;
    }
    const block = microphone.slice(captured, captured + blockSamples);
    processor.capture(block);
    output.set(Float32Array.from(block, (sample) => sample / 32767), captured);
    captured += blockSamples;
  }
  return output;
}

/** Samples of a frame for power: 20 ms. */
const FRAME = 960;
/** Least power of an active frame: -50 dB. */
const ACTIVE_POWER = 1e-5;

/**
 * Echo return loss enhancement (ERLE) in dB, over the frames with echo.
 *
 * @param from First sample.
 * @param to Sample after the last.
 */
export function echoLossDb(echo: Float32Array, output: Float32Array, from: number, to: number): number {
  let before = 0;
  let after = 1e-12;
  for (let start = from; start + FRAME <= to; start += FRAME) {
    const power = powerOf(echo, start, start + FRAME);
    if (power < ACTIVE_POWER) continue;
    before += power;
    after += powerOf(output, start, start + FRAME);
  }
  return 10 * Math.log10(before / after);
}

/**
 * Gain of a voice in the output in dB, from its projection, so that echo and noise do not count.
 *
 * @param latency Delay of the output in samples.
 */
export function voiceGainDb(
  voice: Float32Array,
  output: Float32Array,
  latency: number,
  from: number,
  to: number,
): number {
  let product = 0;
  let power = 1e-12;
  for (let i = from; i < to - latency; i++) {
    product += voice[i]! * output[i + latency]!;
    power += voice[i]! ** 2;
  }
  return 20 * Math.log10(Math.abs(product / power) + 1e-12);
}

/** Mean power of a range. */
export function powerOf(samples: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += samples[i]! ** 2;
  return sum / (to - from);
}
