import { assert, assertThrows } from "@std/assert";
import { fft } from "../../lib/dsp/complex_fft.ts";
import { RealFft } from "../../lib/dsp/fft.ts";
import { noise } from "../../testing/audio/signals.ts";

for (const size of [8, 16, 64, 1024]) {
  Deno.test(`RealFft.forward() agrees with fft() for ${size} values`, () => {
    const signal = Float64Array.from(noise(size, 5));
    const transform = new RealFft(size);
    const [real, imaginary] = [new Float64Array(transform.bins + 3), new Float64Array(transform.bins + 3)];
    transform.forward(signal, real, imaginary, 3);
    const [expectedReal, expectedImaginary] = [signal.slice(), new Float64Array(size)];
    fft(expectedReal, expectedImaginary);
    for (let k = 0; k < transform.bins; k++) {
      assert(Math.abs(real[3 + k]! - expectedReal[k]!) < 1e-9, `real part ${k}`);
      assert(Math.abs(imaginary[3 + k]! - expectedImaginary[k]!) < 1e-9, `imaginary part ${k}`);
    }
  });

  Deno.test(`RealFft.inverse() undoes RealFft.forward() for ${size} values`, () => {
    const signal = Float64Array.from(noise(size, 6));
    const transform = new RealFft(size);
    const [real, imaginary] = [new Float64Array(transform.bins), new Float64Array(transform.bins)];
    transform.forward(signal, real, imaginary);
    const back = new Float64Array(size);
    transform.inverse(real, imaginary, back);
    for (let i = 0; i < size; i++) assert(Math.abs(back[i]! - signal[i]!) < 1e-12, `value ${i}`);
  });
}

Deno.test("RealFft refuses what is no power of two", () => {
  for (const size of [0, 4, 12, 1000, 131_072]) assertThrows(() => new RealFft(size), RangeError);
});
