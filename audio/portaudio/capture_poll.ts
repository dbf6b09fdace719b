/**
 * Decides when to poll a capture queue: soon after a frame arrived, and about once per frame, because each wake-up costs
 * as much processor time as the frame itself. Reads no clock and sets no timer.
 */

import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { durationMs } from "../pacer.ts";

/** Every 25th poll comes 1 ms early, so that the polls drift towards the times at which frames arrive. */
const EARLY_MS = 1;
const EARLY_READS = 25;

/** Time between polls while a due frame has not arrived. */
const RETRY_MS = 1;
/** The same once the frame is 20 ms overdue: the device has stopped, or not started yet. */
const STOPPED_RETRY_MS = 10;
const STOPPED_MS = 20;

/** The poll schedule of one microphone. All times are milliseconds of one monotonic clock. */
export class CapturePoll {
  readonly #readSamples: number;
  /** When the next frame is due. */
  #dueMs = 0;
  #reads = 0;
  /** Polls and waits since the last read. */
  #polls = 0;
  #waits = 0;
  /** Queue length that the last poll saw. */
  #seen = -1;
  /** Whether the queue had room during a wait and did not grow, so that it hides no backlog. */
  #noBacklog = false;

  /** @param readSamples Samples per read. */
  constructor(readSamples: number) {
    this.#readSamples = readSamples;
  }

  /**
   * Gives the time until the next poll. To be called before each poll.
   *
   * @param queued Samples in the queue, as of the last poll and read; fewer than a read takes.
   * @returns Milliseconds to wait; 0 for at once.
   */
  waitMs(nowMs: number, queued: number): number {
    const earlyMs = this.#dueMs - nowMs;
    if (earlyMs < -STOPPED_MS) this.#noBacklog = false;
    else if (this.#waits > 0) this.#noBacklog ||= queued === this.#seen;
    this.#seen = queued;
    if (this.#polls++ === 0 && (earlyMs <= 0 || this.#mayHideBacklog(queued))) return 0;
    this.#waits++;
    if (earlyMs > 0) return earlyMs;
    return earlyMs < -STOPPED_MS ? STOPPED_RETRY_MS : RETRY_MS;
  }

  /**
   * A frame was there and has been read.
   *
   * @param queued Samples that are still in the queue.
   */
  read(nowMs: number, queued: number): void {
    const readMs = durationMs(this.#readSamples, SAMPLE_RATE);
    // After a late timer or a stall, the time of the read does not tell when the frame arrived.
    const onTime = this.#waits < 2 && this.#dueMs > nowMs - readMs;
    const nextMs = (onTime ? this.#dueMs : nowMs) + readMs -
      (++this.#reads % EARLY_READS === 0 ? EARLY_MS : 0);
    const missingMs = durationMs(this.#readSamples - queued, SAMPLE_RATE);
    if (!this.#halfFull(queued)) this.#noBacklog = false;
    this.#dueMs = this.#mayHideBacklog(queued) ? Math.min(nextMs, nowMs + missingMs) : nextMs;
    this.#polls = this.#waits = 0;
  }

  /** Whether more may wait outside the queue for lack of room, as in PulseAudio's plugin for ALSA. */
  #mayHideBacklog(queued: number): boolean {
    return this.#halfFull(queued) && !this.#noBacklog;
  }

  /** Whether the queue holds half a read or more. */
  #halfFull(queued: number): boolean {
    return queued >= this.#readSamples / 2;
  }
}
