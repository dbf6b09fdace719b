import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { channelWeights, Downmix } from "../../../audio/file/downmix.ts";
import { joinSamples } from "../../../lib/dsp/pcm.ts";
import { compare } from "../../../testing/audio/compare.ts";
import { noise, sine } from "../../../testing/audio/signals.ts";

const RATE = 48_000;

/** Mixes channels in pieces of a length, in samples of one channel. */
function mix(channels: readonly Float32Array[], piece = 441, mask = 0): Float32Array {
  const [first = new Float32Array()] = channels;
  const interleaved = new Float32Array(channels.length * first.length);
  interleaved.forEach((_, i) => {
    interleaved[i] = channels[i % channels.length]![Math.floor(i / channels.length)]!;
  });
  const downmix = new Downmix(channelWeights(channels.length, mask), RATE);
  const mixed: Float32Array[] = [];
  for (let start = 0; start < interleaved.length; start += piece * channels.length) {
    mixed.push(downmix.mix(interleaved.slice(start, start + piece * channels.length)));
  }
  return joinSamples([...mixed, downmix.end()]);
}

const voice = sine(300, RATE, 1, 0.7).map((sample, i) => sample * Math.abs(Math.sin(i / 9000)));
const silence = new Float32Array(voice.length);
const opposite = voice.map((sample) => -sample);

const rms = (samples: Float32Array) =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

/** Level of the mix above a channel, over all but the first tenth of a second. */
function levelDb(mixed: Float32Array, channel: Float32Array): number {
  return 20 * Math.log10(rms(mixed.subarray(RATE / 10)) / rms(channel.subarray(RATE / 10)));
}

const UNCHANGED: readonly [string, readonly Float32Array[]][] = [
  ["on the left", [voice, silence]],
  ["on the right", [silence, voice]],
  ["on both sides", [voice, voice]],
  ["with the right side's wires swapped", [voice, opposite]],
  ["on one channel of many, which say nothing of loudspeakers", [...new Array(7).fill(silence), voice]],
  ["on four channels alike", [voice, voice, voice, voice]],
];

for (const [where, channels] of UNCHANGED) {
  Deno.test(`Downmix passes sound ${where} unchanged, sample by sample`, () => {
    const start = channels.map((channel) => channel.subarray(0, RATE / 4));
    for (const piece of [1, 479, 480, 5000, RATE / 4]) {
      assertEquals(mix(start, piece), voice.subarray(0, RATE / 4));
    }
  });
}

Deno.test("Downmix keeps the level of each loudspeaker of 5.1 that is alone", () => {
  const mask = 0x3f; // front left, right, centre, low frequencies, back left, right
  for (const channel of [0, 1, 2, 4, 5]) {
    const channels = Array.from({ length: 6 }, (_, i) => i === channel ? voice : silence);
    const mixed = mix(channels, 480, mask);
    assertEquals(mixed.length, voice.length);
    const wrong = mixed.findIndex((sample, i) => Math.abs(sample - voice[i]!) > 1e-6);
    assertEquals(wrong, -1, `channel ${channel}`);
  }
  const rumble = Array.from({ length: 6 }, (_, i) => i === 3 ? voice : silence);
  assert(mix(rumble, 480, mask).every((sample) => sample === 0), "effects of low frequencies are left out");
});

Deno.test("Downmix has the voice in the centre of 5.1 clearly above softer sound around it", () => {
  const around = [1, 2, 3, 4].map((seed) => noise(voice.length, seed).map((sample) => sample / 50));
  const [left = silence, right = silence, backLeft = silence, backRight = silence] = around;
  const mixed = mix([left, right, voice, silence, backLeft, backRight], 480, 0x3f);
  const { correlation, levelDb } = compare(voice, mixed);
  assert(correlation > 0.98, `correlation ${correlation}`);
  assertAlmostEquals(levelDb, 0, 0.3);
});

Deno.test("Downmix has two people who talk by turns on two channels at the level of each", () => {
  const second = Array.from({ length: 8 }, (_, i) => i);
  const other = sine(470, RATE, 1, 0.5);
  const left = joinSamples(second.map((i) => i % 2 === 0 ? voice : silence));
  const right = joinSamples(second.map((i) => i % 2 === 0 ? silence : other));
  const mixed = mix([left, right]);
  for (const i of second) {
    const part = mixed.subarray(i * RATE, (i + 1) * RATE);
    assertAlmostEquals(levelDb(part, i % 2 === 0 ? voice : other), 0, 3.1, `second ${i}`);
  }
});

Deno.test("Downmix has unlike sound on two sides at the power of the louder one", () => {
  for (const [a, b] of [[1, 1], [0.5, 1], [1, 0.1]] as const) {
    const [left, right] = [noise(RATE, 1).map((s) => a * s), noise(RATE, 2).map((s) => b * s)];
    assertAlmostEquals(levelDb(mix([left, right]), a > b ? left : right), 0, 0.3);
  }
});

Deno.test("Downmix clips nothing that is not clipped in a channel", () => {
  const loud = (seed: number) => noise(RATE, seed).map((sample) => Math.sign(sample));
  for (const channels of [2, 3, 6]) {
    for (const mask of [0, 0x3f]) {
      const sound = Array.from({ length: channels }, (_, i) => loud(i + 1));
      // From one moment to the next all channels are alike, then each is another.
      const alike = sound.map((channel) =>
        joinSamples([sound[0]!.subarray(0, RATE / 2), channel, sound[0]!])
      );
      for (const mixed of [mix(sound, 480, mask), mix(alike, 480, mask)]) {
        const peak = mixed.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
        assert(peak <= 1 + 1e-6, `${channels} channels: ${peak}`);
      }
    }
  }
});

Deno.test("Downmix changes its gain without a step", () => {
  // A voice on one side; from half a second on, on both, with the wires of one swapped.
  const steady = sine(100, RATE, 1, 0.3);
  const right = steady.map((sample, i) => i < RATE / 2 ? 0 : -sample);
  const mixed = mix([steady, right]);
  const steepest = 2 * Math.PI * 100 / RATE * 0.3;
  for (let i = 1; i < mixed.length; i++) {
    assert(
      Math.abs(mixed[i]! - mixed[i - 1]!) < 2 * steepest,
      `a step of ${mixed[i]! - mixed[i - 1]!} at ${i}`,
    );
  }
});

Deno.test("channelWeights() are those of ITU-R BS.775, the loudest 1", () => {
  const rounded = (channels: number, mask: number) =>
    Array.from(channelWeights(channels, mask), (weight) => Math.round(100 * weight) / 100);
  assertEquals(rounded(2, 0), [1, 1]);
  assertEquals(rounded(2, 3), [1, 1]);
  assertEquals(rounded(1, 4), [1]);
  assertEquals(rounded(6, 0x3f), [0.71, 0.71, 1, 0, 0.5, 0.5]);
  assertEquals(rounded(6, 0x60f), [0.71, 0.71, 1, 0, 0.5, 0.5]);
  assertEquals(rounded(8, 0x63f), [0.71, 0.71, 1, 0, 0.5, 0.5, 0.5, 0.5]);
  assertEquals(rounded(6, 0), [1, 1, 1, 1, 1, 1]);
  // Loudspeakers for fewer channels than there are, for none, for low frequencies only.
  assertEquals(rounded(3, 3), [1, 1, 1]);
  assertEquals(rounded(1, 8), [1]);
  assertEquals(rounded(2, 0x8000_0003), [1, 1]);
});
