import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { ComfortNoise } from "../../lib/jitter_buffer/comfort_noise.ts";
import { levelDb, SILENCE_DB } from "../../lib/dsp/level.ts";

function noise(rms: number): Int16Array {
  return Int16Array.from({ length: 960 }, (_, index) => rms * (index % 2 ? 1 : -1));
}

Deno.test("ComfortNoise is as soft as the softest recent sound, and never loud", () => {
  for (const [background, expected] of [[5, levelDb(noise(5))], [10_000, -62]] as const) {
    const comfort = new ComfortNoise();
    for (let frame = 0; frame < 100; frame++) comfort.observe(noise(frame % 10 ? 3000 : background));
    const samples = new Int16Array(4800);
    comfort.fill(samples);
    assertAlmostEquals(levelDb(samples), Math.min(expected, -62), 2);
  }
});

Deno.test("ComfortNoise is silent where the other side was, and before anything was heard", () => {
  const comfort = new ComfortNoise();
  const samples = new Int16Array(480).fill(1);
  comfort.fill(samples);
  assertEquals(levelDb(samples), SILENCE_DB);
  comfort.observe(new Int16Array(960));
  comfort.fill(samples.fill(1));
  assertEquals(levelDb(samples), SILENCE_DB);
});

Deno.test("ComfortNoise does not repeat itself", () => {
  const comfort = new ComfortNoise();
  comfort.observe(noise(20));
  const samples = new Int16Array(9600);
  comfort.fill(samples);
  let sum = 0;
  for (let index = 0; index < 4800; index++) sum += samples[index]! * samples[index + 4800]!;
  assertLess(Math.abs(sum / 4800), 40);
  assertGreater(new Set(samples).size, 20);
});
