import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { AudioError, type WavDetail } from "../../../audio/audio_io.ts";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { seededRandom } from "../../../testing/netem/random.ts";
import { chunk, extensibleFormat, format, riff, type WavFields } from "../../../testing/audio/wav_builder.ts";

type Setter = (view: DataView, offset: number, value: number) => void;

const WIDTHS: { fields: WavFields; set: Setter }[] = [
  { fields: { bits: 8 }, set: (view, offset, value) => view.setUint8(offset, 128 + 128 * value) },
  { fields: { bits: 16 }, set: (view, offset, value) => view.setInt16(offset, 2 ** 15 * value, true) },
  {
    fields: { bits: 24 },
    set: (view, offset, value) => {
      view.setUint8(offset, 0);
      view.setInt16(offset + 1, 2 ** 15 * value, true);
    },
  },
  { fields: { bits: 32 }, set: (view, offset, value) => view.setInt32(offset, 2 ** 31 * value, true) },
  { fields: { bits: 32, tag: 3 }, set: (view, offset, value) => view.setFloat32(offset, value, true) },
  { fields: { bits: 64, tag: 3 }, set: (view, offset, value) => view.setFloat64(offset, value, true) },
];
const LEVELS = [0, 0.5, -0.5, -1, 0.25];

function body(fields: WavFields, set: Setter, values: number[]): Uint8Array {
  const bytes = (fields.bits ?? 16) / 8;
  const view = new DataView(new ArrayBuffer(values.length * bytes));
  values.forEach((value, i) => set(view, i * bytes, value));
  return new Uint8Array(view.buffer);
}

for (const { fields, set } of WIDTHS) {
  const kind = `${fields.bits}-bit ${fields.tag === 3 ? "floats" : "integers"}`;
  Deno.test(`parseWav() reads ${kind}`, () => {
    const bytes = riff(chunk("fmt ", format(fields)), chunk("data", body(fields, set, LEVELS)));
    assertEquals(Array.from(parseWav(bytes).samples), LEVELS);
  });
  Deno.test(`parseWav() reads ${kind} in WAVE_FORMAT_EXTENSIBLE`, () => {
    const bytes = riff(chunk("fmt ", extensibleFormat(fields)), chunk("data", body(fields, set, LEVELS)));
    assertEquals(Array.from(parseWav(bytes).samples), LEVELS);
  });
}

Deno.test("parseWav() reads the low bytes of 24-bit samples", () => {
  const bytes = riff(
    chunk("fmt ", format({ bits: 24 })),
    chunk("data", new Uint8Array([1, 2, 3, 0xff, 0xff, 0xff])),
  );
  assertEquals(Array.from(parseWav(bytes).samples), [0x030201 / 2 ** 23, -1 / 2 ** 23]);
});

Deno.test("parseWav() averages the channels", () => {
  for (const channels of [1, 2, 3, 6, 255]) {
    const values = Array.from({ length: 2 * channels }, (_, i) => i < channels ? 0.5 : (i % channels) / 256);
    const fields = { channels, bits: 32, tag: 3 };
    const set: Setter = (view, offset, value) => view.setFloat32(offset, value, true);
    const wav = parseWav(riff(chunk("fmt ", format(fields)), chunk("data", body(fields, set, values))));
    assertEquals([wav.channels, wav.samples.length], [channels, 2]);
    assertAlmostEquals(wav.samples[0] ?? NaN, 0.5, 1e-6);
    assertAlmostEquals(wav.samples[1] ?? NaN, (channels - 1) / 2 / 256, 1e-6);
  }
});

const FORMAT = chunk("fmt ", format());
const FOUR = new Uint8Array([0, 0x40, 0, 0x20, 0, 0x10, 0, 0x08]);

const PLAYABLE: { name: string; bytes: Uint8Array; samples: number }[] = [
  { name: "sound only", bytes: riff(FORMAT, chunk("data", FOUR)), samples: 4 },
  { name: "no samples", bytes: riff(FORMAT, chunk("data", new Uint8Array())), samples: 0 },
  { name: "half a sample", bytes: riff(FORMAT, chunk("data", FOUR.subarray(0, 1))), samples: 0 },
  {
    name: "chunks before",
    bytes: riff(chunk("LIST", FOUR), FORMAT, chunk("fact", FOUR), chunk("data", FOUR)),
    samples: 4,
  },
  {
    name: "odd chunks",
    bytes: riff(chunk("odd ", FOUR.subarray(0, 3)), FORMAT, chunk("data", FOUR)),
    samples: 4,
  },
  {
    name: "an empty chunk",
    bytes: riff(chunk("none", new Uint8Array()), FORMAT, chunk("data", FOUR)),
    samples: 4,
  },
  { name: "chunks after", bytes: riff(FORMAT, chunk("data", FOUR), chunk("LIST", FOUR)), samples: 4 },
  { name: "a size of 0", bytes: riff(FORMAT, chunk("data", FOUR, 0)), samples: 4 },
  { name: "a size of 2^32 - 1", bytes: riff(FORMAT, chunk("data", FOUR, 0xffff_ffff)), samples: 4 },
  { name: "a size beyond the end", bytes: riff(FORMAT, chunk("data", FOUR, 0x7fff_f000)), samples: 4 },
  { name: "the last bytes cut off", bytes: riff(FORMAT, chunk("data", FOUR)).subarray(0, -3), samples: 2 },
  {
    name: "a format of 18 bytes",
    bytes: riff(chunk("fmt ", concat([format(), new Uint8Array(2)])), chunk("data", FOUR)),
    samples: 4,
  },
  {
    name: "a wrong RIFF size",
    bytes: riff(FORMAT, chunk("data", FOUR)).map((byte, i) => i >= 4 && i < 8 ? 0xff : byte),
    samples: 4,
  },
];

for (const { name, bytes, samples } of PLAYABLE) {
  Deno.test(`parseWav() reads a file with ${name}`, () => {
    const wav = parseWav(bytes);
    assertEquals([wav.sampleRate, wav.samples.length], [8000, samples]);
    assertEquals(Array.from(wav.samples), [0.5, 0.25, 0.125, 0.0625].slice(0, samples));
  });
}

Deno.test("parseWav() reads a file within a larger buffer", () => {
  const bytes = riff(FORMAT, chunk("data", FOUR));
  const larger = concat([new Uint8Array(5), bytes, new Uint8Array(5)]);
  assertEquals(parseWav(larger.subarray(5, 5 + bytes.length)).samples.length, 4);
});

Deno.test("parseWav() reads NaN and infinity as silence", () => {
  const floats = new Float32Array([NaN, Infinity, -Infinity, 0.5]);
  const bytes = riff(
    chunk("fmt ", format({ tag: 3, bits: 32 })),
    chunk("data", new Uint8Array(floats.buffer)),
  );
  assertEquals(Array.from(parseWav(bytes).samples), [0, 0, 0, 0.5]);
});

Deno.test("parseWav() reads a 64-bit float that is infinite in 32 bits as silence", () => {
  const bytes = riff(
    chunk("fmt ", format({ tag: 3, bits: 64 })),
    chunk("data", new Uint8Array(new Float64Array([1e300, -0.5]).buffer)),
  );
  assertEquals(Array.from(parseWav(bytes).samples), [0, -0.5]);
});

const GOOD = riff(FORMAT, chunk("data", FOUR));
const wrong = (fields: WavFields) => riff(chunk("fmt ", format(fields)), chunk("data", FOUR));
const badSubFormat = extensibleFormat().map((byte, i) => i === 39 ? byte + 1 : byte);

const UNPLAYABLE: { name: string; bytes: Uint8Array; detail: WavDetail }[] = [
  { name: "nothing", bytes: new Uint8Array(), detail: { kind: "not_wav" } },
  { name: "11 bytes", bytes: GOOD.subarray(0, 11), detail: { kind: "not_wav" } },
  {
    name: "an MP3",
    bytes: new TextEncoder().encode("ID3\x03\0\0\0\0\0\0\0\0\0\0"),
    detail: { kind: "not_wav" },
  },
  {
    name: "big-endian RIFX",
    bytes: GOOD.map((byte, i) => i === 3 ? 0x58 : byte),
    detail: { kind: "not_wav" },
  },
  { name: "an AVI", bytes: GOOD.map((byte, i) => i === 8 ? 0x41 : byte), detail: { kind: "not_wav" } },
  { name: "RIFF only", bytes: GOOD.subarray(0, 12), detail: { kind: "no_format" } },
  { name: "half a chunk header", bytes: GOOD.subarray(0, 18), detail: { kind: "no_format" } },
  { name: "half a format", bytes: GOOD.subarray(0, 30), detail: { kind: "header_cut_short" } },
  { name: "a format without data", bytes: GOOD.subarray(0, 36), detail: { kind: "no_sound" } },
  { name: "half a data header", bytes: GOOD.subarray(0, 43), detail: { kind: "no_sound" } },
  {
    name: "data before the format",
    bytes: riff(chunk("data", FOUR), FORMAT),
    detail: { kind: "sound_before_format" },
  },
  {
    name: "a format of 14 bytes",
    bytes: riff(chunk("fmt ", format().subarray(0, 14)), chunk("data", FOUR)),
    detail: { kind: "format_cut_short" },
  },
  {
    name: "a format of 4 GiB",
    bytes: riff(chunk("fmt ", format(), 0xffff_ffff), chunk("data", FOUR)),
    detail: { kind: "header_cut_short" },
  },
  {
    name: "a chunk of 4 GiB",
    bytes: riff(chunk("LIST", FOUR, 0xffff_ffff), FORMAT, chunk("data", FOUR)),
    detail: { kind: "no_format" },
  },
  {
    name: "a short extensible format",
    bytes: riff(chunk("fmt ", extensibleFormat().subarray(0, 38)), chunk("data", FOUR)),
    detail: { kind: "format_cut_short" },
  },
  {
    name: "an unknown sub-format",
    bytes: riff(chunk("fmt ", badSubFormat), chunk("data", FOUR)),
    detail: { kind: "format_unknown" },
  },
  {
    name: "MP3 in WAV",
    bytes: wrong({ tag: 85 }),
    detail: { kind: "compressed", tag: 85 },
  },
  { name: "no channels", bytes: wrong({ channels: 0 }), detail: { kind: "no_channels" } },
  {
    name: "0 Hz",
    bytes: wrong({ sampleRate: 0 }),
    detail: { kind: "sample_rate", hz: 0, lowestHz: 8000, highestHz: 192_000 },
  },
  {
    name: "4 GHz",
    bytes: wrong({ sampleRate: 4e9 }),
    detail: { kind: "sample_rate", hz: 4000000000, lowestHz: 8000, highestHz: 192_000 },
  },
  { name: "0 bits", bytes: wrong({ bits: 0 }), detail: { kind: "sample_size", bits: 0, float: false } },
  {
    name: "12 bits",
    bytes: wrong({ bits: 12, blockBytes: 2 }),
    detail: { kind: "sample_size", bits: 12, float: false },
  },
  {
    name: "16-bit floats",
    bytes: wrong({ tag: 3, bits: 16 }),
    detail: { kind: "sample_size", bits: 16, float: true },
  },
  {
    name: "blocks of no bytes",
    bytes: wrong({ blockBytes: 0 }),
    detail: { kind: "format_contradictory" },
  },
  {
    name: "blocks of another size",
    bytes: wrong({ channels: 2, blockBytes: 2 }),
    detail: { kind: "format_contradictory" },
  },
];

for (const { name, bytes, detail } of UNPLAYABLE) {
  Deno.test(`parseWav() refuses ${name}`, () => {
    const error = assertThrows(() => parseWav(bytes, "x.wav"), AudioError);
    assertEquals([error.code, error.subject, error.detail], ["bad_file", "x.wav", detail]);
  });
}

Deno.test("parseWav() survives files with random damage", () => {
  const random = seededRandom(7);
  const whole = riff(chunk("LIST", FOUR), chunk("fmt ", extensibleFormat()), chunk("data", FOUR));
  let played = 0;
  for (let round = 0; round < 5000; round++) {
    const bytes = whole.slice(0, random() < 0.3 ? Math.floor(random() * whole.length) : whole.length);
    for (let hit = 0; hit < 3; hit++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    try {
      const { samples } = parseWav(bytes);
      assert(samples.length <= bytes.length);
      played++;
    } catch (error) {
      assert(error instanceof AudioError, String(error));
      assertEquals(error.code, "bad_file");
    }
  }
  assert(played > 100 && played < 4900, `${played} were playable`);
});
