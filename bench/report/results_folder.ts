import { ROOT } from "../../testing/program.ts";

/**
 * Where a bench writes its results.
 *
 * @param out The folder that the command line names, if it does.
 * @param whole Whether the run measures everything: only then its results go to `bench/results`, which is kept.
 */
export function resultsFolder(out: string | undefined, whole: boolean): string {
  return out ?? new URL(whole ? "bench/results" : "bench/out", ROOT).pathname;
}

/** Writes a file of results into a folder, which it creates if necessary. @returns Path of the file. */
export async function writeResult(folder: string, name: string, text: string): Promise<string> {
  const path = `${folder}/${name}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(path, text);
  return path;
}
