import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { compare, compareInPieces } from "../../../testing/audio/compare.ts";
import { resample } from "../../../lib/dsp/resample.ts";
import { noise, rms, sine, speechLike } from "../../../testing/audio/signals.ts";

const RATE = 48_000;

/** `sound` from sample `start` on, times `gain`, in a recording of `seconds` with noise of `noisePeak`. */
function recording(
  sound: Float32Array,
  seconds: number,
  start: number,
  gain = 1,
  noisePeak = 0,
): Float32Array {
  const heard = noise(Math.round(seconds * RATE), 99, noisePeak);
  sound.forEach((sample, i) => {
    const place = start + i;
    if (place >= 0 && place < heard.length) heard[place]! += gain * sample;
  });
  return heard;
}

const speech = speechLike(3, RATE, 5);

const FOUND: { name: string; reference: Float32Array; seconds: number; start: number; gain: number }[] = [
  { name: "at once", reference: speech, seconds: 3, start: 0, gain: 1 },
  { name: "later", reference: speech, seconds: 5, start: 12_345, gain: 1 },
  { name: "later by less than a search step", reference: speech, seconds: 5, start: 1, gain: 1 },
  { name: "softer", reference: speech, seconds: 4, start: 4800, gain: 0.1 },
  { name: "louder", reference: speech, seconds: 4, start: 4800, gain: 3 },
  { name: "in long silence", reference: speech, seconds: 15, start: 512_345, gain: 0.5 },
  { name: "that is noise", reference: noise(RATE, 4), seconds: 4, start: 77_777, gain: 0.5 },
];

for (const { name, reference, seconds, start, gain } of FOUND) {
  Deno.test(`compare() finds speech ${name}`, () => {
    const result = compare(reference, recording(reference, seconds, start, gain));
    assertEquals(Math.round(result.delaySeconds * RATE), start);
    assertAlmostEquals(result.correlation, 1, 1e-6);
    assertAlmostEquals(result.levelDb, 20 * Math.log10(gain), 1e-4);
    assertEquals(result.coverage, 1);
    assertAlmostEquals(result.duration.heard, result.duration.reference, 0.021);
  });
}

Deno.test("compare() finds speech in noise and says how much of it is noise", () => {
  const noisePeak = rms(speech) * Math.sqrt(3); // as loud as the speech, on average
  const { delaySeconds, correlation } = compare(speech, recording(speech, 6, 50_000, 1, noisePeak));
  assertEquals(Math.round(delaySeconds * RATE), 50_000);
  assert(correlation > 0.6 && correlation < 0.95, `correlation ${correlation}`);
});

Deno.test("compare() finds speech beside a much louder speaker", () => {
  const heard = recording(speech, 10, 240_000, 0.03);
  heard.set(speechLike(4, RATE, 17), 1000);
  const { delaySeconds, correlation, levelDb } = compare(speech, heard);
  assertEquals(Math.round(delaySeconds * RATE), 240_000);
  assert(correlation > 0.999, `correlation ${correlation}`);
  assertAlmostEquals(levelDb, 20 * Math.log10(0.03), 0.01);
});

Deno.test("compare() finds no correlation with another speaker or noise", () => {
  for (
    const heard of [
      speechLike(6, RATE, 17),
      speechLike(6, RATE, 31),
      speechLike(1, RATE, 23),
      noise(6 * RATE, 6),
    ]
  ) {
    const { correlation } = compare(speech, heard);
    assert(correlation < 0.4, `correlation ${correlation}`);
  }
});

Deno.test("compare() finds the rest if the start was not recorded", () => {
  const { delaySeconds, correlation, coverage } = compare(speech, recording(speech, 3, -50_000));
  assertEquals(Math.round(delaySeconds * RATE), -50_000);
  assertAlmostEquals(correlation, 1, 1e-6);
  assert(coverage > 0.5 && coverage < 0.75, `coverage ${coverage}`);
});

Deno.test("compare() finds the rest if the end was not recorded", () => {
  const { delaySeconds, correlation, coverage, duration } = compare(speech, recording(speech, 2, RATE));
  assertEquals(Math.round(delaySeconds * RATE), RATE);
  assertAlmostEquals(correlation, 1, 1e-6);
  assert(coverage > 0.2 && coverage < 0.45, `coverage ${coverage}`);
  assert(duration.heard < 1.1);
});

Deno.test("compare() lowers the correlation for a hole in the recording", () => {
  const heard = recording(speech, 5, RATE);
  heard.fill(0, 2 * RATE, 3 * RATE);
  const { delaySeconds, correlation, coverage } = compare(speech, heard);
  assertEquals(Math.round(delaySeconds * RATE), RATE);
  assert(correlation > 0.7 && correlation < 0.9, `correlation ${correlation}`);
  assertEquals(coverage, 1);
});

Deno.test("compare() ignores the recording where the original is silent", () => {
  const reference = recording(speech, 9, 3 * RATE);
  const heard = recording(speech, 9, 3 * RATE);
  heard.set(noise(2 * RATE, 3, 0.1));
  const { correlation, duration } = compare(reference, heard);
  assertAlmostEquals(correlation, 1, 1e-6);
  assert(duration.reference > 2.5 && duration.reference <= 3.02, `${duration.reference} s`);
});

Deno.test("compare() accepts 16-bit samples and other rates", () => {
  const reference = Int16Array.from(resample(speech, RATE, 16_000), (sample) => 32_768 * sample);
  const heard = new Float32Array(5 * 16_000);
  reference.forEach((sample, i) => heard[1001 + i] = sample / 65_536);
  const { delaySeconds, correlation, levelDb } = compare(reference, heard, 16_000);
  assertEquals(Math.round(delaySeconds * 16_000), 1001);
  assertAlmostEquals(correlation, 1, 1e-6);
  assertAlmostEquals(levelDb, -6.02, 0.01);
});

Deno.test("compare() gives numbers for silence and for no samples", () => {
  const silence = new Float32Array(RATE);
  const tone = sine(440, RATE, 1);
  for (const [reference, heard] of [[tone, silence], [silence, tone], [silence, silence]] as const) {
    const { correlation, levelDb, delaySeconds } = compare(reference, heard);
    assertEquals([correlation, levelDb, delaySeconds], [0, -Infinity, 0]);
  }
  const nothing = new Float32Array();
  for (const [reference, heard] of [[tone, nothing], [nothing, tone], [nothing, nothing]] as const) {
    const { correlation, levelDb, coverage } = compare(reference, heard);
    assertEquals([correlation, levelDb, coverage], [0, -Infinity, 0]);
  }
});

Deno.test("compareInPieces() finds speech whose delay changes continually", () => {
  const said = noise(2.5 * 48_000, 1);
  const heard = new Float32Array(3.5 * 48_000);
  // Back and forth by 10 ms every 0.4 s.
  const shift = (index: number) => 480 * (Math.floor(index / 19_200) % 2);
  for (let index = 0; index < said.length; index++) heard[index + 9_600 + shift(index)] = said[index]!;
  const { correlation } = compareInPieces(said, heard);
  assert(correlation > 0.95, `correlation ${correlation}`);
});

Deno.test("compareInPieces() finds speech with a growing delay, and not other speech", () => {
  const said = noise(2.5 * 48_000, 1);
  const heard = new Float32Array(3.5 * 48_000);
  for (let index = 0; index < said.length; index++) {
    // 5 ms more every second.
    heard[index + 9_600 + 240 * Math.floor(index / 48_000)] = said[index]!;
  }
  assert(compare(said, heard).correlation < 0.6);
  const { correlation, delaySeconds } = compareInPieces(said, heard);
  assert(correlation > 0.95, `correlation ${correlation}`);
  assert(delaySeconds >= 0.2 && delaySeconds <= 0.22, `delay ${delaySeconds}`);
  assert(compareInPieces(said, noise(3 * 48_000, 2)).correlation < 0.6);
});
