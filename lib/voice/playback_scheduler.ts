/**
 * Decides when the loudspeaker's queue gets how many samples. It reads no clock and sets no timer: the caller gives the
 * time, and calls again at `wakeAt`.
 *
 * Each packet fills the queue up. As far as there is room, the queue also takes the samples that the jitter buffer holds
 * back for late packets: there they also bridge a stall of this phone. A missing packet is concealed just before the queue
 * would run dry:
 *
 * ```text
 *   queue   full ──┐ packet: filled up            packet is missing           concealed
 *                  └─╲      ┌─╲      ┌─╲                 ╲           ┌─╲
 *                      ╲    │   ╲    │   ╲     ...         ╲         │   ╲
 *                        ╲──┘     ╲──┘     ╲                 ╲───────┘
 *   empty                                                       due
 * ```
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import type { JitterBuffer } from "../jitter_buffer/jitter_buffer.ts";

/**
 * The next packet may be this late before concealment. The queue must outlast it, with enough left for a device that takes
 * 10 ms at a time and for a late timer.
 */
const LATE_SAMPLES = 6 * SAMPLES_PER_MS;

/**
 * In pauses the queue stays this far below full: room for the beginning of a packet, and little enough that a device does
 * not empty the rest within a frame.
 */
const PAUSE_SAMPLES = 4 * SAMPLES_PER_MS;

/** With samples left to give, the queue is topped up this long after the next packet should have come. */
const TOP_UP_SAMPLES = 5 * SAMPLES_PER_MS;

/** Samples to conceal at a time: less than a frame, since the packet may come a little late. */
const CONCEALED_SAMPLES = 10 * SAMPLES_PER_MS;

/** Fewer ready samples get no call of their own. */
const LEAST_SAMPLES = 5 * SAMPLES_PER_MS;

/** Most samples at once: 200 ms. */
const LONGEST_SERVING_SAMPLES = 200 * SAMPLES_PER_MS;

/** A loudspeaker that wants nothing for this time has stalled. */
const STOPPAGE_MS = 100;

/** Samples that a queue may lack before the next packet counts as missing, for packets of `frameSamples`. */
export function patienceSamples(frameSamples: number): number {
  return frameSamples + LATE_SAMPLES;
}

/** A loudspeaker's queue; an `AudioSink` has one. All numbers are samples. */
export interface PlaybackQueue {
  /** What it lacks now; negative if it holds more than it needs. */
  wanted(): number;
  /** What it could hold beyond what it needs. */
  readonly roomSamples: number;
  /**
   * Its content at the last `wanted()`. With 0 it ran dry, and stalled for the time that its clock is behind; a sink
   * without a queue, such as a file, is never behind.
   */
  readonly delaySamples: number;
}

/** Feeds one loudspeaker. */
export class PlaybackScheduler {
  readonly #jitterBuffer: JitterBuffer;
  readonly #frameSamples: number;
  readonly #patienceSamples: number;
  readonly #samples = new Int16Array(LONGEST_SERVING_SAMPLES);
  #wakeAt = 0;
  /** When it last wanted anything. */
  #wantedAt = 0;
  /** Samples that the queue still lacks. */
  #lack = 0;
  /** Held-back samples that the queue may take beyond those. */
  #early = 0;
  #ranDry = false;
  /** Samples of this serving so far. */
  #given = 0;

  /**
   * @param jitterBuffer Where the sound comes from.
   * @param frameSamples Samples of the packets that are expected.
   */
  constructor(jitterBuffer: JitterBuffer, frameSamples: number) {
    this.#jitterBuffer = jitterBuffer;
    this.#frameSamples = frameSamples;
    this.#patienceSamples = patienceSamples(frameSamples);
  }

  /** Latest time of the next {@linkcode PlaybackScheduler.tick}, in milliseconds. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  /** Samples in the queue beyond its need. The playout delay counts them already. */
  get earlySamples(): number {
    return Math.max(0, -this.#lack);
  }

  /**
   * Gives the queue the ready samples, after a packet.
   *
   * @param queue The loudspeaker's.
   * @param now Milliseconds on any clock that only goes forward.
   * @returns Samples to give it, valid until the next call.
   */
  handlePacket(now: number, queue: PlaybackQueue): Int16Array<ArrayBuffer> {
    this.#begin(queue, now);
    this.#playReady(now);
    return this.#end(now);
  }

  /**
   * Gives the queue the ready samples, and conceals a missing packet before the queue runs dry.
   *
   * @param queue The loudspeaker's.
   * @param now Milliseconds.
   * @returns Samples to give the loudspeaker, valid until the next call.
   */
  tick(now: number, queue: PlaybackQueue): Int16Array<ArrayBuffer> {
    this.#begin(queue, now);
    // In a pause the queue keeps room: a packet may come at any moment.
    if (this.#jitterBuffer.pausing) this.#play(this.#lack - PAUSE_SAMPLES, now);
    else this.#playReady(now);
    while (this.#lack > this.#patienceSamples - LEAST_SAMPLES) {
      this.#play(CONCEALED_SAMPLES, now);
      this.#playReady(now);
    }
    return this.#end(now);
  }

  #begin(queue: PlaybackQueue, now: number): void {
    this.#lack = Math.min(queue.wanted(), LONGEST_SERVING_SAMPLES);
    this.#early = Math.min(this.#jitterBuffer.heldBackSamples, queue.roomSamples);
    if (this.#lack + this.#early > 0) {
      // After a stall of the loudspeaker, as some have at their start, do not keep the delay that it caused.
      if (now - this.#wantedAt > STOPPAGE_MS) this.#jitterBuffer.restart();
      this.#wantedAt = now;
    }
    this.#ranDry = queue.delaySamples === 0;
    this.#given = 0;
  }

  #playReady(now: number): void {
    this.#play(this.#jitterBuffer.readySamples(this.#lack + this.#early), now);
  }

  /** Plays `count` samples. With none, the jitter buffer still learns the loudspeaker's clock. */
  #play(count: number, now: number): void {
    const start = this.#given;
    this.#given += Math.max(0, Math.min(count, this.#lack + this.#early, this.#samples.length - start));
    this.#lack -= this.#given - start;
    this.#jitterBuffer.play(this.#samples.subarray(start, this.#given), now, this.#lack, this.#ranDry);
  }

  #end(now: number): Int16Array<ArrayBuffer> {
    const more = this.#jitterBuffer.readySamples(LEAST_SAMPLES) >= LEAST_SAMPLES;
    const latest = more ? this.#frameSamples + TOP_UP_SAMPLES : Infinity;
    this.#wakeAt = now + Math.min(this.#patienceSamples - this.#lack, latest) / SAMPLES_PER_MS;
    return this.#samples.subarray(0, this.#given);
  }
}
