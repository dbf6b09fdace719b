/** The commands of a phone. */

import { similar } from "../util/similar.ts";

/** The actions of the commands. Each shows its own outcome. */
export interface CommandTarget {
  call(name: string): Promise<void>;
  accept(): void;
  reject(): void;
  hangUp(): void;
  lookUp(name: string): Promise<void>;
  list(): Promise<void>;
  /** Mutes or unmutes the microphone; without `muted`, the other of what it is. */
  mute(muted?: boolean): void;
  help(): void;
  quit(): void;
}

/** One command: its word in each language, short forms, other words, whether a name follows, and what it does. */
interface CommandRow {
  readonly kind: string;
  readonly pt: string;
  readonly en: string;
  readonly short: readonly string[];
  /** Words of other phones, which do as well. */
  readonly also: readonly string[];
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
    also: ["chamar", "telefonar", "discar", "dial", "phone"],
    takesName: true,
    run: (phone, name) => phone.call(name),
  },
  {
    kind: "accept",
    pt: "aceitar",
    en: "accept",
    short: ["a"],
    also: ["atender", "answer", "pickup"],
    takesName: false,
    run: (phone) => phone.accept(),
  },
  {
    kind: "reject",
    pt: "recusar",
    en: "reject",
    short: ["r"],
    also: ["rejeitar", "negar", "decline", "refuse", "deny"],
    takesName: false,
    run: (phone) => phone.reject(),
  },
  {
    kind: "hang_up",
    pt: "desligar",
    en: "hangup",
    short: ["d"],
    also: ["encerrar", "terminar", "finalizar", "cancelar", "cancel", "end", "bye"],
    takesName: false,
    run: (phone) => phone.hangUp(),
  },
  {
    kind: "look_up",
    pt: "consultar",
    en: "lookup",
    short: ["c"],
    also: ["procurar", "buscar", "find", "whois"],
    takesName: true,
    run: (phone, name) => phone.lookUp(name),
  },
  {
    kind: "list",
    pt: "lista",
    en: "list",
    short: ["t"],
    also: ["listar", "quem", "pessoas", "who", "people", "users", "ls"],
    takesName: false,
    run: (phone) => phone.list(),
  },
  {
    kind: "mute",
    pt: "mudo",
    en: "mute",
    short: ["m"],
    also: [],
    takesName: false,
    run: (phone) => phone.mute(),
  },
  {
    kind: "help",
    pt: "ajuda",
    en: "help",
    short: ["h", "?"],
    also: ["comandos", "commands"],
    takesName: false,
    run: (phone) => phone.help(),
  },
  {
    kind: "quit",
    pt: "sair",
    en: "quit",
    short: ["s", "q"],
    also: ["exit", "leave", "logout"],
    takesName: false,
    run: (phone) => phone.quit(),
  },
] as const satisfies readonly CommandRow[];

type Row = (typeof COMMANDS)[number];

/** Words for one direction of `mute`, which must not do the other one. Not in the help. */
const ONE_WAY = [
  { kind: "mute_on", takesName: false, words: ["silenciar", "emudecer"], muted: true },
  { kind: "mute_off", takesName: false, words: ["desmudo", "desmutar", "unmute"], muted: false },
] as const;

type OneWay = (typeof ONE_WAY)[number];

/** The name of a command in the code. */
export type CommandKind = Row["kind"];

/** A typed command, with its name if it takes one. */
export type CompleteCommand =
  /** `name` is in NFC and not blank; nothing checks whether a person can have it. */
  | { readonly kind: Extract<Row, { takesName: true }>["kind"]; readonly name: string }
  | { readonly kind: Extract<Row, { takesName: false }>["kind"] | OneWay["kind"] };

/** A line that a person typed. */
export type Command =
  | CompleteCommand
  /** The name that `command`, as the person typed it, needs is missing. */
  | { readonly kind: "name_missing"; readonly command: string }
  /** `similar`: words that were perhaps meant, the most similar first. */
  | { readonly kind: "unknown"; readonly text: string; readonly similar: readonly string[] }
  /** A blank line. */
  | { readonly kind: "nothing" };

/** The command of a word in either language, of a short form or another word, in any case. */
export function findCommand(word: string): Row | OneWay | undefined {
  const key = word.toLowerCase();
  return COMMANDS.find((row) => wordsOf(row).includes(key)) ??
    ONE_WAY.find(({ words }) => words.some((word) => word === key));
}

/** Whether the answer to the question for a name is none: a word for leaving, but no short form, which is a name as good as any. */
export function leavesRoom(answer: string): boolean {
  return answer.length > 1 && findCommand(answer)?.kind === "quit";
}

function wordsOf({ pt, en, short, also }: Row): string[] {
  return [pt, en, ...short, ...also];
}

/** Quotation marks in which people put names with blanks. */
const QUOTES = ['""', "''", "“”", "‘’", "«»", "„“"] as const;

/** The quotation mark at the beginning of a text and the one that ends it. */
export function openingQuote(text: string): readonly [open: string, close: string] | undefined {
  const pair = QUOTES.find(([open = ""]) => text.startsWith(open));
  return pair === undefined ? undefined : [pair.charAt(0), pair.charAt(1)];
}

/** A name without the quotation marks around it. */
function unquoted(text: string): string {
  const [open, close] = openingQuote(text) ?? ["", ""];
  const name = text.slice(open.length, text.endsWith(close) ? text.length - close.length : undefined).trim();
  return open === "" || name === "" ? text : name;
}

/** Words of more than one word. */
const PHRASES = /^(hang|pick|look) +up(?= |$)/i;

/**
 * Parses a line that a person typed: a word of {@linkcode COMMANDS} in either language, in any case, then the name if
 * the command takes one, which is all the rest of the line, perhaps in quotation marks.
 *
 * A name after a command that takes none makes the line unknown: `a maria` must not accept an invitation.
 */
export function parseCommand(line: string): Command {
  const text = line.normalize("NFC").trim();
  if (text === "") return { kind: "nothing" };
  const [word = ""] = text.replace(PHRASES, "$1up").split(/\s/u, 1);
  const rest = text.replace(PHRASES, "$1up").slice(word.length).trim();
  const command = findCommand(word);
  if (command === undefined) return { kind: "unknown", text, similar: similarCommands(word) };
  if (!command.takesName) {
    return rest === "" ? { kind: command.kind } : { kind: "unknown", text, similar: [word] };
  }
  return rest === "" ? { kind: "name_missing", command: word } : { kind: command.kind, name: unquoted(rest) };
}

/** Most words that are suggested for one that is none. */
const MOST_SIMILAR = 2;

function similarCommands(word: string): string[] {
  const words = [
    ...COMMANDS.flatMap(({ pt, en, also }) => [pt, en, ...also]),
    ...ONE_WAY.flatMap(({ words }) => words),
  ];
  return similar(word, words, MOST_SIMILAR);
}

/** Carries out a command. Settles when it is done. */
export async function runCommand(command: CompleteCommand, phone: CommandTarget): Promise<void> {
  const oneWay = ONE_WAY.find(({ kind }) => kind === command.kind);
  if (oneWay) return phone.mute(oneWay.muted);
  const row: CommandRow | undefined = COMMANDS.find(({ kind }) => kind === command.kind);
  await row?.run(phone, "name" in command ? command.name : "");
}
