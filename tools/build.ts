/**
 * Makes executables of the two tools, with the permissions of deno.json compiled in:
 *
 * - `build.ts` makes dist/registry and dist/phone for this machine;
 * - `build.ts --self-extracting` makes them without `deno compile`;
 * - `build.ts --all` makes both for each system, in dist/TARGET/.
 *
 * `deno compile` puts the program behind a runtime that it downloads, or takes from `DENORT_BIN`. Where that
 * runtime cannot be had, the file for this machine is a shell script (self_extracting.sh) with an archive of the
 * installed Deno and of the bundled program behind it.
 *
 * @module
 */

const TOOLS = ["registry", "phone"] as const;
type Tool = typeof TOOLS[number];

const HOST = Deno.build.target;

const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** Set by deno.sh where JSR does not answer. */
const importMap = Deno.env.get("SALA_IMPORT_MAP");
const importMapArgs: readonly string[] = importMap ? ["--import-map", importMap] : [];

/** A failure that a person is told in one sentence. */
class BuildError extends Error {}

/** What a command printed to its standard error, without colours, if it failed. */
async function failure(command: string, args: readonly string[], env: Record<string, string> = {}) {
  // No backtraces, whatever the environment asks for: the sentence above them is what counts.
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return success ? undefined : new TextDecoder().decode(stderr).trim();
}

/** Runs this Deno, and throws {@linkcode BuildError} with what it said if it fails. */
async function deno(what: string, ...args: string[]): Promise<void> {
  const said = await failure(Deno.execPath(), args);
  if (said !== undefined) throw new BuildError(`${what}:\n${said}`);
}

/** Why `deno compile` failed, in a few words, from what it printed. */
function compileFailure(said: string): string {
  if (/base binary|denort/i.test(said)) return "its runtime could not be fetched";
  return said.split("\n").find((line) => line.startsWith("error:")) ?? "it ended unexpectedly";
}

/**
 * Compiles both tools for `target` into `folder`.
 *
 * @returns Nothing if that worked, otherwise why not.
 */
async function compile(folder: string, target: string): Promise<string | undefined> {
  // DENORT_BIN is one runtime, for this machine: it would be taken for every other target too.
  const env: Record<string, string> = target === HOST ? {} : { DENORT_BIN: "" };
  for (const tool of TOOLS) {
    // The self-extracting script of an earlier build may still be running from this name.
    await remove(`${folder}/${tool}`);
    const args = ["compile", "-q", "--no-check", "--no-prompt", ...importMapArgs, `-P=${tool}`];
    const said = await failure(
      Deno.execPath(),
      [...args, "--target", target, "-o", `${folder}/${tool}`, `${tool}.ts`],
      env,
    );
    if (said !== undefined) return compileFailure(said);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The part of deno.json that counts when a bundled program runs. */
async function runtimeConfig(): Promise<string> {
  const { permissions, unstable } = JSON.parse(await Deno.readTextFile("deno.json"));
  return JSON.stringify({ permissions, unstable }, null, 2) + "\n";
}

/** SHA-256 in hexadecimal of files, one after the other. */
async function hash(files: readonly string[]): Promise<string> {
  const contents = await Promise.all(files.map((file) => Deno.readFile(file)));
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(contents).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Makes self-extracting files of both tools in `folder`. Both carry the same archive, so that the second of them to
 * start finds everything unpacked.
 */
async function selfExtract(folder: string): Promise<void> {
  const contents = await Deno.makeTempDir({ prefix: "sala-build-" });
  try {
    for (const tool of TOOLS) {
      const args = ["bundle", "-q", "--platform", "deno", ...importMapArgs, "-o", `${contents}/${tool}.js`];
      await deno(`${tool}.ts could not be bundled`, ...args, `${tool}.ts`);
    }
    await Deno.writeTextFile(`${contents}/deno.json`, await runtimeConfig());
    await Deno.symlink(await Deno.realPath(Deno.execPath()), `${contents}/deno`);

    const files = ["deno", "deno.json", ...TOOLS.map((tool) => `${tool}.js`)];
    const header = (await Deno.readTextFile("tools/self_extracting.sh"))
      .replace("@CONTENTS@", await hash(files.map((file) => `${contents}/${file}`)))
      .replace("@LINES@", (text) => String(text.split("\n").length - 1));

    // -h: the Deno behind the link. COPYFILE_DISABLE: no files of macOS's own.
    const archive = `${contents}/archive`;
    const pack = 'archive=$1 && cd "$2" && shift 2 && tar -chf - "$@" | gzip -9 >"$archive"';
    const said = await failure("sh", ["-c", pack, "sh", archive, contents, ...files], { COPYFILE_DISABLE: "1" });
    if (said !== undefined) throw new BuildError(`the archive could not be written: ${said}`);

    for (const tool of TOOLS) {
      const path = `${folder}/${tool}`;
      await remove(path);
      await Deno.writeTextFile(path, header.replaceAll("@TOOL@", tool));
      using file = await Deno.open(path, { append: true });
      using packed = await Deno.open(archive);
      for await (const chunk of packed.readable) await file.write(chunk);
      await Deno.chmod(path, 0o755);
    }
  } finally {
    await remove(contents);
  }
}
