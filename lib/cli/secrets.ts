/**
 * Reads secrets: the room's password, certificates, keys. Never from the command line, which every user of the machine
 * can read.
 */

import type { UsageProblem } from "../events/usage_problem.ts";
import { badValue, UsageError } from "./arguments.ts";
import { readSmallFile } from "./files.ts";
import { onEndSignal, signalsAtStart } from "./signals.ts";
import { standardInput } from "../ui/standard_input.ts";
import { writeAll } from "../util/write_all.ts";
import { within } from "../util/time_limit.ts";

/** Environment variable of the room's password. */
export const PASSWORD_VARIABLE = "SALA_ROOM_PASSWORD";

/** Options that say where the room's password is. */
export interface PasswordSource {
  /** `--room-password-file`. */
  readonly file: string | undefined;
  /** `--room-password`: ask at the terminal. */
  readonly ask: boolean;
}

/**
 * Reads the room's password: from the file, else from the terminal, else from the environment.
 *
 * @param question The prompt at the terminal.
 * @returns Undefined if there is none.
 * @throws {UsageError} If it cannot be read.
 */
export async function readRoomPassword(
  { file, ask }: PasswordSource,
  question: string,
): Promise<string | undefined> {
  if (file !== undefined) {
    const option = "--room-password-file";
    const password = (await readSecret(option, file)).replace(/[\r\n]+$/, "");
    if (password === "") {
      throw new UsageError({ kind: "bad_file", option, value: file, detail: { kind: "empty" } });
    }
    return password;
  }
  if (ask) return await askSecret("--room-password", question);
  return Deno.env.get(PASSWORD_VARIABLE) || undefined;
}

/** Reads a text file. @throws {UsageError} If it cannot be read. */
export async function readSecret(option: string, path: string): Promise<string> {
  return new TextDecoder().decode(await readSmallFile({ option, path }));
}

/** Time limit for writing the question, in milliseconds. */
const ASK_MS = 400;

const ENTER = "\r\n";
const ERASE = "\b\x7f";
/** Ctrl-C, Ctrl-D and Ctrl-\, which are plain characters in raw mode. */
const GIVE_UP = "\x03\x04\x1c";

/** Asks at the terminal, without echo. A signal to end gives up and leaves the terminal as it was. */
async function askSecret(option: string, question: string): Promise<string> {
  if (!Deno.stdin.isTerminal()) throw new UsageError({ kind: "no_terminal", option });
  const gaveUp = Promise.withResolvers<{ readonly done: true; readonly value?: undefined }>();
  using _signals = onEndSignal(await signalsAtStart(), () => gaveUp.resolve({ done: true }));
  await ask(question);
  const typed: string[] = [];
  const decoder = new TextDecoder();
  const input = standardInput().getReader();
  Deno.stdin.setRaw(true);
  try {
    for (;;) {
      const { value, done } = await Promise.race([input.read(), gaveUp.promise]);
      if (done) break;
      for (const character of decoder.decode(value, { stream: true })) {
        if (GIVE_UP.includes(character)) throw badValue(option, "");
        if (ENTER.includes(character)) {
          if (typed.length > 0) return typed.join("");
        } else if (ERASE.includes(character)) typed.pop();
        else if (character >= " ") typed.push(character);
      }
    }
  } finally {
    Deno.stdin.setRaw(false);
    await ask("\r\n");
  }
  throw badValue(option, "");
}

/** Writes to the terminal. What cannot be written does not keep the person from typing. */
async function ask(text: string): Promise<void> {
  await within(ASK_MS, writeAll(Deno.stderr, new TextEncoder().encode(text))).catch(() => {});
}

/** The problem of a password on the command line, without the password; undefined if there is none. */
export function exposedPassword(args: readonly string[]): UsageProblem | undefined {
  const exposed = args.some((arg) => arg.startsWith("--room-password="));
  return exposed ? { kind: "bad_value", option: "--room-password", value: "…" } : undefined;
}
