/** Bundles the two tools into one file each, and what the other ways of making executables have in common with it. */

/** The tools. */
export const TOOLS = ["registry", "phone"] as const;

/** One of {@linkcode TOOLS}. */
export type Tool = typeof TOOLS[number];

/** Set by deno.sh where JSR does not answer. */
const importMap = Deno.env.get("SALA_IMPORT_MAP");
/** The arguments by which another Deno takes the same packages. */
export const importMapArgs: readonly string[] = importMap ? ["--import-map", importMap] : [];

/** V8's flags of both tools. */
export const v8Flags = (await Deno.readTextFile("tools/v8_flags")).trim();

/** A failure whose message is for the person who builds. */
export class BuildError extends Error {}

/**
 * Runs a command.
 *
 * @returns Its standard error without colours if it failed, otherwise nothing.
 */
export async function failure(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = Deno.env.toObject(),
): Promise<string | undefined> {
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    clearEnv: true,
    // Backtraces would hide the error message above them.
    env: { ...env, NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return success ? undefined : new TextDecoder().decode(stderr).trim() || `${command} ended unexpectedly`;
}

/** Runs this Deno. @throws {BuildError} If it fails: `what`, and its standard error. */
export async function deno(what: string, ...args: string[]): Promise<void> {
  const said = await failure(Deno.execPath(), args);
  if (said !== undefined) throw new BuildError(`${what}:\n${said}`);
}

/** Removes a file or a folder, if it is there. */
export async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The part of deno.json that a bundled program needs at run time. */
async function runtimeConfig(): Promise<string> {
  const { permissions, unstable } = JSON.parse(await Deno.readTextFile("deno.json"));
  const sets = Object.fromEntries(TOOLS.map((tool) => [tool, permissions[tool]]));
  return JSON.stringify({ permissions: sets, unstable }, null, 2) + "\n";
}

/** Writes `TOOL.js` of each tool and the `deno.json` that they need into a folder. @throws {BuildError} If it fails. */
export async function bundle(folder: string): Promise<void> {
  for (const tool of TOOLS) {
    const args = ["bundle", "-q", "--platform", "deno", ...importMapArgs, "-o", `${folder}/${tool}.js`];
    await deno(`${tool}.ts could not be bundled`, ...args, `${tool}.ts`);
  }
  await Deno.writeTextFile(`${folder}/deno.json`, await runtimeConfig());
}
