/** The operator's commands and their answers: one JSON object a line each, over a local socket. */

import type { PersonFields } from "../events/fields.ts";
import { isName } from "../protocol/name.ts";

/** A command of `registry COMMAND`. */
export type ControlCommand =
  | { readonly command: "list" }
  | { readonly command: "kick"; readonly name: string }
  | { readonly command: "drain" };

/** The answer to a command. */
export type ControlAnswer =
  | { readonly answer: "people"; readonly people: readonly PersonFields[] }
  /** The person whom `kick` removed. */
  | { readonly answer: "removed"; readonly person: PersonFields }
  /** Nobody has the name. */
  | { readonly answer: "unknown_person" }
  /** `drain` is done: that many connections were open. */
  | { readonly answer: "drained"; readonly connections: number }
  /** This registry does not know the command. */
  | { readonly answer: "not_understood" };

type Fields = Readonly<Record<string, unknown>>;

/** What the answers of each kind have. */
const ANSWERS: Readonly<Record<ControlAnswer["answer"], (fields: Fields) => boolean>> = {
  people: ({ people }) => Array.isArray(people) && people.every(isPerson),
  removed: ({ person }) => isPerson(person),
  unknown_person: () => true,
  drained: ({ connections }) => typeof connections === "number",
  not_understood: () => true,
};

function isPerson(value: unknown): boolean {
  const { name, ip, port } = (value ?? {}) as Fields;
  return typeof name === "string" && typeof ip === "string" && typeof port === "number";
}

/** @returns Undefined for a command that this registry does not know. */
export function parseCommand(line: string): ControlCommand | undefined {
  const fields = parse(line);
  if (fields?.command === "list" || fields?.command === "drain") return { command: fields.command };
  if (fields?.command === "kick" && isName(fields.name)) return { command: "kick", name: fields.name };
}

/** @returns Undefined if a line is no answer of a registry. */
export function parseAnswer(line: string): ControlAnswer | undefined {
  const fields = parse(line) ?? {};
  const kind = typeof fields.answer === "string" && Object.hasOwn(ANSWERS, fields.answer)
    ? fields.answer as ControlAnswer["answer"]
    : undefined;
  return kind && ANSWERS[kind](fields) ? fields as unknown as ControlAnswer : undefined;
}

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}
