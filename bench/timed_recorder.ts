/** Recordings of which the time of each sample is known. */

import type { Cable, Pulse } from "../tests/e2e/pulse.ts";
import { quantile } from "./quantile.ts";

/** Samples a second of every recording. */
export const RECORDING_RATE = 48_000;

/** What was heard, mono at 48 kHz. */
export interface TimedRecording {
  readonly samples: Float32Array<ArrayBuffer>;
  /** When the first sample was heard, in milliseconds on `performance.now()`. */
  readonly startMs: number;
}

/** Sound as it came, and when. */
interface Chunk {
  readonly arrivedMs: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The server hands the sound on in steps of this much. */
const STEP_MS = 5;

/** Records what comes out of a cable. */
export class TimedRecorder implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #chunks: Chunk[] = [];
  readonly #started = Promise.withResolvers<void>();

  constructor(pulse: Pulse, cable: Cable) {
    this.#process = new Deno.Command("parec", {
      args: [
        `--device=${cable}.monitor`,
        "--format=s16le",
        `--rate=${RECORDING_RATE}`,
        "--channels=1",
        "--raw",
        `--latency-msec=${STEP_MS}`,
        `--process-time-msec=${STEP_MS}`,
      ],
      env: pulse.env,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Settles when the first samples have come. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Ends the recording. */
  async stop(): Promise<TimedRecording> {
    await this[Symbol.asyncDispose]();
    const bytes = new Uint8Array(await new Blob(this.#chunks.map(({ bytes }) => bytes)).arrayBuffer());
    const whole = new Int16Array(bytes.buffer, 0, bytes.length >> 1);
    return { samples: Float32Array.from(whole, (sample) => sample / 32_768), startMs: this.#startMs() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#reading;
    await this.#process.status;
  }

  /**
   * Every chunk says when the recording began, by the time that it came and the samples up to its end. The median is
   * free of the accidents of scheduling. The first chunks, which may have waited somewhere, do not count.
   */
  #startMs(): number {
    let samples = 0;
    const starts = this.#chunks.map(({ arrivedMs, bytes }) => {
      samples += bytes.length / 2;
      return arrivedMs - 1000 * samples / RECORDING_RATE;
    });
    return quantile(starts.slice(starts.length >> 2), 0.5);
  }

  async #read(): Promise<void> {
    for await (const bytes of this.#process.stdout) {
      this.#chunks.push({ arrivedMs: performance.now(), bytes });
      this.#started.resolve();
    }
    this.#started.reject(new Error("parec recorded nothing"));
  }
}
