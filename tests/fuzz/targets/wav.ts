/** Sound files. */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { AudioError } from "../../../audio/audio_io.ts";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { wavHeader } from "../../../audio/file/wav_writer.ts";
import { printable } from "../../../lib/protocol/printable.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const mono = Uint8Array.from([...wavHeader(8, 48_000), 0, 0, 1, 0, 0xff, 0x7f, 0, 0x80]);

/** The same sound with another format: tag, channels and bits at their places. */
function withFormat(tag: number, channels: number, bits: number): Uint8Array {
  const bytes = mono.slice();
  const view = new DataView(bytes.buffer);
  view.setUint16(20, tag, true);
  view.setUint16(22, channels, true);
  view.setUint16(32, channels * bits / 8, true);
  view.setUint16(34, bits, true);
  return bytes;
}

/** A file is a sound of finite samples no longer than the file, or it is refused with a code. */
export const wav: FuzzTarget = {
  name: "wav",
  seeds: [
    mono,
    withFormat(1, 2, 8),
    withFormat(3, 1, 32),
    withFormat(3, 1, 64),
    withFormat(1, 1, 24),
    mono.slice(0, 40),
  ],
  tokens: ["RIFF", "WAVE", "fmt ", "data", "LIST", "\x10\0\0\0", "\x28\0\0\0"],
  maxBytes: 600,
  run(input) {
    try {
      const { samples, channels, sampleRate } = parseWav(input, "a.wav");
      assert(samples.length <= input.length, "no more samples than bytes");
      assert(samples.every(Number.isFinite), "finite samples");
      assert(channels > 0 && sampleRate >= 8000 && sampleRate <= 192_000);
      return { events: 1, came: `sound ${Math.min(channels, 3)} ${samples.length === 0}` };
    } catch (error) {
      assertInstanceOf(error, AudioError);
      assertEquals(error.code, "bad_file");
      assertEquals(printable(error.message), error.message);
      return { events: 1, came: error.detail.kind };
    }
  },
};
