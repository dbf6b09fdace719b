import { SAMPLE_RATE, toFloat32 } from "../../lib/dsp/pcm.ts";
import { quantile } from "../quantile.ts";
import { convolution } from "./convolution.ts";
import { resample } from "../../lib/dsp/resample.ts";

/** How a recording relates to the original. */
export interface Comparison {
  /** Where the original starts in the recording, in seconds; negative if its start was not recorded. */
  readonly delaySeconds: number;
  /**
   * Normalised cross-correlation where the original is active and was recorded: from 0, unrelated, to 1, the same but for
   * the level.
   */
  readonly correlation: number;
  /** Level relative to the original over the same range, in dB; -Infinity for silence. */
  readonly levelDb: number;
  /** Share of the original's active part that lies within the recording, from 0 to 1. */
  readonly coverage: number;
  /** Seconds from the first to the last active frame. */
  readonly duration: { readonly reference: number; readonly heard: number };
}

/** Sample rate of the search over all delays, in Hz. Speech has most of its power below 4 kHz. */
const SEARCH_RATE = 8_000;
/** Zero crossings of the search's low-pass: what it leaves above 4 kHz, the full rate tells apart. */
const SEARCH_ZERO_CROSSINGS = 8;
/** Search steps on each side within which the delay is then refined at the full rate. */
const REFINED_STEPS = 2;
/** Least share of the original's power within the recording for a delay to count. */
const LEAST_OVERLAP = 0.1;
/** Frame length for activity, in seconds. */
const FRAME_SECONDS = 0.02;
/** A frame at most this far below the loudest is active, in dB: more than the range of speech, less than to its pauses. */
const ACTIVE_RANGE_DB = 40;

/**
 * Finds an original in a recording and compares the two.
 *
 * @param reference The original.
 * @param heard A recording with all or part of it, at any delay and level.
 * @param sampleRate Of both, in Hz.
 *
 * @example
 * ```ts
 * const said = Float32Array.from({ length: 48_000 }, () => Math.random() - 0.5);
 * const heard = new Float32Array(96_000);
 * heard.set(said.map((sample) => sample / 2), 4800);
 * compare(said, heard); // delaySeconds 0.1, correlation 1, levelDb -6.02, …
 * ```
 */
export function compare(
  reference: Float32Array | Int16Array,
  heard: Float32Array | Int16Array,
  sampleRate: number = SAMPLE_RATE,
): Comparison {
  const said = toFloat32(reference);
  const recorded = toFloat32(heard);
  const active = activeFrames(said, sampleRate);
  const roughSeconds = likeliestLag(
    resample(said, sampleRate, SEARCH_RATE, SEARCH_ZERO_CROSSINGS),
    resample(recorded, sampleRate, SEARCH_RATE, SEARCH_ZERO_CROSSINGS),
  ) / SEARCH_RATE;
  const reach = Math.ceil(REFINED_STEPS * sampleRate / SEARCH_RATE);
  const roughLag = Math.round(roughSeconds * sampleRate);
  let best = overlapAt(said, recorded, roughLag, active);
  for (let lag = roughLag - reach; lag <= roughLag + reach; lag++) {
    const overlap = overlapAt(said, recorded, lag, active);
    if (overlap.correlation > best.correlation) best = overlap;
  }
  return {
    delaySeconds: best.lag / sampleRate,
    correlation: best.correlation,
    levelDb: best.levelDb,
    coverage: best.coverage,
    duration: {
      reference: activeSeconds(active),
      heard: activeSeconds(activeFrames(recorded, sampleRate)),
    },
  };
}

interface ActiveFrames {
  /** Samples per frame. */
  readonly length: number;
  readonly isActive: readonly boolean[];
}

function activeFrames(samples: Float32Array, sampleRate: number): ActiveFrames {
  const length = Math.max(1, Math.round(FRAME_SECONDS * sampleRate));
  const energies: number[] = [];
  for (let start = 0; start < samples.length; start += length) {
    energies.push(energy(samples.subarray(start, start + length)));
  }
  const loudest = energies.reduce((highest, value) => Math.max(highest, value), 0);
  const threshold = loudest * 10 ** (-ACTIVE_RANGE_DB / 10);
  return { length, isActive: energies.map((value) => value > 0 && value >= threshold) };
}

function activeSeconds({ isActive }: ActiveFrames): number {
  const first = isActive.indexOf(true);
  return first < 0 ? 0 : (isActive.lastIndexOf(true) - first + 1) * FRAME_SECONDS;
}

function energy(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0);
}

/** Compares at one delay, over the active samples of the original that lie within the recording. */
function overlapAt(said: Float32Array, heard: Float32Array, lag: number, active: ActiveFrames) {
  let [product, saidEnergy, heardEnergy, activeCount, overlapCount] = [0, 0, 0, 0, 0];
  active.isActive.forEach((isActive, frame) => {
    if (!isActive) return;
    const frameStart = frame * active.length;
    const frameEnd = Math.min(said.length, frameStart + active.length);
    const start = Math.max(frameStart, -lag);
    const end = Math.min(frameEnd, heard.length - lag);
    activeCount += frameEnd - frameStart;
    overlapCount += Math.max(0, end - start);
    for (let i = start; i < end; i++) {
      const [saidSample, heardSample] = [said[i]!, heard[i + lag]!];
      product += saidSample * heardSample;
      saidEnergy += saidSample * saidSample;
      heardEnergy += heardSample * heardSample;
    }
  });
  const norm = Math.sqrt(saidEnergy * heardEnergy);
  return {
    lag,
    correlation: norm > 0 ? Math.min(1, Math.max(0, product / norm)) : 0,
    levelDb: norm > 0 ? 10 * Math.log10(heardEnergy / saidEnergy) : -Infinity,
    coverage: activeCount > 0 ? overlapCount / activeCount : 0,
  };
}

/**
 * The delay in samples with the highest correlation to the whole original, normalised by the recording's power at that
 * delay, so that loud sound elsewhere does not matter.
 */
function likeliestLag(said: Float32Array, heard: Float32Array): number {
  const products = crossCorrelation(said, heard);
  const saidUpTo = runningEnergy(said);
  const heardUpTo = runningEnergy(heard);
  const saidEnergy = saidUpTo[said.length] ?? 0;
  const heardEnergy = heardUpTo[heard.length] ?? 0;
  let [bestLag, bestLikeness] = [0, 0];
  for (let lag = 1 - said.length; lag < heard.length; lag++) {
    const start = Math.max(0, -lag);
    const end = Math.min(said.length, heard.length - lag);
    if (saidUpTo[end]! - saidUpTo[start]! < LEAST_OVERLAP * saidEnergy) continue;
    // The floor hides rounding errors in digital silence.
    const localEnergy = heardUpTo[end + lag]! - heardUpTo[start + lag]! + 1e-6 * heardEnergy;
    const likeness = products[lag + said.length - 1]! / Math.sqrt(localEnergy);
    if (likeness > bestLikeness) [bestLag, bestLikeness] = [lag, likeness];
  }
  return bestLag;
}

/** Energy of the samples before each index, one longer than the samples. */
function runningEnergy(samples: Float32Array): Float64Array {
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = sums[i]! + samples[i]! ** 2;
  return sums;
}

/** `Σ said[i] heard[i + lag]` for every lag from `1 - said.length`, computed in the frequency domain. */
function crossCorrelation(said: Float32Array, heard: Float32Array): Float64Array {
  // Reversed in time, so that the convolution is a correlation and lag 1 - said.length comes first.
  return convolution(said.toReversed(), heard);
}

/**
 * Length of the pieces of {@linkcode compareInPieces}: a syllable. Speech whose delay changes by 5 to 15 ms every 0.2 s has
 * a correlation of 0.97 with it, and of 0.57 with pieces of 0.5 s; other speech has at most 0.4 with both.
 */
const PIECE_SECONDS = 0.15;

/** Search range of a piece around the delay of the whole. */
const PIECE_SEARCH_SECONDS = 0.3;

/**
 * As {@linkcode compare}, but with each 0.15 s of the original aligned separately: for speech whose delay changes, as a
 * jitter buffer makes it do.
 *
 * @returns Delay and correlation are medians over the pieces with sound.
 */
export function compareInPieces(
  reference: Int16Array | Float32Array,
  heard: Int16Array | Float32Array,
  sampleRate = SAMPLE_RATE,
): Comparison {
  const whole = compare(reference, heard, sampleRate);
  const length = Math.round(PIECE_SECONDS * sampleRate);
  const search = Math.round(PIECE_SEARCH_SECONDS * sampleRate);
  const shift = Math.round(whole.delaySeconds * sampleRate);
  const pieces: { delaySeconds: number; correlation: number }[] = [];
  for (let start = 0; start + length <= reference.length; start += length) {
    const piece = reference.subarray(start, start + length);
    if (piece.every((sample) => sample === 0)) continue;
    const from = Math.max(0, start + shift - search);
    const { correlation, delaySeconds, coverage } = compare(
      piece,
      heard.subarray(from, Math.max(from, start + shift + length + search)),
      sampleRate,
    );
    if (coverage > 0) pieces.push({ correlation, delaySeconds: delaySeconds + (from - start) / sampleRate });
  }
  return {
    ...whole,
    delaySeconds: pieces.length === 0 ? 0 : quantile(pieces.map(({ delaySeconds }) => delaySeconds), 0.5),
    correlation: pieces.length === 0 ? 0 : quantile(pieces.map(({ correlation }) => correlation), 0.5),
  };
}
