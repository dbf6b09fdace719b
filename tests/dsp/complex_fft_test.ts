import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { fft } from "../../lib/dsp/complex_fft.ts";
import { noise } from "../../testing/audio/signals.ts";

Deno.test("fft() is the sum that defines it", () => {
  for (const length of [1, 2, 8, 64]) {
    const [real, imaginary] = [Float64Array.from(noise(length, 1)), Float64Array.from(noise(length, 2))];
    const [outReal, outImaginary] = [real.slice(), imaginary.slice()];
    fft(outReal, outImaginary);
    for (let k = 0; k < length; k++) {
      let [sumReal, sumImaginary] = [0, 0];
      for (let n = 0; n < length; n++) {
        const [cosine, sine] = [
          Math.cos(-2 * Math.PI * k * n / length),
          Math.sin(-2 * Math.PI * k * n / length),
        ];
        sumReal += (real[n] ?? NaN) * cosine - (imaginary[n] ?? NaN) * sine;
        sumImaginary += (real[n] ?? NaN) * sine + (imaginary[n] ?? NaN) * cosine;
      }
      assertAlmostEquals(outReal[k] ?? NaN, sumReal, 1e-9);
      assertAlmostEquals(outImaginary[k] ?? NaN, sumImaginary, 1e-9);
    }
  }
});

Deno.test("fft() with its arguments exchanged is the inverse", () => {
  const original = Float64Array.from(noise(1024, 3));
  const [real, imaginary] = [original.slice(), new Float64Array(1024)];
  fft(real, imaginary);
  fft(imaginary, real);
  assert(real.every((value, i) => Math.abs(value / 1024 - (original[i] ?? NaN)) < 1e-12));
});

Deno.test("fft() refuses lengths that it cannot transform", () => {
  assertThrows(() => fft(new Float64Array(12), new Float64Array(12)), RangeError, "12 values");
  assertThrows(() => fft(new Float64Array(8), new Float64Array(4)), RangeError);
  assertThrows(() => fft(new Float64Array(0), new Float64Array(0)), RangeError);
});
