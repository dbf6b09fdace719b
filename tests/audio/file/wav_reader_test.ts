import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { AudioError, type WavDetail } from "../../../audio/audio_io.ts";
import { parseWav, scanWav } from "../../../audio/file/wav_reader.ts";
import { seededRandom } from "../../../testing/netem/random.ts";
import { sine } from "../../../testing/audio/signals.ts";
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

Deno.test("parseWav() mixes any number of channels to one", () => {
  for (const channels of [1, 2, 3, 6, 255]) {
    const values = LEVELS.flatMap((level) => new Array<number>(channels).fill(level));
    const fields = { channels, bits: 32, tag: 3 };
    const set: Setter = (view, offset, value) => view.setFloat32(offset, value, true);
    const wav = parseWav(riff(chunk("fmt ", format(fields)), chunk("data", body(fields, set, values))));
    assertEquals([wav.channels, wav.samples.length], [channels, LEVELS.length]);
    wav.samples.forEach((sample, i) => assertAlmostEquals(sample, LEVELS[i]!, 1e-6));
  }
});

Deno.test("parseWav() keeps the level of sound on one channel of two, and in the centre of 5.1", () => {
  for (
    const [channels, mask, channel] of [[2, 0, 0], [2, 3, 1], [6, 0x3f, 2], [6, 0x60f, 2], [6, 0, 4]] as const
  ) {
    const samples = sine(440, 8000, 0.5, 0.5);
    const set: Setter = (view, offset, value) => view.setFloat32(offset, value, true);
    const fields = { channels, mask, bits: 32, tag: 3 };
    const values = Array.from(samples).flatMap((sample) =>
      Array.from({ length: channels }, (_, i) => i === channel ? sample : 0)
    );
    const chunks = [chunk("fmt ", extensibleFormat(fields)), chunk("data", body(fields, set, values))];
    assertEquals(parseWav(riff(...chunks)).samples, samples);
  }
});

/** Codes of ITU-T G.711 and their samples of 16 bits, of tables 1a and 2a: the ends, the middle, some between. */
const G711: readonly [name: string, tag: number, rows: readonly (readonly [number, number])[]][] = [
  ["A-law", 6, [[0xd5, 8], [0x55, -8], [0xaa, 32_256], [0x2a, -32_256], [0x80, 5504], [0x00, -5504], [
    0xc5,
    264,
  ]]],
  ["µ-law", 7, [[0xff, 0], [0x7f, 0], [0x80, 32_124], [0x00, -32_124], [0xef, 132], [0x8f, 16_764], [
    0x70,
    -120,
  ]]],
];

for (const [name, tag, rows] of G711) {
  Deno.test(`parseWav() reads ${name}`, () => {
    const data = Uint8Array.from(rows, ([code]) => code);
    for (const bits of [8, 16, 0]) {
      const bytes = riff(chunk("fmt ", format({ tag, bits })), chunk("data", data));
      assertEquals(
        Array.from(parseWav(bytes).samples, (sample) => 32_768 * sample),
        rows.map((row) => row[1]),
      );
    }
  });
}

Deno.test("parseWav() believes no size of a block", () => {
  const samples = Uint8Array.from({ length: 24 }, (_, i) => 37 * i);
  for (const bits of [8, 16, 24, 32]) {
    for (const channels of [1, 2, 3]) {
      const right = parseWav(riff(chunk("fmt ", format({ bits, channels })), chunk("data", samples)));
      // Nothing, in bits, of one channel, nonsense.
      for (const blockBytes of [0, bits * channels, bits / 8, 7, 0xffff]) {
        const fields = { bits, channels, blockBytes };
        const bytes = riff(chunk("fmt ", format(fields)), chunk("data", samples));
        assertEquals(parseWav(bytes), right, JSON.stringify(fields));
      }
    }
  }
});

Deno.test("parseWav() reads samples whose bits do not fill their bytes", () => {
  const read = (fields: WavFields, ...data: number[]) =>
    Array.from(parseWav(riff(chunk("fmt ", format(fields)), chunk("data", Uint8Array.from(data)))).samples);
  assertEquals(read({ bits: 12, blockBytes: 2 }, 0, 0x40, 0xf0, 0xff), [0.5, -16 / 32_768]);
  assertEquals(read({ bits: 20, blockBytes: 3 }, 0, 0, 0x40, 0, 0, 0xc0), [0.5, -0.5]);
  assertEquals(read({ bits: 24, blockBytes: 4 }, 0, 0, 0, 0x40, 0, 0, 0, 0xc0), [0.5, -0.5]);
  assertEquals(read({ bits: 4, blockBytes: 1 }, 0x80, 0xc0), [0, 0.5]);
  // Bits that are not told follow from the block.
  assertEquals(read({ bits: 0, blockBytes: 2 }, 0, 0x40), [0.5]);
});

Deno.test("parseWav() reads RIFX, whose numbers have their high byte first", () => {
  const big = (fields: WavFields, data: Uint8Array): Uint8Array => {
    const fmt = format(fields);
    const view = new DataView(fmt.buffer);
    for (const at of [0, 2, 12, 14]) view.setUint16(at, view.getUint16(at, true));
    for (const at of [4, 8]) view.setUint32(at, view.getUint32(at, true));
    const bytes = riff(chunk("fmt ", fmt), chunk("data", data));
    bytes[3] = 0x58;
    const sizes = new DataView(bytes.buffer);
    for (const at of [4, 16, 40]) sizes.setUint32(at, sizes.getUint32(at, true));
    return bytes;
  };
  const widths: [WavFields, (view: DataView, value: number) => void][] = [
    [{ bits: 16 }, (view, value) => view.setInt16(0, 2 ** 15 * value)],
    [{ bits: 24 }, (view, value) => view.setInt16(0, 2 ** 15 * value)],
    [{ bits: 32 }, (view, value) => view.setInt32(0, 2 ** 31 * value)],
    [{ bits: 32, tag: 3 }, (view, value) => view.setFloat32(0, value)],
    [{ bits: 64, tag: 3 }, (view, value) => view.setFloat64(0, value)],
  ];
  for (const [fields, set] of widths) {
    const data = concat([0.5, -0.25].map((value) => {
      const view = new DataView(new ArrayBuffer((fields.bits ?? 0) / 8));
      set(view, value);
      return new Uint8Array(view.buffer);
    }));
    assertEquals(Array.from(parseWav(big(fields, data)).samples), [0.5, -0.25], JSON.stringify(fields));
  }
});

/** RF64 or BW64: sizes of 64 bits in `ds64`, among them of `data`, and of other chunks in its table. */
function longWav(
  name: string,
  dataBytes: bigint,
  data: Uint8Array,
  table: readonly (readonly [string, bigint])[] = [],
  between: Uint8Array = new Uint8Array(),
): Uint8Array {
  const view = new DataView(new ArrayBuffer(28 + 12 * table.length));
  view.setBigUint64(8, dataBytes, true);
  view.setUint32(24, table.length, true);
  const ds64 = new Uint8Array(view.buffer);
  table.forEach(([chunkName, size], i) => {
    ds64.set(new TextEncoder().encode(chunkName), 28 + 12 * i);
    view.setBigUint64(32 + 12 * i, size, true);
  });
  const bytes = riff(chunk("ds64", ds64), between, FORMAT, chunk("data", data, 0xffff_ffff));
  bytes.set(new TextEncoder().encode(name));
  bytes.fill(0xff, 4, 8);
  return bytes;
}

Deno.test("parseWav() reads RF64 and BW64", () => {
  const samples = [0.5, 0.25, 0.125, 0.0625];
  const after = concat([FOUR, chunk("LIST", FOUR)]);
  for (const name of ["RF64", "BW64"]) {
    assertEquals(Array.from(parseWav(longWav(name, 8n, after)).samples), samples);
    // A program that ended early left the size open, or it is of what should have come.
    assertEquals(Array.from(parseWav(longWav(name, 2n ** 40n, FOUR)).samples), samples);
    const cue = chunk("cue ", FOUR, 0xffff_ffff);
    assertEquals(Array.from(parseWav(longWav(name, 8n, after, [["cue ", 8n]], cue)).samples), samples);
  }
});

Deno.test("scanWav() asks for little of a file of many gigabytes, and knows its end", () => {
  const bytes = longWav("RF64", 6n * 10n ** 9n, FOUR);
  const scan = scanWav(6e9 + bytes.length, "x.wav");
  let asked = 0;
  let step = scan.next();
  while (!step.done) {
    const { offset, length } = step.value;
    asked += length;
    const there = bytes.slice(offset, offset + length);
    step = scan.next(new DataView(there.buffer, 0, there.length));
  }
  assert(asked < 200, `${asked} bytes`);
  assertEquals([step.value.start, step.value.bytes], [bytes.length - FOUR.length, 6e9]);
});

Deno.test("scanWav() gives up on a file of endless chunks", () => {
  const scan = scanWav(1e12, "x.wav");
  let step = scan.next();
  step = scan.next(new DataView(new TextEncoder().encode("RIFF....WAVE").buffer));
  const error = assertThrows(() => {
    while (!step.done) step = scan.next(new DataView(chunk("junk", new Uint8Array()).buffer));
  }, AudioError);
  assertEquals(error.detail, { kind: "no_format" });
});

const FORMAT = chunk("fmt ", format());
const FOUR = new Uint8Array([0, 0x40, 0, 0x20, 0, 0x10, 0, 0x08]);

const PLAYABLE: { name: string; bytes: Uint8Array; samples: number }[] = [
  { name: "sound only", bytes: riff(FORMAT, chunk("data", FOUR)), samples: 4 },
  { name: "no samples", bytes: riff(FORMAT, chunk("data", new Uint8Array())), samples: 0 },
  {
    name: "no samples, but chunks after",
    bytes: riff(FORMAT, chunk("data", new Uint8Array()), chunk("LIST", FOUR), chunk("id3 ", FOUR)),
    samples: 0,
  },
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
  {
    name: "odd chunks without padding",
    bytes: riff(chunk("odd ", FOUR.subarray(0, 3)).subarray(0, -1), FORMAT, chunk("data", FOUR)),
    samples: 4,
  },
  {
    name: "a format of 14 bytes",
    bytes: riff(chunk("fmt ", format().subarray(0, 14)), chunk("data", FOUR)),
    samples: 4,
  },
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
  { name: "nothing", bytes: new Uint8Array(), detail: { kind: "empty" } },
  { name: "11 bytes", bytes: GOOD.subarray(0, 11), detail: { kind: "not_wav" } },
  {
    name: "an MP3",
    bytes: new TextEncoder().encode("ID3\x03\0\0\0\0\0\0\0\0\0\0"),
    detail: { kind: "other_format", format: "MP3" },
  },
  {
    name: "an MP4",
    bytes: new TextEncoder().encode("\0\0\0\x18ftypM4A \0\0"),
    detail: { kind: "other_format", format: "MP4" },
  },
  {
    name: "a text",
    bytes: new TextEncoder().encode("ninguém fala aqui"),
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
    name: "a format of 12 bytes",
    bytes: riff(chunk("fmt ", format().subarray(0, 12)), chunk("data", FOUR)),
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
  { name: "33 bits", bytes: wrong({ bits: 33 }), detail: { kind: "sample_size", bits: 33, float: false } },
  {
    name: "16-bit floats",
    bytes: wrong({ tag: 3, bits: 16 }),
    detail: { kind: "sample_size", bits: 16, float: true },
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
