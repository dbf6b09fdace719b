import { assertEquals } from "@std/assert";
import { ROOT, runToEnd } from "../../testing/program.ts";
import { temporaryFile } from "../../testing/temporary.ts";

/** Attempts of a program, as source that throws if it is refused. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  "reading a file": 'Deno.readTextFileSync("/etc/hosts")',
  "listing a folder": 'Array.from(Deno.readDirSync("/"))',
  "writing a file": 'Deno.writeTextFileSync("/tmp/sala-must-not-be", "")',
  "removing a file": 'Deno.removeSync("/tmp/sala-must-not-be")',
  "running a program": 'new Deno.Command("true").outputSync()',
  "calling a library": 'Deno.dlopen("libc.so.6", {})',
  "reading the environment": 'Deno.env.get("HOME")',
  "reading the whole environment": "Deno.env.toObject()",
  "asking about the system": "Deno.osRelease()",
};

/** The attempts that are refused to a program with deno.json's set of permissions, after it ran `before`. */
async function refused(set: string, before = ""): Promise<string[]> {
  const tries = Object.entries(ATTEMPTS).map(([what, source]) =>
    `try { ${source}; } catch (error) { if (error instanceof Deno.errors.NotCapable) console.log(${
      JSON.stringify(what)
    }); }`
  );
  await using program = await temporaryFile(".ts", new TextEncoder().encode([before, ...tries].join("\n")));
  const { stdout, stderr } = await runToEnd([
    ...[Deno.execPath(), "run", "-q", "--no-check", "--no-prompt"],
    ...["--config", new URL("deno.json", ROOT).pathname, `-P=${set}`, program.path],
  ]);
  assertEquals(stderr, "");
  return stdout.trim().split("\n");
}

Deno.test("the registry's permissions are for the network, once it has read what its command line names", async () => {
  const permissions = new URL("lib/cli/permissions.ts", ROOT).href;
  const giveUp = `import { giveUpFiles } from ${JSON.stringify(permissions)}; await giveUpFiles(false);`;
  assertEquals(await refused("registry", giveUp), Object.keys(ATTEMPTS));
});

Deno.test("the registry's permissions at its start are for the network and for files", async () => {
  const files = ["reading a file", "listing a folder", "writing a file", "removing a file"];
  assertEquals(await refused("registry"), Object.keys(ATTEMPTS).filter((what) => !files.includes(what)));
});

Deno.test("the registry gives up files before it listens", async () => {
  const source = await Deno.readTextFile(new URL("registry.ts", ROOT));
  const [given, listening] = [source.indexOf("await giveUpFiles("), source.indexOf("= startRegistry(")];
  assertEquals(given > 0 && given < listening, true);
});
