/** What the command lines of both tools have in common. */

import { parseArgs } from "@std/cli/parse-args";
import { addressProblem, inZone, ipVersion, isLinkLocal, isPort, zoneOf } from "../protocol/address.ts";
import { REPLACEMENT } from "../protocol/printable.ts";
import type { UsageProblem } from "../events/usage_problem.ts";
import { isLanguage, type Language } from "../ui/texts/language.ts";
import { similar } from "../util/similar.ts";

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
  if (ipVersion(value) === 0) return;
  const [ip, zone] = [inZone(value, ""), zoneOf(value)];
  const onLink = isLinkLocal(ip) && ipVersion(ip) === 6;
  const detail = addressProblem(ip) ?? (onLink && zone === "" ? { kind: "no_zone" } as const : undefined);
  if (detail) throw new UsageError({ kind: "bad_address", option, value, detail });
  // Systems take other addresses that name a link for names, and look these up.
  if (!onLink && zone !== "" && !/^\d+$/.test(zone)) throw badValue(option, value);
}

/** A command line that is split up. */
export interface Given<Flag extends string, Valued extends string> {
  readonly flags: ReadonlySet<Flag>;
  /** An option without its value has `""`. */
  readonly values: { readonly [Name in Valued]?: string };
  readonly positional: readonly string[];
  /** Valid even if the rest is wrong. */
  readonly output: OutputOptions;
  /** The first thing that is wrong. The rest is read as far as possible. */
  readonly problem: UsageProblem | undefined;
}

/** Takes no value, since every user of the machine can read command lines: a word behind it may be the password. */
const SECRET_FLAG = "room-password";

/** An option, also with a dash that a word processor made of hyphens. "-5" is a number, "-" a file by convention. */
const OPTION = /^(?:-[^\d]|[–—]\S)/;

/** A value that may follow an option which needs none: a number. */
const OPTIONAL_VALUE = /^\d+$/;

/**
 * Splits a command line: `--flag`, `--name value`, `--name=value`, `-h`; behind `--` all is positional. What has no
 * meaning is a problem: `parseArgs` reads `--quiet=no` as `--quiet`, and the last of several values.
 *
 * @param flags Options without a value; `no-NAME` switches off what is on.
 * @param valued Options with one.
 * @param optional Options that a number may follow, with the value that they have if none does.
 */
export function readArguments<Flag extends string, Valued extends string, Optional extends string = never>(
  args: readonly string[],
  flags: readonly Flag[],
  valued: readonly Valued[],
  optional: Readonly<Record<Optional, string>> = {} as Record<Optional, string>,
): Given<Flag, Valued | Optional> {
  const withValue = [...valued, ...Object.keys(optional) as Optional[]];
  const { options, positional, problem } = check(args, flags, valued, optional);
  const off = flags.filter((flag) => flag.startsWith("no-")).map((flag) => flag.slice(3));
  const parsed: Readonly<Record<string, unknown>> = parseArgs([...options, "--", ...positional], {
    boolean: [...flags.filter((flag) => !flag.startsWith("no-")), ...off],
    negatable: off,
    default: Object.fromEntries(off.map((name) => [name, true])),
    // The positional arguments too: "007" may be somebody's name.
    string: [...withValue, "_"],
  });
  const given = new Set(
    flags.filter((flag) => flag.startsWith("no-") ? parsed[flag.slice(3)] === false : parsed[flag] === true),
  );
  const values = Object.fromEntries(
    withValue.flatMap((name) => parsed[name] === undefined ? [] : [[name, String(parsed[name])]]),
  ) as { readonly [Name in Valued | Optional]?: string };
  const lang = parsed.lang;
  const output = {
    lang: isLanguage(lang) ? lang : undefined,
    json: parsed.json === true,
    quiet: parsed.quiet === true,
    showPings: parsed["show-pings"] === true,
  };
  return { flags: given, values, positional, output, problem };
}

/** @returns The options that have a meaning, each value behind `=`, the positional arguments, and the first problem. */
function check(
  args: readonly string[],
  flags: readonly string[],
  valued: readonly string[],
  optional: Readonly<Record<string, string>>,
) {
  const options = new Map<string, string>();
  const positional: string[] = [];
  let problem: UsageProblem | undefined;
  const wrong = (found: UsageProblem): void => {
    problem ??= found;
  };
  const addPositional = (arg: string): void => {
    // Deno decodes the bytes of arguments.
    if (arg.includes(REPLACEMENT)) wrong({ kind: "not_utf8", argument: arg });
    positional.push(arg);
  };
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (let at = 0; at < end; at++) {
    const arg = args[at] ?? "";
    if (!OPTION.test(arg)) {
      if (args[at - 1] === `--${SECRET_FLAG}`) wrong({ kind: "takes_no_value", option: `--${SECRET_FLAG}` });
      addPositional(arg);
      continue;
    }
    const [, name = "", inline] = /^--([^=]*)(?:=(.*))?$/s.exec(arg === "-h" ? "--help" : arg) ?? [];
    const option = `--${name}`;
    if (flags.includes(name)) {
      if (inline === undefined) options.set(option, option);
      else wrong({ kind: "takes_no_value", option });
    } else if (valued.includes(name) || name in optional) {
      const next = args[at + 1] ?? "";
      const isValue = valued.includes(name) ? !OPTION.test(next) : OPTIONAL_VALUE.test(next);
      const follows = inline === undefined && at + 1 < end && isValue;
      const value = inline ?? (follows ? args[++at] : optional[name]) ?? "";
      if (options.has(option)) wrong({ kind: "repeated", option });
      if (value.includes(REPLACEMENT)) wrong({ kind: "not_utf8", argument: option });
      if (value.trim() === "" && (valued.includes(name) || inline !== undefined)) {
        wrong({ kind: "bad_value", option, value: "" });
      }
      options.set(option, `${option}=${value}`);
    } else wrong(unknownOption(arg, [...flags, ...valued, ...Object.keys(optional)]));
  }
  args.slice(end + 1).forEach(addPositional);
  return { options: [...options.values()], positional, problem };
}

/** The problem of an unknown option, without anything that may be its value. */
function unknownOption(arg: string, known: readonly string[]): UsageProblem {
  const [, dashes = "", name = ""] = /^([-–—]+)([^=:;,/\s]*)/.exec(arg) ?? [];
  const begun = known.some((option) => option.startsWith(name));
  // As in "--room-passwordsecret".
  if (!begun && name.startsWith(SECRET_FLAG)) return { kind: "takes_no_value", option: `--${SECRET_FLAG}` };
  // As in "-psecret" and "--passwordsecret".
  const secretless = /^.*?(?:password|senha)/.exec(name)?.[0] ?? name;
  const shown = dashes === "-" ? name.slice(0, 1) : begun ? name : secretless;
  const [nearest] = similar(name, known, 1);
  const option = `${dashes}${shown}`;
  return { kind: "unknown_option", option, ...(nearest !== undefined && { nearest: `--${nearest}` }) };
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
