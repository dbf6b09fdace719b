/**
 * Decides when a loudspeaker is given how much of what there is to play. It reads no clock and sets no timer: it is
 * told the time, and says when it wants to be asked again.
 *
 * A loudspeaker has a queue. Each packet fills it up as far as packets reach, so that nothing waits anywhere else. What
 * is missing is waited for while the queue lasts, and made up just before it would run dry:
 *
 * ```text
 *   queue   full ──┐ packet: filled up            packet is missing              made up
 *                  └─╲      ┌─╲      ┌─╲                 ╲           ┌─╲
 *                      ╲    │   ╲    │   ╲     ...         ╲         │   ╲
 *                        ╲──┘     ╲──┘     ╲                 ╲───────┘
 *   empty                                                       due
 * ```
 */

import type { Playout } from "./playout.ts";

/** Samples in a millisecond. */
const MS = 48;

/**
 * Samples that last as long as the next packet is waited for beyond the end of the last one's sound. A loudspeaker's
 * queue must last so long, and still hold enough then for a device that takes 10 ms at a time, and for a timer that is
 * late.
 */
const LATE_SAMPLES = 6 * MS;

/**
 * Samples that a full queue lacks where nobody speaks: room for the beginning of a packet that comes then, and not so
 * many that a device could take all of the rest in the time of a frame.
 */
const PAUSE_SAMPLES = 4 * MS;

/** What is made up at once, so that a packet that is a little late need not be made up whole. */
const MADE_UP_SAMPLES = 10 * MS;

/** Less than this is not worth to be asked again for. */
const LEAST_SAMPLES = 5 * MS;

/** Most that a loudspeaker is given at once: a fifth of a second. */
const LONGEST_SERVING_SAMPLES = 200 * MS;

/** After how long without wanting anything a loudspeaker counts as having stood still. */
const STOPPAGE_MS = 100;

/** Samples that a loudspeaker may lack, for packets of so many, before something has to be done about it. */
export function patienceSamples(frameSamples: number): number {
  return frameSamples + LATE_SAMPLES;
}

/** What one loudspeaker is given. */
export class SpeakerFeed {
  readonly #playout: Playout;
  readonly #patienceSamples: number;
  readonly #samples = new Int16Array(LONGEST_SERVING_SAMPLES);
  #dueAt = 0;
  /** When it last wanted anything. */
  #wantedAt = 0;

  /**
   * @param playout Where the sound comes from.
   * @param frameSamples Samples of the packets that are expected.
   */
  constructor(playout: Playout, frameSamples: number) {
    this.#playout = playout;
    this.#patienceSamples = patienceSamples(frameSamples);
  }

  /** When {@linkcode SpeakerFeed.due} is to be called at the latest, in milliseconds. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /**
   * Gives on what has come, when a packet has.
   *
   * @param wanted Samples that the loudspeaker would take.
   * @param now Milliseconds on any clock that only goes forward.
   * @returns Samples to give it, valid until the next call.
   */
  packetCame(wanted: number, now: number): Int16Array<ArrayBuffer> {
    const most = this.#begin(wanted, now);
    return this.#give(most, this.#play(0, this.#playout.readySamples(most), most, now), now);
  }

  /**
   * Gives what is there, and makes up what cannot be waited for any longer.
   *
   * @param wanted As for {@linkcode SpeakerFeed.packetCame}.
   * @param now Milliseconds.
   * @returns Samples to give the loudspeaker, valid until the next call.
   */
  due(wanted: number, now: number): Int16Array<ArrayBuffer> {
    const most = this.#begin(wanted, now);
    // In a pause the queue is left as a packet would find it that came now, since one may at any moment.
    const { pausing } = this.#playout;
    const ready = pausing ? most - PAUSE_SAMPLES : this.#playout.readySamples(most);
    let given = this.#play(0, ready, most, now);
    while (most - given > this.#patienceSamples - LEAST_SAMPLES) {
      given = this.#play(given, MADE_UP_SAMPLES, most, now);
      given = this.#play(given, this.#playout.readySamples(most - given), most, now);
    }
    return this.#give(most, given, now);
  }

  #begin(wanted: number, now: number): number {
    const most = Math.min(wanted, LONGEST_SERVING_SAMPLES);
    if (most > 0) {
      // A loudspeaker that stood still, as some do when they start, shall not leave its delay behind.
      if (now - this.#wantedAt > STOPPAGE_MS) this.#playout.restart();
      this.#wantedAt = now;
    }
    return most;
  }

  /**
   * Plays `count` samples behind the `given` ones, and returns how many there are then. With none, playout still learns
   * what the loudspeaker's clock shows.
   */
  #play(given: number, count: number, most: number, now: number): number {
    const end = Math.min(given + Math.max(0, count), most);
    this.#playout.play(this.#samples.subarray(given, end), now, most - end);
    return end;
  }

  #give(most: number, given: number, now: number): Int16Array<ArrayBuffer> {
    this.#dueAt = now + (this.#patienceSamples - (most - given)) / MS;
    return this.#samples.subarray(0, given);
  }
}
