/** Tone bursts that can be located in a recording. */

import { seededRandom } from "../../testing/netem/random.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";

/** The tone of a burst, which speech codecs and noise suppressors pass, its length in samples, and its peak. */
const TONE_HZ = 1000;
const LENGTH = Math.round(0.01 * SAMPLE_RATE);
const PEAK = 0.5;
/** Range of the interval of bursts in seconds: irregular, so that it cannot beat with a period of the phones. */
const LEAST_GAP_SECONDS = 0.55;
const MOST_GAP_SECONDS = 0.65;
/** Threshold relative to the loudest burst. */
const THRESHOLD = 0.3;
/** Least interval of two bursts in seconds. */
const DEAD_SECONDS = 0.15;

/** Search step in samples, 0.08 ms. */
const SEARCH_STEP = 4;

const WINDOW = Float64Array.from(
  { length: LENGTH },
  (_, n) => 0.5 - 0.5 * Math.cos(2 * Math.PI * n / LENGTH),
);

/** Bursts for a time, with a pause at the start and the end. */
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

/** Finds the first sample of each burst with a matched filter for the envelope, independent of the phase. */
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

/** Output of the matched filter at every {@linkcode SEARCH_STEP}-th sample. */
function matchedLevels(samples: Float32Array): Float64Array {
  const real = WINDOW.map((weight, n) => weight * Math.cos(2 * Math.PI * TONE_HZ * n / SAMPLE_RATE));
  const imaginary = WINDOW.map((weight, n) => weight * Math.sin(2 * Math.PI * TONE_HZ * n / SAMPLE_RATE));
  const levels = new Float64Array(Math.max(0, Math.floor((samples.length - LENGTH) / SEARCH_STEP) + 1));
  for (let i = 0; i < levels.length; i++) {
    const start = i * SEARCH_STEP;
    // Most of a recording is digital silence.
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
