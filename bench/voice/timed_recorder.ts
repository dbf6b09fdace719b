/** Recordings of which the time of each sample is known. */

import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import type { Cable, Pulse } from "../../testing/pulse.ts";
import { quantile } from "../measure/quantile.ts";

/** Samples a second of every recording. */
export const RECORDING_RATE = SAMPLE_RATE;

/** What was heard, mono at 48 kHz. */
export interface TimedRecording {
  readonly samples: Float32Array<ArrayBuffer>;
  /** When the first sample was heard, in milliseconds on `performance.now()`. */
  readonly startMs: number;
}

/** Room for a block of sound as it comes, in bytes, and for what is expected of a recording. */
const BLOCK_BYTES = 16_384;
const EXPECTED_SECONDS = 60;

/**
 * The server hands the sound on in steps of this much. Shorter ones would make the cards work in shorter blocks than the
 * phones ask for, and so flatter them.
 */
const STEP_MS = 10;

/** Records what comes out of a cable. */
export class TimedRecorder implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #bytes = new Uint8Array(2 * RECORDING_RATE * EXPECTED_SECONDS);
  #length = 0;
  /** When the recording began, as each block says. */
  readonly #startsMs: number[] = [];
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
    const whole = new Int16Array(this.#bytes.buffer, 0, this.#length >> 1);
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
   * Every block says when the recording began, by the time that it came and the samples up to its end. The median is
   * free of the accidents of scheduling. The first blocks, which may have waited somewhere, do not count.
   */
  #startMs(): number {
    return quantile(this.#startsMs.slice(this.#startsMs.length >> 2), 0.5);
  }

  /** Into memory of its own, since new memory for each block would keep busy the machine that is measured. */
  async #read(): Promise<void> {
    const reader = this.#process.stdout.getReader({ mode: "byob" });
    let block = new Uint8Array(BLOCK_BYTES);
    for (;;) {
      const { value, done } = await reader.read(block);
      if (done) break;
      this.#add(value);
      block = new Uint8Array(value.buffer);
    }
    this.#started.reject(new Error("parec recorded nothing"));
  }

  #add(block: Uint8Array): void {
    if (this.#length + block.length > this.#bytes.length) {
      const bytes = new Uint8Array(2 * this.#bytes.length);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    this.#bytes.set(block, this.#length);
    this.#length += block.length;
    this.#startsMs.push(performance.now() - 1000 * this.#length / 2 / RECORDING_RATE);
    this.#started.resolve();
  }
}
