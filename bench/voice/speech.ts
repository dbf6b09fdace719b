/** The speech of the comparison. */

import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { isInstalled, runToEnd } from "../../testing/program.ts";
import { temporaryFile } from "../../testing/temporary.ts";

const RECORDINGS = ["demo/fala.wav", "demo/resposta.wav"] as const;

/** A sentence for a synthetic voice of espeak-ng. */
interface Sentence {
  readonly voice: string;
  readonly text: string;
}

const SENTENCES: readonly Sentence[] = [
  {
    voice: "pt-br",
    text: "O trem das sete e quinze sai hoje da plataforma quatro, e não da plataforma dois.",
  },
  { voice: "en-gb", text: "She put the blue cup on the shelf above the window, next to the old radio." },
  { voice: "pt-br+f2", text: "Compre pão, queijo e meia dúzia de laranjas antes que a feira feche." },
  { voice: "en-us+f3", text: "Please call me back on Thursday before noon; the meeting has been moved." },
];

/** Pause before, between and after the pieces in seconds: long enough for time stretching. */
const PAUSE_SECONDS = 0.4;
/** RMS level of every piece in dB relative to full scale, as of a person close to a microphone. */
const LEVEL_DB = -23;
/** Largest peak, of full scale. */
const HIGHEST_PEAK = 0.9;

/** Speech, mono, 48 kHz. */
export interface Speech {
  readonly samples: Float32Array<ArrayBuffer>;
  /** Its origin, in words. */
  readonly description: string;
}

/**
 * Makes the speech: two recordings of this project, and sentences by espeak-ng where it is installed, in two languages and
 * four voices.
 *
 * @param short Leaves out all sentences but one.
 */
export async function makeSpeech(short: boolean): Promise<Speech> {
  const parts: Float32Array[] = [];
  for (const file of RECORDINGS) {
    parts.push(readWav(await Deno.readFile(new URL(`../../${file}`, import.meta.url)), file));
  }
  const sentences = short ? SENTENCES.slice(2, 3) : SENTENCES;
  let spoken = 0;
  for (const sentence of sentences) {
    const part = await speak(sentence);
    if (!part) break;
    parts.push(part);
    spoken++;
  }
  const pause = new Float32Array(Math.round(PAUSE_SECONDS * SAMPLE_RATE));
  const pieces = [pause, ...parts.flatMap((part) => [levelled(part), pause])];
  const samples = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    samples.set(piece, offset);
    offset += piece.length;
  }
  const seconds = (samples.length / SAMPLE_RATE).toFixed(0);
  const synthetic = spoken > 0
    ? `, and of espeak-ng ${
      spoken === 1 ? "a sentence" : `${spoken} sentences in Portuguese and English, each in another voice`
    }`
    : " (espeak-ng is not installed: apt-get install espeak-ng)";
  return { samples, description: `${seconds} s: ${RECORDINGS.join(", ")}${synthetic}` };
}

function readWav(bytes: Uint8Array, name: string): Float32Array<ArrayBuffer> {
  const { samples, sampleRate } = parseWav(bytes, name);
  return resample(samples, sampleRate, SAMPLE_RATE);
}

async function speak({ voice, text }: Sentence): Promise<Float32Array<ArrayBuffer> | undefined> {
  if (!isInstalled("espeak-ng")) return undefined;
  await using file = await temporaryFile(".wav");
  const { success } = await runToEnd(["espeak-ng", "-v", voice, "-w", file.path, text]);
  return success ? readWav(await Deno.readFile(file.path), "espeak-ng's speech") : undefined;
}

/** The samples at the common level. */
function levelled(samples: Float32Array): Float32Array {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
  const gain = Math.min(10 ** (LEVEL_DB / 20) / Math.sqrt(power), HIGHEST_PEAK / peak);
  return samples.map((sample) => sample * gain);
}
