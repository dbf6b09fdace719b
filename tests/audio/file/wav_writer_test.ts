import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { WAV_HEADER_BYTES, wavHeader } from "../../../audio/file/wav_writer.ts";

Deno.test("wavHeader() makes a standard header", () => {
  const bytes = wavHeader(0x0102_0304, 48_000);
  const letters = (offset: number) => new TextDecoder().decode(bytes.subarray(offset, offset + 4));
  assertEquals([letters(0), letters(8), letters(12), letters(36)], ["RIFF", "WAVE", "fmt ", "data"]);
  assertEquals(bytes.length, WAV_HEADER_BYTES);
  // RIFF size; fmt size, PCM, 1 channel, 48000 Hz, 96000 bytes a second, 2 bytes a sample, 16 bits; data size.
  assertEquals([...bytes.subarray(4, 8)], [0x28, 0x03, 0x02, 0x01]);
  assertEquals(
    [...bytes.subarray(16, 36)],
    [16, 0, 0, 0, 1, 0, 1, 0, 0x80, 0xbb, 0, 0, 0, 0x77, 0x01, 0, 2, 0, 16, 0],
  );
  assertEquals([...bytes.subarray(40)], [0x04, 0x03, 0x02, 0x01]);
});

Deno.test("wavHeader() writes the largest size if the size does not fit", () => {
  const bytes = wavHeader(2 ** 33, 48_000);
  assertEquals([...bytes.subarray(4, 8), ...bytes.subarray(40)], new Array(8).fill(0xff));
  assertEquals(parseWav(concat([bytes, new Uint8Array(10)])).samples.length, 5);
});
