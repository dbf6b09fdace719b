import { outputOf } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

/**
 * Size of a program, bundled and minified, in bytes.
 *
 * @param source A module that imports the code to measure and uses it.
 */
export async function bundledBytes(source: string): Promise<number> {
  await using folder = await temporaryFolder();
  const [main, bundle] = [`${folder.path}/main.ts`, `${folder.path}/out.js`];
  await Deno.writeTextFile(main, source);
  await outputOf([Deno.execPath(), "bundle", "-q", "--minify", "--platform", "deno", "-o", bundle, main]);
  return (await Deno.stat(bundle)).size;
}
