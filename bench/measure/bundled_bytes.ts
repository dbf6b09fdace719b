/** What code adds to a program. */

/**
 * Bytes of a bundled program, minified.
 *
 * @param source A module that imports what is measured and uses it in some way.
 */
export async function bundledBytes(source: string): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "sala-bench-" });
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, source);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "-q", "--minify", "--platform", "deno", "-o", `${folder}/out.js`, `${folder}/main.ts`],
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return (await Deno.stat(`${folder}/out.js`)).size;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
