import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import deno from "../../deno.json" with { type: "json" };
import { importMap } from "../../testing/program.ts";

const ROOT = new URL("../../", import.meta.url);
const PROBE = "tests/e2e/permission_probe.ts";

/** The permissions of a phone, granted and refused. */
const PHONE: Readonly<Record<string, "granted" | "refused">> = {
  "run: a program": "refused",
  // It opens a browser with it, before it gives it up.
  "run: a shell": "granted",
  "sys: the host's name": "refused",
  "sys: the system's version": "refused",
  "sys: the person's number": "refused",
  "sys: network interfaces": "granted",
  "sys: the program's priority": "granted",
  "env: LC_ALL": "granted",
  "env: LANG": "granted",
  "env: TERM": "granted",
  "env: PORTAUDIO_LIB": "granted",
  "env: SALA_UDP": "granted",
  "env: HOME": "refused",
  "env: SALA_SECRET": "refused",
  "env: all of it": "refused",
  "env: set a variable": "refused",
  "net: listen to TCP": "granted",
  "net: listen to UDP": "granted",
  "read: a file": "granted",
  "write: a file": "granted",
  "ffi: a library": "granted",
  "ffi: memory": "granted",
  "import: a program from elsewhere": "refused",
};

async function probe(command: string, args: readonly string[]): Promise<Record<string, string>> {
  const file = await Deno.makeTempFile({ prefix: "sala-probe-" });
  try {
    const { stdout, stderr, success } = await new Deno.Command(command, {
      args: args.map((arg) => arg === "{file}" ? file : arg),
      cwd: ROOT,
      env: { NO_COLOR: "1", SALA_SECRET: "x" },
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(file);
  }
}

const RUN = ["run", "-q", "--no-prompt", "-P=phone", ...importMap(), PROBE, "{file}"];

Deno.test("what deno.json does not grant the phone is refused, and what it grants is there", async () => {
  assertEquals(await probe(Deno.execPath(), RUN), PHONE);
});

Deno.test("a phone gives up permissions that its run does not need, at its beginning", async () => {
  const without = (...kinds: string[]) =>
    Object.fromEntries(
      Object.entries(PHONE).map(([name, result]) =>
        [name, kinds.some((kind) => name.startsWith(kind)) ? "refused" : result] as const
      ),
    );
  assertEquals(
    await probe(Deno.execPath(), [...RUN, "--give-up", ""]),
    without("run", "read", "write", "ffi", "sys: the program's priority"),
  );
  assertEquals(
    await probe(Deno.execPath(), [...RUN, "--give-up", "read,ffi"]),
    without("run", "write", "sys: the program's priority"),
  );
});

Deno.test("deno.json grants no tool everything, and names each environment variable", () => {
  for (const tool of ["registry", "phone"] as const) {
    const set = deno.permissions[tool];
    assert(Array.isArray(set.env), `${tool} names its environment variables`);
    assert(!("all" in set), `${tool} may not do everything`);
  }
  assert(!("run" in deno.permissions.registry), "a registry starts no program");
  assertEquals(deno.permissions.phone.run, ["sh", "rundll32"]);
  assertEquals(deno.permissions.registry.sys, ["networkInterfaces"]);
  assertEquals(deno.permissions.phone.sys, ["getPriority", "setPriority", "networkInterfaces"]);
});

Deno.test("deno.json grants unit tests no program, no library and no network but loopback", () => {
  const { net, read, write, env, ...rest } = deno.permissions.unit;
  assertEquals([read, write, env, rest], [true, true, true, {}]);
  // 192.0.2.1 is nobody's (RFC 5737), and no host is called nobody.invalid (RFC 2606).
  const nobody = ["192.0.2.1", "nobody.invalid"];
  assertEquals(net, ["127.0.0.1", "0.0.0.0", "[::1]", "[::]", "localhost", ...nobody]);
});

/** The files that start or make the tools, and how each names the set of permissions. */
const STARTED: Readonly<Record<string, RegExp>> = {
  "Makefile": /\$\(TOOL\) -P=registry registry\.ts .*\n[\s\S]*\$\(TOOL\) -P=phone phone\.ts /,
  "testing/processes.ts": /"--no-prompt", .*`-P=\$\{kind\}`/,
  "tools/build.ts": /"compile", .*`-P=\$\{tool\}`/,
  "packaging/launcher.sh": /--config \/usr\/lib\/sala\/deno\.json -P=@TOOL@/,
  "tools/self_extracting.sh": /--config "\$base\/\$program\/deno\.json" "-P=\$tool"/,
};

Deno.test("run, test and compile name the set of deno.json and add nothing to it", async () => {
  for (const [file, set] of Object.entries(STARTED)) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    assertMatch(text, set, file);
    assert(!/--(allow|deny)-/.test(text), `${file} has permissions of its own`);
  }
});

Deno.test("run, test and compile give V8 the same flags", async () => {
  const uses: Readonly<Record<string, string>> = {
    "Makefile": "--v8-flags=$(shell cat tools/v8_flags)",
    "testing/processes.ts": "`--v8-flags=${V8_FLAGS}`",
    "tools/build.ts": "`--v8-flags=${v8Flags}`",
    "packaging/launcher.sh": '"--v8-flags=@V8_FLAGS@"',
    "tools/self_extracting.sh": '"--v8-flags=@V8_FLAGS@"',
  };
  for (const [file, use] of Object.entries(uses)) {
    assertStringIncludes(await Deno.readTextFile(new URL(file, ROOT)), use, file);
  }
});

/** The set that `deno compile` writes between the runtime and the program. */
async function compiledPermissions(path: string): Promise<Record<string, unknown> | undefined> {
  const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
  const json = /"permissions":(\{"allow_env":[^}]*\})/.exec(
    text.slice(text.lastIndexOf('"permissions":{"allow_')),
  )?.[1];
  return json === undefined ? undefined : JSON.parse(json);
}

for (const tool of ["registry", "phone"] as const) {
  const executable = Deno.env.get(`SALA_${tool.toUpperCase()}`);
  Deno.test({
    name: `the executable of the ${tool} has the permissions of deno.json, as far as there is one`,
    ignore: executable === undefined,
    async fn() {
      const path = executable as string;
      const start = new Uint8Array(2);
      using file = await Deno.open(path);
      await file.read(start);
      if (new TextDecoder().decode(start) === "#!") { // It unpacks deno.json, and names the set.
        const script = new TextDecoder().decode((await Deno.readFile(path)).subarray(0, 8192));
        assertStringIncludes(script, '"-P=$tool"');
        assertStringIncludes(script, "--no-prompt");
        return;
      }
      const compiled = await compiledPermissions(path);
      const set: Readonly<Record<string, unknown>> = deno.permissions[tool];
      const names = ["env", "net", "ffi", "read", "run", "sys", "write", "import"];
      for (const name of names) {
        // It writes all of a kind as an empty list, none as null.
        const expected = set[name] === true ? [] : set[name] ?? null;
        assertEquals(compiled?.[`allow_${name}`], expected, name);
      }
      assertEquals(compiled?.prompt, false);
    },
  });
}

Deno.test({
  name: "a compiled program is refused the same, where there is a runtime to compile it with",
  ignore: !Deno.env.get("DENORT_BIN"),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "sala-probe-" });
    try {
      const output = `${folder}/probe`;
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["compile", "-q", "--no-check", "--no-prompt", "-P=phone", ...importMap(), "-o", output, PROBE],
        cwd: ROOT,
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const results = await probe(output, ["{file}"]);
      // An executable has no source to read, and loads no other code with any permission.
      const there = Object.keys(PHONE).filter((name) => !/^(read|import)/.test(name));
      for (const name of there) assertEquals(results[name], PHONE[name], name);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
