/**
 * Makes executables of the two tools, with the permissions of deno.json compiled in:
 *
 * - `build.ts` makes dist/registry and dist/phone for this machine;
 * - `build.ts --self-extracting` makes them without `deno compile`;
 * - `build.ts --all` makes both for each system, in dist/TARGET/.
 *
 * `deno compile` appends the program to a runtime that it downloads, or takes from `DENORT_BIN`. If it has no runtime,
 * the file for this machine is a shell script (self_extracting.sh) followed by archives of the bundled programs and of the
 * installed Deno.
 *
 * @module
 */

import { BuildError, bundle, deno, failure, importMapArgs, remove, TOOLS, v8Flags } from "./bundle.ts";
import { runtimeLock } from "./runtime_lock.ts";
import { makeSelfExtracting, PackError } from "./self_extracting.ts";

const HOST = Deno.build.target;

/** Stack of Deno's threads, in bytes: with the usual 2 MiB, `deno compile` of 2.6.8 overflows it over prom-client's modules. */
const STACK_BYTES = 32 * 1024 * 1024;

const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** Checks the types first, so that a type error does not look like a missing runtime below. */
async function check(): Promise<void> {
  const programs = TOOLS.map((tool) => `${tool}.ts`);
  await deno("the program has mistakes", "check", "-q", ...importMapArgs, ...programs);
}

/**
 * Compiles both tools for `target` into `folder`.
 *
 * @returns Why it failed, or nothing.
 */
async function compile(folder: string, target: string): Promise<string | undefined> {
  const env: Record<string, string> = { RUST_MIN_STACK: `${STACK_BYTES}`, ...Deno.env.toObject() };
  // DENORT_BIN names a runtime for this machine; Deno would take it for every target.
  if (target !== HOST || env["DENORT_BIN"] === "") delete env["DENORT_BIN"];

  const lock = await Deno.makeTempFile({ prefix: "sala-build-", suffix: ".lock" });
  try {
    await Deno.writeTextFile(lock, runtimeLock(await Deno.readTextFile("deno.lock")));
    return await compileTools(folder, target, env, lock);
  } finally {
    await remove(lock);
  }
}

async function compileTools(
  folder: string,
  target: string,
  env: Readonly<Record<string, string>>,
  lock: string,
): Promise<string | undefined> {
  for (const tool of TOOLS) {
    const args = ["compile", "-q", "--no-check", "--no-prompt", ...importMapArgs, `-P=${tool}`];
    args.push("--lock", lock);
    args.push(`--v8-flags=${v8Flags}`, "--target", target, "-o", `${folder}/${tool}`, `${tool}.ts`);
    const said = await failure(Deno.execPath(), args, env);
    if (said === undefined) continue;
    if (env["DENORT_BIN"]) {
      throw new BuildError(`deno compile failed with the runtime in DENORT_BIN:\n${said}`);
    }
    if (/base binary|denort/i.test(said)) return "its runtime could not be fetched";
    return said.split("\n").find((line) => line.startsWith("error: ")) ?? "it ended unexpectedly";
  }
}

/** Makes self-extracting files of both tools in `folder`. */
async function selfExtract(folder: string): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "sala-build-" });
  try {
    const program = `${work}/program`;
    const runtime = `${work}/runtime`;
    await Deno.mkdir(program);
    await Deno.mkdir(runtime);
    await bundle(program);
    await Deno.symlink(await Deno.realPath(Deno.execPath()), `${runtime}/deno`);
    await makeSelfExtracting({ folder, tools: TOOLS, program, runtime, v8Flags });
  } catch (error) {
    throw error instanceof PackError ? new BuildError(error.message) : error;
  } finally {
    await remove(work);
  }
}

/** Sizes of the two files in `folder`, as in "41.9 and 41.9 MB". */
async function sizes(folder: string, suffix: string): Promise<string> {
  const stats = await Promise.all(TOOLS.map((tool) => Deno.stat(`${folder}/${tool}${suffix}`)));
  return stats.map(({ size }) => (size / 1e6).toFixed(1)).join(" and ") + " MB";
}

/**
 * Makes both tools for `target` in `folder`: compiled, or self-extracting where that fails on this machine.
 *
 * @returns How it made them, and their sizes.
 * @throws {BuildError} If both ways fail.
 */
async function make(folder: string, target: string, selfExtracting = false): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  // Files of an earlier build may be in use: they cannot be overwritten, but removed and written anew.
  for (const tool of TOOLS) await remove(`${folder}/${tool}`);
  let why = "as asked for";
  if (!selfExtracting) {
    const failed = await compile(folder, target);
    if (failed === undefined) {
      return `deno compile, ${await sizes(folder, target.includes("windows") ? ".exe" : "")}`;
    }
    if (target !== HOST || Deno.build.os === "windows") throw new BuildError(failed);
    why = `deno compile cannot be used here: ${failed}`;
  }
  await selfExtract(folder);
  return `self-extracting (${why}), ${await sizes(folder, "")}`;
}

/** Makes both tools for every system and prints a line for each. @throws {BuildError} If this machine's failed. */
async function makeAll(): Promise<void> {
  let hostFailed = false;
  let made = 0;
  const targets = new Set([HOST, ...TARGETS]);
  for (const target of targets) {
    const folder = `dist/${target}`;
    await remove(folder);
    try {
      console.log(`${target.padEnd(28)}ok      ${await make(folder, target)}`);
      made++;
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      await remove(folder);
      hostFailed ||= target === HOST;
      console.log(`${target.padEnd(28)}failed  ${error.message}`);
    }
  }
  console.log(`Made for ${made} of ${targets.size} systems, in dist/.`);
  if (hostFailed) throw new BuildError("there is nothing for this machine");
}

try {
  await check();
  if (Deno.args[0] === "--all") {
    await makeAll();
  } else {
    const how = await make("dist", HOST, Deno.args[0] === "--self-extracting");
    console.log(`Made dist/registry and dist/phone: ${how}.`);
  }
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`Cannot build: ${error.message}`);
  Deno.exit(1);
}
