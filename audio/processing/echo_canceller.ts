import { Fft } from "../../lib/dsp/fft.ts";

/** Samples that are taken at once: 10 ms. */
export const ECHO_BLOCK_SAMPLES = 480;

/** Holds a block and what of the one before it takes part in a partition's linear convolution. */
const FFT_SIZE = 1024;
/** Share of a transform that is new sound, which is the share of the error's power that is seen. */
const NEW_SHARE = ECHO_BLOCK_SAMPLES / FFT_SIZE;

/**
 * Blocks that the filter is long: 140 ms, for 128 ms of reverberation, what the loudspeaker's sound is expected
 * late ({@linkcode ECHO_HEADROOM_SAMPLES}), and 8 ms to spare. Each costs 0.02 % of a core; with 10 a room that
 * decays slowly is 4 dB louder.
 */
const PARTITIONS = 14;

/**
 * Frequencies that have a filter: up to 12 kHz. What speech has above is some 30 dB weaker, and is left to the
 * suppressor; a filter for all would take 0.3 % of a core more and gain nothing that was measured.
 */
const FILTERED_BINS = 256;

/** Place in the filter where the direct sound belongs: 4 ms, as low-passed echo has also something before it. */
export const ECHO_HEADROOM_SAMPLES = 192;

/**
 * How sure the filter is, from one block to the next, that the room is what it was. With 0.999 a room where nothing
 * ever moves is 4 dB quieter in the end, and one where something does takes twice as long.
 */
const PERSISTENCE = 0.998;

/** Smoothing of what is heard beside the echo. With 0.8 or 0.95 the second and third second are up to 15 dB worse. */
const NEAR_SMOOTHING = 0.9;

/**
 * How much more error the filter reckons with than its uncertainty makes, because a block's spectrum tells about its
 * partition only roughly. With 1 the first loud sound after silence is learnt too eagerly, and the rest of the first
 * second is 10 dB worse; with 3 the depth is.
 */
const CAUTION = 1.5;

/** Power of the echo path, first partition, before anything is known: an echo 10 dB below what was played. */
const INITIAL_UNCERTAINTY = 0.1;
/** Reverberation decays: what each partition is expected to have of the power of the one before. */
const UNCERTAINTY_DECAY = 0.75;

/** Error over microphone, in power, at which the filter makes things worse, and for how many blocks more than not. */
const DIVERGED_RATIO = 1.5;
const DIVERGED_BLOCKS = 10;

/** Power of a sample (16 bit) below which there is nothing to be learnt from: quieter than -75 dB. */
const LEAST_POWER = 36;

/**
 * Share of the microphone's power that is left over, -15 dB, below which nobody is talking here: what is left then is
 * what the filter cannot learn, above all the distortion of small loudspeakers: 10 dB less of it. Voices weaker than
 * that beside the echo are taken down with it. With -12 dB this would touch voices that can be understood.
 */
const ALONE_RATIO = 0.03;
/** Smoothing of the two powers for that: some 30 ms. */
const ALONE_SMOOTHING = 0.7;
/**
 * Share of the microphone's power that is left over, -6 dB, and share of that which the filter's own uncertainty
 * explains, above and below which somebody surely is talking here.
 */
const VOICE_RATIO = 0.25;
const EXPLAINED_SHARE = 0.3;

/** From this bin up to the last that has a filter, 6 to 12 kHz, the echo of what is above is estimated. */
const UPPER_BIN = 128;
/** What of the power of a high frequency is still there one block later. */
const UPPER_DECAY = 0.75;

/** Furthest that the echo is believed to be off its predicted time, in samples. */
const LARGEST_SLIP = 2;

/**
 * An adaptive filter that learns the way from the loudspeaker to the microphone and takes the echo out. No delay.
 *
 * It is a Kalman filter in the frequency domain in partitions (Enzner and Vary, "Frequency-domain adaptive Kalman
 * filter for acoustic echo control in hands-free telephones", 2006; partitions after Kuech, Mabande and Enzner,
 * "State-space architecture of the partitioned-block-based acoustic echo controller", 2014). It knows for each
 * frequency how wrong it may still be, and so learns fast at first and hardly at all while somebody talks here,
 * with no detector of double talk that could err.
 */
export class EchoCanceller {
  /**
   * Power of the echo that may be left in the output, for each of 513 frequencies from 0 to 24 kHz: of the spectrum
   * of the last block, unscaled.
   */
  readonly residual: Float64Array;

  readonly #fft = new Fft(FFT_SIZE);
  readonly #bins = FFT_SIZE / 2 + 1;
  /** The last `FFT_SIZE` samples played. */
  readonly #played = new Float64Array(FFT_SIZE);
  /** Spectra of what was played, a ring of `PARTITIONS`, the newest at `#newest`. */
  readonly #xReal = new Float64Array(PARTITIONS * this.#bins);
  readonly #xImaginary = new Float64Array(PARTITIONS * this.#bins);
  readonly #xPower = new Float64Array(PARTITIONS * this.#bins);
  #newest = 0;
  /** The filter, a spectrum for each partition. */
  readonly #wReal = new Float64Array(PARTITIONS * this.#bins);
  readonly #wImaginary = new Float64Array(PARTITIONS * this.#bins);
  /** Variance of the filter's error. */
  readonly #uncertainty = new Float64Array(PARTITIONS * this.#bins);
  /** Mean power of each partition: what a frequency is expected to have that has not been heard yet. */
  readonly #usual = new Float64Array(PARTITIONS);
  /** Smoothed power of what is not predicted. */
  readonly #near = new Float64Array(FILTERED_BINS);
  readonly #step = new Float64Array(FILTERED_BINS);
  readonly #real = new Float64Array(this.#bins);
  readonly #imaginary = new Float64Array(this.#bins);
  readonly #signal = new Float64Array(FFT_SIZE);
  #constrained = 0;
  #quietBlocks = PARTITIONS;
  #divergedBlocks = 0;
  #slip = 0;
  /** What was played above 12 kHz, smeared over time as by a room, and how loud its echo is. */
  readonly #upper = new Float64Array(this.#bins);
  #upperGain = 0;
  #voiceHere = true;
  #explained = 0;
  /** Power of microphone and error, lately and over a second. */
  #micNow = 0;
  #errorNow = 0;
  #micPower = 0;
  #errorPower = 0;

  constructor() {
    this.residual = new Float64Array(this.#bins);
    this.forget();
  }

  /** Whether nothing loud enough to learn from was played for as long as the filter is. */
  get idle(): boolean {
    return this.#quietBlocks >= PARTITIONS;
  }

  /** How many samples the echo came earlier than predicted; 0 when there was no telling. At most 2 either way. */
  get slip(): number {
    return this.#slip;
  }

  /** Whether what came out last, if it was loud, was a voice here, and no rest of an echo. */
  get voiceHere(): boolean {
    return this.#voiceHere;
  }

  /** How much less sound goes out than came in where there was something to cancel, in dB, over the last second. */
  get reductionDb(): number {
    return this.#errorPower > 0 ? Math.max(0, 10 * Math.log10(this.#micPower / this.#errorPower)) : 0;
  }

  /** Starts anew: what was learnt is of no use, because the delay is another. */
  forget(): void {
    this.#wReal.fill(0);
    this.#wImaginary.fill(0);
    for (let p = 0; p < PARTITIONS; p++) {
      const expected = INITIAL_UNCERTAINTY * UNCERTAINTY_DECAY ** p;
      this.#uncertainty.fill(expected, p * this.#bins, (p + 1) * this.#bins);
    }
    this.#divergedBlocks = 0;
    this.#micPower = 0;
    this.#errorPower = 0;
  }

  /**
   * Takes the echo out of one block.
   *
   * @param played What the loudspeaker played, {@linkcode ECHO_HEADROOM_SAMPLES} ahead: 480 samples, full scale
   *   at 32768.
   * @param captured 480 samples from the microphone. From none but zeros, as of a muted one, nothing is learnt.
   * @param output Takes 480 samples.
   */
  cancel(played: Float64Array, captured: Float64Array, output: Float64Array): void {
    this.#slip = 0;
    this.#push(played);
    if (this.idle || captured.every((sample) => sample === 0)) {
      output.set(captured);
      this.residual.fill(0);
      this.#voiceHere = true;
      return;
    }
    this.#predict(captured, output);
    this.#learn();
    this.#judge(captured, output);
  }

  #push(played: Float64Array): void {
    const bins = this.#bins;
    this.#played.copyWithin(0, ECHO_BLOCK_SAMPLES);
    this.#played.set(played, FFT_SIZE - ECHO_BLOCK_SAMPLES);
    let power = 0;
    for (let i = 0; i < ECHO_BLOCK_SAMPLES; i++) power += played[i]! * played[i]!;
    this.#quietBlocks = power < LEAST_POWER * ECHO_BLOCK_SAMPLES ? this.#quietBlocks + 1 : 0;
    this.#newest = (this.#newest + PARTITIONS - 1) % PARTITIONS;
    const first = this.#newest * bins;
    // With nothing but silence in the whole filter the spectra are not looked at before they are overwritten.
    if (this.#quietBlocks > PARTITIONS) return;
    const xReal = this.#xReal;
    const xImaginary = this.#xImaginary;
    const xPower = this.#xPower;
    this.#fft.forward(this.#played, xReal, xImaginary, first);
    for (let k = first; k < first + bins; k++) {
      xPower[k] = xReal[k]! * xReal[k]! + xImaginary[k]! * xImaginary[k]!;
    }
  }

  /** Leaves the error in `output` and its spectrum in `#real` and `#imaginary`. */
  #predict(captured: Float64Array, output: Float64Array): void {
    const bins = this.#bins;
    const xReal = this.#xReal;
    const xImaginary = this.#xImaginary;
    const xPower = this.#xPower;
    const wReal = this.#wReal;
    const wImaginary = this.#wImaginary;
    const uncertainty = this.#uncertainty;
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
        residual[k]! += xPower[x + k]! * uncertainty[w + k]!;
      }
    }
    const signal = this.#signal;
    const old = FFT_SIZE - ECHO_BLOCK_SAMPLES;
    this.#fft.inverse(yReal, yImaginary, signal);
    for (let i = 0; i < ECHO_BLOCK_SAMPLES; i++) output[i] = captured[i]! - signal[old + i]!;
    this.#measureSlip(signal, output);
    signal.fill(0, 0, old);
    signal.set(output, old);
    this.#fft.forward(signal, this.#real, this.#imaginary);
  }

  /**
   * When the echo `d(n)` is the prediction a little earlier, `y(n + slip)`, the error is `slip` times the derivative
   * of `y`. Least squares over the block, shrunk towards 0 by the part of the error that this does not explain.
   */
  #measureSlip(signal: Float64Array, error: Float64Array): void {
    const old = FFT_SIZE - ECHO_BLOCK_SAMPLES;
    let product = 0;
    let slopes = LEAST_POWER * ECHO_BLOCK_SAMPLES;
    for (let i = 1; i < ECHO_BLOCK_SAMPLES - 1; i++) {
      const slope = 0.5 * (signal[old + i + 1]! - signal[old + i - 1]!);
      const errorSlope = 0.5 * (error[i + 1]! - error[i - 1]!);
      product += slope * error[i]!;
      slopes += slope * slope + errorSlope * errorSlope;
    }
    this.#slip = Math.max(-LARGEST_SLIP, Math.min(LARGEST_SLIP, product / slopes));
  }

  /** Weighs output against input: whether all of it was echo, and whether what was learnt does harm. */
  #judge(captured: Float64Array, output: Float64Array): void {
    let before = 0;
    let after = 0;
    for (let i = 0; i < ECHO_BLOCK_SAMPLES; i++) {
      before += captured[i]! * captured[i]!;
      after += output[i]! * output[i]!;
    }
    this.#micPower = 0.99 * this.#micPower + before;
    this.#errorPower = 0.99 * this.#errorPower + after;
    // A slip is believed as far as the filter is right otherwise.
    this.#slip *= Math.max(0, 1 - this.#errorPower / (this.#micPower + 1));
    this.#micNow = ALONE_SMOOTHING * this.#micNow + before;
    this.#errorNow = ALONE_SMOOTHING * this.#errorNow + after;
    if (this.#errorNow < ALONE_RATIO * this.#micNow) {
      for (let k = 0; k < FILTERED_BINS; k++) {
        const power = this.#real[k]! * this.#real[k]! + this.#imaginary[k]! * this.#imaginary[k]!;
        this.residual[k] = Math.max(this.residual[k]!, power);
      }
    }
    this.#voiceHere = this.#explained < EXPLAINED_SHARE && this.#errorNow > VOICE_RATIO * this.#micNow;
    const diverged = after > DIVERGED_RATIO * before;
    this.#divergedBlocks = Math.max(0, this.#divergedBlocks + (diverged ? 1 : -1));
    if (this.#divergedBlocks >= DIVERGED_BLOCKS) this.forget();
  }

  #learn(): void {
    const bins = this.#bins;
    const xReal = this.#xReal;
    const xImaginary = this.#xImaginary;
    const xPower = this.#xPower;
    const wReal = this.#wReal;
    const wImaginary = this.#wImaginary;
    const uncertainty = this.#uncertainty;
    const eReal = this.#real;
    const eImaginary = this.#imaginary;
    const residual = this.residual;
    const near = this.#near;
    const step = this.#step;
    let errorPower = 0;
    let residualPower = 0;
    for (let k = 0; k < FILTERED_BINS; k++) {
      const power = eReal[k]! * eReal[k]! + eImaginary[k]! * eImaginary[k]!;
      errorPower += power;
      near[k] = NEAR_SMOOTHING * near[k]! + (1 - NEAR_SMOOTHING) * power;
      residual[k]! *= NEW_SHARE;
      residualPower += residual[k]!;
      step[k] = 1 / (CAUTION * residual[k]! + near[k]! + 1);
    }
    this.#explained = residualPower / (errorPower + 1);
    this.#estimateUpper();
    const keep = PERSISTENCE * PERSISTENCE;
    for (let p = 0; p < PARTITIONS; p++) {
      const x = (this.#newest + p) % PARTITIONS * bins;
      const w = p * bins;
      const usual = this.#usual[p]!;
      let total = 0;
      for (let k = 0; k < FILTERED_BINS; k++) {
        const gain = step[k]! * uncertainty[w + k]!;
        const a = xReal[x + k]!;
        const b = xImaginary[x + k]!;
        const c = eReal[k]!;
        const d = eImaginary[k]!;
        const real = wReal[w + k]! + gain * (a * c + b * d);
        const imaginary = wImaginary[w + k]! + gain * (a * d - b * c);
        wReal[w + k] = real;
        wImaginary[w + k] = imaginary;
        const power = real * real + imaginary * imaginary;
        total += power;
        uncertainty[w + k] = keep * (1 - NEW_SHARE * gain * xPower[x + k]!) * uncertainty[w + k]! +
          (1 - keep) * Math.max(power, usual);
      }
      this.#usual[p] = total / FILTERED_BINS;
    }
    // Each partition answers for one block of time. The first, with the direct sound, is kept to it always, the
    // others in turn.
    this.#constrain(0);
    this.#constrained = this.#constrained % (PARTITIONS - 1) + 1;
    this.#constrain(this.#constrained);
  }

  /** Above the filter's range all of the echo is left. It is about as loud as that of the octave below. */
  #estimateUpper(): void {
    const bins = this.#bins;
    if (this.#constrained === 0 || this.#constrained === PARTITIONS - 1) {
      let power = 0;
      for (let p = 0; p < PARTITIONS; p++) {
        for (let k = p * bins + UPPER_BIN; k < p * bins + FILTERED_BINS; k++) {
          power += this.#wReal[k]! * this.#wReal[k]! + this.#wImaginary[k]! * this.#wImaginary[k]!;
        }
      }
      this.#upperGain = NEW_SHARE * power / (FILTERED_BINS - UPPER_BIN);
    }
    const newest = this.#newest * bins;
    for (let k = FILTERED_BINS; k < bins; k++) {
      this.#upper[k] = Math.max(this.#xPower[newest + k]!, UPPER_DECAY * this.#upper[k]!);
      this.residual[k] = this.#upperGain * this.#upper[k]!;
    }
  }

  #constrain(partition: number): void {
    const at = partition * this.#bins;
    this.#fft.inverse(this.#wReal, this.#wImaginary, this.#signal, at);
    this.#signal.fill(0, ECHO_BLOCK_SAMPLES);
    this.#fft.forward(this.#signal, this.#wReal, this.#wImaginary, at);
    this.#wReal.fill(0, at + FILTERED_BINS, at + this.#bins);
    this.#wImaginary.fill(0, at + FILTERED_BINS, at + this.#bins);
  }
}
