import { AudioError, type AudioSource } from "../audio_io.ts";
import { joinSamples, SAMPLE_RATE, toInt16 } from "../../lib/dsp/pcm.ts";
import { within } from "../../lib/util/time_limit.ts";
import { assertFile, fileError } from "./file_error.ts";
import { fileName, otherFormat } from "./file_name.ts";
import { durationMs, Pacer } from "../pacer.ts";
import { Resampler } from "../../lib/dsp/resample.ts";
import { ReadAhead, type SourceFile } from "./read_ahead.ts";
import { scanWav, type WavFormat, type WavLayout, WavMixer } from "./wav_reader.ts";

/** Longest piece read at once, in seconds and in bytes. */
const PIECE_SECONDS = 0.5;
const PIECE_BYTES = 2 ** 20;

/** How long a call waits for the beginning of a file, in milliseconds. From a slower disk it comes later, after silence. */
const OPENING_MS = 300;

/**
 * Opens a WAV file as a source. It plays in real time from its start and goes on with silence. It is read in pieces,
 * ahead of their use; while a disk is too slow for that, there is silence, and nothing is skipped.
 *
 * @param path The file, of a format that `parseWav` reads.
 * @param pacer Keeps the time.
 * @throws {AudioError} `file_failed` if the file cannot be read, `bad_file` if it is no such WAV file.
 */
export async function openFileSource(path: string, pacer: Pacer = new Pacer()): Promise<FileSource> {
  const opening = openSound(path);
  const source = new FileSource(path, opening, pacer);
  await within(OPENING_MS, opening);
  return source;
}

/** Checks whether a file can be a source. @throws {AudioError} As {@linkcode openFileSource} does. */
export async function checkFileSource(path: string): Promise<void> {
  const { file } = await openWav(path);
  file.close();
}

async function openSound(path: string): Promise<Sound> {
  const { file, layout: { format, start, bytes } } = await openWav(path);
  const sound = new Sound(path, file, format, bytes);
  try {
    await file.seek(start, Deno.SeekMode.Start);
    await sound.start();
    return sound;
  } catch (error) {
    await sound[Symbol.asyncDispose]();
    throw fileError(path, error);
  }
}

async function openWav(path: string): Promise<{ readonly file: Deno.FsFile; readonly layout: WavLayout }> {
  let file: Deno.FsFile | undefined;
  try {
    assertFile(path, await Deno.stat(path));
    file = await Deno.open(path);
    return { file, layout: await findSound(file, path) };
  } catch (error) {
    file?.close();
    throw betterNamed(fileError(path, error));
  }
}

async function findSound(file: Deno.FsFile, path: string): Promise<WavLayout> {
  const { size } = await file.stat();
  const scan = scanWav(size, path);
  let step = scan.next();
  while (!step.done) {
    const bytes = new Uint8Array(step.value.length);
    await file.seek(step.value.offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < bytes.length) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    step = scan.next(new DataView(bytes.buffer, 0, filled));
  }
  return step.value;
}

/** The error of a file that does not look like sound, or is not there: its name may tell what it is meant to be. */
function betterNamed(error: AudioError): AudioError {
  const format = otherFormat(error.subject);
  const unknown = error.detail.kind === "not_wav" || error.detail.kind === "not_found";
  if (!unknown || format === undefined) return error;
  return new AudioError("bad_file", error.subject, { kind: "other_format", format });
}

/** The mono sound of an open WAV file, of which only the part in use is in memory. */
export class Sound implements AsyncDisposable {
  readonly sampleRate: number;
  readonly #path: string;
  readonly #ahead: ReadAhead;
  readonly #mixer: WavMixer;
  /** Samples in use, and the place of the first in the whole sound. */
  #samples = new Float32Array();
  #offset = 0;
  #length: number | undefined;

  /**
   * @param path Name of the file in errors.
   * @param file Stands at the first sample. Owned from now on.
   * @param format How samples are stored.
   * @param bytes Bytes of sound; Infinity for "to the end of the file".
   */
  constructor(path: string, file: SourceFile, format: WavFormat, bytes: number) {
    this.sampleRate = format.sampleRate;
    this.#path = path;
    this.#mixer = new WavMixer(format);
    const { frameBytes } = this.#mixer;
    const frames = Math.min(PIECE_SECONDS * format.sampleRate, PIECE_BYTES / frameBytes);
    this.#ahead = new ReadAhead(file, bytes, frameBytes * Math.max(1, Math.floor(frames)));
  }

  /** Reads the beginning. */
  start(): Promise<void> {
    return this.#ahead.start();
  }

  /** Samples of the whole sound; Infinity until its end was read. */
  get length(): number {
    return this.#length ?? Infinity;
  }

  /** Place of the first of {@linkcode Sound.samples}. */
  get offset(): number {
    return this.#offset;
  }

  get samples(): Float32Array {
    return this.#samples;
  }

  /** Settles when no more is being read. */
  settled(): Promise<void> {
    return this.#ahead.settled();
  }

  /**
   * Moves {@linkcode Sound.samples} to a range of the sound, no earlier than the last one.
   *
   * @returns Whether all of it is there, up to the end of the sound.
   * @throws {AudioError} `file_failed` if the file cannot be read.
   */
  move(first: number, end: number): boolean {
    const used = Math.max(0, Math.min(first - this.#offset, this.#samples.length));
    const parts = [this.#samples.subarray(used)];
    this.#offset += used;
    let there = this.#offset + this.#samples.length - used;
    while (there < end && this.#length === undefined) {
      // What it takes, and not a whole piece: decoding that would take a while.
      const bytes = this.#take(Math.ceil(end - there) * this.#mixer.frameBytes);
      const ended = bytes.length === 0 && this.#ahead.ended;
      if (bytes.length === 0 && !ended) break;
      const mixed = ended ? this.#mixer.end() : this.#mixer.mix(bytes);
      parts.push(mixed);
      there += mixed.length;
      if (ended) this.#length = there;
    }
    this.#samples = joinSamples(parts);
    return there >= end || this.#length !== undefined;
  }

  #take(most: number): Uint8Array<ArrayBuffer> {
    try {
      return this.#ahead.take(most);
    } catch (error) {
      throw fileError(this.#path, error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ahead[Symbol.asyncDispose]();
  }
}

/** A source over a WAV file; programs use {@linkcode openFileSource}. */
export class FileSource implements AudioSource {
  readonly name: string;
  readonly delaySamples = 0;
  readonly #path: string;
  readonly #opening: Promise<Sound>;
  readonly #pacer: Pacer;
  #sound: Sound | undefined;
  #resampler: Resampler | undefined;
  #error: AudioError | undefined;
  /** Samples read so far, at {@linkcode SAMPLE_RATE}. */
  #position = 0;
  #converted = new Float32Array();
  #closed = false;

  /** @param opening Brings the sound, perhaps later. */
  constructor(path: string, opening: Promise<Sound>, pacer: Pacer) {
    this.name = fileName(path);
    this.#path = path;
    this.#opening = opening;
    this.#pacer = pacer;
    opening.then((sound) => {
      this.#resampler = new Resampler(sound.sampleRate, SAMPLE_RATE);
      this.#sound = sound;
    }, (error) => this.#error = error);
  }

  get ended(): boolean {
    return this.#sound !== undefined && this.#resampler !== undefined &&
      this.#position >= this.#resampler.outputLength(this.#sound.length);
  }

  read(samples: Int16Array<ArrayBuffer>): number {
    if (this.#closed) throw new AudioError("file_failed", this.#path, { kind: "closed" });
    if (this.#error) throw this.#error;
    const waitMs = this.#pacer.waitMs(durationMs(samples.length, SAMPLE_RATE));
    if (waitMs > 0) return waitMs;
    if (!this.#render(samples)) samples.fill(0);
    return 0;
  }

  /** Settles when as much was read ahead as is at any time: at once by the clock of a test. */
  async settled(): Promise<void> {
    await (await this.#opening).settled();
  }

  /** Reads on in the file. @returns Whether it was there in time. */
  #render(samples: Int16Array): boolean {
    const [sound, resampler] = [this.#sound, this.#resampler];
    if (!sound || !resampler || samples.length === 0) return false;
    const { first, end } = resampler.inputRange(this.#position, samples.length);
    if (!sound.move(first, end)) return false;
    if (this.#converted.length !== samples.length) this.#converted = new Float32Array(samples.length);
    resampler.render(sound.samples, this.#position, this.#converted, sound);
    toInt16(this.#converted, samples);
    this.#position += samples.length;
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const sound = await this.#opening.catch(() => undefined);
    await sound?.[Symbol.asyncDispose]();
  }
}
