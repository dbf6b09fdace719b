/**
 * A loudspeaker's clock, estimated from its requests. A device takes samples in blocks, so its clock goes in steps, and now
 * and then it stands still for a moment and catches up.
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import { DEFAULT_CONFIG, type JitterBufferConfig } from "./config.ts";

/** The offset of one loudspeaker's clock. */
export class PlaybackClock {
  readonly #config: JitterBufferConfig;
  #offset = NaN;
  #requests = 0;
  /** Requests in a row that showed it far behind. */
  #behindRequests = 0;
  /** Offsets of the last requests, a ring with the present one at `#seen` modulo its length. */
  readonly #offsets: Float64Array;
  #seen = 0;

  constructor(config: JitterBufferConfig = DEFAULT_CONFIG) {
    this.#config = config;
    this.#offsets = new Float64Array(config.clockRequests).fill(-Infinity);
  }

  /** Its clock less the time, smoothed, in samples. NaN before it is set. */
  get offset(): number {
    return this.#offset;
  }

  /** Sets the offset if it is not set. */
  start(offset: number): void {
    if (Number.isNaN(this.#offset)) this.#offset = offset;
  }

  /**
   * Follows a request.
   *
   * @param offset Samples that the loudspeaker was given and would still take, less the time in samples.
   * @param ranDry Whether it had nothing left to play.
   */
  follow(offset: number, ranDry: boolean): void {
    this.#offsets[++this.#seen % this.#offsets.length] = offset;
    const error = offset - this.#offset;
    this.#behindRequests = error < -this.#config.clockStallMs * SAMPLES_PER_MS ? this.#behindRequests + 1 : 0;
    const stoodStill = this.#behindRequests >= this.#config.clockStallRequests || (ranDry && error < 0);
    if (Number.isNaN(error) || stoodStill) {
      this.#offset = offset;
      return;
    }
    const behindWeight = Math.max(
      this.#config.clockBehindWeight,
      this.#config.clockHalfWeightRequests / (this.#config.clockHalfWeightRequests + this.#requests++),
    );
    if (error < 0) this.#offset += behindWeight * error;
    else this.#offset = Math.max(this.#offset, this.#secondFurthest);
  }

  /** Forgets everything. */
  reset(): void {
    this.#offset = NaN;
    this.#requests = 0;
    this.#behindRequests = 0;
    this.#offsets.fill(-Infinity);
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
