import { assert, assertEquals } from "@std/assert";
import { RenderBuffer } from "../../../audio/processing/render_buffer.ts";

/** A tone of 4 kHz at any position, fractions of samples included. */
const toneAt = (position: number) => 10_000 * Math.sin(2 * Math.PI * 4000 * position / 48_000);
const TONE = Int16Array.from({ length: 4800 }, (_, i) => Math.round(toneAt(i)));

Deno.test("RenderBuffer.read() interpolates from any position on", () => {
  for (const position of [1000, 1000.25, 1234.567]) {
    const buffer = new RenderBuffer();
    buffer.write(TONE);
    buffer.position = position;
    const output = new Float64Array(480);
    buffer.read(output);
    // The nearest tabulated phase is off by up to 1/512 of a sample, and samples are rounded to integers.
    output.forEach((sample, i) =>
      assert(Math.abs(sample - toneAt(position + i)) < 25, `${sample} at ${position + i}`)
    );
    assertEquals(buffer.position, position + 480);
  }
});

Deno.test("RenderBuffer.read() gives silence where nothing has been written, and goes on", () => {
  const buffer = new RenderBuffer();
  buffer.position = -240;
  const output = new Float64Array(480);
  buffer.write(TONE.subarray(0, 200));
  buffer.read(output);
  assert(output.subarray(0, 240).every((sample) => sample === 0));
  assertEquals(output[241], TONE[1]);
  assert(output.subarray(440).every((sample) => sample === 0));
  assertEquals(buffer.position, 240);
});

Deno.test("RenderBuffer.read() gives silence where samples have been overwritten", () => {
  const buffer = new RenderBuffer();
  for (let i = 0; i < 20; i++) buffer.write(TONE);
  buffer.position = 0;
  const output = new Float64Array(480).fill(1);
  buffer.read(output);
  assert(output.every((sample) => sample === 0));
});

Deno.test("RenderBuffer.correct() adapts the drift to the timing error, up to 500 ppm", () => {
  const buffer = new RenderBuffer();
  for (let i = 0; i < 10; i++) buffer.correct(0.5);
  assert(buffer.position > 0 && buffer.driftPpm > 0);
  for (let i = 0; i < 1000; i++) buffer.correct(2);
  assert(Math.abs(buffer.driftPpm - 500) < 1e-6, `${buffer.driftPpm} ppm`);
  for (let i = 0; i < 1000; i++) buffer.correct(-2);
  assert(Math.abs(buffer.driftPpm + 500) < 1e-6, `${buffer.driftPpm} ppm`);
});
