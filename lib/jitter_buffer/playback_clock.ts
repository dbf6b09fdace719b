/**
 * A loudspeaker's clock, as it shows in what it takes. A device takes its samples in blocks, so its clock goes in steps,
 * and now and then it stands still for a moment and catches up.
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";

/**
 * Weight of one request, some 50 a second, that shows it behind. What must be there in time is what the loudspeaker takes
 * when it is ahead, so that is followed at once.
 */
const BEHIND_WEIGHT = 1 / 250;

/** It is ahead when it has been so twice in this time, as long as requests are so far apart: once is an accident. */
const REQUESTS_SEEN = 8;
const APART_MS = 5;

/**
 * How a loudspeaker starts is forgotten sooner: after so many requests the next one that is behind weighs a half, after
 * twice as many a third, and so on down to the weight above.
 */
const HALF_WEIGHT_REQUESTS = 2;

/**
 * When it is behind by so much for so many requests, it has stood still, and its clock is set anew. Where it had nothing
 * to play that is known at once.
 */
const STOOD_STILL = 40 * SAMPLES_PER_MS;
const STOOD_STILL_REQUESTS = 10;

/** How far it has fallen back is known after so many requests, from what it took when it was ahead. */
const SETTLING_REQUESTS = 16;

/** How far one loudspeaker is ahead of the time. */
export class PlaybackClock {
  #offset = NaN;
  #requests = 0;
  /** Requests in a row in which it was far behind. */
  #behindRequests = 0;
  /** Requests until it is known how far it has fallen back, and the furthest ahead that they showed. */
  #settling = 0;
  #settled = -Infinity;
  /** What the last requests showed, a ring with the present one at `#seen` modulo its length. */
  readonly #offsets = new Float64Array(REQUESTS_SEEN).fill(-Infinity);
  #seen = 0;
  #seenAt = -Infinity;

  /** Its clock less the time, in samples: what it takes in steps, evened out. NaN before it is set. */
  get offset(): number {
    return this.#offset;
  }

  /** Sets it, as long as it is not set. */
  start(offset: number): void {
    if (Number.isNaN(this.#offset)) this.#offset = offset;
  }

  /**
   * Follows what a request shows.
   *
   * @param offset What the loudspeaker has been given and would still take, less the time, in samples.
   * @param nowMs The time.
   * @param ranDry Whether it had nothing left to play.
   * @returns For how many samples it is known from now on to have stood still, less than nothing where it caught up.
   */
  follow(offset: number, nowMs: number, ranDry: boolean): number {
    this.#see(offset, nowMs);
    const error = offset - this.#offset;
    this.#behindRequests = error < -STOOD_STILL ? this.#behindRequests + 1 : 0;
    const stoodStill = this.#behindRequests >= STOOD_STILL_REQUESTS || (ranDry && error < 0);
    if (Number.isNaN(error) || stoodStill) {
      this.#offset = offset;
      this.#settling = stoodStill ? SETTLING_REQUESTS : 0;
      this.#settled = -Infinity;
      return stoodStill ? -error : 0;
    }
    if (this.#settling > 0) return this.#settle(offset);
    const behindWeight = Math.max(
      BEHIND_WEIGHT,
      HALF_WEIGHT_REQUESTS / (HALF_WEIGHT_REQUESTS + this.#requests++),
    );
    if (error < 0) this.#offset += behindWeight * error;
    else this.#offset = Math.max(this.#offset, this.#secondFurthest);
    return 0;
  }

  /** Forgets everything. */
  reset(): void {
    this.#offset = NaN;
    this.#requests = 0;
    this.#behindRequests = 0;
    this.#settling = 0;
    this.#offsets.fill(-Infinity);
  }

  #settle(offset: number): number {
    this.#settled = Math.max(this.#settled, offset);
    if (--this.#settling > 0) return 0;
    const stoodStill = this.#offset - this.#settled;
    this.#offset = this.#settled;
    return stoodStill;
  }

  #see(offset: number, nowMs: number): void {
    if (nowMs - this.#seenAt >= APART_MS) {
      this.#seenAt = nowMs;
      this.#offsets[++this.#seen % REQUESTS_SEEN] = -Infinity;
    }
    const slot = this.#seen % REQUESTS_SEEN;
    this.#offsets[slot] = Math.max(this.#offsets[slot]!, offset);
  }

  get #secondFurthest(): number {
    let [furthest, second] = [-Infinity, -Infinity];
    for (const offset of this.#offsets) {
      second = Math.max(second, Math.min(offset, furthest));
      furthest = Math.max(furthest, offset);
    }
    return second;
  }
}
