/** Samples kept: 1.4 s. A power of two. */
const RING_SAMPLES = 65_536;

/** Input samples on each side of a sample that is read between two. */
const HALF_TAPS = 6;
/** Places between two samples for which weights are tabulated: the nearest is off by -60 dB at 8 kHz, at most. */
const PHASES = 256;

/** How fast the reading place follows the slip that the filter sees, and how fast its speed does. */
const PLACE_GAIN = 0.1;
const SPEED_GAIN = 1e-5;
/** Largest difference between two sound cards' clocks that is followed. Cards are within 100 ppm, most of them. */
const LARGEST_DRIFT = 500e-6;

/**
 * What the loudspeaker played, to be read again at the microphone's pace.
 *
 * Two sound cards differ by up to some hundred ppm, and an echo path that slides by 10 samples a second cannot be
 * learnt. So the reading place follows the echo, as a phase-locked loop of second order: what the filter sees as a
 * slip moves the place a little, and the speed at which it goes on a very little. 300 ppm are found in a second, and then
 * kept within 10, or within 50 while somebody talks here.
 */
export class RenderBuffer {
  readonly #ring = new Float64Array(RING_SAMPLES);
  readonly #weights = interpolationWeights();
  #written = 0;
  #place = 0;
  #drift = 0;

  /** Samples played so far. */
  get written(): number {
    return this.#written;
  }

  /** Which of the samples played belongs to the next one read; not a whole number. */
  get place(): number {
    return this.#place;
  }

  set place(place: number) {
    this.#place = place;
  }

  /** How much faster the loudspeaker's clock is than the microphone's, in ppm. */
  get driftPpm(): number {
    return this.#drift * 1e6;
  }

  /** Takes samples that were given to the loudspeaker. */
  write(samples: Int16Array): void {
    for (let i = 0; i < samples.length; i++) this.#ring[(this.#written + i) % RING_SAMPLES] = samples[i]!;
    this.#written += samples.length;
  }

  /** Follows an echo that came `samples` earlier than expected. */
  follow(samples: number): void {
    this.#place += PLACE_GAIN * samples;
    this.#drift = Math.max(-LARGEST_DRIFT, Math.min(LARGEST_DRIFT, this.#drift + SPEED_GAIN * samples));
  }

  /** Reads on from {@linkcode RenderBuffer.place}. What is not there, not yet or no more, is silence. */
  read(output: Float64Array): void {
    const ring = this.#ring;
    const weights = this.#weights;
    const step = 1 + this.#drift;
    const last = this.#place + step * output.length + HALF_TAPS;
    const first = this.#place - HALF_TAPS;
    if (first < Math.max(0, this.#written - RING_SAMPLES) || last >= this.#written) {
      this.#readEdge(output);
      return;
    }
    let place = this.#place;
    for (let i = 0; i < output.length; i++) {
      let whole = Math.floor(place);
      let phase = Math.round((place - whole) * PHASES);
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
      place += step;
    }
    this.#place = place;
  }

  /** As {@linkcode RenderBuffer.read} where some samples are not there; those between samples are not worked out. */
  #readEdge(output: Float64Array): void {
    const oldest = Math.max(0, this.#written - RING_SAMPLES);
    for (let i = 0; i < output.length; i++) {
      const whole = Math.round(this.#place);
      output[i] = whole >= oldest && whole < this.#written ? this.#ring[whole & (RING_SAMPLES - 1)]! : 0;
      this.#place += 1 + this.#drift;
    }
  }
}

/** Rows of weights of a sinc under a Hann window, the row `p` for a place `p / PHASES` after a sample. */
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
