/** Completes with Tab what a person typed. */

import { COMMANDS, findCommand } from "../phone/commands.ts";
import { nameKey } from "../protocol/name.ts";
import type { Language } from "./texts/language.ts";

/** A key that is the same for texts that differ only in case and accents. */
export function plainKey(text: string): string {
  return nameKey(text).normalize("NFD").replace(/\p{M}/gu, "");
}

/**
 * All completions of `line`: commands, and names after a command that takes one. Case and accents do not count:
 * `ligar jo` may become `ligar João`.
 *
 * @param names Names to complete.
 * @param language Commands are completed in this language, in the other one only if none fits.
 * @returns Whole lines, in the order of the table and of `names`.
 */
export function completions(line: string, names: readonly string[], language: Language): string[] {
  const text = line.normalize("NFC").trimStart();
  const blank = text.search(/\s/u);
  if (blank < 0) {
    const key = plainKey(text);
    const words = (of: Language): string[] =>
      COMMANDS.filter((command) => plainKey(command[of]).startsWith(key))
        .map((command) => command.takesName ? `${command[of]} ` : command[of]);
    const own = words(language);
    return own.length > 0 ? own : words(language === "pt" ? "en" : "pt");
  }
  const word = text.slice(0, blank);
  if (!findCommand(word)?.takesName) return [];
  const key = plainKey(text.slice(blank).trimStart());
  return names.filter((name) => plainKey(name).startsWith(key)).map((name) => `${word} ${name}`);
}

/**
 * The longest common prefix of all lines apart from case and accents, spelled as in the first one; empty without lines.
 */
export function commonStart(lines: readonly string[]): string {
  const [first = [], ...others] = lines.map((line) => [...line.normalize("NFC")]);
  const differs = first.findIndex((character, index) =>
    others.some((other) => plainKey(other[index] ?? "") !== plainKey(character))
  );
  return (differs < 0 ? first : first.slice(0, differs)).join("");
}
