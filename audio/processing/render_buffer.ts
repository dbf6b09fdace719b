/** Ring size, 1.4 s. A power of two. */
const RING_SAMPLES = 65_536;

/** Interpolation taps on each side of a fractional position. */
const HALF_TAPS = 6;
/** Tabulated fractions of a sample. Rounding to the nearest costs at most -60 dB of error at 8 kHz. */
const PHASES = 256;

/** Loop gains: correction of position and of drift per sample of timing error. */
const POSITION_GAIN = 0.1;
const DRIFT_GAIN = 1e-5;
/** Largest clock drift to follow, 500 ppm. Most sound cards stay within 100 ppm. */
const MAX_DRIFT = 500e-6;

/**
 * Holds the render signal and resamples it to the microphone's clock.
 *
 * Two sound cards drift by up to some hundred ppm, and no filter can learn an echo path that slides by 10 samples a
 * second. So the read position follows the echo by a second-order phase-locked loop, whose phase detector is the echo
 * canceller's timing error. The loop finds 300 ppm in a second and holds it within 10 ppm, or 50 during double talk.
 */
export class RenderBuffer {
  readonly #ring = new Float64Array(RING_SAMPLES);
  readonly #weights = interpolationWeights();
  #written = 0;
  #position = 0;
  #drift = 0;

  /** Render samples written so far. */
  get written(): number {
    return this.#written;
  }

  /** Index of the render sample to read next; fractional. */
  get position(): number {
    return this.#position;
  }

  set position(position: number) {
    this.#position = position;
  }

  /** Drift of the loudspeaker's clock against the microphone's, in ppm; positive if it is faster. */
  get driftPpm(): number {
    return this.#drift * 1e6;
  }

  /** Appends render samples. */
  write(samples: Int16Array): void {
    for (let i = 0; i < samples.length; i++) this.#ring[(this.#written + i) % RING_SAMPLES] = samples[i]!;
    this.#written += samples.length;
  }

  /**
   * Corrects position and drift.
   *
   * @param timingError Samples by which the echo came earlier than predicted.
   */
  correct(timingError: number): void {
    this.#position += POSITION_GAIN * timingError;
    this.#drift = Math.max(-MAX_DRIFT, Math.min(MAX_DRIFT, this.#drift + DRIFT_GAIN * timingError));
  }

  /** Reads from {@linkcode RenderBuffer.position} on. Samples not yet written or overwritten are 0. */
  read(output: Float64Array): void {
    const ring = this.#ring;
    const weights = this.#weights;
    const step = 1 + this.#drift;
    const last = this.#position + step * output.length + HALF_TAPS;
    const first = this.#position - HALF_TAPS;
    if (first < Math.max(0, this.#written - RING_SAMPLES) || last >= this.#written) {
      this.#readEdge(output);
      return;
    }
    let position = this.#position;
    for (let i = 0; i < output.length; i++) {
      let whole = Math.floor(position);
      let phase = Math.round((position - whole) * PHASES);
      if (phase === PHASES) {
        phase = 0;
        whole++;
      }
      const from = whole - HALF_TAPS + 1;
      const row = phase * 2 * HALF_TAPS;
      let sum = 0;
      for (let tap = 0; tap < 2 * HALF_TAPS; tap++) {
        sum += weights[row + tap]! * ring[(from + tap) & (RING_SAMPLES - 1)]!;
      }
      output[i] = sum;
      position += step;
    }
    this.#position = position;
  }

  /** Reads where some samples are missing: takes the nearest sample, without interpolation. */
  #readEdge(output: Float64Array): void {
    const oldest = Math.max(0, this.#written - RING_SAMPLES);
    for (let i = 0; i < output.length; i++) {
      const whole = Math.round(this.#position);
      output[i] = whole >= oldest && whole < this.#written ? this.#ring[whole & (RING_SAMPLES - 1)]! : 0;
      this.#position += 1 + this.#drift;
    }
  }
}

/** Hann-windowed sinc; row `p` holds the weights for `p / PHASES` of a sample. */
function interpolationWeights(): Float64Array {
  const weights = new Float64Array(PHASES * 2 * HALF_TAPS);
  for (let phase = 0; phase < PHASES; phase++) {
    for (let tap = 0; tap < 2 * HALF_TAPS; tap++) {
      const distance = tap - HALF_TAPS + 1 - phase / PHASES;
      const sinc = distance === 0 ? 1 : Math.sin(Math.PI * distance) / (Math.PI * distance);
      weights[phase * 2 * HALF_TAPS + tap] = sinc * Math.cos(Math.PI * distance / (2 * HALF_TAPS)) ** 2;
    }
  }
  return weights;
}
