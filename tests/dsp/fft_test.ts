import { assert, assertThrows } from "@std/assert";
import { Fft } from "../../lib/dsp/fft.ts";
import { noise } from "../../testing/audio/signals.ts";

for (const size of [8, 16, 64, 512]) {
  Deno.test(`Fft.forward() is the sum that defines the transform of ${size} values`, () => {
    const signal = Float64Array.from(noise(size, 5));
    const fft = new Fft(size);
    const [real, imaginary] = [new Float64Array(fft.bins + 3), new Float64Array(fft.bins + 3)];
    fft.forward(signal, real, imaginary, 3);
    for (let k = 0; k < fft.bins; k++) {
      let [sumReal, sumImaginary] = [0, 0];
      for (let n = 0; n < size; n++) {
        sumReal += signal[n]! * Math.cos(2 * Math.PI * k * n / size);
        sumImaginary -= signal[n]! * Math.sin(2 * Math.PI * k * n / size);
      }
      assert(Math.abs(real[3 + k]! - sumReal) < 1e-9, `real part ${k}`);
      assert(Math.abs(imaginary[3 + k]! - sumImaginary) < 1e-9, `imaginary part ${k}`);
    }
  });
}

for (const size of [8, 16, 64, 1024, 2 ** 17]) {
  Deno.test(`Fft.inverse() cancels Fft.forward() for ${size} values`, () => {
    const signal = Float64Array.from(noise(size, 6));
    const fft = new Fft(size);
    const [real, imaginary] = [new Float64Array(fft.bins), new Float64Array(fft.bins)];
    fft.forward(signal, real, imaginary);
    const back = new Float64Array(size);
    fft.inverse(real, imaginary, back);
    for (let i = 0; i < size; i++) assert(Math.abs(back[i]! - signal[i]!) < 1e-12, `value ${i}`);
  });
}

Deno.test("Fft refuses sizes that are not a power of two of at least 8", () => {
  for (const size of [0, 4, 12, 1000]) assertThrows(() => new Fft(size), RangeError, `${size} values`);
});
