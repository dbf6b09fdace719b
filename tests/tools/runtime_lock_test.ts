import { assert, assertEquals } from "@std/assert";
import { runtimeLock } from "../../tools/runtime_lock.ts";

Deno.test("executables get the packages that the programs need, with their dependencies, and no others", () => {
  const lock = {
    version: "5",
    specifiers: { "jsr:@std/cli@1": "1.0.0", "npm:@a/x@1": "1.2.0", "npm:fast-check@4": "4.0.0" },
    jsr: { "@std/cli@1.0.0": {} },
    npm: {
      "@a/x@1.2.0": { dependencies: ["b", "c@2.0.0"] },
      "b@1.0.0": { optionalDependencies: ["@a/x"] },
      "c@1.0.0": {},
      "c@2.0.0": {},
      "fast-check@4.0.0": { dependencies: ["d"] },
      "d@1.0.0": {},
    },
    workspace: { dependencies: ["npm:fast-check@4"] },
  };
  const { specifiers, npm, ...rest } = JSON.parse(runtimeLock(JSON.stringify(lock)));
  assertEquals(Object.keys(specifiers), ["jsr:@std/cli@1", "npm:@a/x@1"]);
  assertEquals(Object.keys(npm), ["@a/x@1.2.0", "b@1.0.0", "c@2.0.0"]);
  assertEquals(rest, { version: "5", jsr: lock.jsr });
});

Deno.test("no package is in the project's lock for development only that a program imports", async () => {
  const lock = JSON.parse(runtimeLock(await Deno.readTextFile("deno.lock")));
  const { imports } = JSON.parse(await Deno.readTextFile("deno.json"));
  const left = new Set(
    Object.keys(lock.specifiers).map((one) => one.replace(/^\w+:/, "").replace(/(.)@.*$/, "$1")),
  );
  for (const [name, target] of Object.entries<string>(imports)) {
    if (!target.startsWith("npm:")) continue;
    const bare = target.replace(/^npm:/, "").replace(/(.)@.*$/, "$1");
    if (left.has(bare)) continue;
    for await (const file of sources()) {
      assert(!(await Deno.readTextFile(file)).includes(`"${name}"`), `${file} imports ${name}`);
    }
  }
});

/** The modules that the programs are made of. */
async function* sources(folder?: string): AsyncGenerator<string> {
  if (folder === undefined) {
    yield* ["registry.ts", "phone.ts"];
    yield* sources("lib");
    yield* sources("audio");
    return;
  }
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}
