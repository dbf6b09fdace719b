import { Fft } from "../../lib/dsp/fft.ts";

/** The shortest transform of {@linkcode Fft}. */
const LEAST_FFT_LENGTH = 8;

/**
 * Convolution `Σ a[k] b[n - k]`, computed in the frequency domain.
 *
 * @returns `a.length + b.length - 1` values, at least one, then zeros up to a power of two.
 */
export function convolution(a: Float32Array, b: Float32Array): Float64Array<ArrayBuffer> {
  const length = Math.max(LEAST_FFT_LENGTH, a.length + b.length - 1);
  const fft = new Fft(2 ** Math.ceil(Math.log2(length)));
  const spectrum = (samples: Float32Array) => {
    const padded = new Float64Array(fft.size);
    padded.set(samples);
    const [real, imaginary] = [new Float64Array(fft.bins), new Float64Array(fft.bins)];
    fft.forward(padded, real, imaginary);
    return { real, imaginary };
  };
  const [first, second] = [spectrum(a), spectrum(b)];
  const product = { real: new Float64Array(fft.bins), imaginary: new Float64Array(fft.bins) };
  for (let k = 0; k < fft.bins; k++) {
    product.real[k] = first.real[k]! * second.real[k]! - first.imaginary[k]! * second.imaginary[k]!;
    product.imaginary[k] = first.real[k]! * second.imaginary[k]! + first.imaginary[k]! * second.real[k]!;
  }
  const result = new Float64Array(fft.size);
  fft.inverse(product.real, product.imaginary, result);
  return result;
}
