/** The commands of a phone. */

/** The actions of the commands. Each shows its own outcome. */
export interface CommandTarget {
  call(name: string): Promise<void>;
  accept(): void;
  reject(): void;
  hangUp(): void;
  lookUp(name: string): Promise<void>;
  list(): Promise<void>;
  toggleMute(): void;
  help(): void;
  quit(): void;
}

/** One command: its word in each language, its short forms, whether a person's name follows, and what it does. */
interface CommandRow {
  readonly kind: string;
  readonly pt: string;
  readonly en: string;
  readonly short: readonly string[];
  readonly takesName: boolean;
  readonly run: (phone: CommandTarget, name: string) => Promise<void> | void;
}

/**
 * Every command. Parser, help and completion are all made from this table.
 *
 * A new row also needs a sentence for the help, in both languages: `commands` in `lib/ui/texts/`.
 */
export const COMMANDS = [
  {
    kind: "call",
    pt: "ligar",
    en: "call",
    short: ["l"],
    takesName: true,
    run: (phone, name) => phone.call(name),
  },
  {
    kind: "accept",
    pt: "aceitar",
    en: "accept",
    short: ["a"],
    takesName: false,
    run: (phone) => phone.accept(),
  },
  {
    kind: "reject",
    pt: "recusar",
    en: "reject",
    short: ["r"],
    takesName: false,
    run: (phone) => phone.reject(),
  },
  {
    kind: "hang_up",
    pt: "desligar",
    en: "hangup",
    short: ["d"],
    takesName: false,
    run: (phone) => phone.hangUp(),
  },
  {
    kind: "look_up",
    pt: "consultar",
    en: "lookup",
    short: ["c"],
    takesName: true,
    run: (phone, name) => phone.lookUp(name),
  },
  { kind: "list", pt: "lista", en: "list", short: ["t"], takesName: false, run: (phone) => phone.list() },
  {
    kind: "mute",
    pt: "mudo",
    en: "mute",
    short: ["m"],
    takesName: false,
    run: (phone) => phone.toggleMute(),
  },
  {
    kind: "help",
    pt: "ajuda",
    en: "help",
    short: ["h", "?"],
    takesName: false,
    run: (phone) => phone.help(),
  },
  { kind: "quit", pt: "sair", en: "quit", short: ["s", "q"], takesName: false, run: (phone) => phone.quit() },
] as const satisfies readonly CommandRow[];

type Row = (typeof COMMANDS)[number];

/** The name of a command in the code. */
export type CommandKind = Row["kind"];

/** A typed command, with its name if it takes one. */
export type CompleteCommand =
  /** `name` is in NFC and not blank; nothing checks whether a person can have it. */
  | { readonly kind: Extract<Row, { takesName: true }>["kind"]; readonly name: string }
  | { readonly kind: Extract<Row, { takesName: false }>["kind"] };

/** A line that a person typed. */
export type Command =
  | CompleteCommand
  /** The name that `command`, as the person typed it, needs is missing. */
  | { readonly kind: "name_missing"; readonly command: string }
  | { readonly kind: "unknown"; readonly text: string }
  /** A blank line. */
  | { readonly kind: "nothing" };

/** The command of a word in either language or of a short form, in any case. */
export function findCommand(word: string): Row | undefined {
  const key = word.toLowerCase();
  return COMMANDS.find(({ pt, en, short }) => key === pt || key === en || short.some((form) => key === form));
}

/**
 * Parses a line that a person typed: a word of {@linkcode COMMANDS} in either language, in any case, then the name if
 * the command takes one, which is all the rest of the line.
 *
 * A name after a command that takes none makes the line unknown: `a maria` must not accept an invitation.
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

/** Carries out a command. Settles when it is done. */
export async function runCommand(command: CompleteCommand, phone: CommandTarget): Promise<void> {
  const row: CommandRow | undefined = COMMANDS.find(({ kind }) => kind === command.kind);
  await row?.run(phone, "name" in command ? command.name : "");
}
