/**
 * Command line arguments, as `@std/cli/parse-args` reads options that are declared, by `node:util`. The types leave out
 * what no program here uses: `collect`, `stopEarly`, `--`, names with dots, and undeclared options in the result.
 */

import { parseArgs as readTokens } from "node:util";

/** The options of {@linkcode parseArgs}. */
export interface ParseOptions<B extends string, S extends string, N extends string, D> {
  /** Options without a value, `false` unless given. */
  readonly boolean?: readonly B[];
  /** Options with a value, `""` if it is missing. With `"_"` among them, the original too leaves numbers in `_` text. */
  readonly string?: readonly S[];
  /** Options that `--no-name` sets to `false`. */
  readonly negatable?: readonly N[];
  /** One letter that stands for an option without a value, by the name of the option. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Values of options that are not given. */
  readonly default?: D;
  /** Gets each positional argument, and with its name each undeclared option. `false` leaves an argument out. */
  readonly unknown?: (arg: string, key?: string) => unknown;
}

type Text<Name, N> = string | (Name extends N ? false : never);

/** The positional arguments as `_`, and the declared options. */
export type Args<B extends string, S extends string, N extends string, D> =
  & { _: (string | number)[] }
  & { [Name in B]: boolean }
  & { [Name in Exclude<S, keyof D | "_">]?: Text<Name, N> }
  & { [Name in Exclude<Extract<S, keyof D>, "_">]: Text<Name, N> };

/**
 * Reads `--name value`, `--name=value`, `--flag`, `--flag=false`, `--no-flag` and `-f`; behind `--` all is positional.
 * A value behind a blank is neither empty nor begins with `-`. The last of several counts.
 */
export function parseArgs<
  B extends string = never,
  S extends string = never,
  N extends string = never,
  D extends Readonly<Record<string, unknown>> = Record<never, never>,
>(args: readonly string[], options: ParseOptions<B, S, N, D> = {}): Args<B, S, N, D> {
  const { boolean = [], string = [], negatable = [], alias = {}, unknown = () => {} } = options;
  const short = (name: string) => Object.hasOwn(alias, name) ? { short: alias[name] } : {};
  const declared = Object.fromEntries([
    ...boolean.map((name) => [name, { type: "boolean" as const, ...short(name) }] as const),
    ...string.map((name) => [name, { type: "string" as const }] as const),
  ]);
  const given = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined);
  // node:util would take "--name --flag" for a name of "--flag".
  const closed = given.map((arg, at) => {
    const hasValue = declared[arg.slice(2)]?.type !== "string" || !/^($|-)/.test(given[at + 1] ?? "");
    return arg.startsWith("--") && !hasValue ? `${arg}=` : arg;
  });
  const { tokens } = readTokens({ args: closed, options: declared, strict: false, tokens: true });

  const positional: string[] = [];
  const result: Record<string, unknown> = {
    ...Object.fromEntries(boolean.map((name) => [name, false])),
    ...options.default,
  };
  let flag: string | undefined; // a boolean, which "true" or "false" may follow
  for (const token of tokens) {
    const before = flag;
    flag = undefined;
    if (token.kind === "option") {
      const arg = given[token.index] ?? "";
      // As the original: "--name=" is an option called "name=", and "--no-name=value" gives "name" a value.
      let name = arg === `${token.rawName}=` ? `${token.name}=` : token.name;
      if (token.inlineValue && arg.includes("=")) name = name.replace(/^no-/, "");
      const negated = name.startsWith("no-") && (negatable as readonly string[]).includes(name.slice(3));
      if (negated) result[name.slice(3)] = false;
      else if (!Object.hasOwn(declared, name)) unknown(arg, name);
      else if (declared[name]?.type === "string") result[name] = token.value ?? "";
      else result[flag = name] = token.value !== "false";
    } else if (token.kind === "positional") {
      if (before !== undefined && /^(true|false)$/.test(token.value)) result[before] = token.value === "true";
      else if (unknown(token.value) !== false) positional.push(token.value);
    }
  }
  positional.push(...args.slice(given.length + 1));
  return { ...result, _: positional } as unknown as Args<B, S, N, D>;
}
