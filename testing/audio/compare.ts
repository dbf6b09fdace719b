import { SAMPLE_RATE, toFloat32 } from "../../lib/dsp/pcm.ts";
import { convolution } from "./convolution.ts";
import { resample } from "../../lib/dsp/resample.ts";

/** How what was heard relates to what was said. */
export interface Comparison {
  /** Where the start of the reference is in what was heard, in seconds; negative when its start was not heard. */
  readonly delaySeconds: number;
  /**
   * Likeness of the two, from 0 (unrelated) to 1 (the same but for loudness): normalised cross-correlation
   * where the reference is active and was recorded.
   */
  readonly correlation: number;
  /** How much louder it was heard than said, over the same stretch, in dB. -Infinity when nothing was heard. */
  readonly levelDb: number;
  /** How much of the reference's active part lies within the recording, from 0 to 1. */
  readonly coverage: number;
  /** Seconds from the first to the last active moment. */
  readonly duration: { readonly reference: number; readonly heard: number };
}

/** Rate of the search over all delays, in Hz. Speech has most of its power below half of it. */
const SEARCH_RATE = 8_000;
/** Search steps on each side in which the delay is then looked for at the full rate. */
const REFINED_STEPS = 2;
/** Part of the reference's power that must lie within the recording for a delay to count. */
const LEAST_OVERLAP = 0.1;
/** Length of the frames that are active or not, in seconds. */
const FRAME_SECONDS = 0.02;
/** How far below the loudest frame a frame may be to be active, in dB. Speech keeps within that, pauses do not. */
const ACTIVE_RANGE_DB = 40;

/**
 * Finds what was said in what was heard, and how well it came through.
 *
 * @param reference What was said.
 * @param heard Recording in which it may be, in whole or in part, sooner or later, louder or softer.
 * @param sampleRate Samples a second of both.
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
    resample(said, sampleRate, SEARCH_RATE),
    resample(recorded, sampleRate, SEARCH_RATE),
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
  /** Samples a frame. */
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

/** The two at one delay, over the active samples of the reference that lie within the recording. */
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
 * The delay, in samples, at which the recording is likest to the whole reference. What is loud elsewhere in the
 * recording does not count: each delay is judged by the power that the recording has just there.
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
    // The floor keeps rounding errors in digital silence from looking like anything.
    const localEnergy = heardUpTo[end + lag]! - heardUpTo[start + lag]! + 1e-6 * heardEnergy;
    const likeness = products[lag + said.length - 1]! / Math.sqrt(localEnergy);
    if (likeness > bestLikeness) [bestLag, bestLikeness] = [lag, likeness];
  }
  return bestLag;
}

/** Energy of the samples before each place; one longer than the samples. */
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
 * Length of the pieces of {@linkcode compareInPieces}: a syllable. Of speech whose delay changes by 5 to 15 ms every 0.2 s
 * most of them are whole (likeness 0.97; 0.57 with pieces of half a second), and no longer ones tell it better from
 * other speech (0.4 at most, either way).
 */
const PIECE_SECONDS = 0.15;

/** How far from its place in the whole a piece is looked for. */
const PIECE_SEARCH_SECONDS = 0.3;

/**
 * As {@linkcode compare}, but each 0.15 s of the reference is aligned for itself: for speech whose delay changes
 * on the way, as a phone's playout makes it do.
 *
 * @returns The delay and the correlation are the medians of the pieces in which somebody speaks.
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
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  return {
    ...whole,
    delaySeconds: median(pieces.map(({ delaySeconds }) => delaySeconds)),
    correlation: median(pieces.map(({ correlation }) => correlation)),
  };
}
