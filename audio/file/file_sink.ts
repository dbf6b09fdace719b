import { dirname } from "node:path";
import { AudioError, type AudioSink, type Recording } from "../audio_io.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { writeAll } from "../../lib/util/write_all.ts";
import { assertFile, fileError } from "./file_error.ts";
import { fileName, isWavName, numberedName, otherFormat } from "./file_name.ts";
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

/** An open file that did not exist before. */
interface NewFile {
  readonly file: SinkFile;
  readonly path: string;
  /** See {@linkcode numberedName}. */
  readonly count: number;
}

/**
 * Opens a new WAV file as a sink: mono, 16 bit, at {@linkcode SAMPLE_RATE}, in real time. It never touches an existing
 * file, whoever made it and when: of `call.wav`, `call-2.wav`, `call-3.wav`… it makes the first that is free. The file is
 * playable at any moment, even if this process is killed.
 *
 * @param path The file, a WAV file by its name.
 * @param least First of those names to try, from 1.
 * @param clock Keeps the time; stopped when the sink is closed.
 * @throws {AudioError} `file_failed` if the file cannot be written.
 */
export async function openFileSink(
  path: string,
  least = 1,
  clock: SampleClock = new SampleClock(),
): Promise<FileSink> {
  const made = await createFile(path, least);
  try {
    return await FileSink.start(path, made, clock);
  } catch (error) {
    // Without a header it is no recording.
    await Deno.remove(made.path).catch(() => {});
    throw error;
  }
}

/** Only one program gets a new file, however many try at once (`O_EXCL` of POSIX's `open`). */
async function createFile(path: string, least: number): Promise<NewFile> {
  for (let count = least;; count++) {
    const name = numberedName(path, count);
    try {
      return { file: await Deno.open(name, { write: true, createNew: true }), path: name, count };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw fileError(name, error);
    }
  }
}

/**
 * Checks whether a recording could be made, without making one: whether the name is that of a WAV file and a file can be
 * written beside it.
 *
 * @throws {AudioError} `bad_file` or `file_failed`.
 */
export async function checkFileSink(path: string): Promise<void> {
  if (!isWavName(path)) {
    const format = otherFormat(path);
    throw new AudioError("bad_file", path, format ? { kind: "other_format", format } : { kind: "not_wav" });
  }
  try {
    const probe = await Deno.makeTempFile({ dir: dirname(path), prefix: ".sala-" });
    try {
      // A full disk has room for names, but for no byte.
      await Deno.writeFile(probe, wavHeader(0, SAMPLE_RATE));
    } finally {
      await Deno.remove(probe);
    }
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Checks that nothing but a file has the name of a recording: who names a pipe or a device wants it, and not a file beside
 * it. Needs the permission to read.
 *
 * @throws {AudioError} `file_failed`.
 */
export async function refuseOtherThanFile(path: string): Promise<void> {
  try {
    assertFile(path, await Deno.stat(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw fileError(path, error);
  }
}

/** A sink over an open file; programs use {@linkcode openFileSink}. */
export class FileSink implements AudioSink {
  readonly name: string;
  readonly delaySamples = 0;
  readonly recording: Recording;
  /** Which of the numbered names the file has. */
  readonly count: number;
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

  private constructor(wanted: string, { file, path, count }: NewFile, clock: SampleClock) {
    this.name = fileName(path);
    this.count = count;
    this.#path = path;
    this.#file = file;
    this.#clock = clock;
    const seconds = () => this.#taken / SAMPLE_RATE;
    this.recording = {
      path,
      wanted,
      get seconds() {
        return seconds();
      },
    };
  }

  /**
   * Writes the header. Owns the file from here on.
   *
   * @param wanted The path of the command line.
   * @param made The file, empty.
   * @param clock Keeps the time.
   * @throws {AudioError} `file_failed` if the header cannot be written.
   */
  static async start(wanted: string, made: NewFile, clock: SampleClock): Promise<FileSink> {
    const sink = new FileSink(wanted, made, clock);
    try {
      await sink.#updateHeader();
    } catch (error) {
      made.file.close();
      throw fileError(made.path, error);
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
