/** Aligns a recording with the original, although its delay changes. */

import { compare } from "./compare.ts";
import { resample } from "../../lib/dsp/resample.ts";

/** Length of a piece: long enough to be found with losses in it, short enough for its delay to be nearly constant. */
const LEAST_PIECE_SECONDS = 2;
const MOST_PIECE_SECONDS = 3;
/** Search range around the previous delay, on each side, in seconds. */
const PIECE_REACH_SECONDS = 0.1;
/** The same for a piece that was not found in that range. */
const FAR_REACH_SECONDS = 0.4;
/** A piece with less correlation was not found. If it is not in the far range either, it has the previous delay. */
const LEAST_CORRELATION = 0.2;
/** Frame length for the quietest moment, in seconds. */
const FRAME_SECONDS = 0.02;
/** Sample rate of the search in Hz: steps of 0.1 ms. */
const SEARCH_RATE = 10_000;

/** A recording, aligned. */
export interface Aligned {
  /** As long as the original; zeros where nothing was recorded. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** Delay of each piece in seconds, in order. */
  readonly delaysSeconds: readonly number[];
}

/**
 * Cuts the original at its quietest moments into pieces of 2 to 3 s, finds each piece in the recording, and concatenates
 * the places found. A piece is searched within 100 ms of the previous piece's delay, then within 400 ms; the first around
 * the delay of the whole.
 *
 * @param said The original.
 * @param heard A recording of all of it.
 * @param sampleRate Of both, in Hz.
 */
export function align(said: Float32Array, heard: Float32Array, sampleRate: number): Aligned {
  const slowSaid = resample(said, sampleRate, SEARCH_RATE);
  const slowHeard = resample(heard, sampleRate, SEARCH_RATE);
  const samples = new Float32Array(said.length);
  const delaysSeconds: number[] = [];
  let delaySeconds = compare(slowSaid, slowHeard, SEARCH_RATE).delaySeconds;
  const cuts = quietMoments(slowSaid, SEARCH_RATE);
  cuts.slice(1).forEach((endSeconds, index) => {
    const startSeconds = cuts[index]!;
    const at = (seconds: number) => Math.round(seconds * SEARCH_RATE);
    const piece = slowSaid.subarray(at(startSeconds), at(endSeconds));
    for (const reach of [PIECE_REACH_SECONDS, FAR_REACH_SECONDS]) {
      const windowStart = startSeconds + delaySeconds - reach;
      const window = cut(slowHeard, at(windowStart), piece.length + at(2 * reach));
      const found = compare(piece, window, SEARCH_RATE);
      const offset = found.delaySeconds - reach;
      if (found.correlation < LEAST_CORRELATION || Math.abs(offset) > reach) continue;
      delaySeconds += offset;
      break;
    }
    delaysSeconds.push(delaySeconds);
    const [start, end] = [startSeconds, endSeconds].map((seconds) => Math.round(seconds * sampleRate));
    const shift = Math.round(delaySeconds * sampleRate);
    samples.set(cut(heard, start! + shift, Math.min(end!, said.length) - start!), start!);
  });
  return { samples, delaysSeconds };
}

/** The cuts in seconds, with the start and the end of the samples. */
function quietMoments(samples: Float32Array, sampleRate: number): number[] {
  const frame = Math.round(FRAME_SECONDS * sampleRate);
  const energies: number[] = [];
  for (let start = 0; start < samples.length; start += frame) {
    energies.push(samples.subarray(start, start + frame).reduce((sum, sample) => sum + sample * sample, 0));
  }
  const totalSeconds = samples.length / sampleRate;
  const cuts = [0];
  for (;;) {
    const last = cuts.at(-1)!;
    if (totalSeconds - last <= MOST_PIECE_SECONDS) return [...cuts, totalSeconds];
    const first = Math.round((last + LEAST_PIECE_SECONDS) / FRAME_SECONDS);
    const range = energies.slice(first, Math.round((last + MOST_PIECE_SECONDS) / FRAME_SECONDS));
    const quietest = range.reduce((best, energy, i) => energy < range[best]! ? i : best, 0);
    cuts.push((first + quietest + 0.5) * FRAME_SECONDS);
  }
}

/** A range of samples, with zeros outside them. */
function cut(samples: Float32Array, start: number, length: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(length);
  const from = Math.max(0, start);
  const part = samples.subarray(from, Math.max(from, start + length));
  result.set(part, from - start);
  return result;
}
