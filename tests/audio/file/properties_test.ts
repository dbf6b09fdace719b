import fc from "fast-check";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { AudioError } from "../../../audio/audio_io.ts";
import { toInt16 } from "../../../lib/dsp/pcm.ts";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { wavHeader } from "../../../audio/file/wav_writer.ts";
import { holds } from "../../../testing/property.ts";

Deno.test("parseWav() reads any recording back as it was written", () => {
  const rate = fc.integer({ min: 8000, max: 192_000 });
  holds(fc.property(fc.int16Array({ maxLength: 500 }), rate, (samples, rate) => {
    const header = wavHeader(2 * samples.length, rate);
    const bytes = new Uint8Array(header.length + 2 * samples.length);
    bytes.set(header);
    bytes.set(new Uint8Array(samples.slice().buffer), header.length);
    const wav = parseWav(bytes);
    assertEquals([wav.sampleRate, wav.channels], [rate, 1]);
    const again = new Int16Array(wav.samples.length);
    toInt16(wav.samples, again);
    assertEquals(again, new Int16Array(samples));
  }));
});

Deno.test("parseWav() reads any bytes or refuses them with a code", () => {
  const start = Array.from(wavHeader(100, 48_000));
  const damaged = fc.array(fc.tuple(fc.nat(43), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }).map(
    (damage) => {
      const bytes = Uint8Array.from([...start, ...new Array(100).fill(7)]);
      for (const [at, byte] of damage) bytes[at] = byte;
      return bytes;
    },
  );
  holds(fc.property(fc.oneof(fc.uint8Array(), damaged), (bytes) => {
    try {
      assert(parseWav(bytes).samples.every(Number.isFinite));
    } catch (error) {
      assertInstanceOf(error, AudioError);
      assertEquals(error.code, "bad_file");
    }
  }));
});
