import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { findBursts, makeBursts } from "../../../bench/voice/bursts.ts";
import { delaysBetween } from "../../../bench/voice/delay.ts";
import { parseCost } from "../../../bench/measure/process_cost.ts";
import { quantile } from "../../../testing/quantile.ts";
import { seededRandom } from "../../../testing/netem/random.ts";
import { SAMPLE_RATE } from "../../../lib/dsp/pcm.ts";

/** 0.1 ms in samples. */
const NEAR = SAMPLE_RATE / 10_000;

Deno.test("findBursts() finds every burst in its place, soft, in noise and inverted", () => {
  const bursts = makeBursts(6);
  const starts = findBursts(bursts);
  assertGreater(starts.length, 7);
  const random = seededRandom("noise");
  const soft = Float32Array.from(
    bursts,
    (_, i) => -0.05 * (bursts[i - 480] ?? 0) + 0.001 * (random() - 0.5),
  );
  const found = findBursts(soft);
  assertEquals(found.length, starts.length);
  found.forEach((start, i) => assertAlmostEquals(start - 480, starts[i]!, NEAR));
  assertEquals(findBursts(new Float32Array(SAMPLE_RATE)), []);
});

Deno.test("makeBursts() spaces bursts irregularly, further apart than the longest delay", () => {
  const starts = findBursts(makeBursts(20));
  const gaps = starts.slice(1).map((start, i) => (start - starts[i]!) / SAMPLE_RATE);
  assertGreater(Math.min(...gaps), 0.54);
  assertLess(Math.max(...gaps), 0.66);
  assertGreater(quantile(gaps, 0.9) - quantile(gaps, 0.1), 0.05);
});

Deno.test("delaysBetween() matches bursts heard with bursts played", () => {
  // The first three do not count.
  const said = [0, 600, 1200, 1800, 2400, 3000, 3600, 4200];
  const heard = [50, 650, 1250, 1900, 2502, 3706, 4304];
  const { medianMs, p5Ms, p95Ms, said: count, heard: found } = delaysBetween(said, heard);
  assertEquals([count, found], [5, 4], "one was not heard");
  assertEquals(medianMs, 103);
  assertAlmostEquals(p5Ms, 100.3, 1e-9);
  assertAlmostEquals(p95Ms, 105.7, 1e-9);
  assertEquals(delaysBetween(said, []).medianMs, NaN);
});

for (
  const [values, part, expected] of [
    [[], 0.5, NaN],
    [[7], 0.95, 7],
    [[3, 1, 2], 0.5, 2],
    [[4, 1, 2, 3], 0.5, 2.5],
    [[0, 10], 0.95, 9.5],
    [[5, 4, 3, 2, 1], 0, 1],
    [[5, 4, 3, 2, 1], 1, 5],
  ] as const
) {
  Deno.test(`quantile() of [${values}] at ${part} is ${expected}`, () => {
    assertAlmostEquals(quantile(values, part), expected, 1e-9);
  });
}

Deno.test("parseCost() parses /proc, also for a name with spaces and brackets", () => {
  const stat = "42 (a b) c) S 1 42 42 0 -1 4194304 999 0 0 0 250 75 0 0 20 0 9 0 12345 0 0";
  const status = "Name:\ta b) c\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
  assertEquals(parseCost(stat, status), { cpuSeconds: 3.25, residentKib: 1024, peakKib: 2048 });
});
