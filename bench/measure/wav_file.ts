import { SAMPLE_RATE, toInt16 } from "../../lib/dsp/pcm.ts";
import { int16Wav } from "../../testing/audio/wav_builder.ts";
import { type Temporary, temporaryFile } from "../../testing/temporary.ts";

/** Writes samples, full scale at 1, to a temporary WAV file: mono, 16 bit, 48 kHz. */
export function writeTempWav(samples: Float32Array): Promise<Temporary> {
  const whole = new Int16Array(samples.length);
  toInt16(samples, whole);
  return temporaryFile(".wav", int16Wav(whole, SAMPLE_RATE));
}
