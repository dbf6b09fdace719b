import { assertEquals, assertGreater } from "@std/assert";
import { SAMPLE_RATE } from "../../audio/audio.ts";
import { compareInPieces } from "../../audio/compare.ts";
import { resample } from "../../audio/resample.ts";
import { parseWav } from "../../audio/wav_reader.ts";
import { FRAME_SAMPLES } from "../../lib/media/opus.ts";
import { startPhone, temporaryFolder, waitForVoice } from "./phones.ts";
import { startRegistry } from "./processes.ts";

const SPEECH = new URL("../../demo/fala.wav", import.meta.url).pathname;
const REPLY = new URL("../../demo/resposta.wav", import.meta.url).pathname;

async function readMono(path: string): Promise<Float32Array> {
  const { samples, sampleRate } = parseWav(await Deno.readFile(path), path);
  return resample(samples, sampleRate, SAMPLE_RATE);
}

Deno.test("phones carry speech from file to file, both ways at once", async () => {
  await using folder = await temporaryFolder();
  await using registry = await startRegistry();
  const [atMaria, atJoao] = [`${folder.path}/maria.wav`, `${folder.path}/joão.wav`];
  await using maria = await startPhone(registry.port, "maria", [
    "--answer",
    "accept",
    "--mic",
    REPLY,
    "--speaker",
    atMaria,
  ]);
  await using joao = await startPhone(registry.port, "joão", [
    "--call",
    "Maria",
    "--mic",
    SPEECH,
    "--speaker",
    atJoao,
  ]);
  const [speech, reply] = [await readMono(SPEECH), await readMono(REPLY)];
  await waitForVoice(maria, "framesPlayed", speech);
  await waitForVoice(joao, "framesPlayed", reply);
  await joao.type("desligar");
  assertEquals(await joao.exitCode(), 0);
  await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
  for (const [said, heard] of [[speech, atMaria], [reply, atJoao]] as const) {
    const { correlation, coverage, levelDb } = compareInPieces(said, await readMono(heard));
    assertGreater(correlation, 0.9, `what is heard in ${heard}`);
    assertGreater(coverage, 0.99, "to its end");
    assertGreater(1.5, Math.abs(levelDb), "and as loud");
  }
  const [ended] = joao.events("call_ended");
  assertGreater(ended?.framesSent as number, speech.length / FRAME_SAMPLES);
  assertGreater(ended?.framesPlayed as number, reply.length / FRAME_SAMPLES);
  assertEquals(joao.stderr, "");
  assertEquals(maria.stderr, "");
});
