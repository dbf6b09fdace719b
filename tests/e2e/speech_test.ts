import { assertEquals, assertGreater } from "@std/assert";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { compareInPieces } from "../../testing/audio/compare.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { FRAME_SAMPLES } from "../../lib/codec/opus.ts";
import { floatWav } from "../../testing/audio/wav_builder.ts";
import { callTest, waitForVoice } from "./phones.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { startRegistry } from "../../testing/processes.ts";

const SPEECH = new URL("../../demo/fala.wav", import.meta.url).pathname;
const REPLY = new URL("../../demo/resposta.wav", import.meta.url).pathname;

/**
 * Silence before the first word: both programs have just started, and on a busy machine the jitter buffer stretches the
 * first seconds until it has caught up.
 */
const BEFORE_SECONDS = 2;

async function readMono(path: string): Promise<Float32Array> {
  const { samples, sampleRate } = parseWav(await Deno.readFile(path), path);
  return resample(samples, sampleRate, SAMPLE_RATE);
}

/** Speech, and a file with it after the silence. */
async function sayLater(path: string, folder: string): Promise<{ said: Float32Array; path: string }> {
  const speech = await readMono(path);
  const said = new Float32Array(BEFORE_SECONDS * SAMPLE_RATE + speech.length);
  said.set(speech, BEFORE_SECONDS * SAMPLE_RATE);
  const later = `${folder}/${path.slice(path.lastIndexOf("/") + 1)}`;
  await Deno.writeFile(later, floatWav(said, SAMPLE_RATE));
  return { said, path: later };
}

callTest("phones carry speech from file to file, both ways at once", async (startPhone) => {
  await using folder = await temporaryFolder();
  await using registry = await startRegistry();
  const speech = await sayLater(SPEECH, folder.path);
  const reply = await sayLater(REPLY, folder.path);
  const [atMaria, atJoao] = [`${folder.path}/maria.wav`, `${folder.path}/joão.wav`];
  await using maria = await startPhone(registry.port, "maria", [
    "--answer",
    "accept",
    "--mic",
    reply.path,
    "--speaker",
    atMaria,
  ]);
  await using joao = await startPhone(registry.port, "joão", [
    "--call",
    "Maria",
    "--mic",
    speech.path,
    "--speaker",
    atJoao,
  ]);
  await waitForVoice(maria, "framesPlayed", speech.said);
  await waitForVoice(joao, "framesPlayed", reply.said);
  await joao.type("desligar");
  assertEquals(await joao.exitCode(), 0);
  await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
  for (const [said, heard] of [[speech.said, atMaria], [reply.said, atJoao]] as const) {
    const { correlation, coverage, levelDb } = compareInPieces(said, await readMono(heard));
    assertGreater(correlation, 0.9, `what is heard in ${heard}`);
    assertGreater(coverage, 0.99, "to its end");
    assertGreater(1.5, Math.abs(levelDb), "and as loud");
  }
  const [ended] = joao.events("call_ended");
  assertGreater(ended?.framesSent as number, speech.said.length / FRAME_SAMPLES);
  assertGreater(ended?.framesPlayed as number, reply.said.length / FRAME_SAMPLES);
  assertEquals(joao.stderr, "");
  assertEquals(maria.stderr, "");
});
