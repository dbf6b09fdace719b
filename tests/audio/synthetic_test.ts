import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AudioError } from "../../audio/audio_io.ts";
import { Pacer, SampleClock } from "../../audio/pacer.ts";
import { openNullSink, openSilence, openTone } from "../../audio/synthetic.ts";
import { toFloat32 } from "../../lib/dsp/pcm.ts";
import { rms } from "../../testing/audio/signals.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { hear } from "../../testing/audio/hear.ts";

Deno.test("openSilence() is silent in real time", async () => {
  const clock = new FakeClock();
  await using silence = openSilence(new Pacer(clock));
  const samples = new Int16Array(960).fill(123);
  for (let i = 0; i < 50; i++) await hear(silence, samples, clock);
  assert(samples.every((sample) => sample === 0));
  assertEquals(clock.nowMs, 1000);
});

Deno.test("openNullSink() wants samples in real time", async () => {
  const clock = new FakeClock();
  await using sink = openNullSink(new SampleClock(clock));
  assertEquals(sink.wanted(), 0);
  for (let i = 0; i < 50; i++) {
    clock.nowMs += 20;
    assertEquals(sink.wanted(), 960);
    await sink.write(new Int16Array(960).fill(123));
  }
  assertEquals(sink.wanted(), 0);
});

Deno.test("openSilence() and openNullSink() refuse use after they were closed", async () => {
  const silence = openSilence(new Pacer(new FakeClock()));
  const sink = openNullSink(new SampleClock(new FakeClock()));
  await silence[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  assertThrows(() => silence.read(new Int16Array(960)), AudioError, "closed");
  await assertRejects(() => sink.write(new Int16Array(960)), AudioError, "closed");
});

Deno.test("openTone() gives one continuous sine in real time for reads of any length", async () => {
  const clock = new FakeClock();
  await using tone = openTone(440, new Pacer(clock));
  const heard: number[] = [];
  for (const length of [960, 1, 17, 4800, 960, 41_262]) {
    const samples = new Int16Array(length);
    await hear(tone, samples, clock);
    heard.push(...samples);
  }
  const wrong = heard.findIndex((sample, i) =>
    Math.abs(sample - 8192 * Math.sin(2 * Math.PI * 440 * i / 48_000)) > 0.51
  );
  assertEquals(wrong, -1);
  assertAlmostEquals(clock.nowMs, 1000, 1e-6);
  // A sine of peak -12 dBFS has an RMS 3 dB below that.
  assertAlmostEquals(20 * Math.log10(rms(toFloat32(Int16Array.from(heard)))), -15.05, 0.01);
});

Deno.test("openTone() refuses reads after it was closed", async () => {
  const tone = openTone(1000, new Pacer(new FakeClock()));
  await tone[Symbol.asyncDispose]();
  assertThrows(() => tone.read(new Int16Array(960)), AudioError, "closed");
});
