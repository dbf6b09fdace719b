/** A registry's log: what keeps it from being written never ends the room, and what peers write into it is bounded. */

import { connectOnceThere, EVERYTHING } from "./phones.ts";
import { assert, assertEquals, assertLess } from "@std/assert";
import { writeAll } from "../../lib/util/write_all.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { startProcess, type ToolProcess } from "../../testing/processes.ts";
import { isInstalled, outputOf, Program, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { until } from "../../testing/until.ts";

const ignore = Deno.build.os !== "linux";
const encoder = new TextEncoder();

/** What the registry says of its output, once for each time that it fails. */
const said = (...causes: readonly string[]): string =>
  causes.map((cause) =>
    `a saída não pode ser escrita: ${cause}; a sala continua aberta, e a escrita é tentada de novo a cada segundo\n`
  ).join("");

/** A registry whose standard output a shell script leads elsewhere. `$0` and `$@` are the tool, `$FOLDER` is for files. */
class LoggingRegistry implements AsyncDisposable {
  readonly process: ToolProcess;
  readonly port = freePorts();
  readonly log: string;
  #people = 0;

  constructor(
    folder: string,
    script: string,
    options: readonly string[] = [],
    env: Record<string, string> = {},
  ) {
    this.log = `${folder}/log`;
    this.process = startProcess("registry", ["--port", `${this.port}`, "--host", "127.0.0.1", ...options], {
      through: ["sh", "-c", script],
      env: { FOLDER: folder, ...env },
    });
  }

  /** A phone that is in the room and looks itself up. @returns Its name, which is in the log then, or will be. */
  async visit(): Promise<string> {
    const client = await connectOnceThere(this.port);
    const name = `pessoa ${this.#people++}`;
    assertEquals((await client.register(name, "127.0.0.1", 6000)).kind, "confirmed");
    assertEquals((await client.lookUp(name)).kind, "found");
    await client.close(name);
    return name;
  }

  /** Waits until the log has a text. */
  async has(text: string): Promise<void> {
    await until(`the log has ${text}`, async () => (await Deno.readTextFile(this.log)).includes(text));
  }

  /** Waits until standard error has that many complaints about the output. */
  async complained(times: number): Promise<void> {
    await until(`${times} complaints`, () => this.process.stderr.split("\n").length > times);
  }

  async close(): Promise<void> {
    this.process.kill("SIGTERM");
    assertEquals(await this.process.exitCode(), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** A file system in memory with that much room, which the test may mount. */
class SmallDisk implements AsyncDisposable {
  constructor(readonly path: string) {}

  static async mount(path: string): Promise<SmallDisk | undefined> {
    await Deno.mkdir(path);
    const { success } = await runToEnd(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path]);
    return success ? new SmallDisk(path) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await outputOf(["umount", "-l", this.path]);
  }
}

async function mayMount(): Promise<boolean> {
  if (ignore || !isInstalled("mount")) return false;
  await using folder = await temporaryFolder();
  await using disk = await SmallDisk.mount(`${folder.path}/disk`);
  return disk !== undefined;
}

/** Checks that a log has everything that was to be written, each line once and whole. */
async function assertComplete(registry: LoggingRegistry, names: readonly string[]): Promise<void> {
  const lines = (await Deno.readTextFile(registry.log)).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.filter(({ event }) => event === "joined").map(({ name }) => name), [...names]);
  assertEquals(lines.at(-1).event, "closed");
}

Deno.test({
  name: "a full file system does not end the room, and its log goes on where it stopped once there is room",
  ignore: !await mayMount(),
  async fn() {
    await using folder = await temporaryFolder();
    await using disk = await SmallDisk.mount(`${folder.path}/disk`) as SmallDisk;
    await Deno.writeFile(`${disk.path}/other`, new Uint8Array(48 * 1024));
    await using registry = new LoggingRegistry(disk.path, 'exec "$0" "$@" > "$FOLDER/log"', ["--json"]);
    // Their lines, some 25 KiB, are more than the disk has room for now, and less than it has without the other file.
    const names: string[] = [];
    while (names.length < 20) names.push(await registry.visit());
    await registry.complained(1);
    names.push(await registry.visit());
    await Deno.remove(`${disk.path}/other`);
    await registry.has(names.at(-1) as string);
    await registry.close();
    assertEquals(registry.process.stderr, said("o disco está cheio"));
    await assertComplete(registry, names);
  },
});

Deno.test({
  name:
    "a limit of file size set while the registry runs does not end the room, and its log goes on once it is lifted",
  ignore: ignore || !isInstalled("prlimit"),
  async fn() {
    await using folder = await temporaryFolder();
    await using registry = new LoggingRegistry(folder.path, 'exec "$0" "$@" >> "$FOLDER/log"', ["--json"]);
    const names = [await registry.visit()];
    const { pid } = registry.process;
    const { size } = await Deno.stat(registry.log);
    await outputOf(["prlimit", "--pid", `${pid}`, `--fsize=${size + 1000}:`]);
    names.push(await registry.visit());
    await registry.complained(1);
    names.push(await registry.visit());
    await outputOf(["prlimit", "--pid", `${pid}`, "--fsize=unlimited:"]);
    await registry.has(names.at(-1) as string);
    await registry.close();
    assertEquals(registry.process.stderr, said("o arquivo ficaria grande demais"));
    await assertComplete(registry, names);
  },
});

/** Fails writes to standard output with the error number that a file holds, as long as there is one. */
const FAILING_WRITE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  const char *path = getenv("FAIL");
  FILE *file;
  if (fd == 1 && path && (file = fopen(path, "r"))) {
    int number = 0;
    if (fscanf(file, "%d", &number) != 1) number = 0;
    fclose(file);
    if (number) { errno = number; return -1; }
  }
  return real(fd, bytes, count);
}
`;

/** Error numbers of Linux (asm-generic/errno-base.h, asm-generic/errno.h), and what is said of each: nothing of EAGAIN. */
const ERRORS: readonly (readonly [number: number, cause: string | undefined])[] = [
  [5, "falha de leitura ou escrita"],
  [11, undefined],
  [28, "o disco está cheio"],
  [32, "ninguém mais a lê"],
  [122, "o disco está cheio"],
  [116, "falha de leitura ou escrita"],
];

Deno.test({
  name: "no error of writing the log ends the room: EIO, EAGAIN, ENOSPC, EPIPE, EDQUOT, ESTALE",
  ignore: ignore || !isInstalled("gcc"),
  async fn() {
    await using folder = await temporaryFolder();
    const library = `${folder.path}/fail.so`;
    await Deno.writeTextFile(`${folder.path}/fail.c`, FAILING_WRITE);
    await outputOf(["gcc", "-shared", "-fPIC", "-o", library, `${folder.path}/fail.c`, "-ldl"]);
    const fail = `${folder.path}/fail`;
    await using registry = new LoggingRegistry(
      folder.path,
      'export LD_PRELOAD="$LIBRARY"; exec "$0" "$@" > "$FOLDER/log"',
      ["--json"],
      { LIBRARY: library, FAIL: fail },
    );
    const names = [await registry.visit()];
    let complaints = 0;
    for (const [number, cause] of ERRORS) {
      await registry.has(names.at(-1) as string);
      // Whole at once: a file that is being written says nothing.
      await Deno.writeTextFile(`${fail}.new`, `${number}`);
      await Deno.rename(`${fail}.new`, fail);
      names.push(await registry.visit());
      if (cause !== undefined) await registry.complained(++complaints);
      names.push(await registry.visit());
      await Deno.remove(fail);
    }
    await registry.has(names.at(-1) as string);
    await registry.close();
    const causes = ERRORS.flatMap(([, cause]) => cause ?? []);
    assertEquals(registry.process.stderr, said(...causes));
    await assertComplete(registry, names);
  },
});

Deno.test({
  name: "a registry outlives the reader of its log, says so, and writes on to the next one",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    const pipe = `${folder.path}/pipe`;
    await outputOf(["mkfifo", pipe]);
    await using registry = new LoggingRegistry(folder.path, 'exec "$0" "$@" > "$FOLDER/pipe"', ["--json"]);
    {
      await using reader = new Program(["cat", pipe]);
      await reader.waitForText("listening");
    }
    const names = [await registry.visit()];
    await registry.complained(1);
    names.push(await registry.visit());
    await using reader = new Program(["cat", pipe]);
    for (const name of names) await reader.waitForText(name);
    names.push(await registry.visit());
    await reader.waitForText(names[2] as string);
    assertEquals(registry.process.stderr, said("ninguém mais a lê"));
    await registry.close();
  },
});

Deno.test({
  name: "a registry goes on although neither its log nor its errors can be written",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using registry = new LoggingRegistry(folder.path, 'exec "$0" "$@" > /dev/full 2> /dev/full');
    for (let count = 0; count < 10; count++) await registry.visit();
    await using deaf = new LoggingRegistry(folder.path, '"$0" "$@" 2>&1 | true');
    for (let count = 0; count < 10; count++) await deaf.visit();
    await registry.close();
  },
});

/** Connects, registers and sends the same line over and over, reading the answers, until the registry has taken it all. */
async function say(port: number, line: string, times: number): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    const answered = (async () => {
      const buffer = new Uint8Array(65_536);
      for (let lines = 0; lines < times;) {
        const count = await connection.read(buffer);
        if (count === null) throw new Error("the registry closed");
        lines += buffer.subarray(0, count).filter((byte) => byte === 10).length;
      }
    })();
    await Promise.all([writeAll(connection, encoder.encode(`${line}\n`.repeat(times))), answered]);
  } finally {
    connection.close();
  }
}

/** The longest request that is none. */
const LONG = JSON.stringify({ tipo: "x", nome: "" }).replace('""', `"${"x".repeat(4060)}"`);

for (const json of [[], ["--json"]]) {
  Deno.test({
    name: `what a log's reader does not read is left out and counted, messages first, ${
      json.join() || "plain"
    }`,
    ignore: ignore || !EVERYTHING && json.length > 0,
    async fn() {
      await using folder = await temporaryFolder();
      const pipe = `${folder.path}/pipe`;
      await outputOf(["mkfifo", pipe]);
      await using registry = new LoggingRegistry(
        folder.path,
        'exec 3<> "$FOLDER/pipe"; exec "$0" "$@" > "$FOLDER/pipe"',
        [...json, "--rate-limit", "1000000", "--log-limit", "0", "--total-log-limit", "0"],
      );
      const before = await registry.visit();
      await say(registry.port, LONG, 3000);
      const after = await registry.visit();
      const cost = (await Deno.readTextFile(`/proc/${registry.process.pid}/status`)).match(/VmRSS:\s+(\d+)/);
      await using reader = new Program(["cat", pipe]);
      await reader.waitForText(after);
      await reader.waitForText(json.length > 0 ? '"event":"left_out"' : "linhas omitidas");
      const said = reader.stdout;
      assert(said.includes(before));
      assertLess(said.length, 6 * 1024 * 1024);
      assertLess(Number(cost?.[1]), 200 * 1024, "12 MB were to be printed");
      registry.process.kill("SIGTERM");
      assertEquals(await registry.process.exitCode(), 0);
    },
  });
}

Deno.test({
  name:
    "a log grows by 64 KiB a second because of fifty connections of one address, and says what it left out",
  ignore: ignore || !EVERYTHING,
  async fn() {
    await using folder = await temporaryFolder();
    await using registry = new LoggingRegistry(
      folder.path,
      'exec "$0" "$@" > "$FOLDER/log"',
      ["--json", "--rate-limit", "1000000"],
    );
    await registry.visit();
    const started = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => say(registry.port, LONG, 100)));
    const name = await registry.visit();
    await registry.has('"event":"log_limited"');
    await registry.has(`"left","name":"${name}"`);
    await registry.close();
    const seconds = (performance.now() - started) / 1000;
    const { size } = await Deno.stat(registry.log);
    // 8 s of the limit at once; 20 MB were said.
    assertLess(size, 64 * 1024 * (8 + seconds) + 20_000);
    const lines = (await Deno.readTextFile(registry.log)).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    const limited = lines.filter(({ event }) => event === "log_limited");
    assertEquals(new Set(limited.map(({ ip }) => ip)), new Set(["127.0.0.1"]));
    const messages = lines.filter(({ event }) => event === "message").length;
    const omitted = limited.reduce((sum, { lines }) => sum + lines, 0);
    // Each line and its answer, and what the two phones said: nothing is lost from the count.
    assert(messages + omitted >= 2 * 5000, `${messages} and ${omitted}`);
    assertEquals(lines.filter(({ event }) => event === "joined").length, 2, "who joins is not crowded out");
  },
});
