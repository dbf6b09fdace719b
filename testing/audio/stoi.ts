/**
 * STOI, the short-time objective intelligibility measure (Taal, Hendriks, Heusdens and Jensen, "An algorithm for
 * intelligibility prediction of time-frequency weighted noisy speech", IEEE Transactions on Audio, Speech and Language
 * Processing 19(7), 2011).
 */

import { Fft } from "../../lib/dsp/fft.ts";
import { resample } from "../../lib/dsp/resample.ts";

/** Sample rate of the measure in Hz. Names and numbers below are the paper's. */
export const STOI_RATE = 10_000;

/** Samples of a frame, 25.6 ms, and from one frame to the next. */
const FRAME = 256;
const HOP = FRAME / 2;
/** Zero-padded length of a frame. */
const FFT_LENGTH = 512;
/** Number of one-third octave bands, J, and the centre of the lowest in Hz. */
const BANDS = 15;
const LOWEST_BAND_HZ = 150;
/** Frames of a segment, N: 384 ms. */
const SEGMENT_FRAMES = 30;
/** Lower bound of the signal-to-distortion ratio, β, in dB. */
const BETA_DB = -15;
/** Frames of the clear speech this far below its loudest are removed from both, in dB. */
const DYNAMIC_RANGE_DB = 40;

/** A Hann window without its zeros. */
const WINDOW = Float64Array.from(
  { length: FRAME },
  (_, n) => 0.5 - 0.5 * Math.cos(2 * Math.PI * (n + 1) / (FRAME + 1)),
);

/** First bin of each band and of the one after the last; edges are rounded to bins. */
const BAND_EDGES = Array.from({ length: BANDS + 1 }, (_, band) => {
  const edgeHz = LOWEST_BAND_HZ * 2 ** ((2 * band - 1) / 6);
  return Math.round(edgeHz * FFT_LENGTH / STOI_RATE);
});

/**
 * The intelligibility of degraded speech.
 *
 * @param clear The clean speech.
 * @param heard The degraded speech, aligned with `clear` and as long. Its level does not matter.
 * @param sampleRate Of both, in Hz.
 * @returns From about 0, unintelligible, to 1.
 * @throws {RangeError} If the lengths differ or there is less than 384 ms of speech.
 */
export function stoi(clear: Float32Array, heard: Float32Array, sampleRate: number): number {
  if (clear.length !== heard.length) {
    throw new RangeError(`Cannot compare ${clear.length} samples with ${heard.length}`);
  }
  return new StoiReference(resample(clear, sampleRate, STOI_RATE)).compare(
    resample(heard, sampleRate, STOI_RATE),
  );
}

/** Clear speech that is compared with many ways in which it was heard. */
export class StoiReference {
  readonly #length: number;
  readonly #kept: readonly number[];
  readonly #bands: readonly Float64Array[];

  /** @param clear What was said, at {@linkcode STOI_RATE}. */
  constructor(clear: Float32Array) {
    this.#length = clear.length;
    this.#kept = speechFrames(clear);
    this.#bands = bandLevels(framesOf(clear, this.#kept));
  }

  /**
   * As {@linkcode stoi}.
   *
   * @param heard At {@linkcode STOI_RATE}.
   */
  compare(heard: Float32Array): number {
    if (heard.length !== this.#length) {
      throw new RangeError(`Cannot compare ${this.#length} samples with ${heard.length}`);
    }
    const segments = this.#bands.length - SEGMENT_FRAMES + 1;
    if (segments < 1) throw new RangeError("Cannot compare less than 384 ms of speech");
    const heardBands = bandLevels(framesOf(heard, this.#kept));
    let sum = 0;
    const [clearPart, heardPart] = [new Float64Array(SEGMENT_FRAMES), new Float64Array(SEGMENT_FRAMES)];
    for (let start = 0; start < segments; start++) {
      for (let band = 0; band < BANDS; band++) {
        for (let n = 0; n < SEGMENT_FRAMES; n++) {
          clearPart[n] = this.#bands[start + n]![band]!;
          heardPart[n] = heardBands[start + n]![band]!;
        }
        sum += intermediate(clearPart, heardPart);
      }
    }
    return sum / (segments * BANDS);
  }
}

/** Starts of the windowed frames in which the clear speech is not silent. */
function speechFrames(clear: Float32Array): readonly number[] {
  const starts: number[] = [];
  const levels: number[] = [];
  for (let start = 0; start + FRAME <= clear.length; start += HOP) {
    let energy = 0;
    for (let n = 0; n < FRAME; n++) energy += (clear[start + n]! * WINDOW[n]!) ** 2;
    starts.push(start);
    levels.push(10 * Math.log10(energy + Number.MIN_VALUE));
  }
  const threshold = levels.reduce((highest, level) => Math.max(highest, level), -Infinity) - DYNAMIC_RANGE_DB;
  return starts.filter((_, frame) => levels[frame]! > threshold);
}

/** Overlap-adds windowed frames. */
function framesOf(samples: Float32Array, starts: readonly number[]): Float64Array {
  const output = new Float64Array(starts.length === 0 ? 0 : (starts.length - 1) * HOP + FRAME);
  starts.forEach((start, frame) => {
    for (let n = 0; n < FRAME; n++) output[frame * HOP + n]! += samples[start + n]! * WINDOW[n]!;
  });
  return output;
}

/** The norm of each band's bins, for each frame (equation 1). */
function bandLevels(samples: Float64Array): readonly Float64Array[] {
  const frames: Float64Array[] = [];
  const fft = new Fft(FFT_LENGTH);
  const [real, imaginary] = [new Float64Array(fft.bins), new Float64Array(fft.bins)];
  const frame = new Float64Array(FFT_LENGTH);
  for (let start = 0; start + FRAME <= samples.length; start += HOP) {
    for (let n = 0; n < FRAME; n++) frame[n] = samples[start + n]! * WINDOW[n]!;
    fft.forward(frame, real, imaginary);
    frames.push(Float64Array.from({ length: BANDS }, (_, band) => {
      let energy = 0;
      for (let bin = BAND_EDGES[band]!; bin < BAND_EDGES[band + 1]!; bin++) {
        energy += real[bin]! ** 2 + imaginary[bin]! ** 2;
      }
      return Math.sqrt(energy);
    }));
  }
  return frames;
}

/**
 * Correlation of one band over one segment, after normalising and clipping the degraded speech (equations 3 to 5), in place.
 */
function intermediate(clear: Float64Array, heard: Float64Array): number {
  const level = norm(clear) / (norm(heard) + Number.EPSILON);
  const ceiling = 1 + 10 ** (-BETA_DB / 20);
  for (let n = 0; n < heard.length; n++) heard[n] = Math.min(level * heard[n]!, ceiling * clear[n]!);
  return correlation(clear, heard);
}

function norm(values: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += values[n]! * values[n]!;
  return Math.sqrt(sum);
}

function correlation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [product, energyA, energyB] = [0, 0, 0];
  for (let n = 0; n < a.length; n++) {
    const [x, y] = [a[n]! - meanA, b[n]! - meanB];
    product += x * y;
    energyA += x * x;
    energyB += y * y;
  }
  return product / (Math.sqrt(energyA) * Math.sqrt(energyB) + Number.EPSILON);
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += values[n]!;
  return sum / values.length;
}
