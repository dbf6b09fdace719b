import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { DelayHistogram } from "../../lib/jitter_buffer/delay_histogram.ts";
import { seededRandom } from "../../testing/netem/random.ts";

Deno.test("DelayHistogram knows nothing at first", () => {
  const estimator = new DelayHistogram();
  assert(estimator.empty);
  assertEquals(estimator.quantile(0.5), NaN);
});

Deno.test("DelayHistogram gives the quantiles of its delays, a millisecond above at most", () => {
  const estimator = new DelayHistogram();
  const random = seededRandom(1);
  for (let count = 0; count < 400; count++) {
    estimator.add(1000 * SAMPLES_PER_MS + random() * 100 * SAMPLES_PER_MS, 20);
  }
  for (const part of [0.1, 0.5, 0.9, 0.97]) {
    assertAlmostEquals(estimator.quantile(part) / SAMPLES_PER_MS - 1000, 100 * part, 12, `quantile ${part}`);
  }
  estimator.reset();
  estimator.add(-7 * SAMPLES_PER_MS, 20);
  assertEquals(estimator.quantile(0.02), -6 * SAMPLES_PER_MS);
  assertEquals(estimator.quantile(0.97), -6 * SAMPLES_PER_MS);
});

Deno.test("DelayHistogram weights packets", () => {
  const estimator = new DelayHistogram();
  for (let count = 0; count < 190; count++) estimator.add(0, 20);
  for (let count = 0; count < 10; count++) estimator.add(80 * SAMPLES_PER_MS, 20, 0.1);
  assertEquals(estimator.quantile(0.97), SAMPLES_PER_MS);
  for (let count = 0; count < 10; count++) estimator.add(80 * SAMPLES_PER_MS, 20);
  assertEquals(estimator.quantile(0.97), 81 * SAMPLES_PER_MS);
});

Deno.test("DelayHistogram notices jitter within a second and forgets it within ten", () => {
  const estimator = new DelayHistogram();
  for (let count = 0; count < 500; count++) estimator.add(0, 20);
  for (let count = 0; count < 50; count++) estimator.add(count % 2 ? 0 : 80 * SAMPLES_PER_MS, 20);
  assertGreater(estimator.quantile(0.97), 79 * SAMPLES_PER_MS);
  let packets = 0;
  for (; estimator.quantile(0.97) > 2 * SAMPLES_PER_MS; packets++) estimator.add(0, 20);
  assertLess(packets * 20, 9_000);
});

Deno.test("DelayHistogram forgets in time, not in packets", () => {
  for (const durationMs of [10, 60]) {
    const estimator = new DelayHistogram();
    for (let count = 0; count < 3000; count++) estimator.add(80 * SAMPLES_PER_MS, durationMs);
    let packets = 0;
    for (; estimator.quantile(0.97) > 2 * SAMPLES_PER_MS; packets++) estimator.add(0, durationMs);
    assertAlmostEquals(packets * durationMs, 14_030, 200);
  }
});

Deno.test("DelayHistogram knows the largest delay of the last eight seconds", () => {
  for (const durationMs of [10, 20, 60]) {
    const estimator = new DelayHistogram();
    assertEquals(estimator.largest, -Infinity);
    estimator.add(80 * SAMPLES_PER_MS, durationMs);
    let packets = 0;
    for (; estimator.largest > 2 * SAMPLES_PER_MS; packets++) {
      assertEquals(estimator.largest, 80 * SAMPLES_PER_MS);
      estimator.add(2 * SAMPLES_PER_MS, durationMs);
    }
    assertAlmostEquals(packets * durationMs, 8_000, 500);
    estimator.reset();
    assertEquals(estimator.largest, -Infinity);
  }
});

Deno.test("DelayHistogram follows clocks that drift apart, for hours", () => {
  const estimator = new DelayHistogram();
  let delay = 0;
  for (let count = 0; count < 500_000; count++) {
    delay += 960 * 300e-6;
    estimator.add(delay, 20);
    if (count > 1000 && count % 10_000 === 0) {
      assertLess(Math.abs(estimator.quantile(0.97) - delay), 2 * SAMPLES_PER_MS);
      assertLess(Math.abs(estimator.quantile(0.02) - delay), 5 * SAMPLES_PER_MS);
    }
  }
});

Deno.test("DelayHistogram accepts any jump", () => {
  const estimator = new DelayHistogram();
  for (const delay of [0, 1e9, -1e9, 5e8, 5e8 + 2000 * SAMPLES_PER_MS, 5e8 - 5000 * SAMPLES_PER_MS]) {
    for (let count = 0; count < 3; count++) estimator.add(delay, 20);
    const [low, high] = [estimator.quantile(0), estimator.quantile(1)];
    assert(low <= high + SAMPLES_PER_MS && high - low <= 1024 * SAMPLES_PER_MS, `${low} to ${high}`);
  }
});
