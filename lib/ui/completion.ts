/** Completes with Tab what a person typed. Does no I/O. */

import { COMMANDS, findCommand, openingQuote } from "../phone/commands.ts";
import { looseKey } from "../protocol/name.ts";
import type { Language } from "./texts/language.ts";

/** A text that Tab can make of what was typed. */
export interface Candidate {
  /** The whole line. */
  readonly line: string;
  /** The part of it that tells it from the others. */
  readonly label: string;
}

/**
 * All completions of `line`: commands, and names after a command that takes one. Case and accents do not count:
 * `ligar jo` may become `ligar João`.
 *
 * @param names Names to complete.
 * @param language Commands are completed in this language; in the other one, or to other words for them, only if none fits.
 * @returns In the order of the table and of `names`.
 */
export function completions(line: string, names: readonly string[], language: Language): Candidate[] {
  const text = line.normalize("NFC").trimStart();
  const blank = text.search(/\s/u);
  if (blank < 0) return commandCompletions(looseKey(text), language);
  const word = text.slice(0, blank);
  if (!findCommand(word)?.takesName) return [];
  const typed = text.slice(blank).trimStart();
  const [open, close] = openingQuote(typed) ?? ["", ""];
  const key = looseKey(typed.slice(open.length));
  return names.filter((name) => looseKey(name).startsWith(key))
    .map((name) => ({ line: `${word} ${open}${name}${close}`, label: name }));
}

function commandCompletions(key: string, language: Language): Candidate[] {
  const other = language === "pt" ? "en" : "pt";
  const sets = [
    COMMANDS.map((command) => ({ command, words: [command[language]] })),
    COMMANDS.map((command) => ({ command, words: [command[other]] })),
    COMMANDS.map((command) => ({ command, words: command.also })),
  ];
  for (const set of sets) {
    const found = set.flatMap(({ command, words }) =>
      words.filter((word) => looseKey(word).startsWith(key))
        .map((word) => ({ line: command.takesName ? `${word} ` : word, label: word }))
    );
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * The longest common prefix of all lines apart from case and accents. It is spelled as in the first one, but without
 * accents from where they differ: `ligar joa` for João and Joana, since `ligar joã` would lead to neither.
 *
 * @returns Empty without lines.
 */
export function commonStart(lines: readonly string[]): string {
  const [first = [], ...others] = lines.map((line) => [...line.normalize("NFC")]);
  const differs = first.findIndex((character, index) =>
    others.some((other) => looseKey(other[index] ?? "") !== looseKey(character))
  );
  return (differs < 0 ? first : first.slice(0, differs)).map((character, index) =>
    others.every((other) => other[index]?.toLowerCase() === character.toLowerCase())
      ? character
      : looseKey(character)
  ).join("");
}

/** What a Tab does. */
export interface Completion {
  /** The text to stand before the cursor. */
  readonly text?: string;
  /** The candidates to show. */
  readonly choice?: readonly string[];
  /** Ask who is in the room; {@linkcode Completer.handleNames} goes on when the names are there. */
  readonly askNames?: boolean;
  /** Nothing can be completed. */
  readonly nothing?: boolean;
}

/**
 * Completes as far as it is certain. If that is no further, shows the candidates; each Tab after that takes the next one.
 */
export class Completer {
  /** Names to complete. */
  names: readonly string[] = [];
  readonly #language: Language;
  /** The text whose completion waits for names. */
  #waiting: string | undefined;
  /** The candidates that Tab takes in turn, and the text that it left. */
  #cycle: { readonly lines: readonly string[]; at: number; text: string } | undefined;

  constructor(language: Language) {
    this.#language = language;
  }

  /** Tab was pressed. @param text The line before the cursor. */
  handleTab(text: string): Completion {
    this.#waiting = undefined;
    const cycle = this.#cycle;
    if (cycle?.text === text) {
      cycle.at = (cycle.at + 1) % cycle.lines.length;
      cycle.text = cycle.lines[cycle.at] ?? text;
      return { text: cycle.text };
    }
    this.#cycle = undefined;
    const [, word = ""] = /^\s*(\S+)\s/u.exec(text) ?? [];
    if (!findCommand(word)?.takesName) return this.#complete(text);
    this.#waiting = text;
    return { askNames: true };
  }

  /** {@linkcode Completer.names} are those in the room now. @param text The line before the cursor. */
  handleNames(text: string): Completion {
    const wanted = this.#waiting === text;
    this.#waiting = undefined;
    return wanted ? this.#complete(text) : {};
  }

  #complete(text: string): Completion {
    const candidates = completions(text, this.names, this.#language);
    const [only, ...more] = candidates;
    if (only === undefined) return { nothing: true };
    if (more.length === 0) return { text: only.line };
    const start = commonStart(candidates.map(({ line }) => line));
    if (start.length > text.length) return { text: start };
    this.#cycle = { lines: candidates.map(({ line }) => line), at: -1, text };
    return { choice: candidates.map(({ label }) => label) };
  }
}
