import { Fft } from "../../lib/dsp/fft.ts";

/** Samples per block, 10 ms. */
export const ECHO_BLOCK_SAMPLES = 480;

/** Two blocks, as the linear convolution of one partition needs (overlap-save), rounded up to a power of two. */
const FFT_SIZE = 1024;
/** Share of new samples in a transform. The error's spectrum holds those only, so its power is scaled by this. */
const NEW_SHARE = ECHO_BLOCK_SAMPLES / FFT_SIZE;

/**
 * Filter length in blocks, 140 ms: 128 ms of reverberation, 4 ms of headroom ({@linkcode ECHO_HEADROOM_SAMPLES}) and 8 ms
 * to spare. Each partition costs 0.02 % of a core; 10 of them leave 4 dB more echo in a room that decays slowly.
 */
const PARTITIONS = 14;

/**
 * Bins with a filter, up to 12 kHz. Speech is some 30 dB weaker above, where the residual echo suppressor suffices: a
 * filter for all bins costs 0.3 % of a core more, without a measurable gain.
 */
const FILTERED_BINS = 256;

/** Position of the direct sound in the filter, 4 ms: a low-passed echo path also has taps before it. */
export const ECHO_HEADROOM_SAMPLES = 192;

/**
 * State transition factor: correlation of the echo path from one block to the next. With 0.999 a static room ends 4 dB
 * quieter, but a changed one takes twice as long to learn.
 */
const TRANSITION = 0.998;

/** Smoothing of the near-end power. With 0.8 or 0.95, ERLE is up to 15 dB lower in the second and third second. */
const NEAR_END_SMOOTHING = 0.9;

/**
 * Overestimate of the power that misalignment adds to the error, because one block's spectrum represents its partition
 * only roughly. With 1 the step size is too large for the first loud sound after silence, and ERLE 10 dB lower for the
 * rest of the first second; with 3 the final ERLE is lower.
 */
const MISALIGNMENT_MARGIN = 1.5;

/** Initial error variance of the first partition: an echo 10 dB below the render signal. */
const INITIAL_VARIANCE = 0.1;
/** Initial decay of power per partition, as of reverberation. */
const VARIANCE_DECAY = 0.75;

/** Divergence: ratio of error to capture power, and the surplus of such blocks at which the filter resets. */
const DIVERGED_RATIO = 1.5;
const DIVERGED_BLOCKS = 10;

/** Least mean power of the render signal for adaptation, in 16-bit steps squared: -75 dBFS. */
const MIN_RENDER_POWER = 36;

/**
 * Ratio of error to capture power, -15 dB, below which there is far-end echo only. The whole error then counts as
 * residual echo, above all distortion of small loudspeakers, which becomes 10 dB quieter. Suppresses near-end voices
 * weaker than that, too; with -12 dB it would suppress intelligible ones.
 */
const FAR_END_RATIO = 0.03;
/** Smoothing of the two powers, some 30 ms. */
const RATIO_SMOOTHING = 0.7;
/**
 * Near-end speech is certain if the ratio of error to capture power exceeds -6 dB and misalignment explains less than
 * 0.3 of the error.
 */
const NEAR_END_RATIO = 0.25;
const MAX_EXPLAINED = 0.3;

/** First bin, 6 kHz, of the octave whose echo path gain stands for the bins above the filter. */
const OCTAVE_BIN = 128;
/** Decay of power above 12 kHz per block of reverberation. */
const HIGH_BAND_DECAY = 0.75;

/** Largest timing error to report, in samples. */
const MAX_TIMING_ERROR = 2;

/**
 * Acoustic echo canceller: a partitioned block frequency-domain adaptive filter that estimates the echo path and
 * subtracts the echo, without delay.
 *
 * The step size is that of a Kalman filter (Enzner and Vary, "Frequency-domain adaptive Kalman filter for acoustic echo
 * control in hands-free telephones", 2006; partitions after Kuech, Mabande and Enzner, "State-space architecture of the
 * partitioned-block-based acoustic echo controller", 2014). Each bin tracks the variance of its own error, so the filter
 * converges fast at first and hardly adapts during double talk, without a double-talk detector that could err. The job of
 * WebRTC AEC3's `Subtractor`.
 */
export class EchoCanceller {
  /** Estimated residual echo power of the last output block: 513 bins from 0 to 24 kHz, of an unscaled transform. */
  readonly residual: Float64Array;

  readonly #fft = new Fft(FFT_SIZE);
  readonly #bins = FFT_SIZE / 2 + 1;
  /** The last `FFT_SIZE` render samples. */
  readonly #render = new Float64Array(FFT_SIZE);
  /** Render spectra, a ring of `PARTITIONS`, the newest at `#newest`. */
  readonly #xReal = new Float64Array(PARTITIONS * this.#bins);
  readonly #xImaginary = new Float64Array(PARTITIONS * this.#bins);
  readonly #xPower = new Float64Array(PARTITIONS * this.#bins);
  #newest = 0;
  /** Filter spectra, one per partition. */
  readonly #wReal = new Float64Array(PARTITIONS * this.#bins);
  readonly #wImaginary = new Float64Array(PARTITIONS * this.#bins);
  /** Error variance of the filter. */
  readonly #variance = new Float64Array(PARTITIONS * this.#bins);
  /** Mean power of each partition: the expectation for bins without render signal so far. */
  readonly #meanPower = new Float64Array(PARTITIONS);
  /** Smoothed power of the error: near-end voice and noise. */
  readonly #nearEndPower = new Float64Array(FILTERED_BINS);
  /** Inverse variance of the innovation. */
  readonly #inverseInnovation = new Float64Array(FILTERED_BINS);
  readonly #real = new Float64Array(this.#bins);
  readonly #imaginary = new Float64Array(this.#bins);
  readonly #signal = new Float64Array(FFT_SIZE);
  /** Partition last constrained besides the first. */
  #constrained = 0;
  /** Blocks in a row too quiet for adaptation. */
  #quietBlocks = PARTITIONS;
  #divergedBlocks = 0;
  #timingError = 0;
  /** Render power above 12 kHz with decay, and its echo path gain. */
  readonly #highBandPower = new Float64Array(this.#bins);
  #highBandGain = 0;
  #nearEndActive = true;
  /** Share of the error that misalignment explains. */
  #explained = 0;
  /** Power of capture and error over some 30 ms, and over 1 s. */
  #captureNow = 0;
  #errorNow = 0;
  #capturePower = 0;
  #errorPower = 0;

  constructor() {
    this.residual = new Float64Array(this.#bins);
    this.reset();
  }

  /** Whether the render signal has been too quiet for adaptation over the whole filter. */
  get idle(): boolean {
    return this.#quietBlocks >= PARTITIONS;
  }

  /** Samples by which the last echo came earlier than predicted, -2 to 2; 0 if unknown. */
  get timingError(): number {
    return this.#timingError;
  }

  /** Whether the last output, if loud, is near-end speech rather than residual echo. */
  get nearEndActive(): boolean {
    return this.#nearEndActive;
  }

  /** Echo return loss enhancement over the last second of adaptation, in dB. */
  get erleDb(): number {
    return this.#errorPower > 0 ? Math.max(0, 10 * Math.log10(this.#capturePower / this.#errorPower)) : 0;
  }

  /** Forgets the echo path, as after a change of delay. */
  reset(): void {
    this.#wReal.fill(0);
    this.#wImaginary.fill(0);
    for (let p = 0; p < PARTITIONS; p++) {
      const variance = INITIAL_VARIANCE * VARIANCE_DECAY ** p;
      this.#variance.fill(variance, p * this.#bins, (p + 1) * this.#bins);
    }
    this.#divergedBlocks = 0;
    this.#capturePower = 0;
    this.#errorPower = 0;
  }

  /**
   * Cancels the echo in one block of 480 samples, full scale at 32768.
   *
   * @param render Render samples, {@linkcode ECHO_HEADROOM_SAMPLES} ahead.
   * @param capture Capture samples. Does not adapt to a block of zeros, as of a muted microphone.
   * @param output Receives capture less estimated echo.
   */
  cancel(render: Float64Array, capture: Float64Array, output: Float64Array): void {
    this.#timingError = 0;
    this.#pushRender(render);
    if (this.idle || capture.every((sample) => sample === 0)) {
      output.set(capture);
      this.residual.fill(0);
      this.#nearEndActive = true;
      return;
    }
    this.#predict(capture, output);
    this.#adapt();
    this.#evaluate(capture, output);
  }

  #pushRender(render: Float64Array): void {
    const bins = this.#bins;
    this.#render.copyWithin(0, ECHO_BLOCK_SAMPLES);
    this.#render.set(render, FFT_SIZE - ECHO_BLOCK_SAMPLES);
    let power = 0;
    for (let i = 0; i < ECHO_BLOCK_SAMPLES; i++) power += render[i]! * render[i]!;
    this.#quietBlocks = power < MIN_RENDER_POWER * ECHO_BLOCK_SAMPLES ? this.#quietBlocks + 1 : 0;
    this.#newest = (this.#newest + PARTITIONS - 1) % PARTITIONS;
    const first = this.#newest * bins;
    // Nothing reads spectra of silence before they are overwritten.
    if (this.#quietBlocks > PARTITIONS) return;
    const xReal = this.#xReal;
    const xImaginary = this.#xImaginary;
    const xPower = this.#xPower;
    this.#fft.forward(this.#render, xReal, xImaginary, first);
    for (let k = first; k < first + bins; k++) {
      xPower[k] = xReal[k]! * xReal[k]! + xImaginary[k]! * xImaginary[k]!;
    }
  }

  /** Filters: leaves the error in `output` and its spectrum in `#real` and `#imaginary`. */
  #predict(capture: Float64Array, output: Float64Array): void {
    const bins = this.#bins;
    const xReal = this.#xReal;
    const xImaginary = this.#xImaginary;
    const xPower = this.#xPower;
    const wReal = this.#wReal;
    const wImaginary = this.#wImaginary;
    const variance = this.#variance;
    const yReal = this.#real;
    const yImaginary = this.#imaginary;
    const residual = this.residual;
    yReal.fill(0);
    yImaginary.fill(0);
    residual.fill(0);
    for (let p = 0; p < PARTITIONS; p++) {
      const x = (this.#newest + p) % PARTITIONS * bins;
      const w = p * bins;
      for (let k = 0; k < FILTERED_BINS; k++) {
        const a = xReal[x + k]!;
        const b = xImaginary[x + k]!;
        const c = wReal[w + k]!;
        const d = wImaginary[w + k]!;
        yReal[k]! += a * c - b * d;
        yImaginary[k]! += a * d + b * c;
        residual[k]! += xPower[x + k]! * variance[w + k]!;
      }
    }
    const signal = this.#signal;
    const old = FFT_SIZE - ECHO_BLOCK_SAMPLES;
    this.#fft.inverse(yReal, yImaginary, signal);
    for (let i = 0; i < ECHO_BLOCK_SAMPLES; i++) output[i] = capture[i]! - signal[old + i]!;
    this.#measureTimingError(signal, output);
    signal.fill(0, 0, old);
    signal.set(output, old);
    this.#fft.forward(signal, this.#real, this.#imaginary);
  }

  /**
   * An echo `d(n) = y(n + t)` that comes `t` samples earlier than its prediction `y` leaves an error of `t` times the
   * derivative of `y`. Solves for `t` by least squares over the block, shrunk towards 0 by the unexplained error.
   */
  #measureTimingError(signal: Float64Array, error: Float64Array): void {
    const old = FFT_SIZE - ECHO_BLOCK_SAMPLES;
    let product = 0;
    let slopes = MIN_RENDER_POWER * ECHO_BLOCK_SAMPLES;
    for (let i = 1; i < ECHO_BLOCK_SAMPLES - 1; i++) {
      const slope = 0.5 * (signal[old + i + 1]! - signal[old + i - 1]!);
      const errorSlope = 0.5 * (error[i + 1]! - error[i - 1]!);
      product += slope * error[i]!;
      slopes += slope * slope + errorSlope * errorSlope;
    }
    this.#timingError = Math.max(-MAX_TIMING_ERROR, Math.min(MAX_TIMING_ERROR, product / slopes));
  }

  /** Compares error and capture: detects far-end echo alone, near-end speech and divergence. */
  #evaluate(capture: Float64Array, output: Float64Array): void {
    let capturePower = 0;
    let errorPower = 0;
    for (let i = 0; i < ECHO_BLOCK_SAMPLES; i++) {
      capturePower += capture[i]! * capture[i]!;
      errorPower += output[i]! * output[i]!;
    }
    this.#capturePower = 0.99 * this.#capturePower + capturePower;
    this.#errorPower = 0.99 * this.#errorPower + errorPower;
    // The timing error is as reliable as the filter.
    this.#timingError *= Math.max(0, 1 - this.#errorPower / (this.#capturePower + 1));
    this.#captureNow = RATIO_SMOOTHING * this.#captureNow + capturePower;
    this.#errorNow = RATIO_SMOOTHING * this.#errorNow + errorPower;
    if (this.#errorNow < FAR_END_RATIO * this.#captureNow) {
      for (let k = 0; k < FILTERED_BINS; k++) {
        const power = this.#real[k]! * this.#real[k]! + this.#imaginary[k]! * this.#imaginary[k]!;
        this.residual[k] = Math.max(this.residual[k]!, power);
      }
    }
    this.#nearEndActive = this.#explained < MAX_EXPLAINED &&
      this.#errorNow > NEAR_END_RATIO * this.#captureNow;
    const diverged = errorPower > DIVERGED_RATIO * capturePower;
    this.#divergedBlocks = Math.max(0, this.#divergedBlocks + (diverged ? 1 : -1));
    if (this.#divergedBlocks >= DIVERGED_BLOCKS) this.reset();
  }

  #adapt(): void {
    const bins = this.#bins;
    const xReal = this.#xReal;
    const xImaginary = this.#xImaginary;
    const xPower = this.#xPower;
    const wReal = this.#wReal;
    const wImaginary = this.#wImaginary;
    const variance = this.#variance;
    const eReal = this.#real;
    const eImaginary = this.#imaginary;
    const residual = this.residual;
    const nearEndPower = this.#nearEndPower;
    const inverseInnovation = this.#inverseInnovation;
    let errorPower = 0;
    let residualPower = 0;
    for (let k = 0; k < FILTERED_BINS; k++) {
      const power = eReal[k]! * eReal[k]! + eImaginary[k]! * eImaginary[k]!;
      errorPower += power;
      nearEndPower[k] = NEAR_END_SMOOTHING * nearEndPower[k]! + (1 - NEAR_END_SMOOTHING) * power;
      residual[k]! *= NEW_SHARE;
      residualPower += residual[k]!;
      inverseInnovation[k] = 1 / (MISALIGNMENT_MARGIN * residual[k]! + nearEndPower[k]! + 1);
    }
    this.#explained = residualPower / (errorPower + 1);
    this.#estimateHighBand();
    const keep = TRANSITION * TRANSITION;
    for (let p = 0; p < PARTITIONS; p++) {
      const x = (this.#newest + p) % PARTITIONS * bins;
      const w = p * bins;
      const meanPower = this.#meanPower[p]!;
      let total = 0;
      for (let k = 0; k < FILTERED_BINS; k++) {
        const stepSize = inverseInnovation[k]! * variance[w + k]!;
        const a = xReal[x + k]!;
        const b = xImaginary[x + k]!;
        const c = eReal[k]!;
        const d = eImaginary[k]!;
        const real = wReal[w + k]! + stepSize * (a * c + b * d);
        const imaginary = wImaginary[w + k]! + stepSize * (a * d - b * c);
        wReal[w + k] = real;
        wImaginary[w + k] = imaginary;
        const power = real * real + imaginary * imaginary;
        total += power;
        variance[w + k] = keep * (1 - NEW_SHARE * stepSize * xPower[x + k]!) * variance[w + k]! +
          (1 - keep) * Math.max(power, meanPower);
      }
      this.#meanPower[p] = total / FILTERED_BINS;
    }
    // The gradient constraint, for the first partition, with the direct sound, in each block; for the others in turn.
    this.#constrain(0);
    this.#constrained = this.#constrained % (PARTITIONS - 1) + 1;
    this.#constrain(this.#constrained);
  }

  /** Estimates the echo above the filtered bins, all of it residual, by the echo path gain of the octave below. */
  #estimateHighBand(): void {
    const bins = this.#bins;
    if (this.#constrained === 0 || this.#constrained === PARTITIONS - 1) {
      let power = 0;
      for (let p = 0; p < PARTITIONS; p++) {
        for (let k = p * bins + OCTAVE_BIN; k < p * bins + FILTERED_BINS; k++) {
          power += this.#wReal[k]! * this.#wReal[k]! + this.#wImaginary[k]! * this.#wImaginary[k]!;
        }
      }
      this.#highBandGain = NEW_SHARE * power / (FILTERED_BINS - OCTAVE_BIN);
    }
    const newest = this.#newest * bins;
    for (let k = FILTERED_BINS; k < bins; k++) {
      this.#highBandPower[k] = Math.max(this.#xPower[newest + k]!, HIGH_BAND_DECAY * this.#highBandPower[k]!);
      this.residual[k] = this.#highBandGain * this.#highBandPower[k]!;
    }
  }

  /** Confines a partition to the taps of one block. */
  #constrain(partition: number): void {
    const at = partition * this.#bins;
    this.#fft.inverse(this.#wReal, this.#wImaginary, this.#signal, at);
    this.#signal.fill(0, ECHO_BLOCK_SAMPLES);
    this.#fft.forward(this.#signal, this.#wReal, this.#wImaginary, at);
    this.#wReal.fill(0, at + FILTERED_BINS, at + this.#bins);
    this.#wImaginary.fill(0, at + FILTERED_BINS, at + this.#bins);
  }
}
