/** Brings what was heard into step with what was said, although the delay in between changes. */

import { compare } from "./compare.ts";
import { resample } from "../../lib/dsp/resample.ts";

/**
 * Pieces of the speech are looked for one by one. Long enough to be found among other pieces with sounds missing,
 * short enough that the delay hardly changes within one.
 */
const LEAST_PIECE_SECONDS = 2;
const MOST_PIECE_SECONDS = 3;
/** How far from the delay of the piece before one is looked for, on each side, in seconds. */
const PIECE_REACH_SECONDS = 0.1;
/** The same for a piece that is not recognised there, as where a phone changed its delay by more. */
const FAR_REACH_SECONDS = 0.4;
/** Below this a piece was not recognised; where it is not further away either, its neighbour's delay is taken for it. */
const LEAST_CORRELATION = 0.2;
/** In which the quietest moment is looked for, in seconds. */
const FRAME_SECONDS = 0.02;
/** Samples a second that the delays are found at: enough for steps of 0.1 ms. */
const SEARCH_RATE = 10_000;

/** What was heard, in step with what was said. */
export interface Aligned {
  /** As long as what was said; silent where nothing was recorded. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** Delay of each piece, in seconds, the first piece first. */
  readonly delaysSeconds: readonly number[];
}

/**
 * Cuts what was said at its quietest moments into pieces of 2 to 3 s, finds each piece in what was heard within
 * 100 ms of where it should be, or 400 ms where it is not recognised there, and puts what stands there side by side.
 * "Where it should be" is the delay of the piece before; for the first one, the delay of all.
 *
 * @param said The clear speech.
 * @param heard A recording with all of it.
 * @param sampleRate Samples a second of both.
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

/** Where to cut, in seconds, from the start to the end of the samples. */
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

/** A stretch of samples, with silence for what is not there. */
function cut(samples: Float32Array, start: number, length: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(length);
  const from = Math.max(0, start);
  const part = samples.subarray(from, Math.max(from, start + length));
  result.set(part, from - start);
  return result;
}
