/**
 * Registries and phones as processes of their own, for tests of the whole.
 *
 * What is started is the executable that `SALA_REGISTRY` or `SALA_PHONE` names, else the source in this tree
 * with the Deno that runs the test.
 */

import { concat } from "@std/bytes/concat";

/** Which tool a process runs. */
export type ToolKind = "registry" | "phone";

/** How a process is started. */
export interface StartOptions {
  /** Added to the environment. The language is Portuguese and there are no colours unless it says otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether its standard input can be typed into; without, it is empty. */
  readonly stdin?: "piped" | "null";
  /** The words of a program that becomes it, and first changes what it may do. */
  readonly through?: readonly string[];
  /** Folder that an executable runs in. The source runs in the root of the tree, where `deno.json` is. */
  readonly cwd?: string;
  /** Told of each line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** An event that a tool with `--json` printed. */
export interface PrintedEvent {
  readonly time: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Long enough for a busy machine; what is waited for comes at once as a rule. */
const PATIENCE_MS = 30_000;

const ROOT = new URL("../", import.meta.url);

/** What V8 is told wherever a tool is started. */
const V8_FLAGS = Deno.readTextFileSync(new URL("tools/v8_flags", ROOT)).trim();

/** Where `@std` comes from in this run: the process must have it from the same place. */
export function importMap(): string[] {
  const given = Deno.env.get("SALA_IMPORT_MAP");
  if (given) return ["--import-map", given];
  const offline = import.meta.resolve("@std/assert").startsWith("file:");
  return offline ? ["--import-map", new URL("lib/offline_std/import_map.json", ROOT).pathname] : [];
}

/** The words that start a tool, the program first. The source runs in the root of the tree. */
export function commandLine(kind: ToolKind, args: readonly string[]): string[] {
  const executable = Deno.env.get(kind === "registry" ? "SALA_REGISTRY" : "SALA_PHONE");
  if (executable) return [executable, ...args];
  const settings = ["--no-prompt", `--v8-flags=${V8_FLAGS}`, `-P=${kind}`, ...importMap()];
  return [Deno.execPath(), "run", "-q", ...settings, `${kind}.ts`, ...args];
}

function commandOf(kind: ToolKind, args: readonly string[], options: StartOptions): Deno.Command {
  const { env, stdin = "null", cwd, through = [] } = options;
  const line = commandLine(kind, args);
  const isSource = line[0] === Deno.execPath();
  const [program = "", ...rest] = [...through, ...line];
  return new Deno.Command(program, {
    args: rest,
    env: { LC_ALL: "pt_BR.UTF-8", NO_COLOR: "1", ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
    ...(isSource ? { cwd: ROOT } : cwd === undefined ? {} : { cwd }),
  });
}

/** Somebody who waits for a line. */
interface Waiter {
  /** Looks at the lines so far. @returns Whether it has found what it waits for. */
  readonly look: () => boolean;
  /** There will be no more lines. */
  readonly giveUp: (why: string) => void;
}

/**
 * A running tool. What it prints is kept; {@linkcode ToolProcess.waitFor} reads on from the last line that was
 * waited for. `await using` kills it at the end of its block, if it still runs then.
 */
export class ToolProcess implements AsyncDisposable {
  readonly kind: ToolKind;
  /** Every line of standard output so far. */
  readonly lines: string[] = [];
  /** Settles when the process has ended and all that it printed was read. */
  readonly status: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #waiters = new Set<Waiter>();
  #stderr = "";
  readonly #output: Uint8Array[] = [];
  /** The first line that was not waited for yet. */
  #next = 0;
  #ended = false;

  /** Starts a tool: see {@linkcode startProcess}. */
  constructor(kind: ToolKind, args: readonly string[], options: StartOptions = {}) {
    this.kind = kind;
    this.#onLine = options.onLine;
    this.#child = commandOf(kind, args, options).spawn();
    this.#input = options.stdin === "piped" ? this.#child.stdin.getWriter() : undefined;
    this.status = this.#run();
  }

  /** What it wrote to standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** All of standard output so far. */
  get stdout(): string {
    return this.lines.map((line) => `${line}\n`).join("");
  }

  /** All of standard output so far, byte for byte. */
  get bytes(): Uint8Array {
    return concat(this.#output);
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits for a line, from the one after that which was last waited for. Two that wait at the same time begin at
   * the same line, so the order of theirs does not matter.
   *
   * @param what What the line is, for the error message.
   * @returns The line.
   * @throws {Error} If it does not come in time or the process ends, with what was printed instead.
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
    const timer = setTimeout(() => waiter.giveUp(`${PATIENCE_MS / 1000} s have passed`), PATIENCE_MS);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  /** Waits for a line that contains a text. */
  waitForText(text: string): Promise<string> {
    return this.waitFor((line) => line.includes(text), `a line with "${text}"`);
  }

  /** With `--json`: waits for an event of some name, whose fields may be looked at as well. */
  async waitForEvent(
    name: string,
    matches: (event: PrintedEvent) => boolean = () => true,
  ): Promise<PrintedEvent> {
    const line = await this.waitFor((line) => {
      const event = eventOf(line);
      return event?.event === name && matches(event);
    }, `the event "${name}"`);
    return JSON.parse(line) as PrintedEvent;
  }

  /** With `--json`: every event so far, or those of some name. */
  events(name?: string): PrintedEvent[] {
    const all = this.lines.map(eventOf).filter((event) => event !== undefined);
    return name === undefined ? all : all.filter(({ event }) => event === name);
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
   * @throws {Error} If it does not end in time, with what was printed.
   */
  async exitCode(): Promise<number> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`The ${this.kind} does not end.\n${this.report()}`)),
      PATIENCE_MS,
    );
    try {
      return (await Promise.race([this.status, late.promise])).code;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Everything that it printed so far, for error messages. */
  report(): string {
    return `--- ${this.kind}, standard output ---\n${this.stdout}--- standard error ---\n${this.#stderr}---`;
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
      this.#output.push(bytes);
      const text = decoder.decode(bytes, { stream: true });
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#take(lines);
    }
    if (rest !== "") this.#take([rest]);
  }

  #take(lines: readonly string[]): void {
    this.lines.push(...lines);
    if (this.#onLine) { for (const line of lines) this.#onLine(line); }
    for (const waiter of this.#waiters) {
      if (waiter.look()) this.#waiters.delete(waiter);
    }
  }

  async #readErrors(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) this.#stderr += text;
  }
}

function eventOf(line: string): PrintedEvent | undefined {
  try {
    return JSON.parse(line) as PrintedEvent;
  } catch {
    return undefined;
  }
}

/** Starts a tool as a process. */
export function startProcess(
  kind: ToolKind,
  args: readonly string[],
  options: StartOptions = {},
): ToolProcess {
  return new ToolProcess(kind, args, options);
}

/** A registry and where it listens. */
export interface RunningRegistry extends AsyncDisposable {
  readonly process: ToolProcess;
  readonly port: number;
}

/**
 * Starts a registry with `--json` on a port that is free, and waits until it listens.
 *
 * @param args Further arguments; with a `--port`, that one is used.
 */
export async function startRegistry(
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<RunningRegistry> {
  const process = startProcess("registry", ["--json", "--port", "0", ...args], options);
  try {
    const { port } = await process.waitForEvent("listening");
    return { process, port: port as number, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}
