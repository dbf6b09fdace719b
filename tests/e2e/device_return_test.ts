/** Sound devices that go away in a call and come back: PulseAudio is killed, hangs, and is started again. */

import { assertEquals } from "@std/assert";
import { startPhone } from "./phones.ts";
import { type PrintedEvent, startProcess, startRegistry, type ToolProcess } from "../../testing/processes.ts";
import { Pulse, pulseMissing } from "../../testing/pulse.ts";

const missing = pulseMissing();
if (missing) console.log(`skipped: sound devices that go away, because ${missing}`);

/** The microphone's sound unprocessed: noise reduction would take a lasting tone for noise. */
const AS_IT_IS = ["--no-echo-cancel", "--no-noise-reduction", "--no-gain"];

/** Least level of a tone at the far end. */
const HEARD_DB = -30;

/** More than the playout delay of a call here, less than the gap of a PulseAudio microphone that starts. */
const SHORT_DELAY_MS = 300;

/** Waits until a level of the last moment is loud or silent. */
function level(phone: ToolProcess, which: "microphoneDb" | "speakerDb", loud: boolean) {
  return phone.waitForEvent("status", (status) => (status[which] as number > HEARD_DB) === loud);
}

/** A cable into which phone `joão` plays, and whose other end is its own microphone: what it hears, it says. */
const CABLE = "cable";

function startJoao(pulse: Pulse, registryPort: number, ...args: string[]): ToolProcess {
  return startProcess("phone", [`127.0.0.1:${registryPort}`, "joão", "0", "--json", ...AS_IT_IS, ...args], {
    env: pulse.card(CABLE, CABLE),
    stdin: "piped",
  });
}

/** The tone that maria sends goes through joão's loudspeaker and microphone, and back to her. */
async function assertVoiceGoesRound(maria: ToolProcess, joao: ToolProcess): Promise<void> {
  await level(joao, "speakerDb", true);
  await level(joao, "microphoneDb", true);
  await level(maria, "speakerDb", true);
}

/** The sides of events. Both devices come in one event; on a busy machine in two. */
function sides(events: readonly PrintedEvent[]): string[] {
  return events.flatMap(({ side }) => side === "both" ? ["microphone", "speaker"] : [side as string]).sort();
}

/** Waits until events of some name have named both devices. */
async function bothTold(phone: ToolProcess, event: string): Promise<void> {
  const first = await phone.waitForEvent(event);
  assertEquals(first.names, ["default"]);
  if (first.side !== "both") await phone.waitForEvent(event, ({ side }) => side !== first.side);
}

Deno.test({
  name: "a call goes on when the sound server is killed, and has its devices again when it is back",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start([CABLE]);
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
    await using joao = startJoao(pulse, registry.port, "--call", "maria");
    await assertVoiceGoesRound(maria, joao);

    await pulse.kill();
    await bothTold(joao, "audio_lost");
    await level(maria, "speakerDb", false);
    await level(joao, "microphoneDb", false);

    await pulse.restart();
    await bothTold(joao, "audio_back");
    await assertVoiceGoesRound(maria, joao);
    // The microphone's gap left nothing behind: her side would take it for network delay.
    await maria.waitForEvent("status", ({ playoutDelayMs }) => playoutDelayMs as number < SHORT_DELAY_MS);

    await joao.type("desligar");
    assertEquals(await joao.exitCode(), 0, joao.report());
    assertEquals(joao.stderr, "", "the sound libraries are quiet");
    for (const event of ["audio_lost", "audio_back"]) {
      assertEquals(sides(joao.events(event)), ["microphone", "speaker"], "told once");
    }
    assertEquals(joao.events("audio_failed"), []);
    await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
  },
});

Deno.test({
  name: "a call that begins while the sound server is away has its devices when it is back",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start([CABLE]);
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
    await using joao = startJoao(pulse, registry.port);
    await joao.waitForEvent("registered");
    await pulse.kill();
    await joao.type("ligar maria");
    await bothTold(joao, "audio_lost");
    await joao.waitForEvent("status", ({ framesSent }) => framesSent as number > 50);
    await pulse.restart();
    await bothTold(joao, "audio_back");
    await assertVoiceGoesRound(maria, joao);
    await joao.type("sair");
    assertEquals(await joao.exitCode(), 0, joao.report());
    assertEquals(joao.stderr, "", "the sound libraries are quiet");
  },
});

Deno.test({
  name:
    "a call and the next one go on when the sound server hangs, and have their devices when it does no more",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start([CABLE]);
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
    await using joao = startJoao(pulse, registry.port);
    await joao.waitForEvent("registered");
    await joao.type("ligar maria");
    await assertVoiceGoesRound(maria, joao);
    pulse.signal("SIGSTOP");
    try {
      await bothTold(joao, "audio_lost");
      await joao.type("desligar");
      await joao.waitForEvent("call_ended", ({ end }) => end === "hung_up");
      await joao.type("ligar maria");
      await bothTold(joao, "audio_lost");
      await joao.waitForEvent("status", ({ framesSent }) => framesSent as number > 50);
    } finally {
      pulse.signal("SIGCONT");
    }
    await bothTold(joao, "audio_back");
    await assertVoiceGoesRound(maria, joao);
    await joao.type("sair");
    assertEquals(await joao.exitCode(), 0, joao.report());
    assertEquals(joao.stderr, "", "the sound libraries are quiet");
  },
});

Deno.test({
  name:
    "a call goes on with the loudspeaker alone when the microphone stands still, and with both when it goes on",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["out", "in"]);
    await using registry = await startRegistry();
    const voice = ["--answer", "accept", "--mic", "tone"];
    await using _maria = await startPhone(registry.port, "maria", voice);
    const args = [`127.0.0.1:${registry.port}`, "joão", "0", "--json", ...AS_IT_IS, "--call", "maria"];
    await using joao = startProcess("phone", args, { env: pulse.card("in", "out"), stdin: "piped" });
    await joao.waitForEvent("status", ({ framesSent }) => framesSent as number > 10);
    await level(joao, "speakerDb", true);
    await pulse.standStill("in", true);
    const lost = await joao.waitForEvent("audio_lost");
    assertEquals([lost.side, lost.names], ["microphone", ["default"]]);
    await level(joao, "speakerDb", true);
    await pulse.standStill("in", false);
    const back = await joao.waitForEvent("audio_back");
    assertEquals([back.side, back.names], ["microphone", ["default"]]);
    await joao.type("desligar");
    assertEquals(await joao.exitCode(), 0, joao.report());
    assertEquals(joao.stderr, "", "the sound libraries are quiet");
  },
});
