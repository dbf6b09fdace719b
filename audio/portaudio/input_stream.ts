import type { AudioSource } from "../audio_io.ts";
import { CapturePoll } from "./capture_poll.ts";
import type { Stream } from "./stream.ts";

/** Time between polls of a device that does not answer. */
const NO_ANSWER_RETRY_MS = 10;

/**
 * A microphone. Polls the stream when a frame is due and reads what is there, so that no thread waits in the library:
 * a waiting thread costs more processor time than the rest of a call.
 */
export class InputStream implements AudioSource {
  readonly #stream: Stream;
  readonly #poll: CapturePoll;
  readonly #latencySamples: number;
  /** Samples in the queue, as of the last poll and read. */
  #queued = 0;
  /** Time of the next poll, where {@linkcode CapturePoll} has set it. */
  #pollAtMs: number | undefined;

  /** @param readSamples Samples per read. */
  constructor(stream: Stream, readSamples: number) {
    this.#stream = stream;
    this.#poll = new CapturePoll(readSamples);
    this.#latencySamples = stream.captureLatencySamples;
  }

  get name(): string {
    return this.#stream.name;
  }

  get delaySamples(): number {
    return this.#latencySamples + this.#queued;
  }

  read(samples: Int16Array<ArrayBuffer>): number {
    this.#stream.assertOpen();
    for (;;) {
      // What a stall left in the queue is read at once.
      if (this.#queued < samples.length) {
        const nowMs = performance.now();
        this.#pollAtMs ??= nowMs + this.#poll.waitMs(nowMs, this.#queued);
        if (this.#pollAtMs > nowMs) return this.#pollAtMs - nowMs;
      }
      const queued = this.#stream.read(samples);
      if (queued === undefined) return NO_ANSWER_RETRY_MS;
      this.#pollAtMs = undefined;
      this.#queued = queued;
      if (queued < samples.length) continue;
      this.#queued -= samples.length;
      this.#poll.read(performance.now(), this.#queued);
      return 0;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.close();
  }
}
