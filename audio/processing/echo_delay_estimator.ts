import { Fft } from "../../lib/dsp/fft.ts";

/** Decimation to 4 kHz, which holds the loudest part of speech. */
const DECIMATION = 12;
/** Capture samples per search at 4 kHz, 0.5 s. */
const WINDOW = 2048;
const FFT_SIZE = 2 * WINDOW;
/** Samples at 4 kHz between searches, 0.25 s. */
const HOP = 1024;
/** Render samples kept at 4 kHz, 2 s; a power of two. */
const RING = 8192;

/** Longest echo delay that the search finds, in samples at 48 kHz: 500 ms. */
export const MAX_DELAY_SAMPLES = 24_000;
const MAX_LAG = MAX_DELAY_SAMPLES / DECIMATION;

/** Band of the search, 150 to 1800 Hz in bins of 0.98 Hz: above hum, below aliasing. */
const MIN_BIN = 154;
const MAX_BIN = 1843;

/** Smoothing of the spectra over searches. With 0.7 it finds a changed delay 0.5 s later. */
const SPECTRUM_SMOOTHING = 0.4;

/** Least ratio of the correlation's peak to its RMS for an echo. */
const MIN_PEAK_TO_RMS = 11;
/**
 * An earlier peak is the direct sound if its height is at least this share of the highest, and it comes at most 15 ms
 * earlier. With 0.5 the pitch of a voice can pass for one in the first second.
 */
const DIRECT_SHARE = 0.7;
const DIRECT_LAGS = 60;

/** Least mean power of the render signal for a search, in 16-bit steps squared: -70 dBFS. */
const MIN_RENDER_POWER = 100;

/** Jitter in the order of render and capture blocks before the lag's origin moves, at 4 kHz: 5 ms, 150 ms. */
const ORIGIN_MARGIN = 20;
const ORIGIN_SLACK = 600;

/**
 * Estimates the echo delay by the generalised cross-correlation of render and capture signal, weighted by the smoothed
 * coherence (Knapp and Carter, "The generalized correlation method for estimation of time delay", 1976). A signal that
 * occurs in one of them only does not disturb it. The job of WebRTC AEC3's `EchoPathDelayEstimator`.
 *
 * Counts samples and reads no clock, so the order in which render and capture blocks arrive does not matter.
 */
export class EchoDelayEstimator {
  readonly #fft = new Fft(FFT_SIZE);
  readonly #render = new Decimator(RING);
  readonly #capture = new Decimator(FFT_SIZE);
  readonly #signal = new Float64Array(FFT_SIZE);
  readonly #renderWindow = hann(FFT_SIZE);
  readonly #captureWindow = hann(WINDOW);
  /** The second half of `#signal`, for the capture samples. */
  readonly #captureHalf = this.#signal.subarray(WINDOW);
  readonly #renderReal = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #renderImaginary = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #real = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #imaginary = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #crossReal = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #crossImaginary = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #renderPower = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #capturePower = new Float64Array(FFT_SIZE / 2 + 1);
  /** Index of a render sample less index of the capture sample that it meets at lag 0, at 4 kHz. */
  #origin: number | undefined;
  /** Least lead of render over capture since the last search, in samples at 4 kHz. */
  #leastLead = Infinity;
  #nextSearch = WINDOW;

  /** Takes render samples. */
  render(samples: Int16Array): void {
    this.#render.push(samples);
  }

  /**
   * Takes capture samples.
   *
   * @returns At searches that find an echo: index of a render sample less index of the capture sample that holds its
   *   echo, each counted from the start, within 0.25 ms.
   */
  capture(samples: Int16Array): number | undefined {
    this.#capture.push(samples);
    this.#leastLead = Math.min(this.#leastLead, this.#render.count - this.#capture.count);
    if (this.#capture.count < this.#nextSearch) return;
    this.#nextSearch = this.#capture.count + HOP;
    const origin = this.#findOrigin();
    const lag = this.#search(origin);
    return lag === undefined ? undefined : (origin - lag) * DECIMATION;
  }

  #resetSpectra(): void {
    this.#crossReal.fill(0);
    this.#crossImaginary.fill(0);
    this.#renderPower.fill(0);
    this.#capturePower.fill(0);
  }

  /** Keeps the origin just before the newest render sample, in whatever order blocks arrive. */
  #findOrigin(): number {
    const lead = this.#leastLead - ORIGIN_MARGIN;
    this.#leastLead = Infinity;
    if (
      this.#origin === undefined || lead + ORIGIN_MARGIN < this.#origin ||
      lead - this.#origin > ORIGIN_SLACK
    ) {
      this.#origin = lead;
      this.#resetSpectra();
    }
    return this.#origin;
  }

  #search(origin: number): number | undefined {
    const signal = this.#signal;
    const end = this.#capture.count;
    const power = this.#render.copy(end + origin - FFT_SIZE, signal);
    if (power < MIN_RENDER_POWER) return undefined;
    // Without windows a tone would correlate best where the cuts of both signals meet.
    for (let i = 0; i < FFT_SIZE; i++) signal[i]! *= this.#renderWindow[i]!;
    this.#fft.forward(signal, this.#renderReal, this.#renderImaginary);
    signal.fill(0, 0, WINDOW);
    this.#capture.copy(end - WINDOW, this.#captureHalf);
    for (let i = 0; i < WINDOW; i++) this.#captureHalf[i]! *= this.#captureWindow[i]!;
    this.#fft.forward(signal, this.#real, this.#imaginary);
    this.#weightCrossSpectrum();
    this.#fft.inverse(this.#real, this.#imaginary, signal);
    return this.#directPeak(signal);
  }

  /** Updates the cross-spectrum and leaves it, weighted, in `#real` and `#imaginary`. */
  #weightCrossSpectrum(): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    for (let k = 0; k < real.length; k++) {
      if (k < MIN_BIN || k > MAX_BIN) {
        real[k] = imaginary[k] = 0;
        continue;
      }
      const a = real[k]!;
      const b = imaginary[k]!;
      const c = this.#renderReal[k]!;
      const d = this.#renderImaginary[k]!;
      this.#crossReal[k] = SPECTRUM_SMOOTHING * this.#crossReal[k]! + a * c + b * d;
      this.#crossImaginary[k] = SPECTRUM_SMOOTHING * this.#crossImaginary[k]! + b * c - a * d;
      this.#capturePower[k] = SPECTRUM_SMOOTHING * this.#capturePower[k]! + a * a + b * b;
      this.#renderPower[k] = SPECTRUM_SMOOTHING * this.#renderPower[k]! + c * c + d * d;
      const weight = 1 / Math.sqrt(this.#capturePower[k]! * this.#renderPower[k]! + 1);
      real[k] = weight * this.#crossReal[k]!;
      imaginary[k] = weight * this.#crossImaginary[k]!;
    }
  }

  #directPeak(correlation: Float64Array): number | undefined {
    let power = 0;
    let peak = 0;
    for (let lag = 0; lag <= MAX_LAG; lag++) {
      power += correlation[lag]! ** 2;
      if (Math.abs(correlation[lag]!) > Math.abs(correlation[peak]!)) peak = lag;
    }
    const height = Math.abs(correlation[peak]!);
    const rms = Math.sqrt(power / (MAX_LAG + 1) + Number.MIN_VALUE);
    if (height / rms < MIN_PEAK_TO_RMS) return undefined;
    for (let lag = Math.max(0, peak - DIRECT_LAGS); lag < peak; lag++) {
      if (Math.abs(correlation[lag]!) >= DIRECT_SHARE * height) return lag;
    }
    return peak;
  }
}

function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(Math.PI * (i + 0.5) / length) ** 2);
}

/** Decimates by 12: each sample is a mean of 24 under a triangular window, low-pass enough for the search. */
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

  /** Copies samples from index `start` on, 0 where the ring has none. @returns Their mean power. */
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
