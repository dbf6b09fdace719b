/** Times the attempts to register, for the first time or again. */

import { exponentialBackoff } from "../util/backoff.ts";

/** Shortest pause before an attempt, in milliseconds. */
const SHORTEST_MS = 250;

/** Upper bound of the first pause, in milliseconds; it doubles with each attempt. */
const FIRST_CEILING_MS = 500;

/** Longest pause while the registry's host does not answer, in milliseconds. */
const CEILING_MS = 5000;

/**
 * Longest pause while the registry's host refuses connections, in milliseconds: the registry is being restarted. An attempt
 * costs two small packets; within 2 s after its return every phone is registered again.
 */
const REFUSED_CEILING_MS = 1250;

/**
 * Time for which a name in use is taken for this phone's own earlier connection, in milliseconds: a registry notices a
 * dead connection within 30 s.
 */
const GHOST_MS = 35_000;

const ceilingMs = exponentialBackoff(FIRST_CEILING_MS, CEILING_MS);

/** Why an attempt failed. */
export type Setback =
  /** The host refused the connection. */
  | "refused"
  /** No answer, or another error. */
  | "unreachable"
  /** The registry answered with another error, such as a full room. */
  | "turned_away"
  /** The registry answered that the name is in use. */
  | "name_taken";

/**
 * Exponential backoff with jitter: pauses are uniform between 0.25 s and a ceiling that doubles, so that the phones of a
 * room do not all come back at once. One instance for each loss, and one for the first registration; reads no clock.
 */
export class Backoff {
  readonly #random: () => number;
  #attempts = 0;
  #nameTakenSince: number | undefined;

  /** @param random Numbers from 0 up to but not including 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The pause before the first attempt, in milliseconds. */
  lost(): number {
    return this.#pause(CEILING_MS);
  }

  /**
   * Takes the failure of an attempt.
   *
   * @param now Milliseconds on a clock that only goes forward.
   * @returns The pause before the next attempt, in milliseconds; undefined once another phone has the name for good.
   */
  failed(now: number, setback: Setback): number | undefined {
    if (setback === "name_taken") {
      this.#nameTakenSince ??= now;
      if (now - this.#nameTakenSince >= GHOST_MS) return undefined;
    }
    return this.#pause(setback === "refused" ? REFUSED_CEILING_MS : CEILING_MS);
  }

  #pause(limitMs: number): number {
    const ceiling = Math.min(ceilingMs(this.#attempts++), limitMs);
    return SHORTEST_MS + this.#random() * (ceiling - SHORTEST_MS);
  }
}
