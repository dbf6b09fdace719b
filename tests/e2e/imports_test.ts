import { assert, assertEquals } from "@std/assert";
import { importMap } from "../../testing/processes.ts";

const ROOT = new URL("../../", import.meta.url);

/** All modules below a folder. */
function* modules(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) yield* modules(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield new URL(folder + name, ROOT).href;
  }
}

/** Ends the program at the first library or socket, also where the module would go on without it. */
const GUARDS = `
  for (const name of ["dlopen", "listen", "listenDatagram", "connect", "connectTls", "listenTls"]) {
    Deno[name] = () => {
      console.error("Deno." + name + " while modules are loaded", new Error().stack);
      Deno.exit(1);
    };
  }
`;

async function load(imported: readonly string[]): Promise<{ success: boolean; stderr: string }> {
  const folder = await Deno.makeTempDir({ prefix: "sala-imports-" });
  try {
    await Deno.writeTextFile(`${folder}/guards.js`, GUARDS);
    // Evaluated in this order.
    const text = ["./guards.js", ...imported].map((module) => `import "${module}";\n`).join("");
    await Deno.writeTextFile(`${folder}/all.js`, text);
    const config = ["--config", new URL("deno.json", ROOT).pathname];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", ...config, "-P=modules", ...importMap(), `${folder}/all.js`],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
    }).output();
    return { success, stderr: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every module of lib/ and audio/ can be loaded without a permission, and loads no library and opens no socket", async () => {
  const all = [...modules("lib/"), ...modules("audio/")];
  assert(all.length > 100);
  assertEquals(await load(all), { success: true, stderr: "" });
});

Deno.test("a module that loads a library or opens a socket is found out, also if it goes on without", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sala-imports-" });
  try {
    for (const call of [`Deno.dlopen("libc.so.6", {})`, `Deno.listen({ port: 0 })`, `Deno.env.toObject()`]) {
      const module = `${folder}/${call.length}.js`;
      await Deno.writeTextFile(
        module,
        `try { ${call}; } catch (error) { if (${call.includes("env")}) throw error; }`,
      );
      assertEquals((await load([`file://${module}`])).success, false, call);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
