import { concat } from "@std/bytes/concat";

/** Fields of the `fmt ` chunk of a WAV file for tests. */
export interface WavFields {
  tag?: number;
  channels?: number;
  sampleRate?: number;
  bits?: number;
  blockBytes?: number;
  /** Which loudspeakers, in WAVE_FORMAT_EXTENSIBLE. */
  mask?: number;
}

/** A RIFF chunk, padded to an even length. */
export function chunk(name: string, body: Uint8Array, size = body.length): Uint8Array {
  const header = new Uint8Array(8);
  header.set(new TextEncoder().encode(name));
  new DataView(header.buffer).setUint32(4, size, true);
  return concat([header, body, new Uint8Array(body.length % 2)]);
}

/** The body of a `fmt ` chunk, 16 bytes. */
export function format(fields: WavFields = {}): Uint8Array {
  const { tag = 1, channels = 1, sampleRate = 8000, bits = 16 } = fields;
  const blockBytes = fields.blockBytes ?? channels * bits / 8;
  const view = new DataView(new ArrayBuffer(16));
  view.setUint16(0, tag, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, sampleRate, true);
  view.setUint32(8, sampleRate * blockBytes, true);
  view.setUint16(12, blockBytes, true);
  view.setUint16(14, bits, true);
  return new Uint8Array(view.buffer);
}

/** The same as WAVE_FORMAT_EXTENSIBLE, 40 bytes. */
export function extensibleFormat(fields: WavFields = {}): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint16(0, 22, true); // bytes that follow
  view.setUint16(2, fields.bits ?? 16, true); // bits that count
  view.setUint32(4, fields.mask ?? 0, true); // which loudspeakers
  view.setUint16(8, fields.tag ?? 1, true);
  const body = new Uint8Array(view.buffer);
  body.set([0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71], 10);
  return concat([format({ ...fields, tag: 0xfffe }), body]);
}

/** A WAV file of chunks. */
export function riff(...chunks: Uint8Array[]): Uint8Array {
  return chunk("RIFF", concat([new TextEncoder().encode("WAVE"), ...chunks]));
}

/** A WAV file of 32-bit float samples, channels interleaved. */
export function floatWav(samples: Float32Array<ArrayBuffer>, sampleRate: number, channels = 1): Uint8Array {
  return riff(
    chunk("fmt ", format({ tag: 3, bits: 32, sampleRate, channels })),
    chunk("data", new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)),
  );
}

/** A WAV file of 16-bit samples, channels interleaved. */
export function int16Wav(samples: Int16Array<ArrayBuffer>, sampleRate: number, channels = 1): Uint8Array {
  return riff(
    chunk("fmt ", format({ sampleRate, channels })),
    chunk("data", new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)),
  );
}
