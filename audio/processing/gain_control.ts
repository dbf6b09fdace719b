import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";

/** Target level of speech: mean power while somebody talks, in dBFS. */
const TARGET_DB = -20;
/** Gain range. Speech below -48 dBFS stays below the target. */
const MAX_GAIN_DB = 28;
const MIN_GAIN_DB = -12;

/** Samples per block, 10 ms. */
const BLOCK_SAMPLES = 480;
const BLOCKS_PER_SECOND = SAMPLE_RATE / BLOCK_SAMPLES;

/** Voice activity: least level of a block over the noise floor, in dB, and at all, in dBFS. */
const MIN_SNR_DB = 10;
const MIN_SPEECH_DB = -60;
/** Blocks further below the speech level are pauses, in dB (ITU-T P.56 has a margin of 15.9 dB). */
const SPEECH_RANGE_DB = 16;

/** Rise of the noise floor while no quieter block comes, in dB/s: learns steady noise within seconds. */
const NOISE_RISE_DB = 4;

/** Averaging time of the speech level, in seconds of speech. */
const LEVEL_SECONDS = 1.5;
/** Time constant of the gain, in seconds of speech. */
const GAIN_SECONDS = 0.5;
/** Decay of the speech level per block below it: the level was that of another voice, or of a door. */
const LEVEL_DECAY = 0.998;

/** The limiter's ceiling, 1 dB below full scale. */
const CEILING = 32_768 * 10 ** (-1 / 20);
/** Release of the limiter, in dB per block. */
const RELEASE_DB = 0.2;

/** Automatic gain control with a limiter: brings speech of any voice and microphone to one level, and leaves pauses. */
export class GainControl {
  #noiseFloorDb = 0;
  #speechPower = 0;
  #speechBlocks = 0;
  #gainDb = 0;
  #limiterDb = 0;
  #lastFactor = 1;

  /** Present gain, limiter included, in dB. */
  get gainDb(): number {
    return this.#gainDb + this.#limiterDb;
  }

  /**
   * Processes one block in place.
   *
   * @param samples 480 samples, full scale at 32768.
   * @param nearEnd Whether a loud block is near-end speech rather than residual echo.
   */
  process(samples: Float64Array, nearEnd = true): void {
    let power = 0;
    let peak = 0;
    for (let i = 0; i < samples.length; i++) {
      power += samples[i]! * samples[i]!;
      peak = Math.max(peak, Math.abs(samples[i]!));
    }
    power /= BLOCK_SAMPLES;
    if (nearEnd) this.#adapt(power);
    this.#limit(peak);
    const factor = 10 ** (this.gainDb / 20);
    const step = (factor - this.#lastFactor) / BLOCK_SAMPLES;
    let gain = this.#lastFactor;
    for (let i = 0; i < samples.length; i++) {
      gain += step;
      samples[i] = Math.max(-CEILING, Math.min(CEILING, gain * samples[i]!));
    }
    this.#lastFactor = factor;
  }

  #adapt(power: number): void {
    const levelDb = toDbfs(power);
    this.#noiseFloorDb = Math.min(levelDb, this.#noiseFloorDb + NOISE_RISE_DB / BLOCKS_PER_SECOND);
    const speechDb = toDbfs(this.#speechPower);
    if (levelDb < Math.max(MIN_SPEECH_DB, this.#noiseFloorDb + MIN_SNR_DB, speechDb - SPEECH_RANGE_DB)) {
      this.#speechPower *= LEVEL_DECAY;
      return;
    }
    this.#speechBlocks++;
    const weight = Math.max(1 / this.#speechBlocks, 1 / (LEVEL_SECONDS * BLOCKS_PER_SECOND));
    this.#speechPower += weight * (power - this.#speechPower);
    const targetGainDb = Math.max(
      MIN_GAIN_DB,
      Math.min(MAX_GAIN_DB, TARGET_DB - toDbfs(this.#speechPower)),
    );
    this.#gainDb += (targetGainDb - this.#gainDb) / (GAIN_SECONDS * BLOCKS_PER_SECOND);
  }

  /** Attacks at once, so that this block's peak stays below the ceiling; releases slowly. */
  #limit(peak: number): void {
    const headroomDb = 20 * Math.log10(CEILING / (peak + 1)) - this.#gainDb;
    this.#limiterDb = Math.min(0, this.#limiterDb + RELEASE_DB, headroomDb);
  }
}

/** Level of a mean power in dBFS, at least -120. */
function toDbfs(power: number): number {
  return 10 * Math.log10(power / 32_768 ** 2 + 1e-12);
}
