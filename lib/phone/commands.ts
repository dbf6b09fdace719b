/** What a person can type on a phone. */

/**
 * Every command: its word in each language, its short forms, and whether somebody's name follows. Parser, help
 * and completion are all made from this table.
 */
export const COMMANDS = [
  { kind: "call", pt: "ligar", en: "call", short: ["l"], takesName: true },
  { kind: "accept", pt: "aceitar", en: "accept", short: ["a"], takesName: false },
  { kind: "reject", pt: "recusar", en: "reject", short: ["r"], takesName: false },
  { kind: "hang_up", pt: "desligar", en: "hangup", short: ["d"], takesName: false },
  { kind: "look_up", pt: "consultar", en: "lookup", short: ["c"], takesName: true },
  { kind: "list", pt: "lista", en: "list", short: ["t"], takesName: false },
  { kind: "mute", pt: "mudo", en: "mute", short: ["m"], takesName: false },
  { kind: "help", pt: "ajuda", en: "help", short: ["h", "?"], takesName: false },
  { kind: "quit", pt: "sair", en: "quit", short: ["s", "q"], takesName: false },
] as const;

type Row = (typeof COMMANDS)[number];

/** What a command does. */
export type CommandKind = Row["kind"];

/** A line that a person typed, understood as far as it can be. */
export type Command =
  /** `name` is in NFC and not blank; whether it may be anybody's name is not checked. */
  | { readonly kind: Extract<Row, { takesName: true }>["kind"]; readonly name: string }
  | { readonly kind: Extract<Row, { takesName: false }>["kind"] }
  /** The name that `command`, as it was typed, needs is not there. */
  | { readonly kind: "name_missing"; readonly command: string }
  | { readonly kind: "unknown"; readonly text: string }
  /** A blank line. */
  | { readonly kind: "nothing" };

/** The command that a word names, in either language or in short, in any case. */
export function findCommand(word: string): Row | undefined {
  const key = word.toLowerCase();
  return COMMANDS.find(({ pt, en, short }) => key === pt || key === en || short.some((form) => key === form));
}

/**
 * Understands a line that a person typed: a word of {@linkcode COMMANDS} in either language, in any case, and
 * where it needs one a name, which is all the rest of the line.
 *
 * A command that takes no name is not recognised with one: `a maria` must not accept an invitation.
 */
export function parseCommand(line: string): Command {
  const text = line.normalize("NFC").trim();
  if (text === "") return { kind: "nothing" };
  const [word = ""] = text.split(/\s/u, 1);
  const rest = text.slice(word.length).trim();
  const command = findCommand(word);
  if (command === undefined) return { kind: "unknown", text };
  if (!command.takesName) return rest === "" ? { kind: command.kind } : { kind: "unknown", text };
  return rest === "" ? { kind: "name_missing", command: word } : { kind: command.kind, name: rest };
}
