/** Programs as processes of their own: run to their end, or driven line by line. */

import { concat } from "@std/bytes/concat";
import { within } from "../lib/util/time_limit.ts";

/** How a program is started. */
export interface ProgramOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether lines can be typed into its standard input; otherwise that is empty. */
  readonly stdin?: "piped" | "null";
  /** Working folder; the root of the tree unless given. */
  readonly cwd?: string | URL;
  /** Called with each line of standard output as it arrives. */
  readonly onLine?: (line: string) => void;
  /** Whether to keep only lines that a waiter reads: for a program that prints hundreds of megabytes. */
  readonly forgetful?: boolean;
}

/** The result of a program that has ended. */
export interface Ended {
  readonly success: boolean;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long to wait for a line or an end, in milliseconds. A busy machine needs seconds. */
const PATIENCE_MS = 30_000;

/** The root of the tree, where `deno.json` is. */
export const ROOT = new URL("../", import.meta.url);

/** The arguments that make another Deno take `@std` from where this one does. */
export function importMap(): string[] {
  const given = Deno.env.get("SALA_IMPORT_MAP");
  if (given) return ["--import-map", given];
  const offline = import.meta.resolve("@std/assert").startsWith("file:");
  return offline ? ["--import-map", new URL("lib/offline_std/import_map.json", ROOT).pathname] : [];
}

/**
 * The command line that runs a script of this tree with all permissions.
 *
 * @param path From the root of the tree.
 * @param denoArgs Further options of `deno run`.
 */
export function scriptLine(
  path: string,
  args: readonly string[] = [],
  denoArgs: readonly string[] = [],
): string[] {
  const script = new URL(path, ROOT).pathname;
  return [Deno.execPath(), "run", "-q", "-A", ...importMap(), ...denoArgs, script, ...args];
}

/** Whether a program is somewhere in `PATH`. */
export function isInstalled(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

/**
 * Runs a program to its end.
 *
 * @param line The program, then its arguments.
 * @throws {Deno.errors.NotFound} If there is no such program.
 */
export async function runToEnd(
  line: readonly string[],
  { env = {}, cwd = ROOT }: Pick<ProgramOptions, "env" | "cwd"> = {},
): Promise<Ended> {
  const [program = "", ...args] = line;
  const { success, code, stdout, stderr } = await new Deno.Command(program, { args, env, cwd, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  return { success, code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The standard output of a program. @throws {Error} With its standard error, if it fails. */
export async function outputOf(
  line: readonly string[],
  options: Pick<ProgramOptions, "env" | "cwd"> = {},
): Promise<string> {
  const { success, stdout, stderr } = await runToEnd(line, options);
  if (!success) throw new Error(`${line.join(" ")} failed:\n${stderr}`);
  return stdout;
}

/** A caller that waits for a line. */
interface Waiter {
  /** Examines the lines so far. @returns Whether the line is there. */
  readonly look: () => boolean;
  /** There will be no more lines. */
  readonly giveUp: (why: string) => void;
}

/**
 * A running program. It keeps what is printed; {@linkcode Program.waitFor} reads on after the line that it returned last.
 * `await using` kills it at the end of the block.
 */
export class Program implements AsyncDisposable {
  /** Every line of standard output so far. */
  readonly lines: string[] = [];
  /** Settles when the process has ended and all its output was read. */
  readonly status: Promise<Deno.CommandStatus>;
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #forgetful: boolean;
  readonly #waiters = new Set<Waiter>();
  #stderr = "";
  readonly #output: Uint8Array[] = [];
  /** The first line after the one returned last. */
  #next = 0;
  #ended = false;

  /**
   * Starts a program.
   *
   * @param line The program, then its arguments.
   * @param name For error messages; the program unless given.
   */
  constructor(line: readonly string[], options: ProgramOptions = {}, name = line[0] ?? "") {
    const [program = "", ...args] = line;
    const { env = {}, stdin = "null", cwd = ROOT, onLine, forgetful = false } = options;
    this.#name = name;
    this.#onLine = onLine;
    this.#forgetful = forgetful;
    this.#child = new Deno.Command(program, { args, env, cwd, stdin, stdout: "piped", stderr: "piped" })
      .spawn();
    this.#input = stdin === "piped" ? this.#child.stdin.getWriter() : undefined;
    this.status = this.#run();
  }

  /** Standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Standard output so far. */
  get stdout(): string {
    return this.lines.map((line) => `${line}\n`).join("");
  }

  /** Standard output so far, byte for byte. */
  get bytes(): Uint8Array {
    return concat(this.#output);
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits for a line, starting after the one that was returned last. Two calls at the same time start at the same line,
   * so the order of their lines does not matter.
   *
   * @param what The line, for the error message.
   * @returns The line.
   * @throws {Error} With the output so far, if it does not come within 30 s or the process ends.
   */
  async waitFor(predicate: (line: string) => boolean, what = "a line"): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let index = this.#next;
    const waiter: Waiter = {
      look: () => {
        for (; index < this.lines.length; index++) {
          const line = this.lines[index] as string;
          if (!predicate(line)) continue;
          this.#next = Math.max(this.#next, index + 1);
          resolve(line);
          return true;
        }
        return false;
      },
      giveUp: (why) => reject(new Error(`Waited for ${what}, but ${why}.\n${this.report()}`)),
    };
    if (waiter.look()) return await promise;
    if (this.#ended) waiter.giveUp("the process has ended");
    else this.#waiters.add(waiter);
    try {
      if (!await within(PATIENCE_MS, promise)) waiter.giveUp(`${PATIENCE_MS / 1000} s have passed`);
      return await promise;
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** Waits for a line that contains a text. */
  waitForText(text: string): Promise<string> {
    return this.waitFor((line) => line.includes(text), `a line with "${text}"`);
  }

  /** Types a line. The process must have been started with `stdin: "piped"`. */
  async type(line: string): Promise<void> {
    if (!this.#input) throw new Error('Cannot type: not started with stdin: "piped"');
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends standard input, as Ctrl-D does. */
  async endInput(): Promise<void> {
    await this.#input?.close();
  }

  /** Sends a signal, unless the process has ended. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended in the meantime.
    }
  }

  /**
   * Waits for the process to end.
   *
   * @returns Its exit status.
   * @throws {Error} With the output so far, if it does not end within 30 s.
   */
  async exitCode(): Promise<number> {
    if (!await within(PATIENCE_MS, this.status)) {
      throw new Error(`The ${this.#name} does not end.\n${this.report()}`);
    }
    return (await this.status).code;
  }

  /** Everything printed so far, for error messages. */
  report(): string {
    return `--- ${this.#name}, standard output ---\n${this.stdout}--- standard error ---\n${this.#stderr}---`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.kill("SIGKILL");
    // The pipe may be broken by now.
    await this.#input?.close().catch(() => {});
    await this.status;
  }

  async #run(): Promise<Deno.CommandStatus> {
    await Promise.all([this.#readOutput(), this.#readErrors()]);
    const status = await this.#child.status;
    this.#ended = true;
    for (const waiter of this.#waiters) waiter.giveUp(`the process has ended with status ${status.code}`);
    return status;
  }

  async #readOutput(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) {
      if (!this.#forgetful) this.#output.push(bytes);
      const text = decoder.decode(bytes, { stream: true });
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#take(lines);
    }
    if (rest !== "") this.#take([rest]);
  }

  #take(lines: readonly string[]): void {
    if (this.#onLine) { for (const line of lines) this.#onLine(line); }
    if (this.#forgetful && this.#waiters.size === 0) return;
    this.lines.push(...lines);
    for (const waiter of this.#waiters) {
      if (waiter.look()) this.#waiters.delete(waiter);
    }
  }

  async #readErrors(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) this.#stderr += text;
  }
}
