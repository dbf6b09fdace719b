import { oneIn } from "../../testing/everything.ts";
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT } from "../../lib/phone/user_agent.ts";
import { VERSION } from "../../lib/util/version.ts";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import { assertToneRecorded, callTest, messages, startPhone, waitForRecording } from "./phones.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { startProcess, startRegistry, type ToolKind, type ToolProcess } from "../../testing/processes.ts";

callTest("a call shows every message of the assignment on both screens", async (startPhone) => {
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria");
  await using joao = await startPhone(registry.port, "joão");
  await joao.type("ligar maria");
  await maria.waitForEvent("invitation", ({ name }) => name === "joão");
  await maria.type("aceitar");
  await joao.waitForEvent("call_started");
  await maria.waitForEvent("call_started");
  await maria.type("desligar");
  await joao.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
  await maria.waitForEvent("message", ({ text }) => (text as string).includes("ligação_encerrada"));
  for (const phone of [joao, maria]) {
    await phone.type("sair");
    assertEquals(await phone.exitCode(), 0);
  }
  assertEquals(messages(joao), [
    "sent registro",
    "received registro_confirmado",
    "sent consulta",
    "received resposta_consulta",
    "sent convite",
    "received tocando",
    "received resposta_ao_convite",
    "sent confirmação",
    "received encerrar_ligação",
    "sent ligação_encerrada",
    "sent fechamento",
    "received fechamento_confirmado",
  ]);
  assertEquals(messages(maria), [
    "sent registro",
    "received registro_confirmado",
    "received convite",
    "sent tocando",
    "sent resposta_ao_convite",
    "received confirmação",
    "sent encerrar_ligação",
    "received ligação_encerrada",
    "sent fechamento",
    "received fechamento_confirmado",
  ]);
});

callTest(
  "a busy phone rejects a third caller without asking, and a person can refuse",
  async (startPhone) => {
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria");
    await using joao = await startPhone(registry.port, "joão");
    await joao.type("ligar maria");
    await maria.waitForEvent("invitation");
    await using pedro = await startPhone(registry.port, "pedro", ["--call", "maria"]);
    assertEquals(await pedro.exitCode(), 7);
    assertEquals(pedro.events("rejected").map(({ reason }) => reason), ["ocupado"]);
    await maria.type("recusar");
    await joao.waitForEvent("rejected", ({ reason }) => reason === "recusado");
    assertEquals(maria.events("invitation").length, 1);
  },
);

Deno.test("a rejected caller reads the assignment's words", async () => {
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria", ["--answer", "reject"]);
  await using joao = startProcess("phone", [
    `127.0.0.1:${registry.port}`,
    "joão",
    "0",
    "--mic",
    "none",
    "--speaker",
    "none",
    "--call",
    "maria",
  ]);
  assertEquals(await joao.exitCode(), 7);
  assertStringIncludes(joao.stdout, "usuário destino ocupado");
  await maria.waitForEvent("invitation_refused");
});

callTest("two phones that call each other at the same moment end up in one call", async (startPhone) => {
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria");
  await using joao = await startPhone(registry.port, "joão");
  await Promise.all([maria.type("ligar joão"), joao.type("ligar maria")]);
  // If one was faster, the other phone rings, and the invitations do not cross.
  for (const phone of [maria, joao]) {
    phone.waitForEvent("invitation").then(() => phone.type("aceitar"), () => {});
  }
  await maria.waitForEvent("call_started");
  await joao.waitForEvent("call_started");
  await joao.type("desligar");
  await maria.waitForEvent("call_ended");
});

const STATUSES: [name: string, args: string[], status: number, event: string][] = [
  ["the name is taken", ["127.0.0.1:{port}", "MARIA", "0"], 3, "name_taken"],
  ["nobody listens at the registry's port", ["127.0.0.1:1", "joão", "0"], 4, "registry_unreachable"],
  ["the registry's host has no address", ["no..where", "joão", "0"], 4, "registry_unreachable"],
  [
    "the microphone's file is missing",
    ["127.0.0.1:{port}", "joão", "0", "--mic", "/none.wav"],
    5,
    "audio_failed",
  ],
  [
    "the recording's folder is missing",
    ["127.0.0.1:{port}", "joão", "0", "--speaker", "/none/a.wav"],
    5,
    "audio_failed",
  ],
  [
    "the device that was asked for is not there",
    ["127.0.0.1:{port}", "joão", "0", "--mic", "none such"],
    5,
    "audio_failed",
  ],
  ["there is no such person", ["127.0.0.1:{port}", "joão", "0", "--call", "ana"], 6, "unknown_person"],
  ["an option is unknown", ["127.0.0.1:{port}", "joão", "0", "--loud"], 2, "wrong_usage"],
  ["the name is missing", ["127.0.0.1:{port}"], 2, "wrong_usage"],
];

Deno.test("phone exits with a status that says why, and says so in a sentence", async (t) => {
  await using registry = await startRegistry();
  await using _maria = await startPhone(registry.port, "maria");
  for (const [name, args, status, event] of STATUSES) {
    await t.step(`${status} when ${name}`, async () => {
      const given = args.map((arg) => arg.replace("{port}", String(registry.port)));
      const quiet = ["--mic", "--speaker"].filter((side) => !given.includes(side)).flatMap((
        side,
      ) => [side, "none"]);
      await using phone = startProcess("phone", [...given, ...quiet, "--json"]);
      assertEquals(await phone.exitCode(), status);
      assertEquals(phone.events(event).length, 1, phone.report());
      await using inWords = startProcess("phone", [...given, ...quiet]);
      assertEquals(await inWords.exitCode(), status);
      const said = inWords.stdout + inWords.stderr;
      // The outcome of a call is no error of the phone.
      assertEquals(inWords.stderr === "", status === EXIT.unknownPerson, inWords.report());
      assert(!/\bat .*:\d+:\d+|Error:/.test(said), `no stack trace: ${said}`);
      assertMatch(said, /[.!]\n/, "a sentence");
    });
  }
});

Deno.test("phone says on standard error why it ends while it discards what sound libraries say there", async () => {
  await using phone = startProcess("phone", ["127.0.0.1:1", "joão", "0", "--quiet"]);
  assertEquals(await phone.exitCode(), 4, phone.report());
  assertMatch(phone.stderr, /^✗ [^\n]*127\.0\.0\.1:1 [^\n]*\n$/);
});

Deno.test("phone exits with 10 when its call is given up before the answer, by a command or a signal", async () => {
  await using registry = await startRegistry();
  for (
    const giveUp of [
      (phone: ToolProcess) => phone.type("desligar"),
      (phone: ToolProcess) => phone.kill("SIGINT"),
    ]
  ) {
    await using _maria = await startPhone(registry.port, "maria");
    await using joao = await startPhone(registry.port, "joão", ["--call", "maria"]);
    await joao.waitForEvent("ringing");
    await giveUp(joao);
    assertEquals(await joao.exitCode(), EXIT.givenUp, joao.report());
  }
});

Deno.test("phone and registry say their version, in words and as an event, and the registry's log that of each phone", async () => {
  for (const kind of ["phone", "registry"] as const) {
    await using inWords = startProcess(kind, ["--version"]);
    assertEquals(await inWords.exitCode(), 0);
    assertEquals(inWords.stdout, `Sala, ${kind}, versão ${VERSION}\n`);
    await using asEvent = startProcess(kind, ["--version", "--json"]);
    assertEquals(await asEvent.exitCode(), 0);
    assertEquals(asEvent.events().map(({ program, version }) => [program, version]), [[kind, VERSION]]);
  }
  await using registry = await startRegistry();
  assertEquals(registry.process.events("listening").map(({ version }) => version), [VERSION]);
  await using _maria = await startPhone(registry.port, "maria");
  assertEquals((await registry.process.waitForEvent("joined")).version, VERSION);
});

/** Shell scripts that start a tool with what is not UTF-8, or what is left of that in arguments, and what the tool says. */
const LATIN_1: [script: string, kind: ToolKind, args: string[], status: number, said: string][] = [
  ['exec "$@"', "phone", ["127.0.0.1:1", "jo\ufffdo"], 2, "não está em UTF-8"],
  ['exec "$@"', "registry", ["--host", "jo\ufffdo"], 2, "não está em UTF-8"],
  [
    'SALA_ROOM_PASSWORD=$(printf "segr\\352do") exec "$@"',
    "registry",
    [],
    2,
    "“SALA_ROOM_PASSWORD” não está em UTF-8",
  ],
  [
    'PORTAUDIO_LIB=$(printf "\\377") exec "$@"',
    "phone",
    ["127.0.0.1:1", "ana", "0"],
    4,
    "registro em 127.0.0.1:1",
  ],
  ['LC_ALL=$(printf "\\377") exec "$@"', "phone", ["--version"], 0, "Sala, phone, versão"],
  ['LC_ALL=$(printf "\\377") exec "$@"', "registry", ["--version"], 0, "Sala, registry, versão"],
];

for (const [script, kind, args, status, said] of oneIn(2, LATIN_1)) {
  Deno.test({
    name: `${kind} takes no offence at what is not UTF-8: ${script} ${args.join(" ")}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using tool = startProcess(kind, args, { through: ["sh", "-c", script, "sh"] });
      assertEquals(await tool.exitCode(), status, tool.report());
      assertStringIncludes(tool.stdout + tool.stderr, said);
      assert(!(tool.stdout + tool.stderr).includes("segr"));
    },
  });
}

Deno.test("phone that waits for its registry enters once that is there", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const args = ["--json", "--wait", "--mic", "none", "--speaker", "none"];
  await using phone = startProcess("phone", [`127.0.0.1:${port}`, "maria", "0", ...args], { stdin: "piped" });
  await phone.waitForEvent("registry_awaited");
  await using _registry = await startRegistry(["--port", `${port}`]);
  await phone.waitForEvent("registered");
  await phone.type("sair");
  assertEquals(await phone.exitCode(), 0);
  assertEquals(phone.events("registry_awaited").length, 1);
});

Deno.test("phone exits with 8 when nobody answers at the other phone's address", async () => {
  await using registry = await startRegistry();
  const connected = await RegistryClient.connect("127.0.0.1", registry.port, {});
  assert(connected.kind === "connected");
  await using ghost = connected.client;
  // A port that is free, and stays so: nobody listens there.
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  await ghost.register("fantasma", "127.0.0.1", port);
  await using joao = await startPhone(registry.port, "joão", ["--call", "fantasma"]);
  assertEquals(await joao.exitCode(), 8);
  assertEquals(joao.events("no_answer").length, 1);
});

Deno.test("phone obeys what it reads from standard input, in both languages", async () => {
  await using registry = await startRegistry();
  await using _maria = await startPhone(registry.port, "Maria");
  await using joao = await startPhone(registry.port, "joão");
  for (
    const [command, event] of [
      ["consultar MARIA", "person"],
      ["lookup ninguém", "unknown_person"],
      ["lista", "people"],
      ["t", "people"],
      ["mudo", "muted"],
      ["mute", "muted"],
      ["ajuda", "help"],
      ["aceitar", "nothing_to_answer"],
      ["desligar", "not_in_call"],
      ["ligar", "name_missing"],
      ["ligar João", "calling_oneself"],
      ["cantar", "unknown_command"],
    ] as const
  ) {
    await joao.type(command);
    await joao.waitForEvent(event);
  }
  assertEquals(joao.events("person")[0]?.name, "Maria");
  assertEquals((joao.events("people")[0]?.people as unknown[]).length, 2);
  assertEquals(joao.events("muted").map(({ muted }) => muted), [true, false]);
  await joao.type("quit");
  assertEquals(await joao.exitCode(), 0);
});

for (const signal of oneIn(3, ["SIGTERM", "SIGINT", "SIGHUP"] as const)) {
  callTest(
    `phone says goodbye to peer and registry at ${signal}, and its recording is complete`,
    async (startPhone) => {
      await using folder = await temporaryFolder();
      await using registry = await startRegistry();
      await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
      const recording = `${folder.path}/joão.wav`;
      await using joao = await startPhone(registry.port, "joão", ["--call", "maria", "--speaker", recording]);
      await maria.waitForEvent("call_started");
      // Record the tone for a second.
      await joao.waitForEvent("status", ({ speakerDb }) => speakerDb as number > -20);
      await joao.waitForEvent("status", ({ seconds }) => seconds as number > 1);
      await waitForRecording(recording);
      joao.kill(signal);
      assertEquals(await joao.exitCode(), 0);
      await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
      await registry.process.waitForEvent("left", ({ name }) => name === "joão");
      assertEquals(messages(joao).slice(-2), ["sent fechamento", "received fechamento_confirmado"]);
      await assertToneRecorded(recording);
    },
  );
}

callTest(
  "mudo silences the microphone at the other end, and a second one gives it back",
  async (startPhone) => {
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept"]);
    await using joao = await startPhone(registry.port, "joão", ["--call", "maria", "--mic", "tone"]);
    await maria.waitForEvent("status", ({ speakerDb }) => speakerDb as number > -20);
    await joao.type("mudo");
    await maria.waitForEvent("status", ({ speakerDb }) => speakerDb as number < -60);
    await joao.type("mudo");
    await maria.waitForEvent("status", ({ speakerDb }) => speakerDb as number > -20);
  },
);

Deno.test("phone without PortAudio says so in one sentence and calls go on without sound", async () => {
  await using registry = await startRegistry();
  const args = [`127.0.0.1:${registry.port}`, "maria", "0", "--answer", "accept", "--json"];
  await using maria = startProcess("phone", args, { env: { PORTAUDIO_LIB: "/none.so" }, stdin: "piped" });
  await maria.waitForEvent("registered");
  await using joao = await startPhone(registry.port, "joão", ["--call", "maria", "--hang-up-after", "0.5"]);
  assertEquals(await joao.exitCode(), 0);
  const ended = await maria.waitForEvent("call_ended");
  assertGreater(ended.framesSent as number, 0);
  assertEquals(maria.events("audio_failed").length, 1);
  assertEquals(maria.stderr, "");
});

callTest("phone records a second call beside the first", async (startPhone) => {
  await using folder = await temporaryFolder();
  await using registry = await startRegistry();
  const recording = `${folder.path}/chamada.wav`;
  await using maria = await startPhone(registry.port, "maria", [
    "--answer",
    "accept",
    "--speaker",
    recording,
  ]);
  for (const name of ["joão", "pedro"]) {
    await using caller = await startPhone(registry.port, name, ["--call", "maria", "--hang-up-after", "0.3"]);
    assertEquals(await caller.exitCode(), 0);
    await maria.waitForEvent("call_ended");
  }
  const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();
  assertEquals(names, ["chamada-2.wav", "chamada.wav"]);
});

Deno.test("phone keeps control characters of other people's messages from the screen", async () => {
  await using registry = await startRegistry();
  await using maria = startProcess(
    "phone",
    [`127.0.0.1:${registry.port}`, "maria", "0", "--mic", "none", "--speaker", "none"],
    { stdin: "piped" },
  );
  const line = await maria.waitForText("registro_confirmado");
  const { porta } = JSON.parse(line.slice(line.indexOf("{")));
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const evil = new TextEncoder().encode('{"tipo":"\x1b[2J\x07\u202e\u009b1m"}');
  await socket.send(evil, { transport: "udp", hostname: "127.0.0.1", port: porta });
  const shown = await maria.waitForText("[2J");
  socket.close();
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x1f\x7f-\x9f\u202e]/.test(shown), shown);
});
