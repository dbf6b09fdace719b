import { assertEquals, assertGreater } from "@std/assert";
import { compareInPieces } from "../../testing/audio/compare.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { Pulse, pulseMissing } from "../../testing/pulse.ts";
import { int16Wav } from "../../testing/audio/wav_builder.ts";
import { type Temporary, temporaryFile } from "../../testing/temporary.ts";
import { EVERYTHING } from "./phones.ts";

const SPEECH = new URL("../../demo/fala.wav", import.meta.url).pathname;
const REPLY = new URL("../../demo/resposta.wav", import.meta.url).pathname;

const missing = pulseMissing();
if (missing) console.log(`skipped: calls over virtual sound cards, because ${missing}`);

async function readMono(path: string): Promise<Float32Array> {
  const { samples, sampleRate } = parseWav(await Deno.readFile(path), path);
  return resample(samples, sampleRate, SAMPLE_RATE);
}

/**
 * A file with half a minute of short tones: noise reduction would take a lasting one for noise. Their rhythm is not that of
 * the status lines, one a second, which could miss them all.
 */
function writeTones(): Promise<Temporary> {
  const samples = Int16Array.from({ length: 30 * SAMPLE_RATE }, (_, index) => {
    const on = index % Math.round(0.37 * SAMPLE_RATE) < 0.2 * SAMPLE_RATE;
    return on ? 8000 * Math.sin(index / 20) : 0;
  });
  return temporaryFile(".wav", int16Wav(samples, SAMPLE_RATE));
}

/** The microphone's sound unprocessed and processed, and the correlation that must be left. */
const PROCESSING: [name: string, args: string[], likeness: number][] = [
  ["as it is", ["--no-echo-cancel", "--no-noise-reduction", "--no-gain"], 0.8],
  // Processing lowers it; other speech has 0.4 at most.
  ["processed", [], 0.7],
];

for (const [name, options, likeness] of PROCESSING) {
  Deno.test({
    name: `speech goes from microphone to loudspeaker over PortAudio, both ways at once: ${name}`,
    ignore: missing !== undefined || !EVERYTHING && name !== "processed",
    async fn() {
      await using pulse = await Pulse.start(["micA", "micB", "spkA", "spkB"]);
      await using registry = await startRegistry();
      const start = (name: string, env: Record<string, string>, ...args: string[]) =>
        startProcess("phone", [`127.0.0.1:${registry.port}`, name, "0", "--json", ...options, ...args], {
          env,
          stdin: "piped",
        });
      await using maria = start("maria", pulse.card("micB", "spkB"), "--answer", "accept");
      await maria.waitForEvent("registered");
      await using joao = start("joão", pulse.card("micA", "spkA"), "--call", "maria");
      // Both cards work when tones come out at the other end.
      await using tones = await writeTones();
      await Promise.all(([["micA", maria], ["micB", joao]] as const).map(async ([cable, hearer]) => {
        const playing = pulse.play(tones.path, cable);
        await hearer.waitForEvent("status", ({ speakerDb }) => speakerDb as number > -30);
        await playing[Symbol.asyncDispose]();
        await hearer.waitForEvent("status", ({ speakerDb }) => speakerDb as number < -60);
      }));
      const atMaria = pulse.record("spkB");
      const atJoao = pulse.record("spkA");
      await Promise.all([atMaria.started, atJoao.started]);
      await Promise.all([pulse.speak(SPEECH, "micA"), pulse.speak(REPLY, "micB")]);
      // The last words are played within a second; the last status line may be a second old.
      const { seconds } = joao.events("status").at(-1)!;
      await joao.waitForEvent("status", (event) => event.seconds as number > (seconds as number) + 2);
      for (const [said, recorder] of [[SPEECH, atMaria], [REPLY, atJoao]] as const) {
        const { correlation, coverage } = compareInPieces(
          await readMono(said),
          (await recorder.stop()).samples,
        );
        assertGreater(correlation, likeness, `it sounds like ${said}`);
        assertGreater(coverage, 0.99, "to its end");
      }
      await joao.type("sair");
      assertEquals(await joao.exitCode(), 0);
      await maria.type("sair");
      assertEquals(await maria.exitCode(), 0);
      assertEquals([joao.stderr, maria.stderr], ["", ""], "the sound libraries are quiet");
      assertEquals([joao, maria].flatMap((phone) => phone.events("audio_failed")), []);
    },
  });
}

Deno.test({
  name: "phone --devices lists the sound devices and marks the defaults",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    await using phone = startProcess("phone", ["--devices", "--json"], { env: pulse.card("cable", "cable") });
    assertEquals(await phone.exitCode(), 0);
    const [{ devices }] = phone.events("devices") as unknown as [{ devices: Record<string, unknown>[] }];
    assertEquals(devices.filter(({ defaultInput }) => defaultInput).length, 1);
    assertEquals(devices.filter(({ defaultOutput }) => defaultOutput).length, 1);
    await using inWords = startProcess("phone", ["--devices"], { env: pulse.card("cable", "cable") });
    assertEquals(await inWords.exitCode(), 0);
    for (const { name } of devices) assertEquals(inWords.stdout.includes(name as string), true);
    assertEquals(phone.stderr + inWords.stderr, "");
  },
});
