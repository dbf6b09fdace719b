import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { Fft, fft } from "../../lib/dsp/fft.ts";
import { noise } from "../../testing/audio/signals.ts";

for (const size of [8, 16, 64, 1024]) {
  Deno.test(`Fft.forward() agrees with fft() for ${size} values`, () => {
    const signal = Float64Array.from(noise(size, 5));
    const transform = new Fft(size);
    const [real, imaginary] = [new Float64Array(transform.bins + 3), new Float64Array(transform.bins + 3)];
    transform.forward(signal, real, imaginary, 3);
    const [expectedReal, expectedImaginary] = [signal.slice(), new Float64Array(size)];
    fft(expectedReal, expectedImaginary);
    for (let k = 0; k < transform.bins; k++) {
      assert(Math.abs(real[3 + k]! - expectedReal[k]!) < 1e-9, `real part ${k}`);
      assert(Math.abs(imaginary[3 + k]! - expectedImaginary[k]!) < 1e-9, `imaginary part ${k}`);
    }
  });

  Deno.test(`Fft.inverse() undoes Fft.forward() for ${size} values`, () => {
    const signal = Float64Array.from(noise(size, 6));
    const transform = new Fft(size);
    const [real, imaginary] = [new Float64Array(transform.bins), new Float64Array(transform.bins)];
    transform.forward(signal, real, imaginary);
    const back = new Float64Array(size);
    transform.inverse(real, imaginary, back);
    for (let i = 0; i < size; i++) assert(Math.abs(back[i]! - signal[i]!) < 1e-12, `value ${i}`);
  });
}

Deno.test("Fft refuses what is no power of two", () => {
  for (const size of [0, 4, 12, 1000, 131_072]) assertThrows(() => new Fft(size), RangeError);
});

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
