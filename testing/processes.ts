/**
 * Registries and phones as processes of their own: the executable that `SALA_REGISTRY` or `SALA_PHONE` names, otherwise
 * the source in this tree with the Deno that runs this.
 */

import { importMap, Program, type ProgramOptions, ROOT } from "./program.ts";

/** Which tool a process runs. */
export type ToolKind = "registry" | "phone";

/** How a tool is started: in Portuguese and without colours, unless `env` says otherwise. */
export interface StartOptions extends ProgramOptions {
  /** The words of a program that replaces itself by the tool, after it has changed what the tool may do. */
  readonly through?: readonly string[];
  /** Working folder of an executable. The source runs in the root of the tree. */
  readonly cwd?: string;
}

/** An event that a tool printed under `--json`. */
export interface PrintedEvent {
  readonly time: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** The options of V8 with which the tools run. */
const V8_FLAGS = Deno.readTextFileSync(new URL("tools/v8_flags", ROOT)).trim();

/** The command line of a tool. The source runs in the root of the tree. */
export function commandLine(kind: ToolKind, args: readonly string[]): string[] {
  const executable = Deno.env.get(kind === "registry" ? "SALA_REGISTRY" : "SALA_PHONE");
  if (executable) return [executable, ...args];
  const settings = ["--no-prompt", `--v8-flags=${V8_FLAGS}`, `-P=${kind}`, ...importMap()];
  return [Deno.execPath(), "run", "-q", ...settings, `${kind}.ts`, ...args];
}

/** A running registry or phone. */
export class ToolProcess extends Program {
  readonly kind: ToolKind;

  /** Starts a tool: see {@linkcode startProcess}. */
  constructor(kind: ToolKind, args: readonly string[], options: StartOptions = {}) {
    const { env, through = [], cwd, ...rest } = options;
    const line = commandLine(kind, args);
    const isSource = line[0] === Deno.execPath();
    super([...through, ...line], {
      ...rest,
      env: { LC_ALL: "pt_BR.UTF-8", NO_COLOR: "1", ...env },
      cwd: isSource ? ROOT : cwd ?? Deno.cwd(),
    }, kind);
    this.kind = kind;
  }

  /** Under `--json`: waits for an event with this name that also `matches`. */
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

  /** Under `--json`: all events so far, or those with this name. */
  events(name?: string): PrintedEvent[] {
    const all = this.lines.map(eventOf).filter((event) => event !== undefined);
    return name === undefined ? all : all.filter(({ event }) => event === name);
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

/** Options with their values, without those that `args` have: the tools refuse an option that is there twice. */
export function unlessGiven(
  args: readonly string[],
  defaults: Readonly<Record<`--${string}`, string>>,
): string[] {
  const given = (option: string) => args.some((arg) => arg === option || arg.startsWith(`${option}=`));
  return Object.entries(defaults).flatMap(([option, value]) => given(option) ? [] : [option, value]);
}

/** A registry and its port. */
export interface RunningRegistry extends AsyncDisposable {
  readonly process: ToolProcess;
  readonly port: number;
}

/**
 * Starts a registry with `--json` on a free port, and waits until it listens.
 *
 * @param args Further arguments. A `--port` among them wins.
 */
export async function startRegistry(
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<RunningRegistry> {
  const process = startProcess(
    "registry",
    ["--json", ...unlessGiven(args, { "--port": "0" }), ...args],
    options,
  );
  try {
    const { port } = await process.waitForEvent("listening");
    return { process, port: port as number, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}
