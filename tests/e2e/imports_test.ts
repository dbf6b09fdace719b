import { assert, assertEquals } from "@std/assert";
import { importMap, ROOT, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

/** All modules below a folder. */
function* modules(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) yield* modules(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield new URL(folder + name, ROOT).href;
  }
}

/** Ends the program at the first library or socket, also if the module would go on without it. */
const GUARDS = `
  for (const name of ["dlopen", "listen", "listenDatagram", "connect", "connectTls", "listenTls"]) {
    Deno[name] = () => {
      console.error("Deno." + name + " while modules are loaded", new Error().stack);
      Deno.exit(1);
    };
  }
`;

async function load(imported: readonly string[]): Promise<{ success: boolean; stderr: string }> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/guards.js`, GUARDS);
  // Evaluated in this order.
  const text = ["./guards.js", ...imported].map((module) => `import "${module}";\n`).join("");
  await Deno.writeTextFile(`${folder.path}/all.js`, text);
  const config = ["--config", new URL("deno.json", ROOT).pathname];
  const options = ["run", "-q", "--no-prompt", ...config, "-P=modules", ...importMap()];
  return await runToEnd([Deno.execPath(), ...options, `${folder.path}/all.js`], { env: { NO_COLOR: "1" } });
}

Deno.test("every module of lib/ and audio/ can be loaded without a permission, and loads no library and opens no socket", async () => {
  const all = [...modules("lib/"), ...modules("audio/")];
  assert(all.length > 100);
  const { success, stderr } = await load(all);
  assertEquals({ success, stderr }, { success: true, stderr: "" });
});

Deno.test("the check finds a module that loads a library or opens a socket, also if it goes on without", async () => {
  await using folder = await temporaryFolder();
  for (const call of [`Deno.dlopen("libc.so.6", {})`, `Deno.listen({ port: 0 })`, `Deno.env.toObject()`]) {
    const module = `${folder.path}/${call.length}.js`;
    const caught = call.includes("env") ? "throw error" : "";
    await Deno.writeTextFile(module, `try { ${call}; } catch (error) { ${caught} }`);
    assertEquals((await load([`file://${module}`])).success, false, call);
  }
});
