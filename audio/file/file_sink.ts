import { AudioError, type AudioSink } from "../audio_io.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { writeAll } from "../../lib/util/write_all.ts";
import { fileError, fileName } from "./file_error.ts";
import { SampleClock } from "../pacer.ts";
import { WAV_HEADER_BYTES, wavHeader } from "./wav_writer.ts";

const SAMPLE_BYTES = 2;
/** Samples gathered for one write, 0.5 s: a killed process loses no more. */
const GATHERED_SAMPLES = SAMPLE_RATE / 2;

/** The part of `Deno.FsFile` that {@linkcode FileSink} uses. */
export interface SinkFile {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  seek(offset: number, whence: Deno.SeekMode): Promise<number>;
  close(): void;
}

/**
 * Opens a WAV file as a sink: mono, 16 bit, at {@linkcode SAMPLE_RATE}, in real time. An existing file is overwritten. The
 * file is playable at any moment, even if this process is killed.
 *
 * @param path The file.
 * @param clock Keeps the time; stopped when the sink is closed.
 * @throws {AudioError} `file_failed` if the file cannot be written.
 */
export async function openFileSink(path: string, clock: SampleClock = new SampleClock()): Promise<AudioSink> {
  const file = await Deno.open(path, { write: true, create: true, truncate: true })
    .catch((error: unknown) => {
      throw fileError(path, error);
    });
  return await FileSink.start(path, file, clock);
}

/** A sink over an open file; programs use {@linkcode openFileSink}. */
export class FileSink implements AudioSink {
  readonly name: string;
  readonly delaySamples = 0;
  readonly #path: string;
  readonly #file: SinkFile;
  readonly #clock: SampleClock;
  #gathered = new Int16Array(GATHERED_SAMPLES);
  #gatheredCount = 0;
  #taken = 0;
  /** Bytes of samples in the file. */
  #dataBytes = 0;
  /** Settles when all flushed samples are in the file. Rejects for good after the first failure. */
  #stored: Promise<void> = Promise.resolve();
  #failed = false;
  #closed = false;

  private constructor(path: string, file: SinkFile, clock: SampleClock) {
    this.name = fileName(path);
    this.#path = path;
    this.#file = file;
    this.#clock = clock;
  }

  /**
   * Writes the header. Owns `file` from here on.
   *
   * @param path Name of the file in errors.
   * @param file The file, empty.
   * @param clock Keeps the time.
   * @throws {AudioError} `file_failed` if the header cannot be written.
   */
  static async start(path: string, file: SinkFile, clock: SampleClock): Promise<FileSink> {
    const sink = new FileSink(path, file, clock);
    try {
      await sink.#updateHeader();
    } catch (error) {
      file.close();
      throw fileError(path, error);
    }
    return sink;
  }

  wanted(): number {
    return this.#clock.due(this.#taken, SAMPLE_RATE);
  }

  /** None: sound ahead of time would make the file longer than the call. */
  get roomSamples(): number {
    return 0;
  }

  async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
    if (this.#closed) throw new AudioError("file_failed", this.#path, { kind: "closed" });
    this.#taken += samples.length;
    // Copied before any await: the caller may reuse its buffer.
    const flushed = this.#gather(samples);
    if (flushed || this.#failed) await this.#stored;
  }

  /**
   * Writes the remaining samples and closes the file.
   *
   * @throws {AudioError} `file_failed` if the last samples cannot be written and no write has failed before.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const alreadyFailed = this.#failed;
    try {
      if (this.#gatheredCount > 0) this.#flush();
      await this.#stored;
    } catch (error) {
      if (!alreadyFailed) throw error;
    } finally {
      this.#file.close();
    }
  }

  /** Gathers samples. @returns Whether some were flushed. */
  #gather(samples: Int16Array<ArrayBuffer>): boolean {
    let flushed = false;
    let taken = 0;
    while (taken < samples.length) {
      const part = samples.subarray(taken, taken + GATHERED_SAMPLES - this.#gatheredCount);
      this.#gathered.set(part, this.#gatheredCount);
      this.#gatheredCount += part.length;
      taken += part.length;
      if (this.#gatheredCount === GATHERED_SAMPLES) {
        this.#flush();
        flushed = true;
      }
    }
    return flushed;
  }

  #flush(): void {
    // WAV is little-endian, and so is every machine that Deno runs on.
    const bytes = new Uint8Array(this.#gathered.buffer, 0, this.#gatheredCount * SAMPLE_BYTES);
    this.#gathered = new Int16Array(GATHERED_SAMPLES);
    this.#gatheredCount = 0;
    this.#stored = this.#stored.then(() => this.#store(bytes));
    // Also keeps an unawaited failure from ending the process.
    this.#stored.catch(() => this.#failed = true);
  }

  async #store(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) {
        const count = await this.#file.write(bytes.subarray(written));
        written += count;
        this.#dataBytes += count;
      }
      await this.#updateHeader();
    } catch (error) {
      // Part of it may be in the file. Updating the header needs no space, so it works on a full disk.
      await this.#updateHeader().catch(() => {});
      throw fileError(this.#path, error);
    }
  }

  /** Updates the sizes in the header and returns to the end of the file. */
  async #updateHeader(): Promise<void> {
    const wholeSampleBytes = this.#dataBytes - this.#dataBytes % SAMPLE_BYTES;
    const header = wavHeader(wholeSampleBytes, SAMPLE_RATE);
    await this.#file.seek(0, Deno.SeekMode.Start);
    await writeAll(this.#file, header);
    await this.#file.seek(WAV_HEADER_BYTES + this.#dataBytes, Deno.SeekMode.Start);
  }
}
