import { assert, assertEquals } from "@std/assert";
import { RenderBuffer } from "../../../audio/processing/render_buffer.ts";

/** A tone of 4 kHz at any place, whole or not. */
const toneAt = (place: number) => 10_000 * Math.sin(2 * Math.PI * 4000 * place / 48_000);
const TONE = Int16Array.from({ length: 4800 }, (_, i) => Math.round(toneAt(i)));

Deno.test("RenderBuffer reads what was written, from any place on", () => {
  for (const place of [1000, 1000.25, 1234.567]) {
    const reference = new RenderBuffer();
    reference.write(TONE);
    reference.place = place;
    const output = new Float64Array(480);
    reference.read(output);
    // The nearest tabulated place is off by up to 1/512 of a sample, and the samples are whole numbers.
    output.forEach((sample, i) =>
      assert(Math.abs(sample - toneAt(place + i)) < 25, `${sample} at ${place + i}`)
    );
    assertEquals(reference.place, place + 480);
  }
});

Deno.test("RenderBuffer reads silence where nothing has been written, and goes on", () => {
  const reference = new RenderBuffer();
  reference.place = -240;
  const output = new Float64Array(480);
  reference.write(TONE.subarray(0, 200));
  reference.read(output);
  assert(output.subarray(0, 240).every((sample) => sample === 0));
  assertEquals(output[241], TONE[1]);
  assert(output.subarray(440).every((sample) => sample === 0));
  assertEquals(reference.place, 240);
});

Deno.test("RenderBuffer forgets what is longer ago than it keeps", () => {
  const reference = new RenderBuffer();
  for (let i = 0; i < 20; i++) reference.write(TONE);
  reference.place = 0;
  const output = new Float64Array(480).fill(1);
  reference.read(output);
  assert(output.every((sample) => sample === 0));
});

Deno.test("RenderBuffer.follow() moves on faster when the echo keeps coming early, within bounds", () => {
  const reference = new RenderBuffer();
  for (let i = 0; i < 10; i++) reference.follow(0.5);
  assert(reference.place > 0 && reference.driftPpm > 0);
  for (let i = 0; i < 1000; i++) reference.follow(2);
  assert(Math.abs(reference.driftPpm - 500) < 1e-6, `${reference.driftPpm} ppm`);
  for (let i = 0; i < 1000; i++) reference.follow(-2);
  assert(Math.abs(reference.driftPpm + 500) < 1e-6, `${reference.driftPpm} ppm`);
});
