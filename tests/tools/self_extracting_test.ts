import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { makeSelfExtracting } from "../../tools/self_extracting.ts";

/** Stands for Deno: prints its own path and the program, then waits while the pipe on its standard input is open. */
const RUNTIME = `#!/bin/sh
for word in "$@"; do case $word in *.js) program=$word ;; esac; done
echo "$0 $program $(cat "$program")"
cat >/dev/null
`;

/** A machine's folders, and files made for it. */
class Machine implements AsyncDisposable {
  private constructor(readonly root: string) {}

  static async make(): Promise<Machine> {
    return new Machine(await Deno.makeTempDir({ prefix: "sala-test-" }));
  }

  /** Makes the self-extracting phone of a version. @returns Its path. */
  async build(version: string, runtime = RUNTIME): Promise<string> {
    const folder = `${this.root}/${version}`;
    const [program, deno] = [`${folder}/program`, `${folder}/runtime`];
    await Deno.mkdir(program, { recursive: true });
    await Deno.mkdir(deno);
    await Deno.writeTextFile(`${program}/phone.js`, version);
    await Deno.writeTextFile(`${program}/deno.json`, "{}");
    await Deno.writeTextFile(`${deno}/deno`, runtime, { mode: 0o755 });
    await makeSelfExtracting({ folder, tools: ["phone"], program, runtime: deno, v8Flags: "" });
    return `${folder}/phone`;
  }

  start(
    phone: string,
    env: Record<string, string> = {},
    stdin: "null" | "piped" = "null",
    args: readonly string[] = [],
  ): Deno.ChildProcess {
    return new Deno.Command(phone, {
      args: [...args],
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "", HOME: this.root, TMPDIR: `${this.root}/tmp`, ...env },
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async run(
    phone: string,
    env: Record<string, string> = {},
    args: readonly string[] = [],
  ): Promise<{ said: string; code: number }> {
    const { code, stdout, stderr } = await this.start(phone, env, "null", args).output();
    return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  }

  /** What is unpacked in a folder: kinds and their numbers. */
  unpacked(folder = `${this.root}/.cache/sala`): { program: number; deno: number; other: number } {
    const count = { program: 0, deno: 0, other: 0 };
    for (const { name } of Deno.readDirSync(folder)) {
      count[name.startsWith("program-") ? "program" : name.startsWith("deno-") ? "deno" : "other"]++;
    }
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "self-extracting files of two versions share Deno, and the old program is removed",
  ignore,
  async fn() {
    await using machine = await Machine.make();
    assertStringIncludes((await machine.run(await machine.build("one"))).said, "one");
    assertEquals(machine.unpacked(), { program: 1, deno: 1, other: 0 });
    assertStringIncludes((await machine.run(await machine.build("two"))).said, "two");
    assertEquals(machine.unpacked(), { program: 1, deno: 1, other: 0 });
    await machine.run(await machine.build("three", `${RUNTIME}# another Deno\n`));
    assertEquals(machine.unpacked(), { program: 1, deno: 1, other: 0 });
  },
});

Deno.test({
  name: "a self-extracting file leaves a version in place that still runs",
  ignore,
  async fn() {
    await using machine = await Machine.make();
    const old = machine.start(await machine.build("one"), {}, "piped");
    const output = old.stdout.getReader();
    await output.read(); // It has started.
    await machine.run(await machine.build("two"));
    assertEquals(machine.unpacked(), { program: 2, deno: 1, other: 0 });
    await old.stdin.close();
    await old.status;
    output.releaseLock();
    await Promise.all([old.stdout.cancel(), old.stderr.cancel()]);
    await machine.run(await machine.build("three"));
    assertEquals(machine.unpacked(), { program: 1, deno: 1, other: 0 });
  },
});

Deno.test({
  name: "a self-extracting file removes what versions before left, each with a Deno of its own",
  ignore,
  async fn() {
    await using machine = await Machine.make();
    await Deno.mkdir(`${machine.root}/.cache/sala/${"0".repeat(64)}`, { recursive: true });
    await Deno.writeTextFile(`${machine.root}/.cache/sala/notes`, "not ours");
    const phone = await machine.build("one");
    await machine.run(phone);
    assertEquals(machine.unpacked(), { program: 1, deno: 1, other: 1 });
  },
});

Deno.test({
  name: "SALA_UNPACK unpacks for everybody, and starts from there",
  ignore,
  async fn() {
    await using machine = await Machine.make();
    const shared = `${machine.root}/shared`;
    const phone = await machine.build("one");
    const first = await machine.run(phone, { SALA_UNPACK: shared });
    assert(first.said.startsWith(`${shared}/deno-`), first.said);
    assertEquals(machine.unpacked(shared), { program: 1, deno: 1, other: 0 });
    for (const { name } of Deno.readDirSync(shared)) {
      for (
        const file of [
          `${shared}/${name}`,
          ...[...Deno.readDirSync(`${shared}/${name}`)].map((entry) => `${shared}/${name}/${entry.name}`),
        ]
      ) {
        assertEquals((await Deno.stat(file)).mode! & 0o044, 0o044, file);
      }
    }
    await assertMissing(`${machine.root}/.cache`);
  },
});

Deno.test({
  name: "a self-extracting file that cannot unpack says what to do, and leaves nothing behind",
  ignore,
  async fn() {
    await using machine = await Machine.make();
    const phone = await machine.build("one");
    const bytes = await Deno.readFile(phone);
    await Deno.writeFile(phone, bytes.subarray(0, bytes.length - 20), { mode: 0o755 });
    for (
      const [LANG, words] of [["en_US.UTF-8", "copy it again"], ["pt_BR.UTF-8", "copie-o de novo"]] as const
    ) {
      const { code, said } = await machine.run(phone, { LANG });
      assertEquals(code, 1);
      assertStringIncludes(said, words);
      assertEquals(said.trim().split("\n").length, 1, said);
    }
  },
});

Deno.test({
  name: "a self-extracting file leaves folders alone whose paths are not UTF-8, in which Deno finds nothing",
  ignore,
  async fn() {
    await using machine = await Machine.make();
    const phone = await machine.build("one");
    const latin1 = async (variable: string) =>
      await machine.run("/bin/sh", {}, [
        "-c",
        `export ${variable}="$HOME/$(printf 'jo\\343o')"; exec "$0"`,
        phone,
      ]);
    const elsewhere = await latin1("XDG_CACHE_HOME");
    assert(elsewhere.said.startsWith(`${machine.root}/tmp/sala-`), elsewhere.said);
    const { code, said } = await latin1("SALA_UNPACK");
    assertEquals(code, 1);
    assertStringIncludes(said, "UTF-8");
  },
});

async function assertMissing(path: string): Promise<void> {
  let found = true;
  await Deno.stat(path).catch(() => found = false);
  assertEquals(found, false, path);
}
