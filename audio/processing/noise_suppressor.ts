import { Fft } from "../../lib/dsp/fft.ts";

/** Samples that are taken at once: 10 ms. */
const BLOCK_SAMPLES = 480;
const FFT_SIZE = 1024;

/**
 * Samples that the output is late: 3 ms, in which one block blends into the next. The usual symmetric windows would
 * take 10 ms; this one looks back for its frequencies and forward for nothing but the blend.
 */
export const SUPPRESSOR_DELAY_SAMPLES = 144;
const DELAY = SUPPRESSOR_DELAY_SAMPLES;

/** Each frequency has a gain of its own up to 9 kHz; above they share one by 16, 750 Hz, as hearing does. */
const SINGLE_BINS = 192;
const BINS_ABOVE = 16;
const BANDS = SINGLE_BINS + (FFT_SIZE / 2 - SINGLE_BINS) / BINS_ABOVE;

/** Least gain for noise, -16 dB: with more, what is left of the noise twitters. */
const NOISE_FLOOR_DB = -16;
/**
 * Noise as far below the loudest of late as the first is not heard beside it, and is left alone: whatever is taken away
 * costs the voice something. From the second on it is noise like any other; between them it is taken down in part.
 */
const INAUDIBLE_DB = -65;
const AUDIBLE_DB = -50;
/** Fall of the loudest while it is not reached, in dB a block: 3 dB a second, since a knock is no voice. */
const LOUDEST_FALL_DB = 0.03;
/** The softest of so many stretches of so many blocks is a pause, as a rule: 2 s. */
const STRETCHES = 4;
const STRETCH_BLOCKS = 50;
/** Least gain for echo, -46 dB: what is under the noise then is not heard. */
const ECHO_FLOOR_POWER = 10 ** (-46 / 10);

/**
 * Weight of the last block in the a-priori signal-to-noise ratio (Ephraim and Malah, 1984). With the usual 0.98 speech
 * is 1.5 dB further from clean, and what is left of the noise is no steadier.
 */
const DECISION_WEIGHT = 0.92;
/** Lowest a-priori ratio. */
const LEAST_RATIO = 10 ** (-25 / 10);

/** Signal-to-noise ratio of speech where there is some, for telling whether there is: 15 dB, as in the paper. */
const SPEECH_RATIO = 10 ** (15 / 10);
/** Smoothing of the noise's power. */
const NOISE_SMOOTHING = 0.93;
/**
 * Smoothing of the probability of speech, and the probability that means, when it lasts, that the noise has grown: the
 * block counts for a part then. A held note is left alone for three seconds, a new fan is known in two.
 */
const PROBABILITY_SMOOTHING = 0.97;
const STUCK_PROBABILITY = 0.99;
/** Blocks at the start whose least power is taken for noise, and how fast it may grow again among them. */
const FIRST_BLOCKS = 8;
const FIRST_GROWTH = 1.2;

/**
 * How much more echo than the filter reckons with is taken for left: 1.6 for the longer look of this window, and twice
 * for caution. 6 takes 1 dB more of a voice in double talk.
 */
const ECHO_EXCESS = 3;
/** How much of the echo that was left in one block is still left in the next, at least. */
const ECHO_DECAY = 0.6;

/** What a suppressor does. */
export interface SuppressorOptions {
  /** Whether steady noise is reduced, or only what is left of the echo. */
  readonly noise: boolean;
}

/**
 * Takes down steady noise and what an echo filter has left, by gains for each frequency.
 *
 * Noise: Gerkmann and Hendriks, "Unbiased MMSE-based noise power estimation with low complexity and low tracking
 * delay" (2012). Gains: log-spectral amplitude, Ephraim and Malah (1985), with what is left of the echo counted as
 * noise whose power is known.
 */
export class NoiseSuppressor {
  readonly #noiseReduction: boolean;
  readonly #fft = new Fft(FFT_SIZE);
  readonly #analysis = analysisWindow();
  readonly #blend = blendWindow();
  /** The last `FFT_SIZE` samples in. */
  readonly #input = new Float64Array(FFT_SIZE);
  readonly #signal = new Float64Array(FFT_SIZE);
  readonly #real = new Float64Array(FFT_SIZE / 2 + 1);
  readonly #imaginary = new Float64Array(FFT_SIZE / 2 + 1);
  /** End of the last block, which the next one blends in to. */
  readonly #tail = new Float64Array(DELAY);
  readonly #noise = new Float64Array(BANDS);
  readonly #echo = new Float64Array(BANDS);
  readonly #probability = new Float64Array(BANDS);
  /** Power that the last block's output had. */
  readonly #clean = new Float64Array(BANDS);
  readonly #gain = new Float64Array(BANDS);
  #blocks = 0;
  /** Power of the loudest block of late. */
  #loudest = 0;
  /** That of the softest block of each of the last stretches: a ring. */
  readonly #softest = new Float64Array(STRETCHES).fill(Infinity);
  /** Least gain for noise, as power. */
  #noiseFloor = 1;

  constructor(options: SuppressorOptions) {
    this.#noiseReduction = options.noise;
  }

  /**
   * Processes one block in place.
   *
   * @param samples 480 samples, full scale at 32768. What comes out is 144 samples late.
   * @param residual Power of the echo that may be in it, as {@linkcode EchoCanceller.residual}.
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
    const blend = this.#blend;
    for (let i = 0; i < DELAY; i++) samples[i] = this.#tail[i]! + blend[i]! * signal[start + i]!;
    for (let i = DELAY; i < BLOCK_SAMPLES; i++) samples[i] = signal[start + i]!;
    // The analysis window's end is one half of the blend, this the other; together they add up to 1.
    for (let i = 0; i < DELAY; i++) {
      this.#tail[i] = signal[start + BLOCK_SAMPLES + i]! * this.#analysis[FFT_SIZE - DELAY + i]!;
    }
  }

  #findGains(residual: Float64Array | undefined): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    const first = this.#blocks < FIRST_BLOCKS;
    this.#blocks++;
    if (this.#noiseReduction) this.#findFloor();
    for (let band = 0; band < BANDS; band++) {
      const from = band < SINGLE_BINS ? band : SINGLE_BINS + (band - SINGLE_BINS) * BINS_ABOVE;
      const to = band < SINGLE_BINS ? from + 1 : from + BINS_ABOVE;
      let power = 1e-3;
      let left = 0;
      for (let k = from; k < to; k++) {
        power += real[k]! * real[k]! + imaginary[k]! * imaginary[k]!;
        if (residual) left += residual[k]!;
      }
      const echo = Math.max(ECHO_EXCESS * left, ECHO_DECAY * this.#echo[band]!);
      this.#echo[band] = echo;
      if (first) {
        this.#noise[band] = this.#blocks === 1 ? power : Math.min(power, this.#noise[band]! * FIRST_GROWTH);
      } else this.#trackNoise(band, power, echo);
      this.#gain[band] = this.#gainFor(band, power, echo);
    }
  }

  /** Sets how far noise is taken down, by how far the pauses are below the voice. */
  #findFloor(): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    let power = 1e-3;
    for (let k = 0; k < real.length; k++) power += real[k]! * real[k]! + imaginary[k]! * imaginary[k]!;
    this.#loudest = Math.max(power, this.#loudest * 10 ** (-LOUDEST_FALL_DB / 10));
    const stretch = Math.floor(this.#blocks / STRETCH_BLOCKS) % STRETCHES;
    const begins = this.#blocks % STRETCH_BLOCKS === 0;
    this.#softest[stretch] = begins ? power : Math.min(power, this.#softest[stretch]!);
    const pauseDb = 10 * Math.log10(Math.min(...this.#softest) / this.#loudest);
    const audible = Math.max(0, Math.min(1, (pauseDb - INAUDIBLE_DB) / (AUDIBLE_DB - INAUDIBLE_DB)));
    this.#noiseFloor = 10 ** (audible * NOISE_FLOOR_DB / 10);
  }

  #trackNoise(band: number, power: number, echo: number): void {
    const noise = this.#noise[band]!;
    const ratio = power / (noise + echo);
    const likelihood = (1 + SPEECH_RATIO) *
      Math.exp(-Math.min(ratio, 50) * SPEECH_RATIO / (1 + SPEECH_RATIO));
    let probability = 1 / (1 + likelihood);
    const smoothed = PROBABILITY_SMOOTHING * this.#probability[band]! +
      (1 - PROBABILITY_SMOOTHING) * probability;
    this.#probability[band] = smoothed;
    if (smoothed > STUCK_PROBABILITY) probability = Math.min(probability, STUCK_PROBABILITY);
    // What is left of the echo is not to be learnt as noise.
    const seen = Math.min(power, noise + power * noise / (noise + echo));
    const estimate = probability * noise + (1 - probability) * seen;
    this.#noise[band] = NOISE_SMOOTHING * noise + (1 - NOISE_SMOOTHING) * estimate;
  }

  #gainFor(band: number, power: number, echo: number): number {
    const noise = this.#noise[band]!;
    const unwanted = (this.#noiseReduction ? noise : 0) + echo + 1e-9;
    const posterior = power / unwanted;
    const prior = Math.max(
      LEAST_RATIO,
      DECISION_WEIGHT * this.#clean[band]! / unwanted + (1 - DECISION_WEIGHT) * Math.max(0, posterior - 1),
    );
    const wiener = prior / (1 + prior);
    const gain = Math.min(1, wiener * Math.exp(0.5 * exponentialIntegral(wiener * posterior)));
    this.#clean[band] = gain * gain * power;
    const floor = (this.#noiseFloor * noise + ECHO_FLOOR_POWER * echo) / (noise + echo);
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
      const from = SINGLE_BINS + (band - SINGLE_BINS) * BINS_ABOVE;
      for (let k = from; k < from + BINS_ABOVE; k++) {
        real[k]! *= this.#gain[band]!;
        imaginary[k]! *= this.#gain[band]!;
      }
    }
    real[FFT_SIZE / 2]! *= this.#gain[BANDS - 1]!;
  }
}

/** `E1(x)`, good to 4 %, which is 0.04 dB of gain (Abramowitz and Stegun, 5.1.53 and 5.1.54, shortened). */
function exponentialIntegral(x: number): number {
  if (x < 1) {
    const small = Math.max(x, 1e-6);
    return -Math.log(small) - 0.57721566 + small * (0.99999193 + small * (-0.24991055 + small * 0.05519968));
  }
  if (x > 8) return 0;
  return Math.exp(-x) / x * (x * x + 2.334733 * x + 0.250621) / (x * x + 3.330657 * x + 1.681534);
}

/** Rises over what is only looked back at, is 1 over the block, and falls at the end, where the next one blends in. */
function analysisWindow(): Float64Array {
  const rise = FFT_SIZE - BLOCK_SAMPLES - DELAY;
  return Float64Array.from({ length: FFT_SIZE }, (_, i) => {
    if (i < rise) return Math.sin(Math.PI / 2 * (i + 0.5) / rise);
    if (i < FFT_SIZE - DELAY) return 1;
    return Math.cos(Math.PI / 2 * (i - (FFT_SIZE - DELAY) + 0.5) / DELAY);
  });
}

function blendWindow(): Float64Array {
  return Float64Array.from({ length: DELAY }, (_, i) => Math.sin(Math.PI / 2 * (i + 0.5) / DELAY) ** 2);
}
