import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Wire } from "../registrar/wire.ts";
import { haveTmux, TestTerminal } from "../../testing/tmux.ts";
import { startPhone } from "./phones.ts";
import { commandLine as toolCommand, startProcess, startRegistry } from "../../testing/processes.ts";
import { temporaryFile } from "../../testing/temporary.ts";

const SECRET = "água mole em pedra dura";

const secretFile = (text: string) => temporaryFile("", new TextEncoder().encode(text));

/** The command line of a process as every user of the machine can read it, on systems that show it. */
async function commandLine(pid: number): Promise<string> {
  return Deno.build.os === "linux" ? await Deno.readTextFile(`/proc/${pid}/cmdline`) : "";
}

Deno.test("a room with a password lets in who knows it, from a file or the environment, and shows it nowhere", async () => {
  await using file = await secretFile(`${SECRET}\r\n`);
  await using registry = await startRegistry(["--room-password-file", file.path]);
  await using maria = await startPhone(registry.port, "maria", ["--room-password-file", file.path]);
  await using joao = await startPhone(registry.port, "joão", [], { env: { SALA_ROOM_PASSWORD: SECRET } });
  await joao.type("consultar maria");
  await joao.waitForEvent("person");
  for (const process of [registry.process, maria, joao]) {
    assertStringIncludes(process.stdout, "resposta_desafio");
    assert(!(process.stdout + process.stderr + await commandLine(process.pid)).includes(SECRET));
  }
});

Deno.test("nobody registers or reads the table without the room's password", async () => {
  await using registry = await startRegistry([], { env: { SALA_ROOM_PASSWORD: SECRET } });
  await using _maria = await startPhone(registry.port, "maria", [], { env: { SALA_ROOM_PASSWORD: SECRET } });
  for (const [env, given] of [[{}, false], [{ SALA_ROOM_PASSWORD: "errada" }, true]] as const) {
    const args = [`127.0.0.1:${registry.port}`, "joão", "0", "--mic", "none", "--speaker", "none", "--json"];
    await using phone = startProcess("phone", args, { env });
    assertEquals(await phone.exitCode(), 4);
    assertEquals(phone.events("password_refused").map((event) => event.given), [given]);
  }
  using wire = await Wire.connect(registry.port);
  assertEquals((await wire.register("pedro") as { tipo: string }).tipo, "desafio");
  await wire.send({ tipo: "consulta", nome: "maria" }, { tipo: "lista" });
  assertEquals([(await wire.message()).codigo, (await wire.message()).codigo], [
    "nao_registrado",
    "nao_registrado",
  ]);
  await wire.send({ tipo: "resposta_desafio", nonce: "a".repeat(22), prova: "a".repeat(43) });
  assertEquals((await wire.message()).codigo, "senha_incorreta");
  assertEquals(await wire.line(), undefined, "and the registry closes");
  assertEquals(registry.process.events("joined").length, 1);
});

Deno.test("a phone comes back to a room with a password", async () => {
  const env = { SALA_ROOM_PASSWORD: SECRET };
  const first = await startRegistry([], { env });
  await using maria = await startPhone(first.port, "maria", [], { env });
  first.process.kill("SIGKILL");
  await first[Symbol.asyncDispose]();
  await maria.waitForEvent("registry_lost");
  await using _second = await startRegistry(["--port", `${first.port}`], { env });
  await maria.waitForEvent("registry_back");
});

const WRONG: [args: string[], words: string][] = [
  [["--room-password-file", "/none/such"], "“/none/such” de --room-password-file não pôde ser usado"],
  [["--room-password"], "não há nenhum"],
  [["--room-password=muito secreta"], "--room-password"],
  [["--ca", "/none"], "--ca precisa de --tls"],
];

Deno.test("phone says in one sentence what is wrong with its secrets, and does not repeat them", async () => {
  for (const [args, words] of WRONG) {
    await using phone = startProcess("phone", ["127.0.0.1:1", "joão", "0", ...args]);
    assertEquals(await phone.exitCode(), 2, phone.report());
    assertStringIncludes(phone.stderr, words);
    assert(!phone.stderr.includes("secreta"));
    assertEquals(phone.stderr.trim().split("\n").length, 1);
  }
});

const PASSWORD_PROMPT = /^room password:/;

/** Waits until a text stands on the screen, and returns all of it. */
async function see(terminal: TestTerminal, text: string): Promise<string> {
  const { rows } = await terminal.see(`"${text}"`, ({ rows }) => rows.join("\n").includes(text));
  return rows.join("\n");
}

Deno.test({
  name: "registry and phone ask at the terminal for the room's password, and do not show what is typed",
  ignore: !haveTmux(),
  async fn() {
    await using registry = await TestTerminal.open({ columns: 100 });
    const rest = ["--room-password", "--lang", "en"];
    await registry.run(toolCommand("registry", ["--port", "0", ...rest]), PASSWORD_PROMPT);
    await registry.type("segredx");
    await registry.press("BSpace");
    await registry.type("o-1");
    await registry.press("Enter");
    const shown = await see(registry, "room open at 0.0.0.0:");
    const port = /room open at [^:]*:(\d+)/.exec(shown)?.[1];
    const args = [`127.0.0.1:${port}`, "joana", "0", "--mic", "none", "--speaker", "none", ...rest];
    await using phone = await TestTerminal.open({ columns: 100 });
    await phone.run(toolCommand("phone", args), PASSWORD_PROMPT);
    await phone.type("segredo-1");
    await phone.press("Enter");
    const screen = await see(phone, "You are in the room as joana");
    assert(!(shown + screen).includes("segred"), screen);
    await phone.type("list");
    await phone.press("Enter");
    await see(phone, "There is one person in the room");
  },
});

Deno.test({
  name: "phone whose person gives up typing the password says so, and exits with 2",
  ignore: !haveTmux(),
  async fn() {
    await using terminal = await TestTerminal.open({ columns: 200 });
    const args = ["127.0.0.1:1", "joana", "0", "--room-password", "--lang", "en"];
    await terminal.run(toolCommand("phone", args), PASSWORD_PROMPT);
    await terminal.press("C-c");
    await see(terminal, "The option --room-password asked, and nothing was typed.");
  },
});
