import { assertEquals } from "@std/assert";
import { parseArgs as mapped } from "@std/cli/parse-args";
import { parseArgs, type ParseOptions } from "../../lib/offline_std/parse_args.ts";

type Options = ParseOptions<string, string, string, Record<string, unknown>>;

interface Row {
  readonly name: string;
  /** The command line, split at blanks. */
  readonly line: string;
  readonly options?: Options;
  readonly expected: Readonly<Record<string, unknown>>;
}

/** Adds what every row declares: text for what is positional. */
const texts = (...names: readonly string[]): { readonly string: readonly string[] } => ({
  string: ["_", ...names],
});

/** The documented behaviour. */
const documented: readonly Row[] = [
  { name: "nothing", line: "", expected: { _: [] } },
  { name: "positional arguments", line: "foo 789 -", options: texts(), expected: { _: ["foo", "789", "-"] } },
  {
    name: "a value after a blank",
    line: "--host name --port 55 x",
    options: texts("host", "port"),
    expected: { host: "name", port: "55", _: ["x"] },
  },
  {
    name: "a value after =",
    line: "--host=name --port=55 x",
    options: texts("host", "port"),
    expected: { host: "name", port: "55", _: ["x"] },
  },
  { name: "more = in the value", line: "--a=b=c", options: texts("a"), expected: { a: "b=c", _: [] } },
  {
    name: "the last value of several",
    line: "--v a --v b --v=c",
    options: texts("v"),
    expected: { v: "c", _: [] },
  },
  { name: "a number as text", line: "--id 007 8", options: texts("id"), expected: { id: "007", _: ["8"] } },
  {
    name: "a negative number after =",
    line: "--gain=-5",
    options: texts("gain"),
    expected: { gain: "-5", _: [] },
  },
  { name: "text without a value", line: "--str", options: texts("str"), expected: { str: "", _: [] } },
  {
    name: "an option in place of a value",
    line: "--str --id --quiet x",
    options: { ...texts("str", "id"), boolean: ["quiet"] },
    expected: { str: "", id: "", quiet: true, _: ["x"] },
  },
  {
    name: "the end in place of a value",
    line: "--str -- x",
    options: texts("str"),
    expected: { str: "", _: ["x"] },
  },
  { name: "an option of text not given", line: "x", options: texts("str"), expected: { _: ["x"] } },

  {
    name: "a boolean not given",
    line: "x",
    options: { ...texts(), boolean: ["a"] },
    expected: { a: false, _: ["x"] },
  },
  {
    name: "a boolean before an argument",
    line: "--a x --bee y",
    options: { ...texts(), boolean: ["a", "bee"] },
    expected: { a: true, bee: true, _: ["x", "y"] },
  },
  {
    name: "booleans told explicitly",
    line: "--a false --b=false --c true --d=true x",
    options: { ...texts(), boolean: ["a", "b", "c", "d"], default: { a: true, b: true } },
    expected: { a: false, b: false, c: true, d: true, _: ["x"] },
  },
  {
    name: "a boolean before a word that only looks explicit",
    line: "--a x true",
    options: { ...texts(), boolean: ["a"] },
    expected: { a: true, _: ["x", "true"] },
  },

  {
    name: "--no- of a negatable boolean",
    line: "--no-color",
    options: { boolean: ["color"], negatable: ["color"], default: { color: true } },
    expected: { color: false, _: [] },
  },
  {
    name: "the last of --foo and --no-foo",
    line: "--no-foo --foo --bar --no-bar x",
    options: { ...texts(), boolean: ["foo", "bar"], negatable: ["foo", "bar"] },
    expected: { foo: true, bar: false, _: ["x"] },
  },
  {
    name: "--no- of a negatable text",
    line: "--no-log",
    options: { string: ["log"], negatable: ["log"] },
    expected: { log: false, _: [] },
  },

  {
    name: "a default",
    line: "",
    options: { string: ["port"], default: { port: "5000" } },
    expected: { port: "5000", _: [] },
  },
  {
    name: "a default that is not needed",
    line: "--port 1",
    options: { string: ["port"], default: { port: "5000" } },
    expected: { port: "1", _: [] },
  },
  {
    name: "a null default of a boolean",
    line: "",
    options: { boolean: ["maybe"], default: { maybe: null } },
    expected: { maybe: null, _: [] },
  },

  {
    name: "after --",
    line: "--a -- b --c 4",
    options: { ...texts("c"), boolean: ["a"] },
    expected: {
      a: true,
      _: ["b", "--c", "4"],
    },
  },
];

type Parse = (args: string[], options?: Options) => unknown;

function check(parse: Parse, { name, line, options, expected }: Row): void {
  const args = line === "" ? [] : line.split(" ");
  assertEquals<unknown>(parse(args, options), expected, `${name}: ${line}`);
}

Deno.test("parseArgs() does what is documented", () => {
  for (const row of documented) check(parseArgs, row);
});

Deno.test("parseArgs() of the import map does the same", () => {
  // Where JSR is reachable this is the original, and shows that the rows above are right.
  for (const row of documented) check(mapped as unknown as Parse, row);
});

Deno.test("parseArgs() takes the letter of an option for it", () => {
  for (const parse of [parseArgs, mapped]) {
    const { help } = parse(["-h"], { boolean: ["help"], alias: { help: "h" } });
    assertEquals(help, true);
  }
});

Deno.test("parseArgs() keeps oddities of the original", () => {
  const rows: readonly Row[] = [
    {
      name: "--no- with a value gives the option that value",
      line: "--no-x=5 --no-y=true",
      options: { string: ["x"], boolean: ["y"], negatable: ["x", "y"] },
      expected: { x: "5", y: true, _: [] },
    },
    {
      name: "= without a value is part of the name",
      line: "--x=",
      options: { string: ["x"], unknown: () => false },
      expected: { _: [] },
    },
  ];
  for (const parse of [parseArgs, mapped as unknown as Parse]) {
    for (const row of rows) check(parse, row);
    assertEquals<unknown>(parse(["--mic", ""], texts("mic")), { mic: "", _: [""] });
  }
});

Deno.test("parseArgs() reports what it does not know to unknown()", () => {
  for (const parse of [parseArgs, mapped]) {
    const calls: unknown[][] = [];
    const args = parse(
      ["--derp=x", "--x=", "-d", "foo", "-h", "--lang", "pt", "--no-b", "--no-lang", "--only", "--", "after"],
      {
        boolean: ["b", "help"],
        string: ["lang"],
        negatable: ["b"],
        alias: { help: "h" },
        default: { only: 0 },
        unknown: (arg: string, key?: string) => {
          calls.push([arg, key]);
          return false;
        },
      },
    );
    assertEquals(calls, [
      ["--derp=x", "derp"],
      ["--x=", "x="],
      ["-d", "d"],
      ["foo", undefined],
      ["--no-lang", "no-lang"],
      ["--only", "only"], // a default alone does not make an option known
    ]);
    const { b, help, lang, _ } = args;
    assertEquals<unknown>({ b, help, lang, _ }, { b: false, help: true, lang: "pt", _: ["after"] });
  }
});

Deno.test("parseArgs() keeps positional arguments if unknown() does not return false", () => {
  const args = parseArgs(["--derp", "foo"], { string: ["_"], unknown: () => undefined });
  assertEquals<unknown>(args, { _: ["foo"] });
});

Deno.test("parseArgs() survives hostile names", () => {
  const lines = [
    "--__proto__.evil=1 --__proto__=2 --a.__proto__.evil 3 --__proto__",
    "--constructor.prototype.evil=1 --toString --valueOf -_ --_=1 --_.x=2",
    "--name=1 --name.b=2 --..=1 --= ---- -=- --no- --no-=",
  ];
  for (const line of lines) {
    const args = parseArgs(line.split(" "), { string: ["name"], boolean: ["flag"], negatable: ["flag"] });
    const { name, flag, _, ...rest } = args;
    assertEquals([name === "1" || name === undefined, flag, rest], [true, false, {}], line);
    assertEquals(Object.getPrototypeOf(args), Object.prototype);
  }
  assertEquals(Object.hasOwn(Object.prototype, "evil"), false);
});

Deno.test("parseArgs() leaves the arguments as they were", () => {
  const args = ["--a", "-b", "c", "--", "d"];
  parseArgs(args, { string: ["a"] });
  assertEquals(args, ["--a", "-b", "c", "--", "d"]);
});

Deno.test("parseArgs() infers the types of the options", () => {
  // With the mapped name, so that the types of the original are held to the same where JSR is reachable.
  const args = mapped(["--call", "Ana", "x"], {
    boolean: ["json", "color"],
    string: ["_", "call", "lang", "log"],
    negatable: ["color", "log"],
    default: { lang: "pt" },
    alias: { json: "j" },
  });
  const json: boolean = args.json;
  const color: boolean = args.color;
  const call: string | undefined = args.call;
  const lang: string = args.lang;
  const log: string | false | undefined = args.log;
  const positional: (string | number)[] = args._;
  // @ts-expect-error: an option without a value or a default may be missing
  const sure: string = args.call;
  assertEquals([json, color, call, lang, log, positional, sure], [
    false,
    false,
    "Ana",
    "pt",
    undefined,
    ["x"],
    "Ana",
  ]);
});
