import { AudioError, type WavDetail } from "../audio_io.ts";

/** Sound of a WAV file, mixed to mono. */
export interface WavSound {
  /** In Hz. */
  readonly sampleRate: number;
  /** Channels of the file; `samples` is their average. */
  readonly channels: number;
  /** Mono samples, full scale at -1 and 1; float files may exceed it. */
  readonly samples: Float32Array<ArrayBuffer>;
}

const LOWEST_RATE = 8_000;
const HIGHEST_RATE = 192_000;

/** `RIFF`, size, `WAVE`. */
const RIFF_HEADER_BYTES = 12;
/** Four letters of name, then the size of the content. */
const CHUNK_HEADER_BYTES = 8;
/** Smallest `fmt ` chunk: up to and including the bits a sample. */
const FORMAT_BYTES = 16;
/** `fmt ` chunk of WAVE_FORMAT_EXTENSIBLE: up to and including the sub-format. */
const EXTENSIBLE_FORMAT_BYTES = 40;
/** Offset of the sub-format in it: a format tag of two bytes, then {@linkcode SUB_FORMAT_TAIL}. */
const SUB_FORMAT_OFFSET = 24;
/** KSDATAFORMAT_SUBTYPE_*: …-0000-0010-8000-00AA00389B71, in the byte order of the file. */
const SUB_FORMAT_TAIL = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];

/** Format tags, from Microsoft's `mmreg.h`. */
const FORMAT_INTEGER = 0x0001;
const FORMAT_FLOAT = 0x0003;
const FORMAT_EXTENSIBLE = 0xfffe;

/** Sizes written by programs that cannot seek back to fill in the real one, as on a pipe. */
const SIZE_UNKNOWN = [0, 0xffff_ffff];

/** Makes the error of this file. */
type Bad = (detail: WavDetail) => AudioError;

interface WavFormat {
  readonly sampleRate: number;
  readonly channels: number;
  readonly sampleBytes: number;
  readonly readSample: (view: DataView, offset: number) => number;
}

/**
 * Reads a WAV file: RIFF/WAVE with integers of 8, 16, 24 or 32 bits or floats of 32 or 64 bits, any number of channels,
 * 8000 to 192000 Hz. The layout is that of Microsoft's "Multimedia Programming Interface and Data
 * Specifications 1.0":
 *
 * ```text
 * "RIFF" size "WAVE"
 *   "fmt " size  tag:2 channels:2 rate:4 bytesPerSecond:4 blockAlign:2 bits:2 …
 *   "data" size  samples, channels interleaved
 *   any other chunk, before, between or after; each starts at an even offset
 * ```
 *
 * A `data` chunk of unknown size, or cut short, extends to the end of the file.
 *
 * @param bytes The whole file.
 * @param name Name of the file in errors.
 * @throws {AudioError} `bad_file` if it is no such WAV file.
 */
export function parseWav(bytes: Uint8Array, name = "WAV file"): WavSound {
  const bad: Bad = (detail) => new AudioError("bad_file", name, detail);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (
    bytes.length < RIFF_HEADER_BYTES || fourLetters(view, 0) !== "RIFF" || fourLetters(view, 8) !== "WAVE"
  ) {
    throw bad({ kind: "not_wav" });
  }
  let format: WavFormat | undefined;
  let offset = RIFF_HEADER_BYTES;
  while (offset + CHUNK_HEADER_BYTES <= bytes.length) {
    const chunkName = fourLetters(view, offset);
    const size = view.getUint32(offset + 4, true);
    const start = offset + CHUNK_HEADER_BYTES;
    const available = bytes.length - start;
    if (chunkName === "fmt ") {
      if (size > available) throw bad({ kind: "header_cut_short" });
      format = parseFormat(new DataView(bytes.buffer, bytes.byteOffset + start, size), bad);
    } else if (chunkName === "data") {
      if (format === undefined) throw bad({ kind: "sound_before_format" });
      const dataBytes = SIZE_UNKNOWN.includes(size) ? available : Math.min(size, available);
      return {
        sampleRate: format.sampleRate,
        channels: format.channels,
        samples: mixToMono(new DataView(bytes.buffer, bytes.byteOffset + start, dataBytes), format),
      };
    }
    offset = start + size + size % 2;
  }
  throw bad({ kind: format === undefined ? "no_format" : "no_sound" });
}

function fourLetters(view: DataView, offset: number): string {
  return String.fromCharCode(
    view.getUint8(offset),
    view.getUint8(offset + 1),
    view.getUint8(offset + 2),
    view.getUint8(offset + 3),
  );
}

function parseFormat(view: DataView, bad: Bad): WavFormat {
  if (view.byteLength < FORMAT_BYTES) throw bad({ kind: "format_cut_short" });
  let tag = view.getUint16(0, true);
  const channels = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const blockBytes = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  if (tag === FORMAT_EXTENSIBLE) {
    if (view.byteLength < EXTENSIBLE_FORMAT_BYTES) throw bad({ kind: "format_cut_short" });
    tag = view.getUint16(SUB_FORMAT_OFFSET, true);
    if (SUB_FORMAT_TAIL.some((byte, i) => view.getUint8(SUB_FORMAT_OFFSET + 2 + i) !== byte)) {
      throw bad({ kind: "format_unknown" });
    }
  }
  if (tag !== FORMAT_INTEGER && tag !== FORMAT_FLOAT) throw bad({ kind: "compressed", tag });
  if (channels === 0) throw bad({ kind: "no_channels" });
  if (sampleRate < LOWEST_RATE || sampleRate > HIGHEST_RATE) {
    throw bad({ kind: "sample_rate", hz: sampleRate, lowestHz: LOWEST_RATE, highestHz: HIGHEST_RATE });
  }
  const readSample = sampleReader(tag, bits);
  if (readSample === undefined) throw bad({ kind: "sample_size", bits, float: tag === FORMAT_FLOAT });
  const sampleBytes = bits / 8;
  if (blockBytes !== channels * sampleBytes) throw bad({ kind: "format_contradictory" });
  return { sampleRate, channels, sampleBytes, readSample };
}

function sampleReader(tag: number, bits: number): WavFormat["readSample"] | undefined {
  if (tag === FORMAT_FLOAT) {
    if (bits === 32) return (view, offset) => view.getFloat32(offset, true);
    if (bits === 64) return (view, offset) => view.getFloat64(offset, true);
    return undefined;
  }
  // Only 8-bit samples are unsigned.
  if (bits === 8) return (view, offset) => (view.getUint8(offset) - 0x80) / 0x80;
  if (bits === 16) return (view, offset) => view.getInt16(offset, true) / 0x8000;
  if (bits === 24) {
    return (view, offset) => (view.getInt8(offset + 2) * 0x1_0000 + view.getUint16(offset, true)) / 0x80_0000;
  }
  if (bits === 32) return (view, offset) => view.getInt32(offset, true) / 0x8000_0000;
  return undefined;
}

function mixToMono(view: DataView, format: WavFormat): Float32Array<ArrayBuffer> {
  const { channels, sampleBytes, readSample } = format;
  const samples = new Float32Array(Math.floor(view.byteLength / (channels * sampleBytes)));
  let offset = 0;
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      sum += readSample(view, offset);
      offset += sampleBytes;
    }
    samples[i] = sum / channels;
    // NaN and infinity would spread in the resampler. Some 64-bit floats become infinite only here, in 32 bits.
    if (!Number.isFinite(samples[i])) samples[i] = 0;
  }
  return samples;
}
