import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { DEFAULT_CONFIG } from "../../lib/jitter_buffer/config.ts";
import { TimeScaler } from "../../lib/jitter_buffer/time_scaler.ts";

/** 40 ms of a steady tone with a period of 8 ms. */
const TONE = Int16Array.from({ length: 1920 }, (_, index) => 8000 * Math.sin(2 * Math.PI * index / 384));

Deno.test("TimeScaler passes samples on in order", () => {
  const scaler = new TimeScaler(DEFAULT_CONFIG);
  scaler.append(Int16Array.of(1, 2, 3));
  scaler.appendFilled(2, (samples) => samples.fill(9));
  scaler.appendSilence(1);
  assertEquals(scaler.length, 6);
  const taken = new Int16Array(4);
  scaler.take(taken);
  assertEquals(taken, Int16Array.of(1, 2, 3, 9));
  scaler.take(taken.subarray(0, 2));
  assertEquals([taken[0], taken[1], scaler.length], [9, 0, 0]);
});

Deno.test("TimeScaler cuts and adds whole periods of a voice, one at most", () => {
  const scaler = new TimeScaler(DEFAULT_CONFIG);
  scaler.append(TONE);
  assertEquals(scaler.accelerate(15 * SAMPLES_PER_MS, 480, 0), 384);
  assertEquals(scaler.length, TONE.length - 384);
  assertEquals(scaler.slowDown(100 * SAMPLES_PER_MS, 0), 384);
  assertEquals(scaler.length, TONE.length);
});

Deno.test("TimeScaler never cuts into what must remain", () => {
  const scaler = new TimeScaler(DEFAULT_CONFIG);
  scaler.append(TONE);
  assertEquals(scaler.accelerate(1_000, TONE.length - 100, 1), 0);
  scaler.reset();
  scaler.append(new Int16Array(1920));
  const cut = scaler.accelerate(1_000, 1_500, 1);
  assertGreater(cut, 0);
  assertLessOrEqual(cut, 420);
});

Deno.test("TimeScaler measures how long nobody has spoken, without the silence before a stream", () => {
  const scaler = new TimeScaler(DEFAULT_CONFIG);
  scaler.append(TONE);
  scaler.appendSilence(4800);
  assertEquals(scaler.quietSamples, 0);
  scaler.append(new Int16Array(4800));
  assertGreater(scaler.quietSamples, 4000);
  scaler.drop();
  assert(scaler.length === 0 && scaler.quietSamples > 4000);
  scaler.reset();
  assertEquals(scaler.quietSamples, 0);
});
