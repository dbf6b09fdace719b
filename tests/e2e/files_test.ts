/** Files of the command line: none is destroyed, none stops the phone, and long ones are as quick as short ones. */

import { oneIn } from "../../testing/everything.ts";
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { wavHeader } from "../../audio/file/wav_writer.ts";
import { compareInPieces } from "../../testing/audio/compare.ts";
import { sine } from "../../testing/audio/signals.ts";
import { floatWav, int16Wav } from "../../testing/audio/wav_builder.ts";
import { outputOf } from "../../testing/program.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { temporaryFile, temporaryFolder } from "../../testing/temporary.ts";
import { startPhone } from "./phones.ts";

const windows = Deno.build.os === "windows";
const NO_SOUND = ["--mic", "none", "--speaker", "none"];

/** Everything in a folder: names and contents. */
async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  for (const name of names) found[name] = await Deno.readTextFile(`${folder}/${name}`);
  return found;
}

/** Situations in which a phone reaches nobody. */
const NOBODY: readonly (readonly [when: string, status: number, args: readonly string[]])[] = [
  ["the registry is away", 4, ["127.0.0.1:1", "joão", "0"]],
  ["the name is taken", 3, ["{registry}", "Maria", "0"]],
  ["the port is in use", 2, ["{registry}", "joão", "{port}"]],
  ["there is no such person", 6, ["{registry}", "joão", "0", "--call", "ana"]],
  ["the person refuses", 7, ["{registry}", "joão", "0", "--call", "maria"]],
];

Deno.test("a phone that reaches nobody leaves the recording of another day as it is, and makes none", async () => {
  await using folder = await temporaryFolder();
  const [old, fresh] = [`${folder.path}/old.wav`, `${folder.path}/new.wav`];
  await Deno.writeTextFile(old, "precious");
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria", ["--answer", "reject"]);
  const port = String(maria.events("registered")[0]?.port);
  for (const [when, status, args] of NOBODY) {
    const given = args.map((arg) =>
      arg.replace("{registry}", `127.0.0.1:${registry.port}`).replace("{port}", port)
    );
    for (const recording of oneIn(2, status % 2 === 0 ? [old, fresh] : [fresh, old])) {
      await using phone = startProcess("phone", [
        ...given,
        "--json",
        "--mic",
        "none",
        "--speaker",
        recording,
      ]);
      assertEquals(await phone.exitCode(), status, `${when}\n${phone.report()}`);
      assertEquals(phone.events("recording"), []);
      assertEquals(await contents(folder.path), { "old.wav": "precious" }, when);
    }
  }
});

Deno.test("two phones that record to one file at once, after an earlier run, get three files", async () => {
  await using folder = await temporaryFolder();
  const recado = `${folder.path}/recado.wav`;
  await Deno.writeTextFile(recado, "precious");
  await using registry = await startRegistry();
  const machines = [];
  await using stack = new AsyncDisposableStack();
  for (const name of ["ana", "bia"]) {
    const args = ["--answer", "accept", "--speaker", recado];
    machines.push(stack.use(await startPhone(registry.port, name, args)));
  }
  const callers = [];
  for (const name of ["ana", "bia"]) {
    const args = ["--call", name, "--mic", "tone", "--hang-up-after", "0.5"];
    callers.push(stack.use(await startPhone(registry.port, `para ${name}`, args)));
  }
  for (const caller of callers) assertEquals(await caller.exitCode(), 0, caller.report());
  const paths: unknown[] = [];
  for (const machine of machines) {
    const { path, seconds } = await machine.waitForEvent("recorded");
    await machine.waitForEvent("call_ended");
    const told = machine.events("recording").map((event) => [event.path, event.wanted]);
    assertEquals(told, [[path, recado]]);
    const { samples } = parseWav(await Deno.readFile(path as string));
    assertEquals(samples.length, Math.round((seconds as number) * SAMPLE_RATE));
    assert(samples.some((sample) => sample > 0.1), "the tone is heard");
    paths.push(path);
  }
  assertEquals(paths.sort(), [`${folder.path}/recado-2.wav`, `${folder.path}/recado-3.wav`]);
  assertEquals(await Deno.readTextFile(recado), "precious");
});

Deno.test(
  "phone refuses to record into the file that it plays, by whatever name",
  { ignore: windows },
  async () => {
    await using folder = await temporaryFolder();
    const at = (name: string) => `${folder.path}/${name}`;
    const voice = int16Wav(new Int16Array(100), SAMPLE_RATE);
    await Deno.writeFile(at("a.wav"), voice);
    await Deno.symlink(at("a.wav"), at("link.wav"));
    const rows = [
      ["pt", ["--mic", at("a.wav"), "--speaker", at("a.wav")], "--speaker é o mesmo de --mic"],
      ["en", ["--mic", at("a.wav"), "--speaker", at("link.wav")], "--speaker is that of --mic"],
      ["en", ["--mic", at("link.wav"), "--log-keys", at("./a.wav")], "--log-keys is that of --mic"],
      [
        "en",
        ["--room-password-file", at("a.wav"), "--log-keys", at("link.wav")],
        "that of --room-password-file",
      ],
    ] as const;
    for (const [lang, args, words] of rows) {
      await using phone = startProcess("phone", ["127.0.0.1:1", "joão", "0", "--lang", lang, ...args]);
      assertEquals(await phone.exitCode(), 2, phone.report());
      assertStringIncludes(phone.stderr, words);
      assertEquals(await Deno.readFile(at("a.wav")), voice);
    }
  },
);

Deno.test(
  "phone says at once what is wrong with a file, and how to convert it",
  { ignore: windows },
  async () => {
    await using folder = await temporaryFolder();
    const at = (name: string) => `${folder.path}/${name}`;
    await outputOf(["mkfifo", at("pipe.wav")]);
    await Deno.writeTextFile(at("text.wav"), "ninguém fala");
    await Deno.writeTextFile(at("empty.wav"), "");
    await Deno.mkdir(at("folder.wav"));
    const rows: [string[], number, RegExp][] = [
      [
        ["--mic", at("minha música.mp3")],
        5,
        /MP3.*ffmpeg -i '.*minha música\.mp3' -ar 48000 '.*minha música\.wav'/,
      ],
      [["--mic", at("pipe.wav")], 5, /pipe\.wav.*pipe ou dispositivo/],
      [["--mic", at("text.wav")], 5, /não é um arquivo WAV/],
      [["--mic", at("empty.wav")], 5, /está vazio/],
      [["--mic", at("folder.wav")], 5, /é uma pasta/],
      [["--mic", "/dev/zero"], 5, /pipe ou dispositivo/],
      [["--mic", "/dev/stdin"], 5, /pipe ou dispositivo/],
      [["--speaker", at("pipe.wav")], 5, /pipe ou dispositivo/],
      [["--speaker", at("folder.wav")], 5, /é uma pasta/],
      [["--speaker", at("a.mp3")], 5, /MP3.*termine em \.wav/],
      [["--speaker", at("a")], 5, /termine em \.wav/],
      [["--log-keys", at("pipe.wav")], 2, /pipe ou dispositivo/],
      [["--room-password-file", "/dev/zero"], 2, /pipe ou dispositivo/],
    ];
    await Promise.all(
      oneIn(2, rows).map(async ([args, status, words]) => {
        const quiet = ["--mic", "--speaker"].filter((side) => !args.includes(side)).flatMap((
          side,
        ) => [side, "none"]);
        await using phone = startProcess("phone", ["127.0.0.1:1", "joão", "0", ...quiet, ...args]);
        assertEquals(await phone.exitCode(), status, phone.report());
        const said = phone.stdout + phone.stderr;
        assertMatch(said, words);
        assertEquals(said.trim().split("\n").length, 1, said);
      }),
    );
  },
);

Deno.test(
  "phone waits for a password from a pipe, and Ctrl-C ends it meanwhile",
  { ignore: windows },
  async () => {
    await using folder = await temporaryFolder();
    const pipe = `${folder.path}/senha`;
    await outputOf(["mkfifo", pipe]);
    await using password = await temporaryFile("", new TextEncoder().encode("segredo\n"));
    await using registry = await startRegistry(["--room-password-file", password.path]);
    const args = [
      `127.0.0.1:${registry.port}`,
      "joão",
      "0",
      "--json",
      ...NO_SOUND,
      "--room-password-file",
      pipe,
    ];
    {
      await using waiting = startProcess("phone", args);
      // Opens when the phone has.
      using _written = await Deno.open(pipe, { write: true });
      waiting.kill("SIGINT");
      await waiting.exitCode();
      const { signal } = await waiting.status;
      assertEquals(signal, "SIGINT", waiting.report());
    }
    await using phone = startProcess("phone", args, { stdin: "piped" });
    await Deno.writeTextFile(pipe, "segredo\n");
    await phone.waitForEvent("registered");
  },
);

Deno.test("phone plays hours of sound from a file without reading it as a whole", async () => {
  await using file = await temporaryFile(".wav");
  // A second of tone, then hours of nothing, which take no space.
  const tone = Int16Array.from(sine(440, SAMPLE_RATE, 1, 0.5), (sample) => 32_767 * sample);
  const bytes = 2e9;
  await Deno.writeFile(file.path, wavHeader(bytes, SAMPLE_RATE));
  await Deno.writeFile(file.path, new Uint8Array(tone.buffer), { append: true });
  await Deno.truncate(file.path, 44 + bytes);
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria", ["--answer", "accept"]);
  await using joao = await startPhone(registry.port, "joão", ["--call", "maria", "--mic", file.path]);
  await maria.waitForEvent("status", ({ framesPlayed }) => (framesPlayed as number) > 50);
  if (Deno.build.os === "linux") {
    const status = await Deno.readTextFile(`/proc/${joao.pid}/status`);
    const megabytes = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) / 1000;
    assertLess(megabytes, 400);
  }
  await joao.type("desligar");
  assertEquals(await joao.exitCode(), 0);
});

Deno.test("--hang-up-after file: the other side hears all of it, and then the call ends", async () => {
  await using folder = await temporaryFolder();
  const [notice, heard] = [`${folder.path}/aviso.wav`, `${folder.path}/ouvi.wav`];
  // On the right side only.
  const said = sine(300, 44_100, 1, 0.5).map((sample, i) => sample * Math.sin(i / 7000) ** 2);
  const stereo = new Float32Array(2 * said.length);
  said.forEach((sample, i) => stereo[2 * i + 1] = sample);
  await Deno.writeFile(notice, floatWav(stereo, 44_100, 2));
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--speaker", heard]);
  await using joao = await startPhone(registry.port, "joão", [
    ...["--call", "maria", "--mic", notice, "--hang-up-after", "file"],
  ]);
  assertEquals(await joao.exitCode(), 0, joao.report());
  assertEquals(joao.events("call_ended").map(({ end }) => end), ["hung_up"]);
  await maria.waitForEvent("call_ended");
  const { samples } = parseWav(await Deno.readFile(heard));
  const original = resample(said, 44_100, SAMPLE_RATE);
  const { correlation, coverage, duration } = compareInPieces(original, samples);
  assert(correlation > 0.9 && coverage === 1, `correlation ${correlation}, coverage ${coverage}`);
  assert(duration.heard > duration.reference - 0.1, `${duration.heard} s of ${duration.reference} s`);
});

Deno.test("a recording that reaches the system's limit of a file ends playable, and with status 11", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = await temporaryFolder();
  const recording = `${folder.path}/limite.wav`;
  await using registry = await startRegistry();
  await using _maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
  await using joao = await startPhone(registry.port, "joão", ["--call", "maria", "--speaker", recording]);
  // A second and a half of sound. Not from the start: a Deno that cannot write its databases deletes them, and others use them.
  await outputOf(["prlimit", `--pid=${joao.pid}`, `--fsize=${150 * 1024}`]);
  const { subject, detail } = await joao.waitForEvent("audio_failed");
  assertEquals([subject, detail], [recording, { kind: "too_large" }]);
  // The call goes on.
  await joao.waitForEvent("status");
  await joao.type("desligar");
  assertEquals(await joao.exitCode(), 11, joao.report());
  assertEquals(joao.events("recorded"), []);
  const bytes = await Deno.readFile(recording);
  const { samples } = parseWav(bytes);
  assertEquals(new DataView(bytes.buffer).getUint32(40, true), 2 * samples.length);
  assert(samples.length > SAMPLE_RATE && samples.some((sample) => sample > 0.1), "the tone is heard");
});
