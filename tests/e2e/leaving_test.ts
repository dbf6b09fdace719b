/** Phones that a signal or a person ends, or whose disk is full, at any moment. */

import { EXIT } from "../../lib/phone/user_agent.ts";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { haveTmux, type Sight, TestTerminal } from "../../testing/tmux.ts";
import { assertToneRecorded, EVERYTHING, messages, startPhone, waitForRecording } from "./phones.ts";
import { runToEnd } from "../../testing/program.ts";
import { type Temporary, temporaryFolder } from "../../testing/temporary.ts";
import { Pulse, pulseMissing } from "../../testing/pulse.ts";
import { commandLine, startProcess, startRegistry } from "../../testing/processes.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A test for a signal: each test for each signal with `SALA_TEST=everything`, otherwise each for the next of them. */
function signalTest(name: string, run: (signal: typeof SIGNALS[number]) => Promise<void>): void {
  const turn = turns++;
  for (const [index, signal] of SIGNALS.entries()) {
    const ignore = !EVERYTHING && index !== turn % SIGNALS.length;
    Deno.test({ name: name.replace("SIGNAL", signal), ignore, fn: () => run(signal) });
  }
}
let turns = 0;

const NO_SOUND = ["--mic", "none", "--speaker", "none"];

signalTest("a phone at which it rings refuses at SIGNAL, and leaves", async (signal) => {
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria");
  await using joao = await startPhone(registry.port, "joão", ["--call", "maria"]);
  await maria.waitForEvent("invitation");
  await joao.waitForEvent("ringing");
  maria.kill(signal);
  assertEquals(await maria.exitCode(), 0, maria.report());
  assertEquals(await joao.exitCode(), 7, joao.report());
  assertEquals(joao.events("rejected").map(({ reason }) => reason), ["recusado"]);
  await registry.process.waitForEvent("left", ({ name }) => name === "maria");
  assertEquals(messages(maria).slice(-2), ["sent fechamento", "received fechamento_confirmado"]);
});

signalTest("a phone whose call rings elsewhere withdraws it at SIGNAL, and leaves", async (signal) => {
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria");
  await using joao = await startPhone(registry.port, "joão");
  await joao.type("ligar maria");
  await maria.waitForEvent("invitation");
  await joao.waitForEvent("ringing");
  joao.kill(signal);
  assertEquals(await joao.exitCode(), 0, joao.report());
  await maria.waitForEvent("invitation_withdrawn");
  await registry.process.waitForEvent("left", ({ name }) => name === "joão");
  assertEquals(messages(joao).slice(-2), ["sent fechamento", "received fechamento_confirmado"]);
});

signalTest("a phone that invites somebody who says nothing leaves at SIGNAL", async (signal) => {
  await using registry = await startRegistry();
  await using ghost = await startPhone(registry.port, "fantasma", ["--ip", "127.0.0.1"]);
  await using joao = await startPhone(registry.port, "joão");
  // Stopped, it answers nothing.
  ghost.kill("SIGSTOP");
  await joao.type("ligar fantasma");
  await joao.waitForEvent("inviting");
  joao.kill(signal);
  assertEquals(await joao.exitCode(), 0, joao.report());
  assert(messages(joao).includes("sent encerrar_ligação"), "the invitation is withdrawn");
  await registry.process.waitForEvent("left", ({ name }) => name === "joão");
});

signalTest("a phone leaves at SIGNAL while a registry does not answer", async (signal) => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using phone = startProcess("phone", [
    `127.0.0.1:${silent.addr.port}`,
    "joão",
    "0",
    "--json",
    ...NO_SOUND,
  ]);
  using connection = await silent.accept();
  await phone.waitForEvent("message", ({ direction }) => direction === "sent");
  phone.kill(signal);
  assertEquals(await phone.exitCode(), 0, phone.report());
  assertEquals(phone.stderr, "");
  assertEquals(phone.events("closed"), [], "it never was in the room");
  // The registry sees the end, too.
  const buffer = new Uint8Array(1024);
  while (await connection.read(buffer) !== null);
});

signalTest(
  "a call that ends at SIGNAL in its first moment has a recording that can be played",
  async (signal) => {
    await using folder = await temporaryFolder();
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
    const recording = `${folder.path}/joão.wav`;
    await using joao = startProcess("phone", [
      `127.0.0.1:${registry.port}`,
      "joão",
      "0",
      "--json",
      "--mic",
      "tone",
      "--speaker",
      recording,
      "--call",
      "maria",
    ], {
      // At once with the line.
      onLine: (line) => {
        if (line.includes('"event":"call_started"')) joao.kill(signal);
      },
    });
    assertEquals(await joao.exitCode(), 0, joao.report());
    await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
    assertEquals(joao.events("call_ended").length, 1);
    assertEquals(parseWav(await Deno.readFile(recording)).sampleRate, SAMPLE_RATE);
    assertEquals(messages(joao).slice(-2), ["sent fechamento", "received fechamento_confirmado"]);
  },
);

Deno.test("two Ctrl-C in a row act as one: peer and registry learn of it, and the recording is complete", async () => {
  await using folder = await temporaryFolder();
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
  const recording = `${folder.path}/joão.wav`;
  await using joao = await startPhone(registry.port, "joão", ["--call", "maria", "--speaker", recording]);
  await joao.waitForEvent(
    "status",
    ({ speakerDb, seconds }) => speakerDb as number > -20 && seconds as number > 1,
  );
  await waitForRecording(recording);
  joao.kill("SIGINT");
  joao.kill("SIGINT");
  assertEquals(await joao.exitCode(), 0, joao.report());
  await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
  await registry.process.waitForEvent("left", ({ name }) => name === "joão");
  await assertToneRecorded(recording);
});

const noPulse = pulseMissing();
if (noPulse) console.log(`skipped: leaving while the sound hangs, because ${noPulse}`);

Deno.test({
  name: "a phone leaves and tells everybody although the system's sound hangs",
  ignore: noPulse !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["mic", "speaker"]);
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
    const args = [`127.0.0.1:${registry.port}`, "joão", "0", "--json", "--call", "maria"];
    await using joao = startProcess("phone", args, { env: pulse.card("mic", "speaker") });
    await joao.waitForEvent(
      "status",
      ({ framesSent, framesPlayed }) => framesSent as number > 10 && framesPlayed as number > 10,
    );
    pulse.signal("SIGSTOP");
    try {
      joao.kill("SIGINT");
      assertEquals(await joao.exitCode(), 0, joao.report());
    } finally {
      pulse.signal("SIGCONT");
    }
    await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
    await registry.process.waitForEvent("left", ({ name }) => name === "joão");
    assertEquals(messages(joao).slice(-2), ["sent fechamento", "received fechamento_confirmado"]);
  },
});

const available = haveTmux();
if (!available) console.log("Tests of leaving from a terminal are left out: they need tmux and bash.");

const lastRows = (text: RegExp) => ({ rows }: Sight): boolean => rows.some((row) => text.test(row));

/** A phone on a terminal of its own, in Portuguese. */
function phoneOn(port: number, name: string, ...args: string[]): string[] {
  return commandLine("phone", [`127.0.0.1:${port}`, name, "0", "--lang", "pt", "--quiet", ...args]);
}

/** Ways to leave for a phone on a terminal. */
const LEAVINGS: Record<string, (terminal: TestTerminal, pid: number) => unknown> = {
  "Ctrl-C": (terminal) => terminal.press("C-c"),
  "two Ctrl-C": (terminal) => terminal.press("C-c", "C-c"),
  "Ctrl-D": (terminal) => terminal.press("C-d"),
  "Ctrl-\\": (terminal) => terminal.press("C-\\"),
  SIGTERM: (_, pid) => Deno.kill(pid, "SIGTERM"),
  SIGHUP: (_, pid) => Deno.kill(pid, "SIGHUP"),
};

for (const [how, leave] of Object.entries(LEAVINGS)) {
  Deno.test({
    name: `a phone that is asked for another name leaves at ${how}, and gives the terminal back`,
    ignore: !available || !EVERYTHING && !["Ctrl-D", "SIGTERM"].includes(how),
    async fn() {
      await using registry = await startRegistry();
      await using _maria = await startPhone(registry.port, "maria");
      await using terminal = await TestTerminal.open();
      const pid = await terminal.run(phoneOn(registry.port, "maria", ...NO_SOUND));
      await terminal.see("the question", lastRows(/outro nome>/));
      await terminal.type("pe");
      if (how === "Ctrl-D") await terminal.press("BSpace", "BSpace");
      await leave(terminal, pid);
      await terminal.see("the end", lastRows(/^status [03], modes same$/));
    },
  });

  Deno.test({
    name: `a phone in a call leaves at ${how}, tells everybody, and gives the terminal back`,
    ignore: !available || !EVERYTHING && !["two Ctrl-C", "Ctrl-\\", "SIGHUP"].includes(how),
    async fn() {
      await using folder = await temporaryFolder();
      await using registry = await startRegistry();
      await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
      await using terminal = await TestTerminal.open({ columns: 120 });
      const recording = `${folder.path}/joão.wav`;
      const pid = await terminal.run(phoneOn(registry.port, "joão", "--mic", "none", "--speaker", recording));
      await terminal.type("ligar maria");
      await terminal.press("Enter");
      await maria.waitForEvent("call_started");
      await terminal.see("the tone", lastRows(/● maria 00:0[1-9] .*▂/));
      await waitForRecording(recording);
      await leave(terminal, pid);
      await terminal.see("the end", lastRows(/^status 0, modes same$/));
      await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
      await registry.process.waitForEvent("left", ({ name }) => name === "joão");
      await assertToneRecorded(recording);
    },
  });
}

Deno.test({
  name: "a phone in a call whose window is closed tells everybody, and its recording is complete",
  ignore: !available,
  async fn() {
    await using folder = await temporaryFolder();
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
    await using terminal = await TestTerminal.open({ columns: 120 });
    const recording = `${folder.path}/joão.wav`;
    await terminal.run(phoneOn(registry.port, "joão", "--mic", "none", "--speaker", recording));
    await terminal.type("ligar maria");
    await terminal.press("Enter");
    await maria.waitForEvent("call_started");
    await terminal.see("the tone", lastRows(/● maria 00:0[1-9] .*▂/));
    await waitForRecording(recording);
    await terminal.closeWindow();
    await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
    await registry.process.waitForEvent(
      "message",
      ({ text }) => (text as string).includes('"fechamento_confirmado"'),
    );
    await registry.process.waitForEvent("left", ({ name }) => name === "joão");
    await assertToneRecorded(recording);
  },
});

Deno.test({
  name: "a recording to a device that cannot be written is refused in one sentence",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/cheio.wav`;
    // Deno itself refuses to open devices.
    await Deno.symlink("/dev/full", path);
    await assertRefused(path);
  },
});

Deno.test("a recording to a disk that is full from the beginning is refused in one sentence", async () => {
  const made = await smallDisk(DISK_BYTES);
  if (typeof made === "string") return console.log(`skipped: a full disk, because ${made}`);
  await using disk = made;
  await Deno.writeFile(`${disk.path}/filler`, new Uint8Array(DISK_BYTES));
  assertStringIncludes(await assertRefused(`${disk.path}/chamada.wav`), "o disco está cheio");
});

/** Starts a phone that cannot record to its file. @returns What it says. */
async function assertRefused(path: string): Promise<string> {
  await using registry = await startRegistry();
  const args = [`127.0.0.1:${registry.port}`, "joão", "0", "--mic", "none", "--speaker", path];
  await using phone = startProcess("phone", args);
  assertEquals(await phone.exitCode(), 5, phone.report());
  assertEquals(phone.stderr.trim().split("\n").length, 1, phone.report());
  assertEquals(phone.stdout, "");
  return phone.stderr;
}

/** A disk of some bytes until the end of the test, or why there is none. */
async function smallDisk(bytes: number): Promise<Temporary | string> {
  if (Deno.build.os !== "linux") return "small disks are made on Linux only";
  const folder = await temporaryFolder();
  const { path } = folder;
  const { success } = await runToEnd(["mount", "-t", "tmpfs", "-o", `size=${bytes}`, "sala", path]);
  if (!success) {
    await folder[Symbol.asyncDispose]();
    return "only root can mount a small disk";
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await runToEnd(["umount", path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A little more than a second and a half of sound. */
const DISK_BYTES = 160 * 1024;

Deno.test("a phone whose disk gets full in a call says so in one sentence, and leaves a playable recording", async () => {
  const made = await smallDisk(DISK_BYTES);
  if (typeof made === "string") return console.log(`skipped: a disk that gets full, because ${made}`);
  await using disk = made;
  await using registry = await startRegistry();
  await using _maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
  const recording = `${disk.path}/chamada.wav`;
  await using joao = await startPhone(registry.port, "joão", ["--call", "maria", "--speaker", recording]);
  const failed = await joao.waitForEvent("audio_failed");
  assertEquals([failed.side, failed.code, failed.asked], ["speaker", "file_failed", false]);
  // The call goes on: voice flows both ways for another second.
  const { framesPlayed } = await joao.waitForEvent("status");
  await joao.waitForEvent(
    "status",
    (status) => (status.framesPlayed as number) > (framesPlayed as number) + 50,
  );
  await joao.type("desligar");
  assertEquals(await joao.exitCode(), EXIT.recordingFailed, joao.report());
  assertEquals(joao.events("audio_failed").length, 1, "told once");
  assertEquals(joao.events("recorded"), []);
  const bytes = await Deno.readFile(recording);
  const { samples } = parseWav(bytes);
  assertGreater(samples.length, SAMPLE_RATE, "what was recorded till then");
  assertLess(bytes.length, DISK_BYTES + 1);
  // The header's size is that of the samples.
  assertEquals(new DataView(bytes.buffer).getUint32(40, true), 2 * samples.length);
  assert(samples.some((sample) => sample > 0.1), "the tone is heard");
});
