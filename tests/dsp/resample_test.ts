import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { resample, Resampler } from "../../lib/dsp/resample.ts";
import { noise, rms, sine } from "../../testing/audio/signals.ts";

const SECONDS = 1;
const PEAK = 0.5;
/** Ignored at both ends, where the sine starts and stops. */
const EDGE_SECONDS = 0.05;

function withoutEdges(samples: Float32Array, sampleRate: number): Float32Array {
  return samples.subarray(EDGE_SECONDS * sampleRate, samples.length - EDGE_SECONDS * sampleRate);
}

function decibels(ratio: number): number {
  return 20 * Math.log10(ratio);
}

const RATES: { from: number; to: number; frequency: number }[] = [
  { from: 44_100, to: 48_000, frequency: 1000 },
  { from: 44_100, to: 48_000, frequency: 19_000 },
  { from: 48_000, to: 44_100, frequency: 1000 },
  { from: 8000, to: 48_000, frequency: 3400 },
  { from: 11_025, to: 48_000, frequency: 440 },
  { from: 16_000, to: 48_000, frequency: 7000 },
  { from: 22_050, to: 48_000, frequency: 9000 },
  { from: 96_000, to: 48_000, frequency: 20_000 },
  { from: 192_000, to: 48_000, frequency: 1000 },
  { from: 48_000, to: 8000, frequency: 3400 },
  // A rate that shares no factor with 48000.
  { from: 44_101, to: 48_000, frequency: 10_000 },
];

for (const { from, to, frequency } of RATES) {
  Deno.test(`resample() keeps ${frequency} Hz from ${from} to ${to} Hz without delay`, () => {
    const output = withoutEdges(resample(sine(frequency, from, SECONDS, PEAK), from, to), to);
    const ideal = withoutEdges(sine(frequency, to, SECONDS, PEAK), to);
    assertEquals(output.length, ideal.length);
    const difference = output.map((sample, i) => sample - (ideal[i] ?? NaN));
    assertAlmostEquals(decibels(rms(output) / rms(ideal)), 0, 0.02);
    const noiseDb = decibels(rms(difference) / rms(ideal));
    assert(noiseDb < -70, `error ${noiseDb.toFixed(1)} dB`);
  });
}

const REJECTED: { from: number; to: number; frequency: number }[] = [
  { from: 96_000, to: 16_000, frequency: 20_000 },
  { from: 96_000, to: 16_000, frequency: 8100 },
  { from: 48_000, to: 8000, frequency: 4100 },
  { from: 48_000, to: 44_100, frequency: 22_100 },
  { from: 192_000, to: 48_000, frequency: 90_000 },
];

for (const { from, to, frequency } of REJECTED) {
  Deno.test(`resample() removes ${frequency} Hz from ${from} to ${to} Hz`, () => {
    const output = withoutEdges(resample(sine(frequency, from, SECONDS, PEAK), from, to), to);
    const leftDb = decibels(rms(output) / (PEAK / Math.SQRT2));
    assert(leftDb < -75, `left over: ${leftDb.toFixed(1)} dB`);
  });
}

Deno.test("resample() leaves no image above the old Nyquist frequency", () => {
  // 5 kHz at 16 kHz has its first image at 11 kHz.
  const output = withoutEdges(resample(sine(5000, 16_000, SECONDS, PEAK), 16_000, 48_000), 48_000);
  let [real, imaginary] = [0, 0];
  output.forEach((sample, i) => {
    real += sample * Math.cos(2 * Math.PI * 11_000 * i / 48_000);
    imaginary += sample * Math.sin(2 * Math.PI * 11_000 * i / 48_000);
  });
  const imageDb = decibels(2 * Math.hypot(real, imaginary) / output.length / PEAK);
  assert(imageDb < -75, `image: ${imageDb.toFixed(1)} dB`);
});

Deno.test("resample() keeps a constant", () => {
  const output = withoutEdges(resample(new Float32Array(44_100).fill(0.25), 44_100, 48_000), 48_000);
  assert(output.every((sample) => Math.abs(sample - 0.25) < 1e-6));
});

Deno.test("resample() copies if the rates are equal", () => {
  const input = noise(1000, 1);
  assertEquals(Array.from(resample(input, 48_000, 48_000)), Array.from(input));
});

Deno.test("resample() takes inputs shorter than its filter", () => {
  for (const length of [0, 1, 2, 50]) {
    const output = resample(new Float32Array(length).fill(1), 16_000, 48_000);
    assertEquals(output.length, 3 * length);
    assert(output.every((sample) => Number.isFinite(sample)));
  }
});

Deno.test("Resampler.render() gives the same result in pieces, and silence after the end", () => {
  const input = noise(4410, 2);
  const whole = resample(input, 44_100, 48_000);
  const resampler = new Resampler(44_100, 48_000);
  const pieces: number[] = [];
  const lengths = [1, 7, 960, 2000, 960, 960, 960];
  for (const length of lengths) {
    const piece = new Float32Array(length).fill(NaN);
    resampler.render(input, pieces.length, piece);
    pieces.push(...piece);
  }
  assertEquals(pieces.slice(0, whole.length), Array.from(whole));
  assert(pieces.length > whole.length);
  assert(pieces.slice(whole.length).every((sample) => sample === 0));
});
