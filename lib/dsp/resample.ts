/**
 * Zero crossings of the low-pass filter on each side of its centre, at the lower of the two rates. 48 keep the pass band
 * up to 0.9 of the lower Nyquist frequency: 7.2 kHz for sound at 16 kHz.
 */
const ZERO_CROSSINGS = 48;
/** Attenuation above the lower Nyquist frequency in dB, inaudible under 16-bit speech. */
const STOPBAND_DB = 80;
/** Tabulated filter phases between two input samples; weights between two phases are interpolated linearly. */
const PHASES = 256;

/**
 * Converts sound from one sample rate to another with a windowed-sinc low-pass (Kaiser window; Oppenheim and
 * Schafer, "Discrete-Time Signal Processing", 7.5.3), without delay: output sample `n` is at the time `n / to`.
 */
export class Resampler {
  readonly #from: number;
  readonly #to: number;
  /** Input samples on each side of an output sample that contribute to it. */
  readonly #halfTaps: number;
  /** `PHASES + 1` rows of `2 * #halfTaps` weights. */
  readonly #weights: Float64Array;

  /**
   * @param from Sample rate of the input in Hz.
   * @param to Sample rate of the output in Hz.
   * @param zeroCrossings Of the low-pass on each side: fewer take less time and leave less of the highest tones.
   */
  constructor(from: number, to: number, zeroCrossings = ZERO_CROSSINGS) {
    this.#from = from;
    this.#to = to;
    const bandwidth = Math.min(1, to / from);
    this.#halfTaps = from === to ? 0 : Math.ceil(zeroCrossings / bandwidth);
    this.#weights = from === to ? new Float64Array() : lowPassWeights(this.#halfTaps, bandwidth);
  }

  /** Output samples for a number of input samples. */
  outputLength(inputLength: number): number {
    return Math.round(inputLength * this.#to / this.#from);
  }

  /**
   * The input that a range of the output is computed from.
   *
   * @param start First output sample of the range.
   * @param count Its length, above 0.
   * @returns The first input sample, which may be before the input's start, and the one after the last.
   */
  inputRange(start: number, count: number): { readonly first: number; readonly end: number } {
    const [before, after] = this.#halfTaps === 0 ? [0, 1] : [this.#halfTaps - 1, this.#halfTaps + 1];
    return { first: this.#inputAt(start) - before, end: this.#inputAt(start + count - 1) + after };
  }

  /**
   * Computes any range of the output, so that a long file need not be converted at once. The input counts as silent
   * before its start and after its end.
   *
   * @param input The input, or those samples of it that {@linkcode Resampler.inputRange} names.
   * @param start First output sample of the range.
   * @param output Receives the range.
   * @param part Place of the first sample of `input` in the whole input, and the whole's length.
   */
  render(
    input: Float32Array,
    start: number,
    output: Float32Array,
    part: { readonly offset: number; readonly length: number } = { offset: 0, length: input.length },
  ): void {
    const end = this.outputLength(part.length);
    for (let i = 0; i < output.length; i++) {
      const position = start + i;
      output[i] = position < end ? this.#sampleAt(input, part.offset, position) : 0;
    }
  }

  /** The input sample at or before an output sample. */
  #inputAt(position: number): number {
    const product = position * this.#from;
    return (product - product % this.#to) / this.#to;
  }

  #sampleAt(input: Float32Array, offset: number, position: number): number {
    if (this.#halfTaps === 0) return input[position - offset] ?? 0;
    // Integer products are exact, so the phase does not drift with the length of the sound.
    const product = position * this.#from;
    const remainder = product % this.#to;
    const middle = (product - remainder) / this.#to - offset;
    const phase = remainder * PHASES / this.#to;
    const row = Math.floor(phase);
    const fraction = phase - row;

    const taps = 2 * this.#halfTaps;
    const weights = this.#weights;
    const first = middle - this.#halfTaps + 1;
    const skip = Math.max(0, -first);
    const count = Math.min(taps, input.length - first);
    const base = row * taps;
    let sum = 0;
    for (let tap = skip; tap < count; tap++) sum += input[first + tap]! * weights[base + tap]!;
    if (fraction === 0) return sum;
    let nextSum = 0;
    for (let tap = skip; tap < count; tap++) nextSum += input[first + tap]! * weights[base + taps + tap]!;
    return sum + (nextSum - sum) * fraction;
  }
}

/**
 * Converts a whole sound from one sample rate to another.
 *
 * @param samples Mono, at the rate `from`.
 * @param from Sample rate of `samples` in Hz.
 * @param to Sample rate of the result in Hz.
 * @param zeroCrossings See {@linkcode Resampler}.
 * @returns The sound at the rate `to`, of the same duration.
 *
 * @example
 * ```ts
 * const telephone = new Float32Array(8000); // one second
 * resample(telephone, 8000, 48_000).length; // 48000
 * ```
 */
export function resample(
  samples: Float32Array,
  from: number,
  to: number,
  zeroCrossings = ZERO_CROSSINGS,
): Float32Array<ArrayBuffer> {
  const resampler = new Resampler(from, to, zeroCrossings);
  const output = new Float32Array(resampler.outputLength(samples.length));
  resampler.render(samples, 0, output);
  return output;
}

/** Low-pass weights: row `p` is for an output sample `p / PHASES` after an input sample. */
function lowPassWeights(halfTaps: number, bandwidth: number): Float64Array {
  // Kaiser's formulas: the window's shape for an attenuation, and the resulting transition width.
  const beta = 0.1102 * (STOPBAND_DB - 8.7);
  const transition = (STOPBAND_DB - 7.95) / (2.285 * 2 * halfTaps * Math.PI);
  // The transition ends at the lower Nyquist frequency, so that nothing aliases. In units of the input's.
  const cutoff = bandwidth - transition / 2;
  const taps = 2 * halfTaps;
  const weights = new Float64Array((PHASES + 1) * taps);
  for (let phase = 0; phase <= PHASES; phase++) {
    const row = weights.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - halfTaps + 1 - phase / PHASES;
      const weight = sinc(cutoff * distance) * kaiser(distance / halfTaps, beta);
      row[tap] = weight;
      sum += weight;
    }
    // Each row passes a constant unchanged.
    for (let tap = 0; tap < taps; tap++) row[tap]! /= sum;
  }
  return weights;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Kaiser window at `x` from -1 to 1, without its constant factor. */
function kaiser(x: number, beta: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(beta * Math.sqrt(1 - x * x));
}

/** Modified Bessel function of the first kind and order zero, by its power series. */
function besselI0(x: number): number {
  const quarter = x * x / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}
