/**
 * Reads secrets: the room's password, certificates, keys. Never from the command line, which every user of the machine
 * can read.
 */

import type { SecretDetail } from "../events/usage_problem.ts";
import { REPLACEMENT } from "../protocol/printable.ts";
import { certificatesIn } from "../util/certificate.ts";
import { UsageError } from "./arguments.ts";
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
  if (file !== undefined) return await readPasswordFile(file);
  if (ask) return await askSecret("--room-password", question);
  try {
    return Deno.env.get(PASSWORD_VARIABLE) || undefined;
  } catch {
    throw new UsageError({ kind: "not_utf8", argument: PASSWORD_VARIABLE });
  }
}

/** Reads the room's password from its file. @throws {UsageError} If it cannot be read, or is empty. */
export async function readPasswordFile(file: string): Promise<string> {
  const option = "--room-password-file";
  const password = (await readText(option, file)).replace(/[\r\n]+$/, "");
  if (password === "") throw badFile(option, file, { kind: "empty" });
  return password;
}

/** The error of a file that an option names. */
function badFile(option: string, value: string, detail: SecretDetail): UsageError {
  return new UsageError({ kind: "bad_file", option, value, detail });
}

/** Reads a file of text in UTF-8; a byte order mark is no part of the text. @throws {UsageError} If it cannot be read. */
async function readText(option: string, path: string): Promise<string> {
  const bytes = await readSmallFile({ option, path });
  // UTF-16 without a byte order mark may be UTF-8 with zeros.
  if (bytes.includes(0)) throw badFile(option, path, { kind: "not_text" });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badFile(option, path, { kind: "not_text" });
  }
}

/** UTF-16's byte order marks. */
const UTF_16 = /^(\xff\xfe|\xfe\xff)/;

/** Reads a file in PEM, whose other lines may be in whatever text. @throws {UsageError} If it cannot be read. */
async function readPem(option: string, path: string): Promise<string> {
  const bytes = await readSmallFile({ option, path });
  if (UTF_16.test(String.fromCharCode(...bytes.subarray(0, 2)))) {
    throw badFile(option, path, { kind: "not_text" });
  }
  return new TextDecoder().decode(bytes);
}

/** Reads the certificates of a file in PEM. @throws {UsageError} If it cannot be read, or has none. */
export async function readCertificates(option: string, path: string): Promise<string> {
  const certificates = certificatesIn(await readPem(option, path));
  if (certificates.length === 0) throw badFile(option, path, { kind: "no_certificate_in_file" });
  return certificates.join("\n");
}

/** Reads a private key in PEM. @throws {UsageError} If it cannot be read, or only with a passphrase. */
export async function readKey(option: string, path: string): Promise<string> {
  const pem = await readPem(option, path);
  if (/ENCRYPTED/.test(pem)) throw badFile(option, path, { kind: "encrypted_key" });
  return pem;
}

/** Reads a file of credentials of NATS. @throws {UsageError} If it cannot be read, or is none. */
export async function readCredentials(path: string): Promise<string> {
  const option = "--cluster-credentials";
  const text = await readText(option, path);
  if (!/-----BEGIN USER NKEY SEED-----/.test(text)) throw badFile(option, path, { kind: "no_credentials" });
  return text;
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
        if (GIVE_UP.includes(character)) throw new UsageError({ kind: "nothing_typed", option });
        if (ENTER.includes(character)) {
          if (typed.includes(REPLACEMENT)) throw new UsageError({ kind: "not_utf8", argument: option });
          if (typed.length > 0) return typed.join("");
        } else if (ERASE.includes(character)) typed.pop();
        else if (character >= " ") typed.push(character);
      }
    }
  } finally {
    Deno.stdin.setRaw(false);
    await ask("\r\n");
  }
  throw new UsageError({ kind: "nothing_typed", option });
}

/** Writes to the terminal. What cannot be written does not keep the person from typing. */
async function ask(text: string): Promise<void> {
  await within(ASK_MS, writeAll(Deno.stderr, new TextEncoder().encode(text))).catch(() => {});
}
