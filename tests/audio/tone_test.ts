import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { AudioError } from "../../audio/audio_io.ts";
import { Pacer } from "../../audio/pacer.ts";
import { toFloat32 } from "../../lib/dsp/pcm.ts";
import { openTone } from "../../audio/tone.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { hear } from "../../testing/audio/hear.ts";
import { rms } from "../../testing/audio/signals.ts";

Deno.test("openTone() plays one unbroken sine whatever lengths are read, in real time", async () => {
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

Deno.test("openTone() cannot be read after it was closed", async () => {
  const tone = openTone(1000, new Pacer(new FakeClock()));
  await tone[Symbol.asyncDispose]();
  assertThrows(() => tone.read(new Int16Array(960)), AudioError, "closed");
});
