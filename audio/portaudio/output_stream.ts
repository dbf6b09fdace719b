import type { AudioSink } from "../audio_io.ts";
import type { Stream } from "./stream.ts";
import { UnderrunReserve } from "./underrun_reserve.ts";

/**
 * Least reserve of the playback queue, 16 ms: the device may take a block before the next write, which may itself be
 * late. An underrun costs more than a gap: the stream starts anew, and PulseAudio's virtual cards then stop for up to
 * 2 s.
 */
const RESERVE_SAMPLES = 768;

/** A loudspeaker. Keeps its queue shorter than the buffer, so a write never waits. */
export class OutputStream implements AudioSink {
  readonly #stream: Stream;
  readonly #servedSamples: number;
  readonly #reserve = new UnderrunReserve(RESERVE_SAMPLES);
  #queued = 0;
  #room = 0;

  /** @param servedSamples Samples that play from one write to the next. */
  constructor(stream: Stream, servedSamples: number) {
    this.#stream = stream;
    this.#servedSamples = servedSamples;
  }

  get name(): string {
    return this.#stream.name;
  }

  get delaySamples(): number {
    return this.#queued;
  }

  wanted(): number {
    this.#stream.assertOpen();
    const free = this.#stream.writeAvailable();
    if (free === undefined) return this.#room = 0;
    const before = this.#queued;
    this.#queued = Math.max(0, this.#stream.capacity - free);
    if (this.#queued === 0 && before > 0) this.#reserve.underrun();
    const wanted = Math.min(this.#servedSamples + this.#reserve.samples - this.#queued, free);
    this.#room = free - wanted;
    return wanted;
  }

  get roomSamples(): number {
    return this.#room;
  }

  // deno-lint-ignore require-await -- errors are to arrive by the promise
  async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
    this.#stream.assertOpen();
    this.#stream.write(samples);
    this.#queued += samples.length;
    this.#reserve.wrote(samples.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.close();
  }
}
