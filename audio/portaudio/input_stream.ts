import type { AudioSource } from "../audio_io.ts";
import { CapturePoll } from "./capture_poll.ts";
import type { Stream } from "./stream.ts";

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
    while (this.#queued < samples.length) {
      const nowMs = performance.now();
      this.#pollAtMs ??= nowMs + this.#poll.waitMs(nowMs, this.#queued);
      if (this.#pollAtMs > nowMs) return this.#pollAtMs - nowMs;
      this.#pollAtMs = undefined;
      this.#queued = this.#stream.readAvailable();
    }
    this.#stream.read(samples);
    this.#queued -= samples.length;
    this.#poll.read(performance.now(), this.#queued);
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.close();
  }
}
