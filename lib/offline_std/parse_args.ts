/**
 * Command line arguments, as `@std/cli/parse-args` reads them. The behaviour is the original's even where it is
 * odd (`--x=` is an option called `x=`), so that a command line means the same on every network. Only what the
 * original would crash on, or let reach into `Object.prototype`, is different.
 */

/** The options of {@linkcode parseArgs}. A name that has an alias stands for both. */
export interface ParseOptions<
  TBooleans extends string = never,
  TStrings extends string = never,
  TCollected extends string = never,
  TNegatable extends string = never,
  TDefaults extends Record<string, unknown> = Record<never, never>,
  TAliases extends Aliases = Record<never, never>,
  TDoubleDash extends boolean | undefined = undefined,
> {
  /** Whether what follows `--` goes to `result["--"]` instead of `result._`. */
  "--"?: TDoubleDash;
  /** Other names of an option, by its name. */
  alias?: TAliases;
  /** Options without a value, `false` unless given. `true` makes every `--name` without `=` one of them. */
  boolean?: boolean | TBooleans | readonly TBooleans[];
  /** Options that may be given several times, with all values in an array. */
  collect?: TCollected | readonly TCollected[];
  /** Values of options that are not given. */
  default?: TDefaults;
  /** Options that `--no-name` sets to `false`. */
  negatable?: TNegatable | readonly TNegatable[];
  /** Whether everything after the first positional argument is positional too. */
  stopEarly?: boolean;
  /** Options whose value stays text, even a number; `""` without a value. `"_"` for the positional ones. */
  string?: TStrings | readonly TStrings[];
  /** Called with what is in none of `boolean`, `string` and `alias`. Left out of the result if `false` returns. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Aliases = Readonly<Record<string, string | readonly string[]>>;

// What parseArgs infers from its options, by their first letters: B(oolean), S(tring), C(ollect), N(egatable), D(efault).

/** What one occurrence of the option `Name` gives. */
type Single<Name, B, S> = Name extends B ? boolean : Name extends S ? string : unknown;

/** What the option `Name` has in the result if it was given. */
type Value<Name, B, S, C, N> =
  | (Name extends C ? Single<Name, B, S>[] : Single<Name, B, S>)
  | (Name extends N ? false : never);

/** Names without a dot: the others make nested objects, which are left `unknown`. */
type Plain<Name> = Exclude<Name, `${string}.${string}`> & string;

/** The declared options: those always there, those there only if given, those with a default. */
type Declared<B, S, C, N, D> =
  & { [Name in Plain<Exclude<B | Extract<S, C>, keyof D>>]: Value<Name, B, S, C, N> }
  & { [Name in Plain<Exclude<S, B | C | keyof D>>]?: Value<Name, B, S, C, N> }
  & { [Name in Plain<Extract<B | S, keyof D>> & keyof D]: Value<Name, B, S, C, N> | D[Name] };

type AliasesOf<Name, TAliases> = Name extends keyof TAliases
  ? TAliases[Name] extends readonly (infer Alias)[] ? Alias : TAliases[Name]
  : never;

type WithAliases<TOptions, TAliases> = {
  [Name in keyof TOptions as Name | (AliasesOf<Name, TAliases> & string)]: TOptions[Name];
};

/** What {@linkcode parseArgs} returns: the options, undeclared ones as `unknown`, and the positional arguments. */
export type Args<TOptions = Record<never, never>, TDoubleDash = undefined> =
  & Record<string, unknown>
  & TOptions
  & { _: (string | number)[] }
  & (true extends TDoubleDash ? { "--": string[] } : Record<never, never>);

/** `--name`, `--no-name` or `--name=value`. */
const LONG_OPTION = /^--(no-)?(.+?)(?:=(.+))?$/s;

/**
 * Reads command line arguments.
 *
 * `--name value`, `--name=value`, `-n value`, `-n=value` and `-n5` give an option a value, `--name` makes it
 * `true`, `-abc` is `-a -b -c`, and `--a.b 1` makes `{ a: { b: 1 } }`. Values that look like a number become one,
 * unless the option is declared a string. Of an option given twice the last value counts, unless it is collected.
 * Everything after `--` is positional.
 *
 * A value after a blank cannot begin with `-`: `--gain=-5`, not `--gain -5`.
 *
 * @param args The arguments, such as `Deno.args`.
 * @param options What the program knows about its options.
 * @returns An object with the options by name, and the positional arguments as `_`.
 */
export function parseArgs<
  TBooleans extends string = never,
  TStrings extends string = never,
  TCollected extends string = never,
  TNegatable extends string = never,
  TDefaults extends Record<string, unknown> = Record<never, never>,
  const TAliases extends Aliases = Record<never, never>,
  TDoubleDash extends boolean | undefined = undefined,
>(
  args: string[],
  options: ParseOptions<TBooleans, TStrings, TCollected, TNegatable, TDefaults, TAliases, TDoubleDash> = {},
): Args<
  WithAliases<Declared<TBooleans, TStrings, TCollected, TNegatable, TDefaults>, TAliases>,
  TDoubleDash
> {
  const aliases = aliasesByName(options.alias ?? {});
  const allNames = (names: string | readonly string[] = []) =>
    new Set([names].flat().flatMap((name) => [name, ...aliases.get(name) ?? []]));
  const longAreBoolean = options.boolean === true;
  const booleans = allNames(typeof options.boolean === "boolean" ? [] : options.boolean);
  const strings = allNames(options.string);
  const collected = allNames(options.collect);
  const negatable = allNames(options.negatable);

  const result: Nested = { _: [] };
  const positional: (string | number)[] = [];
  const dashes = args.indexOf("--");
  const queue = dashes < 0 ? [...args] : args.slice(0, dashes);
  const afterDashes = dashes < 0 ? [] : args.slice(dashes + 1);

  /** Puts a value into the result under all names of its option. */
  const store = (name: string, value: unknown, collect: boolean) => {
    for (const each of [name, ...aliases.get(name) ?? []]) setNested(result, each.split("."), value, collect);
  };

  const setOption = (name: string, value: string | boolean, arg: string, collect: boolean) => {
    const known = booleans.has(name) || strings.has(name) || aliases.has(name) ||
      (longAreBoolean && arg.startsWith("--") && !arg.includes("="));
    if (!known && options.unknown?.(arg, name, value) === false) return;
    const converted = typeof value === "string" && !strings.has(name) ? numberOrText(value) : value;
    store(name, converted, collect && collected.has(name));
  };

  const valueIfAlone = (name: string) => strings.has(name) ? "" : true;

  /** The value of an option that has none attached: the next argument, if that is one. */
  const valueAfter = (name: string, canBeValue: (next: string) => boolean) => {
    const next = queue[0];
    // An empty argument is never taken as a value: the original does not either.
    if (!next) return valueIfAlone(name);
    if (!booleans.has(name) && canBeValue(next)) {
      queue.shift();
      return next;
    }
    if (next === "true" || next === "false") {
      queue.shift();
      return next === "true";
    }
    return valueIfAlone(name);
  };

  const readLong = (arg: string, negated: boolean, name: string, value: string | undefined) => {
    if (value !== undefined) {
      setOption(name, booleans.has(name) ? value !== "false" : value, arg, true);
    } else if (negated && negatable.has(name)) {
      setOption(name, false, arg, false);
    } else {
      const fullName = negated ? `no-${name}` : name;
      setOption(
        fullName,
        valueAfter(fullName, (next) => !longAreBoolean && !next.startsWith("-")),
        arg,
        true,
      );
    }
  };

  const readShort = (arg: string) => {
    const letters = arg.slice(1);
    for (let i = 0; i < letters.length - 1; i++) {
      const letter = letters.charAt(i);
      const attached = attachedValue(letter, letters.slice(i + 1));
      setOption(letter, attached ?? valueIfAlone(letter), arg, true);
      if (attached !== undefined) return;
    }
    const last = letters.slice(-1);
    setOption(last, valueAfter(last, (next) => !/^--?[^-]/.test(next)), arg, true);
  };

  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    const long = LONG_OPTION.exec(arg);
    if (long) {
      readLong(arg, long[1] !== undefined, long[2] ?? "", long[3]);
    } else if (arg.startsWith("-") && arg !== "-") {
      readShort(arg);
    } else {
      if (options.unknown?.(arg) !== false) positional.push(strings.has("_") ? arg : numberOrText(arg));
      if (options.stopEarly) positional.push(...queue.splice(0));
    }
  }

  for (const [name, value] of Object.entries(options.default ?? {})) {
    if (!hasNested(result, name.split("."))) store(name, value, false);
  }
  for (const name of [...booleans, ...strings]) {
    if (hasNested(result, name.split("."))) continue;
    if (collected.has(name)) setNested(result, name.split("."), [], false);
    else if (booleans.has(name)) setNested(result, name.split("."), false, false);
  }

  if (options["--"]) result["--"] = afterDashes;
  else positional.push(...afterDashes);
  result._ = positional; // last, so that an option called `_` cannot take its place
  return result as ReturnType<
    typeof parseArgs<TBooleans, TStrings, TCollected, TNegatable, TDefaults, TAliases, TDoubleDash>
  >;
}

/** The other names of every option that has some. */
function aliasesByName(aliases: Aliases): Map<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, others] of Object.entries(aliases)) {
    const group = [name, ...[others].flat()];
    for (const each of group) byName.set(each, group.filter((other) => other !== each));
  }
  return byName;
}

function numberOrText(text: string): number | string {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The value that the rest of a group of short options is for `letter`, if it is one and not more options. */
function attachedValue(letter: string, rest: string): string | undefined {
  if (rest === "-") return rest; // -f-
  if (/[A-Za-z]/.test(letter)) {
    const afterEquals = /=(.+)/s.exec(rest)?.[1]; // -f=value
    if (afterEquals !== undefined) return afterEquals;
    if (/\d\.?$/.test(rest)) return rest; // -n5
  }
  return rest.length > 1 && /^\W/.test(rest) ? rest : undefined; // -I/usr/include
}

type Nested = Record<string, unknown>;

function isNested(value: unknown): value is Nested {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Puts `value` at `path`, in place of whatever else is on the way there. */
function setNested(object: Nested, path: string[], value: unknown, collect: boolean): void {
  if (path.includes("__proto__")) return; // it would reach every object of the program
  let parent = object;
  for (const key of path.slice(0, -1)) {
    const child = parent[key];
    parent = isNested(child) ? child : (parent[key] = {});
  }
  const key = path.at(-1) ?? "";
  const before = parent[key];
  if (!collect) parent[key] = value;
  else parent[key] = Array.isArray(before) ? [...before, value] : [value];
}

function hasNested(object: Nested, path: string[]): boolean {
  let value: unknown = object;
  for (const key of path) {
    if (!isNested(value) || !Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return true;
}
