import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AudioError } from "../../audio/audio_io.ts";
import { Pacer, SampleClock } from "../../audio/pacer.ts";
import { openNullSink, openSilence } from "../../audio/synthetic.ts";
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

Deno.test("openSilence() and openNullSink() cannot be used after they were closed", async () => {
  const silence = openSilence(new Pacer(new FakeClock()));
  const sink = openNullSink(new SampleClock(new FakeClock()));
  await silence[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  assertThrows(() => silence.read(new Int16Array(960)), AudioError, "closed");
  await assertRejects(() => sink.write(new Int16Array(960)), AudioError, "closed");
});
