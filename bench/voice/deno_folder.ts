import { outputOf } from "../../testing/program.ts";

/** Deno's cache folder. Phones on virtual cards have another home folder, and so would find an empty cache. */
export async function denoFolder(): Promise<string> {
  return (JSON.parse(await outputOf([Deno.execPath(), "info", "--json"])) as { denoDir: string }).denoDir;
}
