import { concat } from "@std/bytes/concat";
import { SAMPLE_RATE, toInt16 } from "../../lib/dsp/pcm.ts";
import { wavHeader } from "../../audio/file/wav_writer.ts";

/** Writes samples, mono at 48 kHz, to a temporary WAV file, which goes with the block that uses it. */
export async function writeTempWav(
  samples: Float32Array,
): Promise<AsyncDisposable & { readonly path: string }> {
  const whole = new Int16Array(samples.length);
  toInt16(samples, whole);
  const path = await Deno.makeTempFile({ prefix: "sala-bench-", suffix: ".wav" });
  await Deno.writeFile(
    path,
    concat([wavHeader(whole.byteLength, SAMPLE_RATE), new Uint8Array(whole.buffer)]),
  );
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
