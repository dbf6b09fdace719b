/** Short tones whose moments can be found again in a recording. */

import { seededRandom } from "../../testing/netem/random.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";

/** A tone that speech codecs and noise reduction let pass, swelling and dying away like a Hann window. */
const TONE_HZ = 1000;
const LENGTH = Math.round(0.01 * SAMPLE_RATE);
const PEAK = 0.5;
/** From one burst to the next, in seconds: irregular, so that nothing locks on to it. */
const LEAST_GAP_SECONDS = 0.55;
const MOST_GAP_SECONDS = 0.65;
/** What is less than this part of the loudest is not a burst. */
const THRESHOLD = 0.3;
/** Bursts are at least this far apart, in seconds; what comes sooner belongs to the same one. */
const DEAD_SECONDS = 0.15;

/** Samples from one place that is looked at to the next, 0.08 ms. */
const SEARCH_STEP = 4;

const WINDOW = Float64Array.from(
  { length: LENGTH },
  (_, n) => 0.5 - 0.5 * Math.cos(2 * Math.PI * n / LENGTH),
);

/** Bursts for some time, beginning and ending with a pause. */
export function makeBursts(seconds: number): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(Math.round(seconds * SAMPLE_RATE));
  const random = seededRandom("bursts");
  const step = () =>
    Math.round(SAMPLE_RATE * (LEAST_GAP_SECONDS + (MOST_GAP_SECONDS - LEAST_GAP_SECONDS) * random()));
  for (let start = step(); start + LENGTH < samples.length; start += step()) {
    for (let n = 0; n < LENGTH; n++) {
      samples[start + n] = PEAK * WINDOW[n]! * Math.sin(2 * Math.PI * TONE_HZ * n / SAMPLE_RATE);
    }
  }
  return samples;
}

/** Finds the bursts: the sample at which each starts, by a filter that matches their envelope whatever the phase. */
export function findBursts(samples: Float32Array): number[] {
  const levels = matchedLevels(samples);
  const threshold = THRESHOLD * levels.reduce((highest, level) => Math.max(highest, level), 0);
  const starts: number[] = [];
  for (let i = 0; i < levels.length; i++) {
    if (threshold === 0 || levels[i]! < threshold) continue;
    const end = Math.min(levels.length, i + Math.round(DEAD_SECONDS * SAMPLE_RATE / SEARCH_STEP));
    let loudest = i;
    for (; i < end; i++) if (levels[i]! > levels[loudest]!) loudest = i;
    starts.push(loudest * SEARCH_STEP);
  }
  return starts;
}

/** Strength of a burst that would start at each {@linkcode SEARCH_STEP}-th sample. */
function matchedLevels(samples: Float32Array): Float64Array {
  const real = WINDOW.map((weight, n) => weight * Math.cos(2 * Math.PI * TONE_HZ * n / SAMPLE_RATE));
  const imaginary = WINDOW.map((weight, n) => weight * Math.sin(2 * Math.PI * TONE_HZ * n / SAMPLE_RATE));
  const levels = new Float64Array(Math.max(0, Math.floor((samples.length - LENGTH) / SEARCH_STEP) + 1));
  for (let i = 0; i < levels.length; i++) {
    const start = i * SEARCH_STEP;
    // Most of a recording is silent to the bit.
    if (samples[start] === 0 && samples[start + LENGTH - 1] === 0 && samples[start + LENGTH / 2] === 0) {
      continue;
    }
    let [sumReal, sumImaginary] = [0, 0];
    for (let n = 0; n < LENGTH; n++) {
      sumReal += real[n]! * samples[start + n]!;
      sumImaginary += imaginary[n]! * samples[start + n]!;
    }
    levels[i] = Math.hypot(sumReal, sumImaginary);
  }
  return levels;
}
