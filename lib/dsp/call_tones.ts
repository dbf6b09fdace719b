/** The tones of telephony (ITU-T E.180), in Brazil's frequency and cadences (E.180, Supplement 2). */

import { SAMPLE_RATE, SAMPLES_PER_MS } from "./pcm.ts";

/** Which tone: this phone rings, the other one rings, the other one is busy. */
export type ToneKind = "ring" | "ringback" | "busy";

interface Cadence {
  readonly onMs: number;
  readonly offMs: number;
  /** The frequencies in Hz that take turns. */
  readonly hz: readonly number[];
  /** Time of each turn. */
  readonly turnMs: number;
  /** Peak in 16-bit steps. */
  readonly peak: number;
}

const CADENCES: Readonly<Record<ToneKind, Cadence>> = {
  // Two tones in turn, as a telephone's bell has: to be heard across the room, at -10 dBFS.
  ring: { onMs: 1000, offMs: 4000, hz: [660, 880], turnMs: 50, peak: 10_362 },
  // In the ear, at -20 dBFS.
  ringback: { onMs: 1000, offMs: 4000, hz: [425], turnMs: 1000, peak: 3277 },
  busy: { onMs: 250, offMs: 250, hz: [425], turnMs: 250, peak: 3277 },
};

/** Fade at both ends of each sound, so that it does not click. */
const FADE_SAMPLES = 5 * SAMPLES_PER_MS;

/** A tone in its cadence, without end until it is ended. */
export class CallTone {
  readonly #cadence: Cadence;
  /** Samples since the last sound began. */
  #at = 0;
  #phaseCycles = 0;
  /** Samples left of the last fade; Infinity before the end. */
  #left = Infinity;

  constructor(kind: ToneKind) {
    this.#cadence = CADENCES[kind];
  }

  /** Fades out within 5 ms; then there is silence. */
  end(): void {
    this.#left = Math.min(this.#left, FADE_SAMPLES);
  }

  /** Fills a buffer with the next samples. */
  fill(samples: Int16Array): void {
    const { onMs, offMs, hz, turnMs, peak } = this.#cadence;
    const on = onMs * SAMPLES_PER_MS;
    const period = on + offMs * SAMPLES_PER_MS;
    const turn = turnMs * SAMPLES_PER_MS;
    for (let index = 0; index < samples.length; index++) {
      const fade = Math.min(
        1,
        this.#at / FADE_SAMPLES,
        (on - this.#at) / FADE_SAMPLES,
        this.#left / FADE_SAMPLES,
      );
      samples[index] = fade <= 0 ? 0 : Math.round(fade * peak * Math.sin(2 * Math.PI * this.#phaseCycles));
      const frequency = hz[Math.floor(this.#at / turn) % hz.length] ?? 0;
      this.#phaseCycles = (this.#phaseCycles + frequency / SAMPLE_RATE) % 1;
      this.#at = (this.#at + 1) % period;
      this.#left = Math.max(0, this.#left - 1);
    }
  }
}
