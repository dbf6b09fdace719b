/**
 * Mixes the channels of a file to one, for a telephone.
 *
 * The mean of the channels, which is usual, makes speech on one of two channels 6 dB softer, speech in the centre of 5.1
 * 15.5 dB, and cancels a channel whose wires are swapped. Here the sum of the channels gets the level of the loudest one.
 */

import { joinSamples } from "../../lib/dsp/pcm.ts";

/** Shortest stretch with one gain, in seconds. */
const BLOCK_SECONDS = 0.01;

/** Time constant of the measured levels, in seconds: longer than a syllable, shorter than a sentence. */
const MEMORY_SECONDS = 0.4;

/** Correlation of a channel with those before it under which it is turned round, and above which it is turned back. */
const OPPOSED = -0.5;
const AGREED = 0;

/** Highest gain: cancellation that is left is not made good for. */
const MOST_GAIN = 4;

/** Loudspeakers of `dwChannelMask` (`SPEAKER_*` of Microsoft's `ksmedia.h`). */
const FRONT_CENTER = 0x4;
const LOW_FREQUENCY = 0x8;
/** Left, right, and left and right of centre. */
const FRONT_SIDES = 0x1 | 0x2 | 0x40 | 0x80;

/**
 * How loud each channel is in the mix: the front, and half as much power from each side and a quarter from behind, as
 * ITU-R BS.775 (table 2) has it for mono; the channel for low-frequency effects is left out.
 *
 * @param channels Number of channels.
 * @param mask The file's `dwChannelMask`; 0 if it has none, and all channels are alike.
 */
export function channelWeights(channels: number, mask: number): Float64Array<ArrayBuffer> {
  const weights = new Float64Array(channels).fill(1);
  let channel = 0;
  for (let speaker = 1; speaker <= mask && channel < channels; speaker *= 2) {
    if (!(mask & speaker)) continue;
    weights[channel++] = speaker === FRONT_CENTER
      ? 1
      : speaker === LOW_FREQUENCY
      ? 0
      : speaker & FRONT_SIDES
      ? Math.SQRT1_2
      : 0.5;
  }
  const most = Math.max(...weights.subarray(0, channel), 0);
  if (most === 0) return weights.fill(1);
  for (let i = 0; i < channel; i++) weights[i]! /= most;
  return weights;
}

/**
 * Mixes interleaved samples to mono, piece by piece, with these promises:
 *
 * - sound on one channel, or the same on all, comes out unchanged; of opposite channels one is turned round;
 * - otherwise the mix has the power of the loudest channel over the last 0.4 s;
 * - it does not clip if no channel does: the gain of the next 10 ms is known before they come.
 */
export class Downmix {
  readonly #weights: Float64Array<ArrayBuffer>;
  readonly #channels: number;
  /** Samples of a block, of all channels. */
  readonly #blockSamples: number;
  readonly #forgetting: number;
  /** Signed weights. */
  readonly #signed: Float64Array<ArrayBuffer>;
  /** Of each channel: its power, that of the sum up to it, and its product with the sum before it. All decay. */
  readonly #power: Float64Array<ArrayBuffer>;
  readonly #sumPower: Float64Array<ArrayBuffer>;
  readonly #product: Float64Array<ArrayBuffer>;
  /** Less than a block, for the next piece. */
  #pending = new Float32Array();
  /** The last block, and the coefficients of its first sample; those of its last are the next block's. */
  #held: { readonly block: Float32Array; readonly coefficients: Float64Array } | undefined;

  /**
   * @param weights See {@linkcode channelWeights}.
   * @param sampleRate In Hz.
   */
  constructor(weights: Float64Array<ArrayBuffer>, sampleRate: number) {
    this.#weights = weights;
    this.#channels = weights.length;
    this.#blockSamples = this.#channels * Math.round(BLOCK_SECONDS * sampleRate);
    this.#forgetting = Math.exp(-BLOCK_SECONDS / MEMORY_SECONDS);
    this.#signed = weights.slice();
    this.#power = new Float64Array(this.#channels);
    this.#sumPower = new Float64Array(this.#channels);
    this.#product = new Float64Array(this.#channels);
  }

  /**
   * Mixes the next samples.
   *
   * @param samples Interleaved, whole frames; kept.
   * @returns Mono samples: the mix up to 20 ms before the end of what came.
   */
  mix(samples: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
    const all = joinSamples([this.#pending, samples]);
    const blocks = Math.floor(all.length / this.#blockSamples);
    this.#pending = all.slice(blocks * this.#blockSamples);
    const mixed: Float32Array[] = [];
    for (let block = 0; block < blocks; block++) {
      const start = block * this.#blockSamples;
      mixed.push(this.#push(all.subarray(start, start + this.#blockSamples)));
    }
    return joinSamples(mixed);
  }

  /** The rest of the mix. */
  end(): Float32Array<ArrayBuffer> {
    const mixed = [this.#push(this.#pending), this.#push(new Float32Array())];
    this.#pending = new Float32Array();
    this.#held = undefined;
    return joinSamples(mixed);
  }

  /** Takes a block. @returns The mix of the one before it. */
  #push(block: Float32Array): Float32Array {
    this.#measure(block);
    const held = this.#held;
    const coefficients = this.#coefficients(held?.block ?? new Float32Array(), block);
    this.#held = { block, coefficients };
    return held ? this.#blend(held.block, held.coefficients, coefficients) : new Float32Array();
  }

  #measure(block: Float32Array): void {
    if (block.every((sample) => sample === 0)) return;
    this.#forget(this.#forgetting);
    this.#add(block);
    if (!this.#turn()) return;
    // What was measured before is of another sum.
    this.#forget(0);
    this.#add(block);
  }

  #forget(factor: number): void {
    for (const measured of [this.#power, this.#sumPower, this.#product]) {
      for (let channel = 0; channel < this.#channels; channel++) measured[channel]! *= factor;
    }
  }

  #add(block: Float32Array): void {
    const channels = this.#channels;
    for (let frame = 0; frame < block.length; frame += channels) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) {
        const sample = block[frame + channel]!;
        if (this.#weights[channel]! > 0) this.#power[channel]! += sample * sample;
        this.#product[channel]! += sum * sample;
        sum += this.#signed[channel]! * sample;
        this.#sumPower[channel]! += sum * sum;
      }
    }
  }

  /** Turns channels round that cancel those before them. @returns Whether one was. */
  #turn(): boolean {
    let turned = false;
    for (let channel = 1; channel < this.#channels; channel++) {
      const most = Math.sqrt(this.#power[channel]! * this.#sumPower[channel - 1]!);
      const correlation = most > 0 ? this.#product[channel]! / most : 0;
      const opposed = this.#signed[channel]! < 0;
      if (opposed ? correlation <= AGREED || most === 0 : correlation >= OPPOSED) continue;
      this.#signed[channel]! *= -1;
      turned = true;
    }
    return turned;
  }

  /** The coefficients between two blocks, with which neither clips. */
  #coefficients(before: Float32Array, after: Float32Array): Float64Array {
    const power = this.#power.reduce((most, each) => Math.max(most, each), 0);
    const sumPower = this.#sumPower.at(-1) ?? 0;
    const level = sumPower > 0 ? Math.sqrt(power / sumPower) : 1;
    const peak = Math.max(this.#peak(before), this.#peak(after));
    const gain = Math.min(level, MOST_GAIN, peak > 0 ? 1 / peak : MOST_GAIN);
    return this.#signed.map((weight) => gain * weight);
  }

  #peak(block: Float32Array): number {
    let peak = 0;
    for (let frame = 0; frame < block.length; frame += this.#channels) {
      peak = Math.max(peak, Math.abs(dot(block, frame, this.#signed)));
    }
    return peak;
  }

  /** Mixes a block while the coefficients go from one set to the other. */
  #blend(block: Float32Array, from: Float64Array, to: Float64Array): Float32Array {
    const mixed = new Float32Array(block.length / this.#channels);
    for (let frame = 0, offset = 0; frame < mixed.length; frame++, offset += this.#channels) {
      const first = dot(block, offset, from);
      mixed[frame] = first + (dot(block, offset, to) - first) * (frame / mixed.length);
    }
    return mixed;
  }
}

/** The weighted sum of the channels of a frame. */
function dot(block: Float32Array, frame: number, weights: Float64Array): number {
  let sum = 0;
  for (let channel = 0; channel < weights.length; channel++) {
    sum += weights[channel]! * block[frame + channel]!;
  }
  return sum;
}
