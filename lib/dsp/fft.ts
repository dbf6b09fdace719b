/**
 * Fourier transforms of real signals of one length. It allocates memory only when it is made.
 *
 * `N` real values are transformed as `N / 2` complex ones, radix 2 (Cooley and Tukey, 1965), and separated afterwards
 * (Press et al., "Numerical Recipes", 12.3).
 */
export class Fft {
  /** Number of real values. */
  readonly size: number;
  /** Number of frequencies, `size / 2 + 1`: from 0 to the Nyquist frequency, both included. */
  readonly bins: number;
  readonly #half: number;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;
  /** Each index with its bits in reversed order. */
  readonly #reversed: Int32Array;
  /** `cos` and `sin` of `2πk / size` for the lower half of the frequencies. */
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;

  /**
   * @param size Number of real values: a power of two, at least 8.
   * @throws {RangeError} If it is another number.
   */
  constructor(size: number) {
    if (!Number.isInteger(Math.log2(size)) || size < 8) {
      throw new RangeError(`Cannot transform ${size} values: not a power of two of at least 8`);
    }
    this.size = size;
    this.#half = size / 2;
    this.bins = this.#half + 1;
    this.#real = new Float64Array(this.#half);
    this.#imaginary = new Float64Array(this.#half);
    this.#cosines = Float64Array.from({ length: this.#half }, (_, k) => Math.cos(2 * Math.PI * k / size));
    this.#sines = Float64Array.from({ length: this.#half }, (_, k) => Math.sin(2 * Math.PI * k / size));
    this.#reversed = new Int32Array(this.#half);
    for (let i = 1; i < this.#half; i++) {
      this.#reversed[i] = this.#reversed[i >> 1]! / 2 + (i % 2) * this.#half / 2;
    }
  }

  /**
   * `X[k] = Σ x[n] e^(-2πikn/N)`, unscaled.
   *
   * @param signal `size` values, left unchanged.
   * @param real Receives the real parts of `bins` frequencies, from the index `at`.
   * @param imaginary Receives their imaginary parts, likewise.
   */
  forward(signal: Float64Array, real: Float64Array, imaginary: Float64Array, at = 0): void {
    const re = this.#real;
    const im = this.#imaginary;
    const reversed = this.#reversed;
    const half = this.#half;
    for (let i = 0; i < half; i++) {
      const to = reversed[i]!;
      re[to] = signal[2 * i]!;
      im[to] = signal[2 * i + 1]!;
    }
    this.#transform();
    const cosines = this.#cosines;
    const sines = this.#sines;
    real[at] = re[0]! + im[0]!;
    imaginary[at] = 0;
    real[at + half] = re[0]! - im[0]!;
    imaginary[at + half] = 0;
    for (let k = 1, mirror = half - 1; k <= mirror; k++, mirror--) {
      const evenReal = 0.5 * (re[k]! + re[mirror]!);
      const evenImaginary = 0.5 * (im[k]! - im[mirror]!);
      const oddReal = 0.5 * (im[k]! + im[mirror]!);
      const oddImaginary = 0.5 * (re[mirror]! - re[k]!);
      const turnedReal = oddReal * cosines[k]! + oddImaginary * sines[k]!;
      const turnedImaginary = oddImaginary * cosines[k]! - oddReal * sines[k]!;
      real[at + k] = evenReal + turnedReal;
      imaginary[at + k] = evenImaginary + turnedImaginary;
      real[at + mirror] = evenReal - turnedReal;
      imaginary[at + mirror] = turnedImaginary - evenImaginary;
    }
  }

  /**
   * The inverse of {@linkcode Fft.forward}, scaled so that the two cancel.
   *
   * @param real Real parts of `bins` frequencies, from the index `at`, left unchanged.
   * @param imaginary Their imaginary parts, likewise; the first and the last count as 0.
   * @param signal Receives `size` values.
   */
  inverse(real: Float64Array, imaginary: Float64Array, signal: Float64Array, at = 0): void {
    const re = this.#real;
    const im = this.#imaginary;
    const reversed = this.#reversed;
    const half = this.#half;
    const cosines = this.#cosines;
    const sines = this.#sines;
    const scale = 0.5 / half;
    // With real and imaginary parts swapped before and after, the forward transform is the inverse.
    im[0] = scale * (real[at]! + real[at + half]!);
    re[0] = scale * (real[at]! - real[at + half]!);
    for (let k = 1, mirror = half - 1; k <= mirror; k++, mirror--) {
      const a = real[at + k]!;
      const b = imaginary[at + k]!;
      const c = real[at + mirror]!;
      const d = imaginary[at + mirror]!;
      const evenReal = a + c;
      const evenImaginary = b - d;
      const oddReal = (a - c) * cosines[k]! - (b + d) * sines[k]!;
      const oddImaginary = (a - c) * sines[k]! + (b + d) * cosines[k]!;
      const low = reversed[k]!;
      const high = reversed[mirror]!;
      im[low] = scale * (evenReal - oddImaginary);
      re[low] = scale * (evenImaginary + oddReal);
      im[high] = scale * (evenReal + oddImaginary);
      re[high] = scale * (oddReal - evenImaginary);
    }
    this.#transform();
    for (let i = 0; i < half; i++) {
      signal[2 * i] = im[i]!;
      signal[2 * i + 1] = re[i]!;
    }
  }

  /** Transforms the complex values in place. They lie in bit-reversed order. */
  #transform(): void {
    const re = this.#real;
    const im = this.#imaginary;
    const length = this.#half;
    const cosines = this.#cosines;
    const sines = this.#sines;
    // The first two stages rotate by 0 and 90 degrees, which takes no multiplications.
    for (let i = 0; i < length; i += 4) {
      const r0 = re[i]!;
      const r1 = re[i + 1]!;
      const r2 = re[i + 2]!;
      const r3 = re[i + 3]!;
      const i0 = im[i]!;
      const i1 = im[i + 1]!;
      const i2 = im[i + 2]!;
      const i3 = im[i + 3]!;
      const sumReal = r0 + r1;
      const sumImaginary = i0 + i1;
      const differenceReal = r0 - r1;
      const differenceImaginary = i0 - i1;
      const sumReal2 = r2 + r3;
      const sumImaginary2 = i2 + i3;
      const differenceReal2 = r2 - r3;
      const differenceImaginary2 = i2 - i3;
      re[i] = sumReal + sumReal2;
      im[i] = sumImaginary + sumImaginary2;
      re[i + 2] = sumReal - sumReal2;
      im[i + 2] = sumImaginary - sumImaginary2;
      re[i + 1] = differenceReal + differenceImaginary2;
      im[i + 1] = differenceImaginary - differenceReal2;
      re[i + 3] = differenceReal - differenceImaginary2;
      im[i + 3] = differenceImaginary + differenceReal2;
    }
    for (let width = 4; width < length; width *= 2) {
      const step = length / width;
      for (let block = 0; block < length; block += 2 * width) {
        for (let k = 0, turn = 0; k < width; k++, turn += step) {
          const upper = block + k;
          const lower = block + k + width;
          const cosine = cosines[turn]!;
          const sine = sines[turn]!;
          const turnedReal = re[lower]! * cosine + im[lower]! * sine;
          const turnedImaginary = im[lower]! * cosine - re[lower]! * sine;
          re[lower] = re[upper]! - turnedReal;
          im[lower] = im[upper]! - turnedImaginary;
          re[upper]! += turnedReal;
          im[upper]! += turnedImaginary;
        }
      }
    }
  }
}
