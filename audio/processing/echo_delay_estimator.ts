import { Fft } from "../../lib/dsp/fft.ts";

/** The search is done at 4 kHz, where the loudest part of speech is: 48 kHz over 12. */
const DECIMATION = 12;
/** Microphone samples at 4 kHz that are compared at once: half a second. */
const WINDOW = 2048;
const FFT_SIZE = 2 * WINDOW;
/** Samples at 4 kHz from one search to the next: a quarter of a second. */
const HOP = 1024;
/** Samples at 4 kHz kept of what was played; a power of two. Two seconds. */
const RING = 8192;

/** Longest delay that is found, in samples at 48 kHz: 500 ms. */
export const LONGEST_DELAY_SAMPLES = 24_000;
const LONGEST_LAG = LONGEST_DELAY_SAMPLES / DECIMATION;

/** Frequencies compared, as bins of 0.98 Hz: 150 to 1800 Hz. Below there is hum, above what folds back. */
const LOWEST_BIN = 154;
const HIGHEST_BIN = 1843;

/** How much of the spectra of former searches is kept. With 0.7 a new delay is found half a second later. */
const MEMORY = 0.4;

/** How far the peak of the correlation stands out of its root mean square when there is an echo. */
const CERTAIN_PEAK = 11;
/**
 * An earlier peak is the direct sound when it is this high beside the highest, and at most 15 ms before it. With 0.5 the
 * pitch of a voice can be taken for one in the first second.
 */
const EARLIER_SHARE = 0.7;
const EARLIER_LAGS = 60;

/** Power of a sample (16 bit) of what was played, below which there is nothing to be found: quieter than -70 dB. */
const LEAST_POWER = 100;

/** Samples at 4 kHz by which the blocks' order may vary before the lag's origin has to be moved: 5 ms, 150 ms. */
const ORIGIN_MARGIN = 20;
const ORIGIN_SLACK = 600;

/**
 * Finds how far behind the loudspeaker the microphone is, by the correlation of what went out and what came in
 * (generalised, with smoothed coherence as weight: Knapp and Carter, 1976). Sounds that only one of them has do no
 * harm.
 *
 * All is counted in samples, none in time, so that it does not matter in which order blocks are played and captured.
 */
export class EchoDelayEstimator {
  readonly #fft = new Fft(FFT_SIZE);
  readonly #played = new Decimator(RING);
  readonly #captured = new Decimator(FFT_SIZE);
  readonly #signal = new Float64Array(FFT_SIZE);
  readonly #playedWindow = hann(FFT_SIZE);
  readonly #capturedWindow = hann(WINDOW);
  /** The second half of `#signal`, where the microphone's samples go. */
  readonly #newest = this.#signal.subarray(WINDOW);
  readonly #playedReal = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #playedImaginary = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #real = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #imaginary = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #crossReal = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #crossImaginary = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #playedPower = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #capturedPower = new Float64Array(FFT_SIZE / 2 + 1);
  /** What was played `#origin` samples further (at 4 kHz) is compared with a captured sample as lag 0. */
  #origin: number | undefined;
  /** Least that what was played was ahead of what was captured, since the last search. */
  #leastAhead = Infinity;
  #nextSearch = WINDOW;
  #sharpness = 0;

  /** How far the best peak of the last search stood out; above 11 it is an echo. */
  get sharpness(): number {
    return this.#sharpness;
  }

  /** Takes samples that were given to the loudspeaker. */
  played(samples: Int16Array): void {
    this.#played.push(samples);
  }

  /**
   * Takes samples from the microphone.
   *
   * @returns Now and then, which of the samples played is heard in which of those captured: the difference of their
   *   numbers, each counted from the start. Good to 0.25 ms.
   */
  captured(samples: Int16Array): number | undefined {
    this.#captured.push(samples);
    this.#leastAhead = Math.min(this.#leastAhead, this.#played.count - this.#captured.count);
    if (this.#captured.count < this.#nextSearch) return;
    this.#nextSearch = this.#captured.count + HOP;
    const origin = this.#findOrigin();
    const lag = this.#search(origin);
    return lag === undefined ? undefined : (origin - lag) * DECIMATION;
  }

  /** Forgets the past: the delay has just changed. */
  forget(): void {
    this.#crossReal.fill(0);
    this.#crossImaginary.fill(0);
    this.#playedPower.fill(0);
    this.#capturedPower.fill(0);
  }

  /** Keeps the origin just behind the newest sample played, however the blocks come. */
  #findOrigin(): number {
    const ahead = this.#leastAhead - ORIGIN_MARGIN;
    this.#leastAhead = Infinity;
    if (
      this.#origin === undefined || ahead + ORIGIN_MARGIN < this.#origin ||
      ahead - this.#origin > ORIGIN_SLACK
    ) {
      this.#origin = ahead;
      this.forget();
    }
    return this.#origin;
  }

  #search(origin: number): number | undefined {
    const signal = this.#signal;
    const end = this.#captured.count;
    const power = this.#played.copy(end + origin - FFT_SIZE, signal);
    if (power < LEAST_POWER) return undefined;
    // Without windows the cut edges of a tone would agree best where both are cut.
    for (let i = 0; i < FFT_SIZE; i++) signal[i]! *= this.#playedWindow[i]!;
    this.#fft.forward(signal, this.#playedReal, this.#playedImaginary);
    signal.fill(0, 0, WINDOW);
    this.#captured.copy(end - WINDOW, this.#newest);
    for (let i = 0; i < WINDOW; i++) this.#newest[i]! *= this.#capturedWindow[i]!;
    this.#fft.forward(signal, this.#real, this.#imaginary);
    this.#weigh();
    this.#fft.inverse(this.#real, this.#imaginary, signal);
    return this.#directPeak(signal);
  }

  /** Updates the cross-spectrum and leaves the weighted one in `#real` and `#imaginary`. */
  #weigh(): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    for (let k = 0; k < real.length; k++) {
      if (k < LOWEST_BIN || k > HIGHEST_BIN) {
        real[k] = imaginary[k] = 0;
        continue;
      }
      const a = real[k]!;
      const b = imaginary[k]!;
      const c = this.#playedReal[k]!;
      const d = this.#playedImaginary[k]!;
      this.#crossReal[k] = MEMORY * this.#crossReal[k]! + a * c + b * d;
      this.#crossImaginary[k] = MEMORY * this.#crossImaginary[k]! + b * c - a * d;
      this.#capturedPower[k] = MEMORY * this.#capturedPower[k]! + a * a + b * b;
      this.#playedPower[k] = MEMORY * this.#playedPower[k]! + c * c + d * d;
      const weight = 1 / Math.sqrt(this.#capturedPower[k]! * this.#playedPower[k]! + 1);
      real[k] = weight * this.#crossReal[k]!;
      imaginary[k] = weight * this.#crossImaginary[k]!;
    }
  }

  #directPeak(correlation: Float64Array): number | undefined {
    let power = 0;
    let peak = 0;
    for (let lag = 0; lag <= LONGEST_LAG; lag++) {
      power += correlation[lag]! ** 2;
      if (Math.abs(correlation[lag]!) > Math.abs(correlation[peak]!)) peak = lag;
    }
    const height = Math.abs(correlation[peak]!);
    this.#sharpness = height / Math.sqrt(power / (LONGEST_LAG + 1) + Number.MIN_VALUE);
    if (this.#sharpness < CERTAIN_PEAK) return undefined;
    for (let lag = Math.max(0, peak - EARLIER_LAGS); lag < peak; lag++) {
      if (Math.abs(correlation[lag]!) >= EARLIER_SHARE * height) return lag;
    }
    return peak;
  }
}

function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(Math.PI * (i + 0.5) / length) ** 2);
}

/** Keeps every twelfth sample, each an average of 24 under a triangular window, which is low-pass enough here. */
class Decimator {
  readonly #ring: Float64Array;
  #count = 0;
  #phase = 0;
  #rising = 0;
  #falling = 0;

  constructor(length: number) {
    this.#ring = new Float64Array(length);
  }

  /** Samples at the lower rate so far. */
  get count(): number {
    return this.#count;
  }

  push(samples: Int16Array): void {
    for (let i = 0; i < samples.length; i++) {
      this.#rising += this.#phase * samples[i]!;
      this.#falling += (DECIMATION - this.#phase) * samples[i]!;
      if (++this.#phase < DECIMATION) continue;
      this.#ring[this.#count++ % this.#ring.length]! += this.#falling / DECIMATION ** 2;
      this.#ring[this.#count % this.#ring.length] = this.#rising / DECIMATION ** 2;
      this.#phase = this.#rising = this.#falling = 0;
    }
  }

  /** Copies samples from number `start` on; silence where there are none. Returns their mean power. */
  copy(start: number, output: Float64Array): number {
    let power = 0;
    for (let i = 0; i < output.length; i++) {
      const index = start + i;
      const known = index >= 0 && index < this.#count && index > this.#count - this.#ring.length;
      const sample = known ? this.#ring[index % this.#ring.length]! : 0;
      output[i] = sample;
      power += sample * sample;
    }
    return power / output.length;
  }
}
