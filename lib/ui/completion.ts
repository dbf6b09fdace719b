/** What Tab makes of what a person has typed. */

import { COMMANDS, findCommand } from "../phone/commands.ts";
import { nameKey } from "../protocol/name.ts";
import type { Language } from "./texts/language.ts";

/** What two texts have in common where case and accents do not count. */
export function plainKey(text: string): string {
  return nameKey(text).normalize("NFD").replace(/\p{M}/gu, "");
}

/**
 * The lines that a person who typed `line` and pressed Tab may mean: commands, and names after those that take
 * one. Case and accents do not count: `ligar jo` may become `ligar João`.
 *
 * @param names Names to complete.
 * @param language Whose words are offered; those of the other only where none of these fit.
 * @returns Whole lines in the order of the table and of `names`; none where nothing fits.
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
 * The beginning that all lines share where case and accents do not count, spelled as in the first of them.
 * Empty where there are no lines.
 */
export function commonStart(lines: readonly string[]): string {
  const [first = [], ...others] = lines.map((line) => [...line.normalize("NFC")]);
  const differs = first.findIndex((character, index) =>
    others.some((other) => plainKey(other[index] ?? "") !== plainKey(character))
  );
  return (differs < 0 ? first : first.slice(0, differs)).join("");
}
