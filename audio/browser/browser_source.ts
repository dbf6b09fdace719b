import { AudioError, type AudioSource } from "../audio_io.ts";
import { CapturePoll } from "../portaudio/capture_poll.ts";
import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";

/** Most samples to keep, 200 ms: what a stalled phone did not read in that time is too old. */
const CAPACITY_SAMPLES = 200 * SAMPLES_PER_MS;

/** A browser's microphone. */
export class BrowserSource implements AudioSource {
  readonly name = "browser";
  readonly #poll: CapturePoll;
  readonly #release: () => void;
  readonly #started = Promise.withResolvers<void>();
  readonly #queue = new Int16Array(CAPACITY_SAMPLES);
  #queued = 0;
  #latency = 0;
  #pollAtMs: number | undefined;
  #error: AudioError | undefined;

  /**
   * @param readSamples Samples per read.
   * @param release Called once, when it is closed or has failed.
   */
  constructor(readSamples: number, release: () => void) {
    this.#poll = new CapturePoll(readSamples);
    this.#release = release;
    // A source that fails before anybody waits for it.
    this.started.catch(() => {});
  }

  /** Settles with the first samples. @throws {AudioError} If it fails before. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  get delaySamples(): number {
    return this.#latency + this.#queued;
  }

  /** Takes samples that the page captured `latency` samples ago. The oldest go where there are too many. */
  handleSamples(samples: Int16Array, latency: number): void {
    this.#latency = latency;
    const kept = samples.subarray(-CAPACITY_SAMPLES);
    const surplus = this.#queued + kept.length - CAPACITY_SAMPLES;
    if (surplus > 0) this.#drop(surplus);
    this.#queue.set(kept, this.#queued);
    this.#queued += kept.length;
    this.#started.resolve();
  }

  /** The page is gone, or cannot capture. */
  fail(error: AudioError): void {
    if (this.#error) return;
    this.#error = error;
    this.#started.reject(error);
    this.#release();
  }

  read(samples: Int16Array<ArrayBuffer>): number {
    if (this.#error) throw this.#error;
    const nowMs = performance.now();
    if (this.#queued < samples.length) {
      this.#pollAtMs ??= nowMs + this.#poll.waitMs(nowMs, this.#queued);
      if (this.#pollAtMs > nowMs) return this.#pollAtMs - nowMs;
      // Nothing came up to the time of the look: look again later.
      this.#pollAtMs = nowMs + Math.max(1, this.#poll.waitMs(nowMs, this.#queued));
      return this.#pollAtMs - nowMs;
    }
    this.#pollAtMs = undefined;
    samples.set(this.#queue.subarray(0, samples.length));
    this.#drop(samples.length);
    this.#poll.read(nowMs, this.#queued);
    return 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.fail(new AudioError("device_failed", this.name, { kind: "closed" }));
    return Promise.resolve();
  }

  #drop(count: number): void {
    this.#queue.copyWithin(0, count, this.#queued);
    this.#queued -= count;
  }
}
