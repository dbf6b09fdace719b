/** Sound devices that go away and come back, in a call, before it and from one call to the next. */

import { assertEquals } from "@std/assert";
import { AS_IT_IS, assertVoiceGoesRound, bothTold, CABLE, level, startJoao } from "./cable.ts";
import { EVERYTHING, startPhone } from "./phones.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { Pulse, pulseMissing } from "../../testing/pulse.ts";

const missing = pulseMissing();
if (missing) console.log(`skipped: sound devices that go away, because ${missing}`);

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
  ignore: missing !== undefined || !EVERYTHING,
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
  ignore: missing !== undefined || !EVERYTHING,
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
