/**
 * Accelerates speech or slows it down without changing its pitch, so that the playout delay can follow the network.
 *
 * One pitch period is cut out or repeated where two stretches of the signal look alike, and the seam is
 * cross-faded: WSOLA (Verhelst and Roelands, ICASSP 1993), one period at a time as in WebRTC's NetEQ. In pauses
 * any length will do.
 *
 * ```text
 *              place      place+fade   place+lag        place+lag+fade
 *   input  ──────┼────A────────┼───────────┼────B───────────┼──────
 *
 *   accelerate ──┼──A fades to B───┼──────         one lag less
 *   slowDown ──────────────────────┼──B fades to A──┼─────────┼──────         one lag more
 * ```
 *
 * Samples are mono, signed 16 bit, at 48 kHz.
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";

/** Shortest stretch cut out of or repeated in speech: a pitch of 400 Hz, or two periods of a higher one. */
export const SHORTEST_LAG = 2.5 * SAMPLES_PER_MS;
/** Longest: a pitch of 67 Hz, lower than men speak. */
export const LONGEST_LAG = 15 * SAMPLES_PER_MS;

/** The seam takes one period where there is room, and never less: shorter ones are heard as clicks. */
const SHORTEST_FADE = 5 * SAMPLES_PER_MS;

/** Both ends keep this, so that they connect to the sound before and after. */
const EDGE = 1 * SAMPLES_PER_MS;

/** Two stretches are compared over at most this length, which holds a pulse of any voice. */
const LONGEST_COMPARISON = 15 * SAMPLES_PER_MS;

/** Both stretches together must hold a pulse of any voice, or the calm between two pulses would pass for a match. */
const SHORTEST_SPAN = LONGEST_LAG;

/** At most this much of an input is searched, because search time grows with it. The rest is copied. */
const LONGEST_SEARCH = 60 * SAMPLES_PER_MS;

/** The rough search runs at 12 kHz, on which the pulses of the voice are still sharp. */
const DECIMATION = 4;
/** Taps of the low-pass before it, a triangle: -26 dB and less around 12 kHz, where the pitch would be mirrored. */
const LOW_PASS = [1, 2, 3, 4, 3, 2, 1];
const LOW_PASS_GAIN = 1 / 16;

/** Places are tried this far apart, in decimated samples: finer than a pulse is wide gains nothing. */
const STEP = SAMPLES_PER_MS / DECIMATION;

/** Samples of the shortest input in which speech is changed, in whole steps. */
export const SHORTEST_INPUT = SHORTEST_SPAN + 2 * EDGE + STEP * DECIMATION;

/** Level below which sound counts as silence whatever came before: -75 dB of full scale, as mean square. */
const SILENCE = 32768 ** 2 * 10 ** -7.5;
/** Speech level before anybody has spoken, and the lowest believed: -50 dB of full scale. */
const LOWEST_SPEECH = 32768 ** 2 * 10 ** -5;
/** Sound this far below speech is a pause: -30 dB of the louder vowels, which speech itself masks. */
const PAUSE_BELOW_SPEECH = 10 ** -3;
/** Background noise is a pause too, up to 6 dB above its lowest, for its level wavers, … */
const PAUSE_ABOVE_BACKGROUND = 4;
/** … when all that is 15 dB below speech. Else it may be speech that does not pause. */
const BACKGROUND_BELOW_SPEECH = 10 ** -1.5;

/** Levels are followed in blocks of this length, of the order of a pitch period. */
const LEVEL_BLOCK = 10 * SAMPLES_PER_MS;
/** Part of the way up to a louder block: 100 ms to learn a voice's level, so that a clap does not set it. */
const SPEECH_RISE = 0.1;
/** Down by 1 dB a second: pauses do not count, but a voice that has become softer does in the end. */
const SPEECH_FALL = 10 ** -0.001;
/** Up by 5 dB a second: speech without a gap is not taken for background for some seconds. */
const BACKGROUND_RISE = 10 ** 0.005;

/** Pauses are looked for in blocks of this length. */
const PAUSE_BLOCK = 2.5 * SAMPLES_PER_MS;
/** The calm between two pulses of a low voice is shorter than a pause. */
const SHORTEST_PAUSE = LONGEST_LAG;

/**
 * Largest mismatch accepted at urgency 0, as {@linkcode TimeStretcher} measures it: for speech a normalised
 * correlation of 0.9.
 */
const CALM_MISMATCH = 0.2;
/** How many times more is accepted just below urgency 1: anything that is not opposite in phase. */
const URGENCY_RANGE = 10;
/** Added to the mean square for the mismatch to be {@linkcode CALM_MISMATCH} where unlike sound is just a pause. */
const PAUSE_ALLOWANCE = 2 / CALM_MISMATCH - 1;

/**
 * Accelerates and slows down one stream of speech. No array or object is made after construction.
 *
 * How unlike two stretches are is the mean square of their difference, divided by their own mean square and an
 * allowance for sound that speech masks: 0 for equal ones, 2 for loud unrelated ones, small for any in a pause.
 */
export class TimeStretcher {
  /** Mean square of the voice's louder parts. */
  #speech = LOWEST_SPEECH;
  /** Mean square of the sound in its gaps. */
  #background = Infinity;
  /** Sum of squares of a level block that is not full yet, and its samples. */
  #blockSum = 0;
  #blockLength = 0;
  /** Length of the present pause, in samples. */
  #quietLength = 0;

  readonly #decimated = new Float64Array(LONGEST_SEARCH / DECIMATION);
  /** At `i` the sum of the squares of the first `i` decimated samples. */
  readonly #energyBefore = new Float64Array(LONGEST_SEARCH / DECIMATION + 1);
  /** Sums of products over `STEP` decimated samples each. */
  readonly #products = new Float64Array(LONGEST_SEARCH / DECIMATION / STEP);

  /** The seam that was found last; during the search the comparison is where the seam will be. */
  #place = 0;
  #lag = 0;
  #fade = 0;

  /**
   * Learns how loud speech and background are.
   *
   * @param samples All decoded samples, each once and in order, before they are part of an `input` below.
   */
  observe(samples: Int16Array): void {
    for (let start = 0; start < samples.length;) {
      const end = Math.min(samples.length, start + LEVEL_BLOCK - this.#blockLength);
      this.#blockSum += sumOfSquares(samples, start, end);
      this.#blockLength += end - start;
      if (this.#blockLength === LEVEL_BLOCK) this.#followLevel();
      start = end;
    }
  }

  /** Length of the pause up to the last observed sample; 0 in speech. */
  get quietSamples(): number {
    return this.#quietLength;
  }

  /** Forgets the stream, because another begins. */
  reset(): void {
    this.#speech = LOWEST_SPEECH;
    this.#background = Infinity;
    this.#blockSum = 0;
    this.#blockLength = 0;
    this.#quietLength = 0;
  }

  /**
   * Cuts a pitch period, or part of a pause, out.
   *
   * @param input Decoded samples that are not played yet, best 20 to 40 ms; speech shorter than
   * {@linkcode SHORTEST_INPUT} samples stays as it is.
   * @param out Takes `input.length` samples less the result, when that is not 0; else it is left as it is. May be
   * `input` itself. Its first and last millisecond are those of `input`.
   * @param maxSamples Most samples to cut out. In speech nothing shorter than {@linkcode SHORTEST_LAG} is.
   * @param urgency 0 to 1: at 0 only pauses and steady voice are cut, at 1 whatever harms least.
   * @returns Samples cut out, at most {@linkcode LONGEST_LAG} in speech. 0 when no place is good enough.
   * @throws {RangeError} When `out` is shorter than `input`.
   */
  accelerate(input: Int16Array, out: Int16Array, maxSamples: number, urgency: number): number {
    if (out.length < input.length) {
      throw new RangeError("Cannot accelerate: the output is shorter than the input");
    }
    if (!this.#find(input, maxSamples, urgency)) return 0;
    const place = this.#place;
    const lag = this.#lag;
    const fade = this.#fade;
    if (out !== input) copy(input, 0, place, out, 0);
    crossFade(input, place, place + lag, fade, out, place);
    copy(input, place + lag + fade, input.length, out, place + fade);
    return lag;
  }

  /**
   * Repeats a pitch period, or part of a pause.
   *
   * @param input As for {@linkcode accelerate}.
   * @param out Takes `input.length` samples and the result, when that is not 0; else it is left as it is. Must not
   * share memory with `input`. Its first and last millisecond are those of `input`.
   * @param maxSamples Most samples to add. In speech nothing shorter than {@linkcode SHORTEST_LAG} is, and a pause
   * can be added only as far as there is one. Never more than `out` has room for.
   * @param urgency As for {@linkcode accelerate}.
   * @returns Samples added, at most {@linkcode LONGEST_LAG} in speech. 0 when no place is good enough.
   * @throws {RangeError} When `out` is shorter than `input`.
   */
  slowDown(input: Int16Array, out: Int16Array, maxSamples: number, urgency: number): number {
    const room = out.length - input.length;
    if (room < 0) throw new RangeError("Cannot slow down: the output is shorter than the input");
    if (!this.#find(input, Math.min(maxSamples, room), urgency)) return 0;
    const place = this.#place;
    const lag = this.#lag;
    const fade = this.#fade;
    copy(input, 0, place + lag, out, 0);
    crossFade(input, place + lag, place, fade, out, place + lag);
    copy(input, place + fade, input.length, out, place + lag + fade);
    return lag;
  }

  #followLevel(): void {
    const level = this.#blockSum / LEVEL_BLOCK;
    this.#speech = level > this.#speech
      ? this.#speech + SPEECH_RISE * (level - this.#speech)
      : Math.max(LOWEST_SPEECH, this.#speech * SPEECH_FALL);
    this.#background = Math.max(1, Math.min(level, this.#background * BACKGROUND_RISE));
    this.#quietLength = level <= pauseLevel(this.#speech, this.#background)
      ? this.#quietLength + LEVEL_BLOCK
      : 0;
    this.#blockSum = 0;
    this.#blockLength = 0;
  }

  #find(input: Int16Array, maxSamples: number, urgency: number): boolean {
    const length = Math.min(input.length, LONGEST_SEARCH);
    // A voice that is only just beginning is not in the running level yet.
    const speech = length > 0 ? Math.max(this.#speech, meanSquare(input, 0, length)) : this.#speech;
    const pause = pauseLevel(speech, this.#background);
    const largest = Math.floor(maxSamples);
    if (this.#findPause(input, length, pause, largest)) return true;
    if (largest < SHORTEST_LAG || length < SHORTEST_INPUT) return false;
    this.#decimate(input, length);
    const allowance = PAUSE_ALLOWANCE * pause;
    if (!this.#findRoughly(length, Math.min(largest, LONGEST_LAG), allowance)) return false;
    const mismatch = this.#refine(input, length, Math.min(largest, LONGEST_LAG), allowance);
    return urgency >= 1 || mismatch <= CALM_MISMATCH * URGENCY_RANGE ** Math.max(0, urgency);
  }

  /** Looks for the longest run of blocks in which there is nothing but background. */
  #findPause(input: Int16Array, length: number, level: number, largest: number): boolean {
    let longest = 0;
    let end = 0;
    let run = 0;
    for (let block = 0; block + PAUSE_BLOCK <= length; block += PAUSE_BLOCK) {
      run = meanSquare(input, block, block + PAUSE_BLOCK) <= level ? run + PAUSE_BLOCK : 0;
      if (run <= longest) continue;
      longest = run;
      end = block + PAUSE_BLOCK;
    }
    // A short input is in a pause when all of it is, and what came before was too.
    const goesOn = longest + PAUSE_BLOCK > length && this.#quietLength >= length + LEVEL_BLOCK;
    if (longest < SHORTEST_PAUSE && !goesOn) return false;
    const start = Math.max(EDGE, end - longest);
    const room = Math.min(end, length - EDGE) - start - SHORTEST_FADE;
    this.#lag = Math.min(largest, room);
    if (this.#lag <= 0 || (this.#lag < largest && this.#lag < SHORTEST_LAG)) return false;
    this.#fade = SHORTEST_FADE;
    this.#place = start + Math.floor((room - this.#lag) / 2);
    return true;
  }

  #decimate(input: Int16Array, length: number): void {
    const decimated = this.#decimated;
    const energyBefore = this.#energyBefore;
    const count = decimatedLength(length);
    let energy = 0;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let tap = 0; tap < LOW_PASS.length; tap++) sum += LOW_PASS[tap]! * input[DECIMATION * i + tap]!;
      sum *= LOW_PASS_GAIN;
      decimated[i] = sum;
      energy += sum * sum;
      energyBefore[i + 1] = energy;
    }
  }

  /** Finds the place and the lag with the smallest mismatch on the decimated signal. */
  #findRoughly(length: number, largest: number, allowance: number): boolean {
    const decimated = this.#decimated;
    const energyBefore = this.#energyBefore;
    const products = this.#products;
    const first = EDGE / DECIMATION;
    const end = decimatedLength(length) - first;
    let smallest = Infinity;
    for (let lag = SHORTEST_LAG / DECIMATION; lag * DECIMATION <= largest; lag++) {
      const steps = Math.floor((end - lag - first) / STEP);
      const compared = Math.min(steps, LONGEST_COMPARISON / DECIMATION / STEP);
      const samples = compared * STEP;
      if (samples * DECIMATION < SHORTEST_FADE || (samples + lag) * DECIMATION < SHORTEST_SPAN) continue;
      for (let step = 0; step < steps; step++) {
        let sum = 0;
        const start = first + step * STEP;
        for (let i = start; i < start + STEP; i++) sum += decimated[i]! * decimated[i + lag]!;
        products[step] = sum;
      }
      let product = 0;
      for (let step = 0; step < compared - 1; step++) product += products[step]!;
      for (let step = 0; step + compared <= steps; step++) {
        product += products[step + compared - 1]!;
        const start = first + step * STEP;
        const energy = energyBefore[start + samples]! - energyBefore[start]! +
          energyBefore[start + lag + samples]! - energyBefore[start + lag]!;
        const between = lag > samples ? energyBefore[start + lag]! - energyBefore[start + samples]! : 0;
        const mismatch = mismatchOf(energy - 2 * product, energy, samples, between, lag, allowance);
        if (mismatch < smallest) {
          smallest = mismatch;
          this.#place = start * DECIMATION;
          this.#lag = lag * DECIMATION;
          this.#fade = samples * DECIMATION;
        }
        product -= products[step]!;
      }
    }
    return smallest < Infinity;
  }

  /**
   * Finds the exact lag at the full rate, and the part of the comparison in which the two stretches differ least, for
   * the seam.
   *
   * @returns The mismatch at this lag, infinite when it only leads towards a period that is not allowed.
   */
  #refine(input: Int16Array, length: number, largest: number, allowance: number): number {
    const place = this.#place;
    const roughLag = this.#lag;
    const samples = this.#fade;
    // One beyond what is allowed: when that is better still, the pitch period is not among the allowed ones, and
    // the lag found is no period.
    const from = Math.max(SHORTEST_LAG - 1, roughLag - DECIMATION + 1);
    const to = Math.min(largest + 1, roughLag + DECIMATION - 1, length - EDGE - place - samples);
    let smallest = Infinity;
    for (let lag = from; lag <= to; lag++) {
      let difference = 0;
      let energy = 0;
      for (let i = place; i < place + samples; i++) {
        const a = input[i]!;
        const b = input[i + lag]!;
        difference += (a - b) * (a - b);
        energy += a * a + b * b;
      }
      const between = lag > samples ? sumOfSquares(input, place + samples, place + lag) : 0;
      const mismatch = mismatchOf(difference, energy, samples, between, lag, allowance);
      if (mismatch >= smallest) continue;
      smallest = mismatch;
      this.#lag = lag;
    }
    const isPeriod = this.#lag >= SHORTEST_LAG && this.#lag <= largest;
    this.#lag = Math.max(SHORTEST_LAG, Math.min(largest, this.#lag));
    this.#fade = Math.min(samples, Math.max(SHORTEST_FADE, this.#lag));
    this.#place = calmestSeam(input, place, samples, this.#lag, this.#fade);
    return isPeriod ? smallest : Infinity;
  }
}

/** Mean square up to which sound is a pause, beside speech and background of these. */
function pauseLevel(speech: number, background: number): number {
  const noise = background * PAUSE_ABOVE_BACKGROUND;
  const isNoise = noise <= speech * BACKGROUND_BELOW_SPEECH;
  return Math.max(SILENCE, speech * PAUSE_BELOW_SPEECH, isNoise ? noise : 0);
}

function decimatedLength(length: number): number {
  return Math.floor((length - LOW_PASS.length) / DECIMATION) + 1;
}

/**
 * How unlike two stretches are, `lag` apart and `samples` long.
 *
 * @param difference Sum of the squares of their difference.
 * @param energy Sum of the squares of both.
 * @param between Sum of the squares of what lies between them. A consonant there would be lost or doubled: what is
 * louder than the two stretches counts as difference.
 * @param allowance Mean square.
 */
function mismatchOf(
  difference: number,
  energy: number,
  samples: number,
  between: number,
  lag: number,
  allowance: number,
): number {
  const mean = energy / 2;
  const excess = lag > samples ? Math.max(0, between - (lag - samples) * mean / samples) : 0;
  return (difference + excess) / (mean + allowance * samples);
}

/** Where within `samples` from `place` a seam of `fade` samples joins the least different ones. */
function calmestSeam(input: Int16Array, place: number, samples: number, lag: number, fade: number): number {
  let sum = 0;
  for (let i = place; i < place + fade; i++) sum += squaredDifference(input, i, lag);
  let smallest = sum;
  let best = place;
  for (let start = place + 1; start + fade <= place + samples; start++) {
    sum += squaredDifference(input, start + fade - 1, lag) - squaredDifference(input, start - 1, lag);
    if (sum >= smallest) continue;
    smallest = sum;
    best = start;
  }
  return best;
}

function squaredDifference(input: Int16Array, at: number, lag: number): number {
  const difference = input[at]! - input[at + lag]!;
  return difference * difference;
}

/**
 * Fades from one stretch of the input to another. Like ones are added so that the amplitude stays, unlike ones so that
 * the power stays, and what is between so that it comes out as loud as both.
 */
function crossFade(
  input: Int16Array,
  from: number,
  to: number,
  fade: number,
  out: Int16Array,
  at: number,
): void {
  let product = 0;
  let fromEnergy = 0;
  let toEnergy = 0;
  for (let i = 0; i < fade; i++) {
    const a = input[from + i]!;
    const b = input[to + i]!;
    product += a * b;
    fromEnergy += a * a;
    toEnergy += b * b;
  }
  const power = Math.sqrt(fromEnergy * toEnergy);
  const correlation = power > 0 ? Math.max(0, product / power) : 1;
  for (let i = 0; i < fade; i++) {
    const x = (i + 1) / (fade + 1);
    // Starts and ends without a bend, which would be heard in low tones.
    const weight = x * x * (3 - 2 * x);
    const rest = 1 - weight;
    const gain = 1 / Math.sqrt(weight * weight + rest * rest + 2 * correlation * weight * rest);
    const value = Math.round(gain * (rest * input[from + i]! + weight * input[to + i]!));
    out[at + i] = Math.max(-32768, Math.min(32767, value));
  }
}

/** Copies samples `start` to `end` of the input. `subarray` and `set` would make an object each time. */
function copy(input: Int16Array, start: number, end: number, out: Int16Array, at: number): void {
  for (let i = start; i < end; i++) out[at + i - start] = input[i]!;
}

function sumOfSquares(input: Int16Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += input[i]! * input[i]!;
  return sum;
}

/** Of a stretch that is not empty. */
function meanSquare(input: Int16Array, start: number, end: number): number {
  return sumOfSquares(input, start, end) / (end - start);
}
