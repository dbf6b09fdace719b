/** What the command lines of both tools have in common. */

import { isIPv6 } from "node:net";
import { addressProblem, isIpAddress, isLinkLocal, isPort } from "../protocol/address.ts";
import type { UsageProblem } from "../events/usage_problem.ts";
import { isLanguage, type Language } from "../ui/texts/language.ts";

/** Form of a tool's output. */
export interface OutputOptions {
  /** The language of `--lang`, if given. */
  readonly lang: Language | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly showPings: boolean;
}

/** A parser throws it for a wrong command line. */
export class UsageError extends Error {
  constructor(readonly problem: UsageProblem) {
    super(problem.kind);
  }
}

/** The error of a bad value; empty for an option that lacks one. */
export function badValue(option: string, value: string): UsageError {
  return new UsageError({ kind: "bad_value", option, value });
}

/** @throws {UsageError} If a text is an address that no machine has, or one of a link without the link's name. */
export function refuseNonsense(option: string, value: string): void {
  if (!isIpAddress(value)) return;
  const detail = addressProblem(value) ??
    (isIPv6(value) && isLinkLocal(value) ? { kind: "no_zone" } as const : undefined);
  if (detail) throw new UsageError({ kind: "bad_address", option, value, detail });
}

/** The problem of an unknown option, without its value. */
export function unknownOption(argument: string): UsageProblem {
  return { kind: "unknown_option", option: argument.replace(/=.+$/s, "") };
}

/** The result of `read`, or the problem of the {@linkcode UsageError} that it throws. */
export function orProblem<Result>(read: () => Result): Result | { readonly problem: UsageProblem } {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) return { problem: error.problem };
    throw error;
  }
}

/** A port, or 0 for any that is free. @throws {UsageError} If it is none. */
export function parsePort(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port !== 0 && !isPort(port)) throw badValue(option, text);
  return port;
}

/** The value of `--lang`. @throws {UsageError} If there are no texts in that language. */
export function parseLanguage(text: string | undefined): Language | undefined {
  if (text === undefined || isLanguage(text)) return text;
  throw badValue("--lang", text);
}

/** A value that must not be blank, such as a path. @throws {UsageError} If it is. */
export function parseGiven(option: string, text: string | undefined): string | undefined {
  if (text?.trim() === "") throw badValue(option, "");
  return text;
}
