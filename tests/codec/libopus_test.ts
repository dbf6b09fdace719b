import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { compareInPieces } from "../../testing/audio/compare.ts";
import {
  type EncoderSettings,
  type Libopus,
  LONGEST_PACKET_SAMPLES,
  systemLibopus,
  wasmLibopus,
} from "../../lib/codec/libopus.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const FRAME = 960;
const SETTINGS: EncoderSettings = {
  lowDelay: true,
  bitrate: 128_000,
  complexity: 0,
  lossPercent: 0,
  frameSamples: FRAME,
};

const system = systemLibopus();
const LIBRARIES: readonly { name: string; library: Libopus | undefined }[] = [
  { name: "the system's libopus", library: system },
  { name: "libopus in WebAssembly", library: wasmLibopus },
];

/** A second of a tone that glides, from sample to sample without a step. */
const SAID = Int16Array.from({ length: 50 * FRAME }, (_, index) => {
  const seconds = index / 48_000;
  return 9000 * Math.sin(2 * Math.PI * (200 + 300 * seconds) * seconds);
});

const frames = Array.from({ length: 50 }, (_, index) => SAID.subarray(index * FRAME, (index + 1) * FRAME));

async function heard(encoding: Libopus, decoding: Libopus, settings = SETTINGS): Promise<Int16Array> {
  const encoder = await encoding.createEncoder(settings);
  const decoder = await decoding.createDecoder();
  const samples = new Int16Array(SAID.length);
  frames.forEach((frame, index) => samples.set(decoder.decode(encoder.encode(frame)), index * FRAME));
  encoder.free();
  decoder.free();
  return samples;
}

for (const { name, library } of LIBRARIES) {
  const ignore = library === undefined;

  Deno.test({
    name: `${name} keeps to the settings`,
    ignore,
    async fn() {
      for (const bitrate of [32_000, 128_000]) {
        const encoder = await library!.createEncoder({ ...SETTINGS, bitrate });
        const bytes = frames.reduce((sum, frame) => sum + encoder.encode(frame).length, 0);
        assertGreater(8 * bytes, 0.5 * bitrate);
        assertLess(8 * bytes, 1.2 * bitrate);
        encoder.free();
      }
    },
  });

  Deno.test({
    name: `a packet of ${name} stays what it is when the next one is made`,
    ignore,
    async fn() {
      const encoder = await library!.createEncoder(SETTINGS);
      const first = encoder.encode(frames[1]!), kept = first.slice();
      encoder.encode(frames[9]!);
      assertEquals(first, kept);
      encoder.free();
    },
  });

  Deno.test({
    name: `${name} takes any bytes for a packet or says that they are none`,
    ignore,
    async fn() {
      const decoder = await library!.createDecoder();
      const random = seededRandom("packets");
      let refused = 0;
      for (let count = 0; count < 2000; count++) {
        const bytes = Uint8Array.from({ length: 1 + 40 * random() }, () => 256 * random());
        try {
          const { length } = decoder.decode(bytes);
          assert(length > 0 && length <= LONGEST_PACKET_SAMPLES);
        } catch (error) {
          assert(error instanceof Error);
          refused++;
        }
      }
      assertGreater(refused, 0);
      assertLess(refused, 2000);
      decoder.free();
    },
  });

  Deno.test({
    name: `what ${name} gave back is not used again`,
    ignore,
    async fn() {
      const encoder = await library!.createEncoder(SETTINGS);
      const decoder = await library!.createDecoder();
      encoder.free();
      decoder.free();
      assertThrows(() => encoder.encode(frames[0]!), Error);
      assertThrows(() => encoder.setPacketLossPercent(5), Error);
      assertThrows(() => decoder.decode(Uint8Array.of(0x78, 1, 2)), Error);
      assertThrows(() => decoder.decodePacketLoss(FRAME), Error);
    },
  });

  Deno.test({
    name: `${name} makes up as much as a packet may have, and no more`,
    ignore,
    async fn() {
      const decoder = await library!.createDecoder();
      for (const samples of [120, FRAME, LONGEST_PACKET_SAMPLES]) {
        assertEquals(decoder.decodePacketLoss(samples).length, samples);
      }
      assertThrows(() => decoder.decodePacketLoss(LONGEST_PACKET_SAMPLES + 120), Error);
      decoder.free();
    },
  });
}

Deno.test({
  name: "either libopus understands the other and hears the same",
  ignore: system === undefined,
  async fn() {
    const alone = await heard(wasmLibopus, wasmLibopus);
    for (const [encoding, decoding] of [[system!, wasmLibopus], [wasmLibopus, system!], [system!, system!]]) {
      const { correlation, levelDb } = compareInPieces(alone, await heard(encoding!, decoding!));
      assertGreater(correlation, 0.999);
      assertLess(Math.abs(levelDb), 0.1);
    }
  },
});

Deno.test("without a libopus of the system there is none, and no error", () => {
  assertEquals(systemLibopus([]), undefined);
  assertEquals(systemLibopus(["libopus-that-is-not-there.so"]), undefined);
});
