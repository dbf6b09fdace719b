/**
 * Fourier transform in place: `X[k] = Σ x[n] e^(-2πikn/N)`, radix 2, unscaled (Cooley and Tukey, 1965).
 *
 * @param real Real parts of `N` values, `N` a power of two.
 * @param imaginary Imaginary parts. Handing the two over in exchanged places makes the inverse, times `N`.
 * @throws {RangeError} When the lengths differ or are no power of two.
 */
export function fft(real: Float64Array, imaginary: Float64Array): void {
  const length = real.length;
  if (length !== imaginary.length || !Number.isInteger(Math.log2(length))) {
    throw new RangeError(`Cannot transform ${length} values: not a power of two`);
  }
  reverseBits(real, imaginary);
  const cosines = Float64Array.from({ length: length / 2 }, (_, k) => Math.cos(2 * Math.PI * k / length));
  const sines = Float64Array.from({ length: length / 2 }, (_, k) => -Math.sin(2 * Math.PI * k / length));
  for (let half = 1; half < length; half *= 2) {
    const step = length / (2 * half);
    for (let block = 0; block < length; block += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [upper, lower] = [block + k, block + k + half];
        const [cosine, sine] = [cosines[k * step]!, sines[k * step]!];
        const turnedReal = real[lower]! * cosine - imaginary[lower]! * sine;
        const turnedImaginary = real[lower]! * sine + imaginary[lower]! * cosine;
        real[lower] = real[upper]! - turnedReal;
        imaginary[lower] = imaginary[upper]! - turnedImaginary;
        real[upper]! += turnedReal;
        imaginary[upper]! += turnedImaginary;
      }
    }
  }
}

/** Moves every value to the place whose number has the same bits in the opposite order. */
function reverseBits(real: Float64Array, imaginary: Float64Array): void {
  const length = real.length;
  let mirrored = 0;
  for (let i = 1; i < length; i++) {
    // Adds one to `mirrored`, carrying from its highest bit down.
    let bit = length / 2;
    for (; mirrored & bit; bit /= 2) mirrored -= bit;
    mirrored += bit;
    if (mirrored <= i) continue;
    [real[i], real[mirrored]] = [real[mirrored]!, real[i]!];
    [imaginary[i], imaginary[mirrored]] = [imaginary[mirrored]!, imaginary[i]!];
  }
}
