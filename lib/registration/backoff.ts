/** When a phone that has lost its registry tries again. */

import { exponentialBackoff } from "../util/backoff.ts";

/** Shortest pause before an attempt, in milliseconds. */
const SHORTEST_MS = 250;

/** What the pauses are drawn from begins to grow here, and doubles with each attempt. */
const FIRST_CEILING_MS = 500;

/** Longest pause while nothing is heard of the registry's machine: attempts there cost time and packets. */
const CEILING_MS = 5000;

/**
 * Longest pause while the registry's machine answers that nobody listens: the registry is being started again, and a
 * person waits in front of it. An attempt costs two small packets on the local network. A registry that is back has
 * heard of everybody after this long and the time to register, so within 2 s.
 */
const REFUSED_CEILING_MS = 1250;

/**
 * How long a name that is in use is taken for this phone's own ghost: a registry notices after 30 s at the latest that
 * a phone has vanished.
 */
const GHOST_MS = 35_000;

const ceilingMs = exponentialBackoff(FIRST_CEILING_MS, CEILING_MS);

/** Why an attempt came to nothing. */
export type Setback =
  /** The machine is there, and nobody listens. */
  | "refused"
  /** Nothing was heard, or something went wrong. */
  | "unreachable"
  /** The registry is there and wants no more of us now: full, or not yet what it was. */
  | "turned_away"
  /** The registry is there, and somebody has the name. */
  | "name_taken";

/**
 * Decides when to try again, from the loss of a registry to the return. The pauses are drawn evenly between 0.25 s and
 * a ceiling that grows, so that the phones of a room do not all come at the same moment. Reads no clock.
 */
export class Backoff {
  readonly #random: () => number;
  #attempts = 0;
  #nameTakenSince: number | undefined;

  /** @param random Numbers from 0 up to but not including 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** How long to wait before the first attempt, in milliseconds. */
  lost(): number {
    return this.#pause(CEILING_MS);
  }

  /**
   * An attempt has failed.
   *
   * @returns How long to wait before the next one, in milliseconds; undefined if there is no use in another, because
   * somebody else has the name.
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
