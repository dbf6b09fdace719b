import { AudioError, type WavDetail } from "../audio_io.ts";
import { joinSamples } from "../../lib/dsp/pcm.ts";
import { channelWeights, Downmix } from "./downmix.ts";

/** Sound of a WAV file, mixed to mono. */
export interface WavSound {
  /** In Hz. */
  readonly sampleRate: number;
  /** Channels of the file. */
  readonly channels: number;
  /** Mono samples, full scale at -1 and 1; float files of one channel may exceed it. */
  readonly samples: Float32Array<ArrayBuffer>;
}

/** How the samples of a WAV file are stored. */
export interface WavFormat {
  /** In Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Which loudspeaker each channel is for, a bit for each (`SPEAKER_*` of `ksmedia.h`); 0 if it is not said. */
  readonly channelMask: number;
  readonly sampleBytes: number;
  /** Reads a sample at a byte offset; full scale is -1 to 1. */
  readonly readSample: (view: DataView, offset: number) => number;
}

/** Where the sound of a WAV file is, and how it is stored. */
export interface WavLayout {
  readonly format: WavFormat;
  /** Byte offset of the first sample. */
  readonly start: number;
  /** Bytes of sound after it; Infinity for "to the end of the file". */
  readonly bytes: number;
}

/** A range of a file, in bytes. */
export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

const LOWEST_RATE = 8_000;
const HIGHEST_RATE = 192_000;

/** `RIFF`, size, `WAVE`. */
const RIFF_HEADER_BYTES = 12;
/** Four letters of name, then the size of the content. */
const CHUNK_HEADER_BYTES = 8;
/** Smallest `fmt ` chunk: `WAVEFORMAT`, without the bits of a sample. */
const FORMAT_BYTES = 14;
/** `fmt ` chunk of WAVE_FORMAT_EXTENSIBLE: up to and including the sub-format. */
const EXTENSIBLE_FORMAT_BYTES = 40;
/** Offset of the sub-format in it, a GUID of three numbers and eight bytes. */
const SUB_FORMAT_OFFSET = 24;
/** KSDATAFORMAT_SUBTYPE_*: the format tag, then 0000-0010- and these bytes. */
const SUB_FORMAT_TAIL = [0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];
/** `ds64` chunk: 64-bit sizes of the file and of `data`, samples, entries of a table that gives other sizes. */
const DS64_BYTES = 28;
/** An entry of that table: a chunk's name and its size. */
const DS64_ENTRY_BYTES = 12;

/** Format tags, from Microsoft's `mmreg.h`. */
const FORMAT_INTEGER = 0x0001;
const FORMAT_FLOAT = 0x0003;
const FORMAT_A_LAW = 0x0006;
const FORMAT_MU_LAW = 0x0007;
const FORMAT_EXTENSIBLE = 0xfffe;

/** A size that stands in `ds64`, or that a program could not seek back to fill in, as on a pipe. */
const SIZE_ELSEWHERE = 0xffff_ffff;

/** Most chunks before the sound, and most sizes in `ds64`; real files have a dozen. */
const MOST_CHUNKS = 1_000;
const LONGEST_DS64_BYTES = DS64_BYTES + MOST_CHUNKS * DS64_ENTRY_BYTES;

/** First bytes of files that people take for WAV files: letters at an offset. */
const OTHER_FORMATS: readonly (readonly [letters: string, offset: number, format: string])[] = [
  ["ID3", 0, "MP3"],
  ["\xff\xfb", 0, "MP3"],
  ["\xff\xf3", 0, "MP3"],
  ["\xff\xf1", 0, "AAC"],
  ["\xff\xf9", 0, "AAC"],
  ["OggS", 0, "Ogg"],
  ["fLaC", 0, "FLAC"],
  ["ftyp", 4, "MP4"],
  ["FORM", 0, "AIFF"],
  [".snd", 0, "AU"],
  ["caff", 0, "CAF"],
  ["#!AMR", 0, "AMR"],
  ["MThd", 0, "MIDI"],
  ["riff", 0, "Wave64"],
  ["\x1a\x45\xdf\xa3", 0, "Matroska"],
  ["\x30\x26\xb2\x75", 0, "WMA"],
];

/** Makes the error of this file. */
type Bad = (detail: WavDetail) => AudioError;

/**
 * Reads a WAV file: RIFF/WAVE with integers of 1 to 32 bits, floats of 32 or 64 bits, A-law or µ-law (ITU-T G.711), any
 * number of channels, 8000 to 192000 Hz. Also RIFX, its big-endian twin, and RF64 or BW64 for more than 4 GiB (EBU Tech
 * 3306, ITU-R BS.2088). The layout is that of Microsoft's "Multimedia Programming Interface and Data Specifications 1.0":
 *
 * ```text
 * "RIFF" size "WAVE"
 *   "fmt " size  tag:2 channels:2 rate:4 bytesPerSecond:4 blockAlign:2 bits:2 …
 *   "data" size  samples, channels interleaved
 *   any other chunk, before, between or after; each starts at an even offset
 * ```
 *
 * A `data` chunk of unknown size, or cut short, extends to the end of the file; so does one of size 0 unless whole chunks
 * follow it. `blockAlign` is not believed: programs write 0, bits or the size of one channel, and players compute it.
 *
 * @param bytes The whole file.
 * @param name Name of the file in errors.
 * @throws {AudioError} `bad_file` if it is no such WAV file.
 */
export function parseWav(bytes: Uint8Array, name = "WAV file"): WavSound {
  const scan = scanWav(bytes.length, name);
  let step = scan.next();
  while (!step.done) {
    const { offset, length } = step.value;
    const there = bytes.subarray(offset, offset + length);
    step = scan.next(new DataView(there.buffer, there.byteOffset, there.byteLength));
  }
  const { format, start, bytes: soundBytes } = step.value;
  const mixer = new WavMixer(format);
  const samples = joinSamples([mixer.mix(bytes.subarray(start, start + soundBytes)), mixer.end()]);
  return { sampleRate: format.sampleRate, channels: format.channels, samples };
}

/**
 * Finds the sound in a WAV file, and asks for the few bytes of it that it needs to see: a chunk before the sound may have
 * gigabytes.
 *
 * @param fileBytes Size of the file.
 * @param name Name of the file in errors.
 * @yields The range to read next; the answer is what there is of it, less at the end of the file.
 * @throws {AudioError} See {@linkcode parseWav}.
 */
export function* scanWav(fileBytes: number, name: string): Generator<FileRange, WavLayout, DataView> {
  const bad: Bad = (detail) => new AudioError("bad_file", name, detail);
  if (fileBytes === 0) throw bad({ kind: "empty" });
  const header = yield { offset: 0, length: RIFF_HEADER_BYTES };
  const kind = letters(header, 0, 4);
  const little = kind !== "RIFX";
  if (!["RIFF", "RIFX", "RF64", "BW64"].includes(kind) || letters(header, 8, 4) !== "WAVE") {
    throw bad(unknownContent(header));
  }
  let format: WavFormat | undefined;
  let unfinished: Pick<WavLayout, "format" | "start"> | undefined;
  let longSizes = new Map<string, number>();
  let offset = RIFF_HEADER_BYTES;
  for (let chunks = 0; chunks < MOST_CHUNKS && offset + CHUNK_HEADER_BYTES <= fileBytes; chunks++) {
    const head = yield { offset, length: CHUNK_HEADER_BYTES };
    if (head.byteLength < CHUNK_HEADER_BYTES) break;
    const chunk = letters(head, 0, 4);
    const shortSize = head.getUint32(4, little);
    const size = shortSize === SIZE_ELSEWHERE ? longSizes.get(chunk) ?? shortSize : shortSize;
    const start = offset + CHUNK_HEADER_BYTES;
    if (chunk === "ds64") {
      longSizes = readLongSizes(yield { offset: start, length: Math.min(size, LONGEST_DS64_BYTES) });
    } else if (chunk === "fmt ") {
      if (size > fileBytes - start) throw bad({ kind: "header_cut_short" });
      format = parseFormat(
        yield { offset: start, length: Math.min(size, EXTENSIBLE_FORMAT_BYTES) },
        little,
        bad,
      );
    } else if (chunk === "data") {
      if (format === undefined) throw bad({ kind: "sound_before_format" });
      if (size > 0) return { format, start, bytes: size === SIZE_ELSEWHERE ? Infinity : size };
      unfinished = { format, start };
    }
    offset = start + size;
    // Some programs leave out the padding byte, which is 0.
    if (size % 2 === 1) {
      const padding = yield { offset, length: 1 };
      if (padding.byteLength === 1 && padding.getUint8(0) === 0) offset++;
    }
  }
  // No sound if chunks follow, the last of which ends where the file does: otherwise what follows is the sound.
  if (unfinished) {
    return { ...unfinished, bytes: offset === fileBytes && offset > unfinished.start ? 0 : Infinity };
  }
  throw bad({ kind: format === undefined ? "no_format" : "no_sound" });
}

function letters(view: DataView, offset: number, count: number): string {
  const there = Math.max(0, Math.min(count, view.byteLength - offset));
  return String.fromCharCode(...Array.from({ length: there }, (_, at) => view.getUint8(offset + at)));
}

function unknownContent(header: DataView): WavDetail {
  const format = OTHER_FORMATS.find(([text, at]) => letters(header, at, text.length) === text)?.[2];
  return format === undefined ? { kind: "not_wav" } : { kind: "other_format", format };
}

/** The sizes in a `ds64` chunk (EBU Tech 3306, section 3.3), which is little-endian. */
function readLongSizes(view: DataView): Map<string, number> {
  const sizes = new Map<string, number>();
  if (view.byteLength < DS64_BYTES) return sizes;
  sizes.set("data", Number(view.getBigUint64(8, true)));
  const end = Math.min(view.byteLength, DS64_BYTES + view.getUint32(24, true) * DS64_ENTRY_BYTES);
  for (let at = DS64_BYTES; at + DS64_ENTRY_BYTES <= end; at += DS64_ENTRY_BYTES) {
    sizes.set(letters(view, at, 4), Number(view.getBigUint64(at + 4, true)));
  }
  return sizes;
}

function parseFormat(view: DataView, little: boolean, bad: Bad): WavFormat {
  if (view.byteLength < FORMAT_BYTES) throw bad({ kind: "format_cut_short" });
  let tag = view.getUint16(0, little);
  const channels = view.getUint16(2, little);
  const sampleRate = view.getUint32(4, little);
  const blockBytes = view.getUint16(12, little);
  let bits = view.byteLength < FORMAT_BYTES + 2 ? 0 : view.getUint16(14, little);
  let channelMask = 0;
  if (tag === FORMAT_EXTENSIBLE) {
    if (view.byteLength < EXTENSIBLE_FORMAT_BYTES) throw bad({ kind: "format_cut_short" });
    channelMask = view.getUint32(20, little);
    tag = view.getUint32(SUB_FORMAT_OFFSET, little);
    const [second, third] = [28, 30].map((offset) => view.getUint16(offset, little));
    const known = second === 0 && third === 0x10 &&
      SUB_FORMAT_TAIL.every((byte, i) => view.getUint8(32 + i) === byte);
    if (!known) throw bad({ kind: "format_unknown" });
  }
  if (![FORMAT_INTEGER, FORMAT_FLOAT, FORMAT_A_LAW, FORMAT_MU_LAW].includes(tag)) {
    throw bad({ kind: "compressed", tag });
  }
  if (channels === 0) throw bad({ kind: "no_channels" });
  if (sampleRate < LOWEST_RATE || sampleRate > HIGHEST_RATE) {
    throw bad({ kind: "sample_rate", hz: sampleRate, lowestHz: LOWEST_RATE, highestHz: HIGHEST_RATE });
  }
  if (bits === 0) bits = 8 * blockBytes / channels;
  let sampleBytes = Math.ceil(bits / 8);
  // Samples of 17 to 24 bits may stand in 4 bytes each, at their upper end.
  if (sampleBytes === 3 && blockBytes === 4 * channels) sampleBytes = 4;
  if (tag === FORMAT_A_LAW || tag === FORMAT_MU_LAW) sampleBytes = 1;
  const readSample = sampleReader(tag, tag === FORMAT_FLOAT ? bits / 8 : sampleBytes, little);
  if (readSample === undefined) throw bad({ kind: "sample_size", bits, float: tag === FORMAT_FLOAT });
  return { sampleRate, channels, channelMask, sampleBytes, readSample };
}

function sampleReader(tag: number, bytes: number, little: boolean): WavFormat["readSample"] | undefined {
  if (tag === FORMAT_FLOAT) {
    if (bytes === 4) return (view, offset) => view.getFloat32(offset, little);
    if (bytes === 8) return (view, offset) => view.getFloat64(offset, little);
    return undefined;
  }
  if (tag === FORMAT_A_LAW) return (view, offset) => aLaw(view.getUint8(offset));
  if (tag === FORMAT_MU_LAW) return (view, offset) => muLaw(view.getUint8(offset));
  // Only samples of up to 8 bits are unsigned. Fewer bits than fit stand at the upper end.
  if (bytes === 1) return (view, offset) => (view.getUint8(offset) - 0x80) / 0x80;
  if (bytes === 2) return (view, offset) => view.getInt16(offset, little) / 0x8000;
  if (bytes === 3) {
    const [high, low] = little ? [2, 0] as const : [0, 1] as const;
    return (view, offset) =>
      (view.getInt8(offset + high) * 0x1_0000 + view.getUint16(offset + low, little)) / 0x80_0000;
  }
  if (bytes === 4) return (view, offset) => view.getInt32(offset, little) / 0x8000_0000;
  return undefined;
}

/** A sample of ITU-T G.711's A-law: 13 bits, in a byte with every other bit inverted. */
function aLaw(byte: number): number {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 7;
  const mantissa = ((code & 15) << 4) + 8 + (exponent > 0 ? 0x100 : 0);
  const magnitude = mantissa << Math.max(0, exponent - 1);
  return (code & 0x80 ? magnitude : -magnitude) / 0x8000;
}

/** A sample of ITU-T G.711's µ-law: 14 bits, in a byte with every bit inverted. */
function muLaw(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
  return (code & 0x80 ? -magnitude : magnitude) / 0x8000;
}

/** Turns the bytes of a WAV file's sound into mono samples, in pieces. */
export class WavMixer {
  readonly #format: WavFormat;
  readonly #downmix: Downmix | undefined;

  constructor(format: WavFormat) {
    this.#format = format;
    const { channels, channelMask, sampleRate } = format;
    if (channels > 1) this.#downmix = new Downmix(channelWeights(channels, channelMask), sampleRate);
  }

  /** Bytes of one sample of all channels. */
  get frameBytes(): number {
    return this.#format.channels * this.#format.sampleBytes;
  }

  /**
   * Mixes the next piece.
   *
   * @param bytes Whole frames; what is left over at the end of the file does not count.
   * @returns Mono samples, up to 10 ms fewer than went in: the rest comes with the next piece.
   */
  mix(bytes: Uint8Array): Float32Array<ArrayBuffer> {
    const { channels, sampleBytes, readSample } = this.#format;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const samples = new Float32Array(channels * Math.floor(bytes.length / this.frameBytes));
    for (let i = 0, offset = 0; i < samples.length; i++, offset += sampleBytes) {
      samples[i] = readSample(view, offset);
      // NaN and infinity would spread in the resampler. Some 64-bit floats become infinite only here, in 32 bits.
      if (!Number.isFinite(samples[i])) samples[i] = 0;
    }
    return this.#downmix ? this.#downmix.mix(samples) : samples;
  }

  /** The last samples, at the end of the sound. */
  end(): Float32Array<ArrayBuffer> {
    return this.#downmix?.end() ?? new Float32Array();
  }
}
