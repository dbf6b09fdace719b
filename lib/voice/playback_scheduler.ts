/**
 * Decides when a loudspeaker is given how much of what there is to play. It reads no clock and sets no timer: it is
 * told the time, and says when it wants to be asked again.
 *
 * A loudspeaker has a queue. Each packet fills it up as far as packets reach, so that nothing waits anywhere else. What
 * is held back for late packets is in the queue, too, as far as there is room: there it also helps a phone that is held
 * up itself. What is missing is waited for while the queue lasts, and made up just before it would run dry:
 *
 * ```text
 *   queue   full ──┐ packet: filled up            packet is missing              made up
 *                  └─╲      ┌─╲      ┌─╲                 ╲           ┌─╲
 *                      ╲    │   ╲    │   ╲     ...         ╲         │   ╲
 *                        ╲──┘     ╲──┘     ╲                 ╲───────┘
 *   empty                                                       due
 * ```
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import type { JitterBuffer } from "../jitter_buffer/jitter_buffer.ts";

/**
 * Samples that last as long as the next packet is waited for beyond the end of the last one's sound. A loudspeaker's
 * queue must last so long, and still hold enough then for a device that takes 10 ms at a time, and for a timer that is
 * late.
 */
const LATE_SAMPLES = 6 * SAMPLES_PER_MS;

/**
 * Samples that a full queue lacks where nobody speaks: room for the beginning of a packet that comes then, and not so
 * many that a device could take all of the rest in the time of a frame.
 */
const PAUSE_SAMPLES = 4 * SAMPLES_PER_MS;

/**
 * Where there is more to give, the next packet is waited for so long after it should have come, in samples: a queue is
 * not to run low while something is there for it.
 */
const TOP_UP_SAMPLES = 5 * SAMPLES_PER_MS;

/** What is made up at once, so that a packet that is a little late need not be made up whole. */
const MADE_UP_SAMPLES = 10 * SAMPLES_PER_MS;

/** Less than this is not worth to be asked again for. */
const LEAST_SAMPLES = 5 * SAMPLES_PER_MS;

/** Most that a loudspeaker is given at once: a fifth of a second. */
const LONGEST_SERVING_SAMPLES = 200 * SAMPLES_PER_MS;

/** After how long without wanting anything a loudspeaker counts as having stood still. */
const STOPPAGE_MS = 100;

/** Samples that a loudspeaker may lack, for packets of so many, before something has to be done about it. */
export function patienceSamples(frameSamples: number): number {
  return frameSamples + LATE_SAMPLES;
}

/** A loudspeaker's queue; an `AudioSink` has one. All numbers are samples. */
export interface PlaybackQueue {
  /** What it lacks now. Less than nothing where it has been given more. */
  wanted(): number;
  /** What it could hold beyond what it needs. */
  readonly roomSamples: number;
  /**
   * What was in it when it was last asked what it would take. Without any it has stood still for as long as its clock
   * is behind; one that has no queue, as a file, is never behind.
   */
  readonly delaySamples: number;
}

/** What one loudspeaker is given. */
export class PlaybackScheduler {
  readonly #jitterBuffer: JitterBuffer;
  readonly #frameSamples: number;
  readonly #patienceSamples: number;
  readonly #samples = new Int16Array(LONGEST_SERVING_SAMPLES);
  #wakeAt = 0;
  /** When it last wanted anything. */
  #wantedAt = 0;
  /** Samples that it still lacks. */
  #lack = 0;
  /** Samples that it is given beyond those, of what is held back. */
  #early = 0;
  #ranDry = false;
  /** Samples of this serving so far. */
  #given = 0;

  /**
   * @param playout Where the sound comes from.
   * @param frameSamples Samples of the packets that are expected.
   */
  constructor(jitterBuffer: JitterBuffer, frameSamples: number) {
    this.#jitterBuffer = jitterBuffer;
    this.#frameSamples = frameSamples;
    this.#patienceSamples = patienceSamples(frameSamples);
  }

  /** When {@linkcode PlaybackScheduler.tick} is to be called at the latest, in milliseconds. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  /** Samples that the loudspeaker has been given beyond what it needs: part of the delay of playout, which counts them. */
  get earlySamples(): number {
    return Math.max(0, -this.#lack);
  }

  /**
   * Gives on what has come, when a packet has.
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
   * Gives what is there, and makes up what cannot be waited for any longer.
   *
   * @param queue The loudspeaker's.
   * @param now Milliseconds.
   * @returns Samples to give the loudspeaker, valid until the next call.
   */
  tick(now: number, queue: PlaybackQueue): Int16Array<ArrayBuffer> {
    this.#begin(queue, now);
    // In a pause the queue is left as a packet would find it that came now, since one may at any moment.
    if (this.#jitterBuffer.pausing) this.#play(this.#lack - PAUSE_SAMPLES, now);
    else this.#playReady(now);
    while (this.#lack > this.#patienceSamples - LEAST_SAMPLES) {
      this.#play(MADE_UP_SAMPLES, now);
      this.#playReady(now);
    }
    return this.#end(now);
  }

  #begin(queue: PlaybackQueue, now: number): void {
    this.#lack = Math.min(queue.wanted(), LONGEST_SERVING_SAMPLES);
    this.#early = Math.min(this.#jitterBuffer.heldBackSamples, queue.roomSamples);
    if (this.#lack + this.#early > 0) {
      // A loudspeaker that stood still, as some do when they start, shall not leave its delay behind.
      if (now - this.#wantedAt > STOPPAGE_MS) this.#jitterBuffer.restart();
      this.#wantedAt = now;
    }
    this.#ranDry = queue.delaySamples === 0;
    this.#given = 0;
  }

  #playReady(now: number): void {
    this.#play(this.#jitterBuffer.readySamples(this.#lack + this.#early), now);
  }

  /** Plays so many samples. With none, playout still learns what the loudspeaker's clock shows. */
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
