import { EVERYTHING } from "../../testing/everything.ts";
import { assert, assertEquals } from "@std/assert";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { Pulse, pulseMissing } from "../../testing/pulse.ts";

const missing = pulseMissing();
if (missing) console.log(`skipped: ringing in virtual sound cards, because ${missing}`);

/** Length of one look at a recording: 50 ms have whole cycles of all tones. */
const LOOK = SAMPLE_RATE / 20;

/** The tones to tell apart, in Hz: ringing has two, ringback and busy one, a voice of `--mic tone` 440. */
const TONES = [425, 440, 660, 880] as const;

/** The tone of each 50 ms of a recording, 0 if there is none (Goertzel's algorithm). */
function tones(samples: Int16Array): number[] {
  const found: number[] = [];
  for (let start = 0; start + LOOK <= samples.length; start += LOOK) {
    const part = samples.subarray(start, start + LOOK);
    const powers = TONES.map((hz) => {
      const step = 2 * Math.PI * hz / SAMPLE_RATE;
      let [real, imaginary] = [0, 0];
      for (const [index, sample] of part.entries()) {
        real += sample * Math.cos(step * index);
        imaginary += sample * Math.sin(step * index);
      }
      return Math.hypot(real, imaginary) / LOOK;
    });
    const strongest = Math.max(...powers);
    found.push(strongest < 300 ? 0 : TONES[powers.indexOf(strongest)] ?? 0);
  }
  return found;
}

/** Whether a tone was heard for 100 ms. */
const hears = (...wanted: number[]) => (samples: Int16Array): boolean =>
  tones(samples.subarray(-3 * LOOK)).filter((tone) => wanted.includes(tone)).length >= 2;

Deno.test({
  name:
    "a phone rings in its loudspeaker, its caller hears ringback and busy tones, and the voice follows at once",
  ignore: missing !== undefined || !EVERYTHING,
  async fn() {
    await using pulse = await Pulse.start(["spkA", "spkB", "mic"]);
    await using registry = await startRegistry();
    const start = (name: string, speaker: string, ...args: string[]) =>
      startProcess("phone", [`127.0.0.1:${registry.port}`, name, "0", "--json", "--mic", "tone", ...args], {
        env: pulse.card("mic", speaker),
        stdin: "piped",
      });
    await using maria = start("maria", "spkB");
    await using joao = start("joão", "spkA");
    await Promise.all([maria, joao].map((phone) => phone.waitForEvent("registered")));
    await using atMaria = pulse.record("spkB");
    await using atJoao = pulse.record("spkA");
    await Promise.all([atMaria.started, atJoao.started]);
    await joao.type("ligar maria");
    await Promise.all([atMaria.hears(hears(660, 880)), atJoao.hears(hears(425, 440))]);
    await maria.type("rejeitar");
    await joao.waitForEvent("rejected");
    // Two sounds within a second: the ringback tone has one in 5 s.
    await atJoao.hears((samples) =>
      /[^0]0+[^0]+0+[^0]/.test(tones(samples).map((tone) => tone && 1).join(""))
    );
    await joao.type("ligar maria");
    await atMaria.hears(hears(660, 880));
    await maria.type("atender");
    await Promise.all([atMaria.hears(hears(440)), atJoao.hears(hears(440))]);
    for (const phone of [joao, maria]) await phone.type("sair");
    assertEquals([await joao.exitCode(), await maria.exitCode()], [0, 0]);
    assertEquals(
      [joao, maria].flatMap((phone) => [...phone.events("audio_failed"), ...phone.events("audio_lost")]),
      [],
    );
    assertEquals([joao.stderr, maria.stderr], ["", ""]);
    const heard = tones((await atMaria.stop()).samples);
    const voice = heard.findIndex((_, index) => [0, 1, 2].every((next) => heard[index + next] === 440));
    const after = heard.slice(voice);
    assert(!after.includes(660) && !after.includes(880), `no ringing in the call: ${heard}`);
  },
});

Deno.test({
  name: "a phone with --ring none does not ring",
  ignore: missing !== undefined || !EVERYTHING,
  async fn() {
    await using pulse = await Pulse.start(["speaker", "mic"]);
    await using registry = await startRegistry();
    const start = (name: string, ...args: string[]) =>
      startProcess("phone", [`127.0.0.1:${registry.port}`, name, "0", "--json", "--mic", "tone", ...args], {
        env: pulse.card("mic", "speaker"),
        stdin: "piped",
      });
    await using maria = start("maria", "--ring", "none");
    await maria.waitForEvent("registered");
    await using recorder = pulse.record("speaker");
    await recorder.started;
    await using joao = start("joão", "--speaker", "none", "--call", "maria");
    await joao.waitForEvent("ringing");
    await maria.type("atender");
    await recorder.hears(hears(440));
    const heard = tones((await recorder.stop()).samples);
    assertEquals(heard.filter((tone) => tone === 660 || tone === 880), []);
    await joao.type("sair");
    assertEquals(await joao.exitCode(), 0);
  },
});
