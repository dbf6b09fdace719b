import { AudioError, type AudioSink } from "../audio_io.ts";
import { UnderrunReserve } from "../portaudio/underrun_reserve.ts";
import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import type { Clock } from "../../lib/util/clock.ts";

/**
 * Least reserve of the page's queue: the browser takes some 10 ms at a time, and what is sent to it may be late by some
 * milliseconds.
 */
const RESERVE_SAMPLES = 13 * SAMPLES_PER_MS;

/** Reports come every 10 ms or oftener; where one is late for longer than this, the page may have stopped, in milliseconds. */
const LONGEST_BETWEEN_MS = 15;

/** Most samples in the page's queue. */
const CAPACITY_SAMPLES = 120 * SAMPLES_PER_MS;

/** The queue of a page, which reports what it has played: the queue holds the rest of what it was sent. */
export class PageQueue {
  readonly #clock: Clock;
  readonly #play: (samples: Int16Array<ArrayBuffer>) => void;
  #sent = 0;
  #played = 0;
  #latency = 0;
  #reportedAt = 0;

  /** @param play Sends samples to the page. */
  constructor(play: (samples: Int16Array<ArrayBuffer>) => void, clock: Clock) {
    this.#clock = clock;
    this.#play = play;
    this.#reportedAt = clock.now();
  }

  /** Samples that are not played yet: by the last report, and what has been played since then. */
  get length(): number {
    const since = Math.min(this.#clock.now() - this.#reportedAt, LONGEST_BETWEEN_MS);
    return Math.max(0, Math.floor(this.#sent - this.#played - since * SAMPLES_PER_MS));
  }

  /** From the queue to the loudspeaker, in samples. */
  get latency(): number {
    return this.#latency;
  }

  /** @param played Samples since the queue was made, modulo 2^32. @param latency In samples. */
  handleReport(played: number, latency: number): void {
    this.#played += (played - this.#played) >>> 0;
    this.#latency = latency;
    this.#reportedAt = this.#clock.now();
  }

  /** Sends samples to its end. */
  write(samples: Int16Array<ArrayBuffer>): void {
    this.#play(samples);
    this.#sent += samples.length;
  }
}

/** A browser's loudspeaker. */
export class BrowserSink implements AudioSink {
  readonly name = "browser";
  readonly #servedSamples: number;
  readonly #queue: PageQueue;
  readonly #release: () => void;
  readonly #started = Promise.withResolvers<void>();
  readonly #reserve = new UnderrunReserve(RESERVE_SAMPLES);
  #queued = 0;
  #room = 0;
  #error: AudioError | undefined;

  /**
   * @param servedSamples Samples that play from one write to the next.
   * @param release Called once, when it is closed or has failed.
   */
  constructor(servedSamples: number, queue: PageQueue, release: () => void) {
    this.#servedSamples = servedSamples;
    this.#queue = queue;
    this.#release = release;
    // A sink that fails before anybody waits for it.
    this.started.catch(() => {});
  }

  /** Settles when the page plays. @throws {AudioError} If it fails before. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Samples of the queue, and on their way from there to the loudspeaker; 0 if it ran dry. */
  get delaySamples(): number {
    return this.#queued === 0 ? 0 : this.#queued + this.#queue.latency;
  }

  get roomSamples(): number {
    return this.#room;
  }

  /** The page plays. */
  handlePlaying(): void {
    this.#started.resolve();
  }

  /** The page is gone, or cannot play. */
  fail(error: AudioError): void {
    if (this.#error) return;
    this.#error = error;
    this.#started.reject(error);
    this.#release();
  }

  wanted(): number {
    if (this.#error) throw this.#error;
    const before = this.#queued;
    this.#queued = this.#queue.length;
    if (this.#queued === 0 && before > 0) this.#reserve.underrun();
    const free = CAPACITY_SAMPLES - this.#queued;
    const wanted = Math.min(this.#servedSamples + this.#reserve.samples - this.#queued, free);
    this.#room = free - wanted;
    return wanted;
  }

  // deno-lint-ignore require-await -- errors are to arrive by the promise
  async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
    if (this.#error) throw this.#error;
    this.#queue.write(samples);
    this.#queued += samples.length;
    this.#reserve.wrote(samples.length);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.fail(new AudioError("device_failed", this.name, { kind: "closed" }));
    return Promise.resolve();
  }
}
