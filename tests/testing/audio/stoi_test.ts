import { assertAlmostEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { stoi, STOI_RATE } from "../../../testing/audio/stoi.ts";

/**
 * The expected values come from an independent implementation of the paper in Python with NumPy and SciPy
 * (`numpy.fft.rfft`, `scipy.signal.resample_poly` for the rate), run on the same signals.
 */
const TOLERANCE = 0.001;

const FILE = new URL("../../../demo/fala.wav", import.meta.url).pathname;
const { samples: speech, sampleRate } = parseWav(await Deno.readFile(FILE), FILE);

/** Uniform noise from -1 to 1, from a linear congruential generator that is the same in Python. */
function noise(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function energy(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0);
}

function noisy(snrDb: number): Float32Array {
  const added = noise(speech.length, 1);
  const gain = Math.sqrt(energy(speech) / energy(added) / 10 ** (snrDb / 10));
  return speech.map((sample, i) => sample + gain * added[i]!);
}

/** Without one 20 ms frame in five, beginning with the first. */
function chopped(): Float32Array {
  const frame = sampleRate / 50;
  return speech.map((sample, i) => Math.floor(i / frame) % 5 === 0 ? 0 : sample);
}

/** Noise that swells four times a second, and the same with a tone and other noise. No change of rate is needed. */
function synthetic(): readonly [Float32Array, Float32Array] {
  const length = 3 * STOI_RATE;
  const clear = noise(length, 7).map((sample, i) =>
    sample * (0.55 + 0.45 * Math.sin(2 * Math.PI * 4 * i / STOI_RATE))
  );
  const other = noise(length, 9);
  const heard = clear.map((sample, i) =>
    sample + 0.3 * Math.sin(2 * Math.PI * 1000 * i / STOI_RATE) + 0.5 * other[i]!
  );
  return [clear, heard];
}

const [clear, heard] = synthetic();

for (
  const [name, reference, degraded, rate, expected] of [
    ["the same speech", speech, speech, sampleRate, 1],
    ["speech in noise at 10 dB", speech, noisy(10), sampleRate, 0.95489],
    ["speech in noise at 5 dB", speech, noisy(5), sampleRate, 0.91519],
    ["speech in noise at 0 dB", speech, noisy(0), sampleRate, 0.84438],
    ["speech in noise at -5 dB", speech, noisy(-5), sampleRate, 0.7374],
    ["noise in place of speech", speech, noise(speech.length, 1), sampleRate, 0.37066],
    ["every fifth frame silent", speech, chopped(), sampleRate, 0.86209],
    ["clipped speech", speech, speech.map((x) => Math.max(-0.02, Math.min(0.02, x))), sampleRate, 0.62123],
    ["swelling noise with a tone", clear, heard, STOI_RATE, 0.77714],
  ] as const
) {
  Deno.test(`stoi() agrees with the independent implementation for ${name}`, () => {
    assertAlmostEquals(stoi(reference, degraded, rate), expected, TOLERANCE);
  });
}

Deno.test("stoi() does not depend on the level of the degraded speech", () => {
  const quiet = noisy(5).map((sample) => sample / 50);
  assertAlmostEquals(stoi(speech, quiet, sampleRate), stoi(speech, noisy(5), sampleRate), 1e-6);
});

Deno.test("stoi() ignores pauses", () => {
  const pause = new Float32Array(5 * sampleRate);
  const withPause = Float32Array.from([...speech, ...pause]);
  const hum = Float32Array.from([...noisy(10), ...noise(pause.length, 3)]);
  assertAlmostEquals(stoi(withPause, hum, sampleRate), stoi(speech, noisy(10), sampleRate), 0.01);
});

Deno.test("stoi() falls with a misalignment", () => {
  const late = new Float32Array(speech.length);
  late.set(speech.subarray(0, speech.length - sampleRate / 4), sampleRate / 4);
  assertLess(stoi(speech, late, sampleRate), 0.6);
  const dead = new Float32Array(speech.length);
  assertLess(Math.abs(stoi(speech, dead, sampleRate)), 1e-6);
  assertGreater(stoi(speech, speech, sampleRate), 0.9999);
});

Deno.test("stoi() refuses signals that it cannot compare", () => {
  assertThrows(() => stoi(speech, speech.subarray(1), sampleRate), RangeError);
  assertThrows(() => stoi(speech.subarray(0, 4000), speech.subarray(0, 4000), sampleRate), RangeError);
});
