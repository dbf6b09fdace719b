/** Output that is full, fails or stands still, and signals that must not end a tool. */

import { assertEquals } from "@std/assert";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { type StartOptions, startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { haveTmux, type Sight, TestTerminal } from "../../testing/tmux.ts";
import { commandLine } from "../../testing/processes.ts";
import { connectOnceThere, EVERYTHING, startPhone } from "./phones.ts";
import { until } from "../../testing/until.ts";

const ignore = Deno.build.os !== "linux";
const NO_SOUND = ["--mic", "none", "--speaker", "none"];

/** Runs a tool in a shell that first does something else. `$0` and `$@` are the tool. */
const after = (script: string): StartOptions => ({ through: ["sh", "-c", script] });

/** Sizes in bytes: of a log at its limit of 1 GiB, which holds nothing, and of the room left in it. */
const LIMIT = 2 ** 30;
const ROOM = 300;

/** How standard output fails, and what is said of it. */
const FAILURES: Record<string, { script: (folder: string) => string; cause: string }> = {
  "a full disk": { script: () => 'exec "$0" "$@" > /dev/full', cause: "o disco está cheio" },
  "a file at its limit of size": {
    // The shell counts in 512 bytes.
    script: (folder) =>
      `truncate -s ${LIMIT - ROOM} ${folder}/log; ulimit -f ${LIMIT / 512}; exec "$0" "$@" >> ${folder}/log`,
    cause: "o arquivo ficaria grande demais",
  },
};

for (const [what, { script, cause }] of Object.entries(FAILURES)) {
  for (const json of [[], ["--json"]]) {
    Deno.test({
      name: `the room stays open at ${what}, and says so once, ${json.join() || "in sentences"}`,
      ignore: ignore || !EVERYTHING && json.length === 0,
      async fn() {
        await using folder = await temporaryFolder();
        const port = freePorts();
        const args = ["--port", String(port), ...json];
        await using registry = startProcess("registry", args, after(script(folder.path)));
        await using joao = await connectOnceThere(port);
        for (let count = 0; count < 20; count++) await joao.register(`nome ${count}`, "127.0.0.1", 6000);
        await until("the registry says so", () => registry.stderr !== "");
        assertEquals((await joao.lookUp("nome 0")).kind, "found");
        registry.kill();
        assertEquals(await registry.exitCode(), 0);
        assertEquals(
          registry.stderr,
          `a saída não pode ser escrita: ${cause}; a sala continua aberta, ` +
            "e a escrita é tentada de novo a cada segundo\n",
        );
      },
    });
  }

  Deno.test({
    name: `a call goes on at ${what}, and the phone says so once`,
    ignore,
    async fn() {
      await using folder = await temporaryFolder();
      await using registry = await startRegistry();
      const args = [`127.0.0.1:${registry.port}`, "maria", "0", ...NO_SOUND, "--answer", "accept"];
      await using maria = startProcess("phone", args, after(script(folder.path)));
      await registry.process.waitForEvent("joined", ({ name }) => name === "maria");
      await using joao = await startPhone(registry.port, "joão", ["--call", "maria"]);
      await joao.waitForEvent("status", ({ framesPlayed }) => framesPlayed as number > 50);
      await until("the phone says so", () => maria.stderr !== "");
      maria.kill();
      assertEquals(await maria.exitCode(), 0);
      await joao.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
      assertEquals(
        maria.stderr,
        `A saída não pode ser escrita: ${cause}. O telefone continua e tenta de novo a cada segundo.\n`,
      );
    },
  });
}

/** A pipe that nobody reads, though it has a reader. */
const UNREAD = (folder: string) => `mkfifo ${folder}/pipe; exec 3<> ${folder}/pipe; exec "$0" "$@" >&3`;

for (const json of [[], ["--json"]]) {
  for (const leave of ["SIGTERM", "sair"] as const) {
    Deno.test({
      name: `a phone whose reader stands still has its call and leaves at ${leave}, ${
        json.join() || "plain"
      }`,
      ignore: ignore || !EVERYTHING && (json.length === 0) === (leave === "sair"),
      async fn() {
        await using folder = await temporaryFolder();
        await using registry = await startRegistry();
        const args = [`127.0.0.1:${registry.port}`, "maria", "0", ...NO_SOUND, "--answer", "accept", ...json];
        await using maria = startProcess("phone", args, {
          ...after(UNREAD(folder.path)),
          stdin: "piped",
        });
        await registry.process.waitForEvent("joined", ({ name }) => name === "maria");
        // More than a pipe holds.
        await maria.type("ajuda\n".repeat(500) + "consultar joão");
        await registry.process.waitForEvent("message", ({ text }) => /"consulta"/.test(text as string));
        await using joao = await startPhone(registry.port, "joão", ["--call", "maria"]);
        await joao.waitForEvent("status", ({ framesPlayed }) => framesPlayed as number > 50);
        if (leave === "sair") await maria.type("sair");
        else maria.kill(leave);
        assertEquals(await maria.exitCode(), 0);
        await joao.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
        await registry.process.waitForEvent("left", ({ name }) => name === "maria");
      },
    });
  }
}

Deno.test({
  name: "the registry ends although the readers of its output and its errors stand still",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    const port = freePorts();
    await using registry = startProcess("registry", ["--port", String(port)], after(UNREAD(folder.path)));
    await using joao = await connectOnceThere(port);
    // Each refusal quotes a long line.
    for (let count = 0; count < 100; count++) await joao.register("x".repeat(1000), "127.0.0.1", 6000);
    registry.kill();
    assertEquals(await registry.exitCode(), 0);
    await using first = await startRegistry();
    // The pipe of the errors is full from the beginning.
    await using second = startProcess(
      "registry",
      ["--port", String(first.port)],
      after(`exec 3<> ${folder.path}/pipe; head -c 65536 /dev/zero >&3 & wait $!; exec "$0" "$@" 2>&3`),
    );
    assertEquals(await second.exitCode(), 1);
  },
});

Deno.test({
  name: "a pipe that another program told not to block loses nothing",
  ignore: ignore || !isInstalled("dd"),
  async fn() {
    await using registry = await startRegistry();
    // dd sets O_NONBLOCK of what it shares with the phone.
    const nonBlocking = 'dd iflag=nonblock oflag=nonblock count=0 2> /dev/null; exec "$0" "$@"';
    await using joao = await startPhone(registry.port, "joão", [], after(nonBlocking));
    await joao.type("ajuda\n".repeat(3000) + "sair");
    assertEquals(await joao.exitCode(), 0);
    assertEquals(joao.events("help").length, 3000);
    assertEquals(joao.events("closed").length, 1);
  },
});

/** Ways to start a tool so that it ignores signals, and those signals. */
const IGNORING: Record<string, { options: StartOptions; signals: Deno.Signal[] }> = {
  nohup: { options: { through: ["nohup"] }, signals: ["SIGHUP"] },
  "a shell without job control": {
    options: after('trap "" INT QUIT; exec "$0" "$@"'),
    signals: ["SIGINT", "SIGQUIT"],
  },
};

for (const [how, { options, signals }] of Object.entries(IGNORING)) {
  Deno.test({
    name: `tools started by ${how} go on at ${signals.join(" and ")}`,
    ignore,
    async fn() {
      await using registry = await startRegistry([], options);
      await using joao = await startPhone(registry.port, "joão", [], options);
      for (const signal of signals) {
        registry.process.kill(signal);
        joao.kill(signal);
      }
      // A signal that ends them comes before what is typed now.
      await joao.type("lista");
      await joao.waitForEvent("people");
      joao.kill("SIGTERM");
      assertEquals(await joao.exitCode(), 0);
      registry.process.kill("SIGTERM");
      assertEquals(await registry.process.exitCode(), 0);
      assertEquals(registry.process.events("closed").length, 1);
    },
  });
}

Deno.test({
  name: "a registry without a terminal goes on at SIGHUP, which rotates logs",
  ignore,
  async fn() {
    await using registry = await startRegistry();
    registry.process.kill("SIGHUP");
    await using joao = await connectOnceThere(registry.port);
    assertEquals((await joao.register("joão", "127.0.0.1", 6000)).kind, "confirmed");
    registry.process.kill("SIGTERM");
    assertEquals(await registry.process.exitCode(), 0);
  },
});

const noTerminal = ignore || !haveTmux();
const lastRows = (text: RegExp) => ({ rows }: Sight): boolean => rows.some((row) => text.test(row));

Deno.test({
  name: "a registry ends when its terminal is closed",
  ignore: noTerminal,
  async fn() {
    const port = freePorts();
    await using terminal = await TestTerminal.open();
    await terminal.run(
      commandLine("registry", ["--port", String(port), "--lang", "pt"]),
      /phone .* NOME$|só telefones/,
    );
    const ended = Promise.withResolvers<void>();
    const joao = await RegistryClient.connect("127.0.0.1", port, { onLost: ended.resolve });
    assertEquals(joao.kind, "connected");
    await terminal.closeWindow();
    await ended.promise;
  },
});

/** The last row of a program whose output goes elsewhere: the mark of its own, or the end of what the phone says at first. */
const STARTED = /^>$|--ip\.$/;

for (const output of ["| cat", "> /dev/null"]) {
  Deno.test({
    name: `a person whose output goes elsewhere, phone ${output}, types commands and leaves with Ctrl-D`,
    ignore: noTerminal || !EVERYTHING && output !== "| cat",
    async fn() {
      await using registry = await startRegistry();
      await using terminal = await TestTerminal.open();
      const phone = commandLine("phone", [`127.0.0.1:${registry.port}`, "joão", "0", ...NO_SOUND]);
      await terminal.run(["sh", "-c", `clear; echo '>'; "$0" "$@" ${output}`, ...phone], STARTED);
      await registry.process.waitForEvent("joined");
      await terminal.type("lista");
      await terminal.press("Enter");
      await registry.process.waitForEvent("message", ({ text }) => /"lista"/.test(text as string));
      await terminal.press("C-d");
      await registry.process.waitForEvent("left", ({ reason }) => reason === "goodbye");
      await terminal.see("the end", lastRows(/^status 0, modes same$/));
    },
  });
}

Deno.test({
  name: "the question for a password gives the terminal back at a signal and at Ctrl-\\",
  ignore: noTerminal,
  async fn() {
    await using terminal = await TestTerminal.open();
    for (const tool of ["registry", "phone"] as const) {
      const args = tool === "phone" ? ["127.0.0.1:1", "joão", ...NO_SOUND] : [];
      const line = commandLine(tool, [...args, "--room-password", "--lang", "pt"]);
      for (const leave of ["SIGTERM", "C-\\"] as const) {
        const pid = await terminal.run(line, /^senha da sala:$/);
        if (leave === "SIGTERM") Deno.kill(pid, leave);
        else await terminal.press(leave);
        await terminal.see("the end", lastRows(/^status 2, modes same$/));
      }
    }
  },
});
