import { Fft } from "../../lib/dsp/fft.ts";

/** Samples per block, 10 ms. */
const BLOCK_SAMPLES = 480;
const FFT_SIZE = 1024;

/**
 * Latency of the output, 3 ms: the overlap in which one block fades into the next. Symmetric windows take 10 ms; this one
 * reaches back for its frequency resolution, and ahead for the overlap only.
 */
export const SUPPRESSOR_DELAY_SAMPLES = 144;
const DELAY = SUPPRESSOR_DELAY_SAMPLES;

/** Gain bands: single bins up to 9 kHz, 16 bins (750 Hz) each above, where hearing resolves no finer. */
const SINGLE_BINS = 192;
const BINS_PER_BAND = 16;
const BANDS = SINGLE_BINS + (FFT_SIZE / 2 - SINGLE_BINS) / BINS_PER_BAND;

/** Gain floor for noise. With deeper suppression, the residual turns into musical noise. */
const NOISE_GAIN_DB = -16;
/**
 * Audibility of noise, in dB below the peak level of the voice: no suppression at or below the first, since the voice
 * masks such noise and any suppression costs the voice something; full suppression from the second on; partial between.
 */
const INAUDIBLE_DB = -65;
const AUDIBLE_DB = -50;
/** Decay of the peak level in dB per block, 3 dB/s, so that a knock does not count as voice for long. */
const PEAK_DECAY_DB = 0.03;
/** Minimum statistics over 4 windows of 50 blocks, 2 s together, in which speech pauses at least once. */
const MINIMUM_WINDOWS = 4;
const WINDOW_BLOCKS = 50;
/** Gain floor for residual echo, -46 dB as power: noise masks the rest. */
const ECHO_GAIN_POWER = 10 ** (-46 / 10);

/**
 * Weight of the last block in the decision-directed a-priori SNR (Ephraim and Malah, 1984). Their 0.98 leaves
 * speech 1.5 dB further from the clean signal, and the residual noise no steadier.
 */
const DECISION_WEIGHT = 0.92;
/** Least a-priori SNR, -25 dB. */
const MIN_PRIOR_SNR = 10 ** (-25 / 10);

/** A-priori SNR of present speech, 15 dB (Gerkmann and Hendriks). */
const SPEECH_SNR = 10 ** (15 / 10);
/** Smoothing of the noise power. */
const NOISE_SMOOTHING = 0.93;
/** Smoothing of the speech presence probability. */
const PROBABILITY_SMOOTHING = 0.97;
/**
 * Cap of the probability while its smoothed value exceeds this: lasting "speech" is noise that has grown, so the noise
 * estimate goes on adapting. Passes a held note for 3 s, and learns a new fan in 2 s.
 */
const MAX_LASTING_PROBABILITY = 0.99;
/** Initial blocks, whose least power is the first noise estimate, and its largest growth per block. */
const INITIAL_BLOCKS = 8;
const INITIAL_GROWTH = 1.2;

/**
 * Overestimate of the residual echo power: about 1.6 for the longer window, times 2 for safety. 6 costs a voice 1 dB more
 * in double talk.
 */
const ECHO_OVERESTIMATE = 3;
/** Least share of the residual echo power that remains in the next block. */
const ECHO_DECAY = 0.6;

/** Options of a {@linkcode NoiseSuppressor}. */
export interface SuppressorOptions {
  /** Whether to suppress steady noise, or residual echo only. */
  readonly noise: boolean;
}

/**
 * Suppresses steady noise and residual echo by one gain per band.
 *
 * Noise floor: Gerkmann and Hendriks, "Unbiased MMSE-based noise power estimation with low complexity and low tracking
 * delay" (2012). Gain: a Wiener gain corrected to the log-spectral amplitude estimator of Ephraim and Malah (1985), with
 * residual echo as noise of known power. The job of WebRTC AEC3's `SuppressionGain` and of its noise suppressor.
 */
export class NoiseSuppressor {
  readonly #noiseReduction: boolean;
  readonly #fft = new Fft(FFT_SIZE);
  readonly #analysis = analysisWindow();
  readonly #fadeIn = fadeInWindow();
  /** The last `FFT_SIZE` input samples. */
  readonly #input = new Float64Array(FFT_SIZE);
  readonly #signal = new Float64Array(FFT_SIZE);
  readonly #real = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #imaginary = new Float64Array(FFT_SIZE / 2 + 1);
  /** Windowed end of the last block, into which the next one fades. */
  readonly #tail = new Float64Array(DELAY);
  /** Noise floor. */
  readonly #noise = new Float64Array(BANDS);
  /** Residual echo power. */
  readonly #echo = new Float64Array(BANDS);
  /** Smoothed speech presence probability. */
  readonly #probability = new Float64Array(BANDS);
  /** Output power of the last block. */
  readonly #clean = new Float64Array(BANDS);
  readonly #gain = new Float64Array(BANDS);
  #blocks = 0;
  /** Decaying peak of the block power. */
  #peak = 0;
  /** Least block power in each of the last windows, a ring. */
  readonly #minima = new Float64Array(MINIMUM_WINDOWS).fill(Infinity);
  /** Present gain floor for noise, as power. */
  #noiseGainPower = 1;

  constructor(options: SuppressorOptions) {
    this.#noiseReduction = options.noise;
  }

  /**
   * Processes one block in place.
   *
   * @param samples 480 samples, full scale at 32768. The output is 144 samples late.
   * @param residual Residual echo power, as {@linkcode EchoCanceller.residual}.
   */
  process(samples: Float64Array, residual?: Float64Array): void {
    const input = this.#input;
    const signal = this.#signal;
    input.copyWithin(0, BLOCK_SAMPLES);
    input.set(samples, FFT_SIZE - BLOCK_SAMPLES);
    for (let i = 0; i < FFT_SIZE; i++) signal[i] = input[i]! * this.#analysis[i]!;
    this.#fft.forward(signal, this.#real, this.#imaginary);
    this.#findGains(residual);
    this.#applyGains();
    this.#fft.inverse(this.#real, this.#imaginary, signal);
    const start = FFT_SIZE - BLOCK_SAMPLES - DELAY;
    const fadeIn = this.#fadeIn;
    for (let i = 0; i < DELAY; i++) samples[i] = this.#tail[i]! + fadeIn[i]! * signal[start + i]!;
    for (let i = DELAY; i < BLOCK_SAMPLES; i++) samples[i] = signal[start + i]!;
    // The end of the analysis window, applied twice, and the fade-in add up to 1.
    for (let i = 0; i < DELAY; i++) {
      this.#tail[i] = signal[start + BLOCK_SAMPLES + i]! * this.#analysis[FFT_SIZE - DELAY + i]!;
    }
  }

  #findGains(residual: Float64Array | undefined): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    const initial = this.#blocks < INITIAL_BLOCKS;
    this.#blocks++;
    if (this.#noiseReduction) this.#updateGainFloor();
    for (let band = 0; band < BANDS; band++) {
      const from = band < SINGLE_BINS ? band : SINGLE_BINS + (band - SINGLE_BINS) * BINS_PER_BAND;
      const to = band < SINGLE_BINS ? from + 1 : from + BINS_PER_BAND;
      let power = 1e-3;
      let residualEcho = 0;
      for (let k = from; k < to; k++) {
        power += real[k]! * real[k]! + imaginary[k]! * imaginary[k]!;
        if (residual) residualEcho += residual[k]!;
      }
      const echo = Math.max(ECHO_OVERESTIMATE * residualEcho, ECHO_DECAY * this.#echo[band]!);
      this.#echo[band] = echo;
      if (initial) {
        this.#noise[band] = this.#blocks === 1 ? power : Math.min(power, this.#noise[band]! * INITIAL_GROWTH);
      } else this.#trackNoise(band, power, echo);
      this.#gain[band] = this.#gainFor(band, power, echo);
    }
  }

  /** Sets the gain floor for noise by the level of the pauses below the voice. */
  #updateGainFloor(): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    let power = 1e-3;
    for (let k = 0; k < real.length; k++) power += real[k]! * real[k]! + imaginary[k]! * imaginary[k]!;
    this.#peak = Math.max(power, this.#peak * 10 ** (-PEAK_DECAY_DB / 10));
    const window = Math.floor(this.#blocks / WINDOW_BLOCKS) % MINIMUM_WINDOWS;
    const begins = this.#blocks % WINDOW_BLOCKS === 0;
    this.#minima[window] = begins ? power : Math.min(power, this.#minima[window]!);
    const pauseDb = 10 * Math.log10(Math.min(...this.#minima) / this.#peak);
    const audible = Math.max(0, Math.min(1, (pauseDb - INAUDIBLE_DB) / (AUDIBLE_DB - INAUDIBLE_DB)));
    this.#noiseGainPower = 10 ** (audible * NOISE_GAIN_DB / 10);
  }

  #trackNoise(band: number, power: number, echo: number): void {
    const noise = this.#noise[band]!;
    const ratio = power / (noise + echo);
    const likelihood = (1 + SPEECH_SNR) *
      Math.exp(-Math.min(ratio, 50) * SPEECH_SNR / (1 + SPEECH_SNR));
    let probability = 1 / (1 + likelihood);
    const smoothed = PROBABILITY_SMOOTHING * this.#probability[band]! +
      (1 - PROBABILITY_SMOOTHING) * probability;
    this.#probability[band] = smoothed;
    if (smoothed > MAX_LASTING_PROBABILITY) probability = Math.min(probability, MAX_LASTING_PROBABILITY);
    // Residual echo must not enter the noise floor.
    const observed = Math.min(power, noise + power * noise / (noise + echo));
    const estimate = probability * noise + (1 - probability) * observed;
    this.#noise[band] = NOISE_SMOOTHING * noise + (1 - NOISE_SMOOTHING) * estimate;
  }

  #gainFor(band: number, power: number, echo: number): number {
    const noise = this.#noise[band]!;
    const interference = (this.#noiseReduction ? noise : 0) + echo + 1e-9;
    const posterior = power / interference;
    const prior = Math.max(
      MIN_PRIOR_SNR,
      DECISION_WEIGHT * this.#clean[band]! / interference +
        (1 - DECISION_WEIGHT) * Math.max(0, posterior - 1),
    );
    const wiener = prior / (1 + prior);
    const gain = Math.min(1, wiener * Math.exp(0.5 * exponentialIntegral(wiener * posterior)));
    this.#clean[band] = gain * gain * power;
    const floor = (this.#noiseGainPower * noise + ECHO_GAIN_POWER * echo) / (noise + echo);
    return Math.max(gain, Math.sqrt(floor));
  }

  #applyGains(): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    for (let k = 0; k < SINGLE_BINS; k++) {
      real[k]! *= this.#gain[k]!;
      imaginary[k]! *= this.#gain[k]!;
    }
    for (let band = SINGLE_BINS; band < BANDS; band++) {
      const from = SINGLE_BINS + (band - SINGLE_BINS) * BINS_PER_BAND;
      for (let k = from; k < from + BINS_PER_BAND; k++) {
        real[k]! *= this.#gain[band]!;
        imaginary[k]! *= this.#gain[band]!;
      }
    }
    real[FFT_SIZE / 2]! *= this.#gain[BANDS - 1]!;
  }
}

/** `E1(x)` within 4 %, or 0.04 dB of gain (Abramowitz and Stegun, 5.1.53 and 5.1.54, shortened). */
function exponentialIntegral(x: number): number {
  if (x < 1) {
    const small = Math.max(x, 1e-6);
    return -Math.log(small) - 0.57721566 + small * (0.99999193 + small * (-0.24991055 + small * 0.05519968));
  }
  if (x > 8) return 0;
  return Math.exp(-x) / x * (x * x + 2.334733 * x + 0.250621) / (x * x + 3.330657 * x + 1.681534);
}

/** Rises over past samples, is 1 over the block, and falls over the overlap with the next one. */
function analysisWindow(): Float64Array {
  const rise = FFT_SIZE - BLOCK_SAMPLES - DELAY;
  return Float64Array.from({ length: FFT_SIZE }, (_, i) => {
    if (i < rise) return Math.sin(Math.PI / 2 * (i + 0.5) / rise);
    if (i < FFT_SIZE - DELAY) return 1;
    return Math.cos(Math.PI / 2 * (i - (FFT_SIZE - DELAY) + 0.5) / DELAY);
  });
}

function fadeInWindow(): Float64Array {
  return Float64Array.from({ length: DELAY }, (_, i) => Math.sin(Math.PI / 2 * (i + 0.5) / DELAY) ** 2);
}
