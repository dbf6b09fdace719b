/** Noise in place of silence that the other side does not send, so that the line does not sound dead. */

/** Loudest comfort noise, as root mean square: 62 dB below full scale. */
const LOUDEST = 26;

/** The background rises at most by this factor in each frame: doubled in a second of 20 ms frames. */
const RISE = 1.014;

/** Root mean square of uniform random numbers from -1 to 1. */
const UNIFORM_RMS = 1 / Math.sqrt(3);

/** White noise as soft as the softest frame lately. */
export class ComfortNoise {
  #background = 0;
  #heard = false;
  #state = 1;

  /** Learns the background from a frame that was received. */
  observe(samples: Int16Array): void {
    let sum = 0;
    for (let index = 0; index < samples.length; index++) sum += samples[index]! * samples[index]!;
    const rms = Math.sqrt(sum / samples.length);
    this.#background = this.#heard ? Math.min(rms, Math.max(1, this.#background * RISE)) : rms;
    this.#heard = true;
  }

  /** Fills samples with noise. */
  fill(samples: Int16Array): void {
    const peak = Math.min(this.#background, LOUDEST) / UNIFORM_RMS;
    for (let index = 0; index < samples.length; index++) {
      // Marsaglia's xorshift: noise for ears, not for secrets.
      this.#state ^= this.#state << 13;
      this.#state ^= this.#state >>> 17;
      this.#state ^= this.#state << 5;
      samples[index] = Math.round(peak * this.#state / 2 ** 31);
    }
  }
}
