/** Signals and failures that end the program, and signals that must not. */

/** The signals of Ctrl-C, `kill`, a closed terminal and Ctrl-\, as far as the system has them, with their numbers on Linux. */
const SIGNALS: Partial<Record<Deno.Signal, number>> = Deno.build.os === "windows"
  ? { SIGINT: 2, SIGBREAK: 21 }
  : { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3 };

/** What Linux says of this process (proc_pid_status(5)). */
const STATUS_FILE = "file:///proc/self/status";

/** What the system's signals mean to a program. */
export interface Signals {
  /** End it. */
  readonly ending: readonly Deno.Signal[];
  /** Do not end it. */
  readonly ignored: readonly Deno.Signal[];
}

/**
 * The signals of {@linkcode SIGNALS}, but for those that this program was started to ignore, as by `nohup` and by shells
 * without job control (nohup(1); POSIX.1, Shell Command Language, section 2.12). Other systems than Linux do not say which
 * those are.
 *
 * Ask first of all: Deno 2.9 handles them itself 0.5 s after its start, and then they count as ignored no more. Later calls
 * give the same.
 */
export function signalsAtStart(): Promise<Signals> {
  return atStart ??= findSignals();
}

let atStart: Promise<Signals> | undefined;

async function findSignals(): Promise<Signals> {
  const mask = await ignoredSignals();
  const isIgnored = ([, number]: [string, number]): boolean => (mask >> BigInt(number - 1) & 1n) === 1n;
  const all = Object.entries(SIGNALS);
  const names = (some: [string, number][]) => some.map(([signal]) => signal as Deno.Signal);
  return { ignored: names(all.filter(isIgnored)), ending: names(all.filter((one) => !isIgnored(one))) };
}

/** Without a terminal nobody closes one, and `SIGHUP` comes from a program that rotates logs or the like: it is ignored. */
export function withoutTerminal({ ending, ignored }: Signals): Signals {
  return { ending: ending.filter((signal) => signal !== "SIGHUP"), ignored: [...ignored, "SIGHUP"] };
}

/** The ignored signals as bits, that of signal 1 being the lowest. */
async function ignoredSignals(): Promise<bigint> {
  if (Deno.build.os !== "linux") return 0n;
  try {
    // As a module: files of /proc are read with every permission only, modules with that for reading.
    const { default: status } = await import(STATUS_FILE, { with: { type: "text" } });
    const [, mask = "0"] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status) ?? [];
    return BigInt(`0x${mask}`);
  } catch {
    // Another Deno may refuse.
    return 0n;
  }
}

/**
 * Calls back with each signal to end. The ignored ones get a listener, too: with its first listener for any signal, Deno takes
 * `SIGHUP` and `SIGINT` to end the process.
 *
 * @returns Ends that.
 */
export function onEndSignal(
  { ending, ignored }: Signals,
  callback: (signal: Deno.Signal) => void,
): Disposable {
  const listeners = [
    ...ending.map((signal) => [signal, () => callback(signal)] as const),
    ...ignored.map((signal) => [signal, goOn] as const),
  ];
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

/**
 * Goes on when a file may not grow any more (`RLIMIT_FSIZE` of getrlimit(2)). Writing to it then fails with `EFBIG`, where
 * otherwise `SIGXFSZ` ends the process without a word.
 */
export function surviveFileLimit(): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGXFSZ", goOn);
}

function goOn(): void {}

/** Calls back with each uncaught exception, instead of a stack trace. */
export function onFailure(callback: (error: unknown) => void): void {
  addEventListener("error", (event) => {
    event.preventDefault();
    callback(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    callback(event.reason);
  });
}
