import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { align } from "../../../testing/audio/align.ts";
import { stoi } from "../../../testing/audio/stoi.ts";

const FILE = new URL("../../../demo/fala.wav", import.meta.url).pathname;
const { samples: said, sampleRate } = parseWav(await Deno.readFile(FILE), FILE);

/** A recording with a delay in seconds that depends on the time. */
function delayed(delayAt: (seconds: number) => number): Float32Array<ArrayBuffer> {
  const heard = new Float32Array(said.length + sampleRate);
  for (let i = 0; i < heard.length; i++) {
    const seconds = i / sampleRate;
    heard[i] = said[Math.round((seconds - delayAt(seconds)) * sampleRate)] ?? 0;
  }
  return heard;
}

Deno.test("align() finds a constant delay", () => {
  const { samples, delaysSeconds } = align(said, delayed(() => 0.237), sampleRate);
  for (const delay of delaysSeconds) assertAlmostEquals(delay, 0.237, 0.0002);
  assertEquals(samples.length, said.length);
  assertGreater(stoi(said, samples, sampleRate), 0.999);
});

Deno.test("align() follows a changing delay piece by piece", () => {
  const jump = (seconds: number) => seconds < 2.5 ? 0.1 : 0.16;
  const { samples, delaysSeconds } = align(said, delayed(jump), sampleRate);
  assertAlmostEquals(delaysSeconds[0]!, 0.1, 0.001);
  assertAlmostEquals(delaysSeconds.at(-1)!, 0.16, 0.001);
  const inStep = new Float32Array(said.length);
  inStep.set(delayed(jump).subarray(sampleRate / 10, sampleRate / 10 + said.length));
  assertGreater(stoi(said, samples, sampleRate), stoi(said, inStep, sampleRate) + 0.1);
});

Deno.test("align() finds a piece after a jump of the delay beyond the near range", () => {
  for (const [before, after] of [[0.35, 0.1], [0.1, 0.35]] as const) {
    const { samples, delaysSeconds } = align(said, delayed((s) => s < 2.5 ? before : after), sampleRate);
    assertAlmostEquals(delaysSeconds[0]!, before, 0.001);
    assertAlmostEquals(delaysSeconds.at(-1)!, after, 0.001);
    assertGreater(stoi(said, samples, sampleRate), 0.8);
  }
});

Deno.test("align() gives silence for what was not recorded", () => {
  const { samples } = align(said, said.subarray(0, sampleRate * 3), sampleRate);
  assertEquals(samples.length, said.length);
  assertEquals(samples.subarray(sampleRate * 4).some((sample) => sample !== 0), false);
  assertEquals(align(said, new Float32Array(said.length), sampleRate).samples.some((s) => s !== 0), false);
});
