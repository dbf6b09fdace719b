/** Level that speech is brought to: mean power while somebody talks, in dB below full scale. */
const TARGET_DB = -20;
/** Largest changes. Speech below -48 dB stays below the target. */
const LARGEST_GAIN_DB = 28;
const SMALLEST_GAIN_DB = -12;

/** Samples of a block, 10 ms, and blocks of a second. */
const BLOCK_SAMPLES = 480;
const BLOCKS_PER_SECOND = 100;

/** How far above the noise, and above this level at all, a block is to be to be taken for speech, in dB. */
const ABOVE_NOISE_DB = 10;
const LEAST_SPEECH_DB = -60;
/** How far below the speech's level its quieter sounds go; what is below that is a pause (ITU-T P.56: 15.9 dB). */
const SPEECH_RANGE_DB = 16;

/** Rise of the noise's level while nothing quieter comes, in dB a second: steady noise is known after seconds. */
const NOISE_RISE_DB = 4;

/** Seconds of speech over which its level is averaged, and over which the gain follows. */
const LEVEL_SECONDS = 1.5;
const FOLLOW_SECONDS = 0.5;

/** Highest sample: 1 dB below full scale. */
const PEAK_LIMIT = 32_768 * 10 ** (-1 / 20);
/** How fast the limiter lets go, in dB a block. */
const RELEASE_DB = 0.2;

/** Brings speech to one level, whoever talks into whatever microphone, and leaves pauses as they are. */
export class GainControl {
  #noiseDb = 0;
  #speechPower = 0;
  #speechBlocks = 0;
  #gainDb = 0;
  #limitDb = 0;
  #lastFactor = 1;

  /** Gain now, in dB. */
  get gainDb(): number {
    return this.#gainDb + this.#limitDb;
  }

  /**
   * Processes one block in place.
   *
   * @param samples 480 samples, full scale at 32768.
   * @param voice Whether this, if it is loud, is the voice here, and not what was left of an echo.
   */
  process(samples: Float64Array, voice = true): void {
    let power = 0;
    let peak = 0;
    for (let i = 0; i < samples.length; i++) {
      power += samples[i]! * samples[i]!;
      peak = Math.max(peak, Math.abs(samples[i]!));
    }
    power /= BLOCK_SAMPLES;
    if (voice) this.#follow(power);
    this.#limit(peak);
    const factor = 10 ** (this.gainDb / 20);
    const step = (factor - this.#lastFactor) / BLOCK_SAMPLES;
    let gain = this.#lastFactor;
    for (let i = 0; i < samples.length; i++) {
      gain += step;
      samples[i] = Math.max(-PEAK_LIMIT, Math.min(PEAK_LIMIT, gain * samples[i]!));
    }
    this.#lastFactor = factor;
  }

  #follow(power: number): void {
    const levelDb = 10 * Math.log10(power / 32_768 ** 2 + 1e-12);
    this.#noiseDb = Math.min(levelDb, this.#noiseDb + NOISE_RISE_DB / BLOCKS_PER_SECOND);
    const speechDb = 10 * Math.log10(this.#speechPower / 32_768 ** 2 + 1e-12);
    if (levelDb < Math.max(LEAST_SPEECH_DB, this.#noiseDb + ABOVE_NOISE_DB, speechDb - SPEECH_RANGE_DB)) {
      // A level that nobody reaches any more was that of another voice, or of a door.
      this.#speechPower *= 0.998;
      return;
    }
    this.#speechBlocks++;
    const weight = Math.max(1 / this.#speechBlocks, 1 / (LEVEL_SECONDS * BLOCKS_PER_SECOND));
    this.#speechPower += weight * (power - this.#speechPower);
    const wanted = TARGET_DB - 10 * Math.log10(this.#speechPower / 32_768 ** 2 + 1e-12);
    const bounded = Math.max(SMALLEST_GAIN_DB, Math.min(LARGEST_GAIN_DB, wanted));
    this.#gainDb += (bounded - this.#gainDb) / (FOLLOW_SECONDS * BLOCKS_PER_SECOND);
  }

  #limit(peak: number): void {
    const roomDb = 20 * Math.log10(PEAK_LIMIT / (peak + 1)) - this.#gainDb;
    this.#limitDb = Math.min(0, this.#limitDb + RELEASE_DB, roomDb);
  }
}
