import { AudioError, type AudioSource } from "../audio_io.ts";
import { SAMPLE_RATE, toInt16 } from "../../lib/dsp/pcm.ts";
import { fileError, fileName } from "./file_error.ts";
import { durationMs, Pacer } from "../pacer.ts";
import { Resampler } from "../../lib/dsp/resample.ts";
import { parseWav, type WavSound } from "./wav_reader.ts";

/** Largest file, 1 GiB: it is held in memory as a whole. 100 minutes of CD sound fit. */
const LARGEST_FILE_BYTES = 2 ** 30;

/**
 * Opens a WAV file as a source. It plays in real time from its start and goes on with silence.
 *
 * @param path The file, of a format that {@linkcode parseWav} reads.
 * @param pacer Keeps the time.
 * @throws {AudioError} `file_failed` if the file cannot be read, `bad_file` if it is no such WAV file.
 */
export async function openFileSource(path: string, pacer: Pacer = new Pacer()): Promise<AudioSource> {
  return new FileSource(path, parseWav(await readWhole(path), path), pacer);
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    // Reading a device such as /dev/zero would never end.
    if (!isFile) {
      throw new AudioError("file_failed", path, { kind: isDirectory ? "is_directory" : "not_a_file" });
    }
    if (size > LARGEST_FILE_BYTES) {
      throw new AudioError("file_failed", path, { kind: "larger_than", bytes: LARGEST_FILE_BYTES });
    }
    return await Deno.readFile(path);
  } catch (error) {
    throw error instanceof AudioError ? error : fileError(path, error);
  }
}

class FileSource implements AudioSource {
  readonly name: string;
  readonly delaySamples = 0;
  readonly #path: string;
  readonly #sound: WavSound;
  readonly #resampler: Resampler;
  readonly #pacer: Pacer;
  /** Samples read so far, at {@linkcode SAMPLE_RATE}. */
  #position = 0;
  #converted = new Float32Array();
  #closed = false;

  constructor(path: string, sound: WavSound, pacer: Pacer) {
    this.name = fileName(path);
    this.#path = path;
    this.#sound = sound;
    this.#resampler = new Resampler(sound.sampleRate, SAMPLE_RATE);
    this.#pacer = pacer;
  }

  read(samples: Int16Array<ArrayBuffer>): number {
    if (this.#closed) throw new AudioError("file_failed", this.#path, { kind: "closed" });
    const waitMs = this.#pacer.waitMs(durationMs(samples.length, SAMPLE_RATE));
    if (waitMs > 0) return waitMs;
    if (this.#converted.length !== samples.length) this.#converted = new Float32Array(samples.length);
    this.#resampler.render(this.#sound.samples, this.#position, this.#converted);
    toInt16(this.#converted, samples);
    this.#position += samples.length;
    return 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}
