import { assertEquals } from "@std/assert";
import { parseArgs as mapped } from "@std/cli/parse-args";
import { parseArgs, type ParseOptions } from "../../lib/offline_std/parse_args.ts";

type Options = ParseOptions<
  string,
  string,
  string,
  string,
  Record<string, unknown>,
  Record<string, string | string[]>,
  boolean
>;

interface Row {
  name: string;
  /** The command line, split at blanks. */
  line: string;
  options?: Options;
  expected: Record<string, unknown>;
}

/** The documented behaviour. */
const documented: Row[] = [
  { name: "nothing", line: "", expected: { _: [] } },
  { name: "positional arguments", line: "foo 789 -", expected: { _: ["foo", 789, "-"] } },
  { name: "an option alone", line: "--bool -b", expected: { bool: true, b: true, _: [] } },
  { name: "a value after a blank", line: "--host name -p 55", expected: { host: "name", p: 55, _: [] } },
  { name: "a value after =", line: "--host=name -p=55", expected: { host: "name", p: 55, _: [] } },
  { name: "more = in the value", line: "--a=b=c -d=e=f", expected: { a: "b=c", d: "e=f", _: [] } },
  { name: "the last value of several", line: "-v a -v b --v=c", expected: { v: "c", _: [] } },
  { name: "a value of -", line: "-n - -f-", expected: { n: "-", f: "-", _: [] } },

  {
    name: "numbers",
    line: "-x 1234 -y 5.67 -z 1e7 -w 10f",
    expected: { x: 1234, y: 5.67, z: 1e7, w: "10f", _: [] },
  },
  { name: "a hexadecimal number", line: "--hex 0xff 0x10", expected: { hex: 255, _: [16] } },
  { name: "a negative number after =", line: "--gain=-5 -g=-6", expected: { gain: -5, g: -6, _: [] } },
  { name: "a negative number after a blank", line: "--gain -5", expected: { gain: true, 5: true, _: [] } },
  {
    name: "a number as text",
    line: "--id 007 -n 56 8",
    options: { string: ["id", "n", "_"] },
    expected: { id: "007", n: "56", _: ["8"] },
  },
  {
    name: "text without a value",
    line: "-s --str",
    options: { string: ["s", "str"] },
    expected: { s: "", str: "", _: [] },
  },

  { name: "a group of letters", line: "-cats", expected: { c: true, a: true, t: true, s: true, _: [] } },
  { name: "a group and a value", line: "-fp 555 x", expected: { f: true, p: 555, _: ["x"] } },
  { name: "a letter and a number", line: "-n5 -x -y1.5", expected: { n: 5, x: true, y: 1.5, _: [] } },
  { name: "a letter and a path", line: "-I/usr/lib", expected: { I: "/usr/lib", _: [] } },
  {
    name: "a group with text options",
    line: "-art",
    options: { string: ["a", "t"] },
    expected: { a: "", r: true, t: "", _: [] },
  },

  { name: "a boolean not given", line: "x", options: { boolean: ["a"] }, expected: { a: false, _: ["x"] } },
  {
    name: "a boolean before an argument",
    line: "-a x --bee y",
    options: { boolean: ["a", "bee"] },
    expected: { a: true, bee: true, _: ["x", "y"] },
  },
  {
    name: "booleans told explicitly",
    line: "--a false --b=false -c true --d=true",
    options: { boolean: ["a", "b", "c", "d"], default: { a: true, b: true } },
    expected: { a: false, b: false, c: true, d: true, _: [] },
  },
  {
    name: "all long options boolean",
    line: "--honk cow -p 55 --tacos=good",
    options: { boolean: true },
    expected: { honk: true, p: 55, tacos: "good", _: ["cow"] },
  },

  { name: "--no- of any option", line: "--no-moo", expected: { "no-moo": true, _: [] } },
  {
    name: "--no- of a negatable boolean",
    line: "--no-color",
    options: { boolean: "color", negatable: "color", default: { color: true } },
    expected: { color: false, _: [] },
  },
  {
    name: "the last of --foo and --no-foo",
    line: "--no-foo --foo --bar --no-bar 123",
    options: { boolean: ["foo", "bar"], negatable: ["foo", "bar"] },
    expected: { foo: true, bar: false, _: [123] },
  },
  {
    name: "--no- of a negatable text",
    line: "--no-log",
    options: { string: ["log"], negatable: ["log"] },
    expected: { log: false, _: [] },
  },

  { name: "a default", line: "", options: { default: { port: 5000 } }, expected: { port: 5000, _: [] } },
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
    name: "an alias",
    line: "--zoom 5",
    options: { alias: { z: "zoom" } },
    expected: { zoom: 5, z: 5, _: [] },
  },
  {
    name: "an alias of a boolean",
    line: "-q x",
    options: { boolean: ["quiet"], alias: { quiet: ["q", "s"] } },
    expected: { quiet: true, q: true, s: true, _: ["x"] },
  },
  {
    name: "the name of an alias of a boolean",
    line: "--herp x",
    options: { boolean: "h", alias: { h: "herp" } },
    expected: { h: true, herp: true, _: ["x"] },
  },
  {
    name: "an alias of a text, and a default",
    line: "-s 007",
    options: { string: ["str"], alias: { str: "s", lang: "l" }, default: { lang: "pt" } },
    expected: { str: "007", s: "007", lang: "pt", l: "pt", _: [] },
  },

  {
    name: "collected options",
    line: "--s a --s=b -n 1 -x",
    options: { string: ["s"], collect: ["s", "n"] },
    expected: { s: ["a", "b"], n: [1], x: true, _: [] },
  },
  {
    name: "collected options not given",
    line: "",
    options: { string: ["s"], boolean: ["b"], collect: ["s", "b"] },
    expected: { s: [], b: [], _: [] },
  },
  {
    name: "collected options with an alias",
    line: "-s a --str b",
    options: { string: ["str"], collect: ["str"], alias: { str: "s" } },
    expected: { str: ["a", "b"], s: ["a", "b"], _: [] },
  },
  {
    name: "collected options negated",
    line: "--s a --s b --no-s",
    options: { string: ["s"], collect: ["s"], negatable: ["s"] },
    expected: { s: false, _: [] },
  },
  {
    name: "collected options with a default",
    line: "--s c",
    options: { collect: ["s", "t"], default: { s: ["a"], t: ["b"] } },
    expected: { s: ["c"], t: ["b"], _: [] },
  },

  { name: "after --", line: "-a -- b --c 4", expected: { a: true, _: ["b", "--c", "4"] } },
  {
    name: "after -- on its own",
    line: "--name x y -- --c 4",
    options: { "--": true },
    expected: { name: "x", _: ["y"], "--": ["--c", "4"] },
  },
  { name: "no -- at all", line: "y", options: { "--": true }, expected: { _: ["y"], "--": [] } },
  {
    name: "stopEarly",
    line: "--aaa bbb ccc --ddd 5",
    options: { stopEarly: true },
    expected: { aaa: "bbb", _: ["ccc", "--ddd", "5"] },
  },

  {
    name: "dotted names",
    line: "--a.b 3 --a.c.d=x --e.f",
    expected: { a: { b: 3, c: { d: "x" } }, e: { f: true }, _: [] },
  },
  {
    name: "dotted names with alias and default",
    line: "--a.b 3",
    options: { alias: { "a.b": "x.y" }, default: { "a.b": 1, "a.c": 2 } },
    expected: { a: { b: 3, c: 2 }, x: { y: 3 }, _: [] },
  },
  {
    name: "names of Object's own methods",
    line: "--toString --valueOf x",
    expected: { toString: true, valueOf: "x", _: [] },
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

Deno.test("parseArgs() keeps oddities of the original", () => {
  const rows: Row[] = [
    { name: "= without a value is part of the name", line: "--x=", expected: { "x=": true, _: [] } },
    {
      name: "--no- with a value gives the option that value",
      line: "--no-x=5",
      options: { negatable: ["x"] },
      expected: { x: 5, _: [] },
    },
    { name: "= in a group belongs to its first letter", line: "-ab=c", expected: { a: "c", _: [] } },
    { name: "a group that ends in a digit is a value", line: "-abc5", expected: { a: "bc5", _: [] } },
    { name: "digits are letters too", line: "-123 456", expected: { 1: true, 2: true, 3: 456, _: [] } },
    {
      name: "collected but neither boolean nor text has no empty list",
      line: "",
      options: { collect: ["s"] },
      expected: { _: [] },
    },
  ];
  for (const row of rows) check(parseArgs, row);
  assertEquals<unknown>(parseArgs(["--mic", ""], { string: ["mic"] }), { mic: "", _: [""] });
});

Deno.test("parseArgs() reports what it does not know to unknown()", () => {
  const calls: unknown[][] = [];
  const args = parseArgs(
    ["--derp=x", "-d", "5", "foo", "-h", "--lang", "pt", "--verb", "--no-b", "--only", "1", "--", "after"],
    {
      boolean: ["verbose", "b"],
      string: ["lang"],
      negatable: ["b"],
      alias: { verbose: "verb", help: "h" },
      default: { only: 0 },
      unknown: (...call) => {
        calls.push(call);
        return false;
      },
    },
  );
  assertEquals(calls, [
    ["--derp=x", "derp", "x"],
    ["-d", "d", "5"],
    ["foo"],
    ["--only", "only", "1"], // a default alone does not make an option known
  ]);
  const expected = {
    b: false,
    h: true,
    help: true,
    lang: "pt",
    only: 0,
    verb: true,
    verbose: true,
    _: ["after"],
  };
  assertEquals<unknown>(args, expected);
});

Deno.test("parseArgs() keeps the unknown if unknown() does not return false", () => {
  const args = parseArgs(["--derp", "-x", "foo"], { unknown: () => undefined });
  assertEquals<unknown>(args, { derp: true, x: "foo", _: [] });
});

Deno.test("parseArgs() does not report long options when all of them are boolean", () => {
  const reported: string[] = [];
  parseArgs(["--honk", "--tacos=good", "cow"], { boolean: true, unknown: (arg) => reported.push(arg) });
  assertEquals(reported, ["--tacos=good", "cow"]);
});

Deno.test("parseArgs() survives hostile names", () => {
  const rows: Row[] = [
    {
      name: "the prototype",
      line: "--__proto__.evil=1 --__proto__=2 --a.__proto__.evil 3",
      expected: { _: [] },
    },
    {
      name: "the prototype through the constructor",
      line: "--constructor.prototype.evil=1",
      expected: { constructor: { prototype: { evil: 1 } }, _: [] },
    },
    { name: "a value where an object is needed", line: "--a=1 --a.b=2", expected: { a: { b: 2 }, _: [] } },
    {
      name: "the length of a list",
      line: "--s a --s.length=x",
      options: { collect: ["s"] },
      expected: { s: { length: "x" }, _: [] },
    },
    { name: "the positional arguments", line: "--_=1 --_.x=2 foo", expected: { _: ["foo"] } },
    { name: "nothing but dots", line: "--..=1", expected: { "": { "": { "": 1 } }, _: [] } },
  ];
  for (const row of rows) check(parseArgs, row);
  assertEquals(Object.hasOwn(Object.prototype, "evil"), false);
});

Deno.test("parseArgs() leaves the arguments and the options as they were", () => {
  const args = ["-a", "b", "c", "--", "d"];
  const list = ["x"];
  parseArgs(args, { stopEarly: true, collect: ["l"], default: { l: list } });
  assertEquals(args, ["-a", "b", "c", "--", "d"]);
  assertEquals(list, ["x"]);
});

Deno.test("parseArgs() infers the types of the options", () => {
  // With the mapped name, so that the types of the original are held to the same where JSR is reachable.
  const args = mapped(["--call", "Ana", "x"], {
    boolean: ["json", "color"],
    string: ["call", "lang", "header", "log"],
    collect: ["header"],
    negatable: ["color", "log"],
    default: { lang: "pt" },
    alias: { call: ["c"], json: "j" },
    "--": true,
  });
  const json: boolean = args.json;
  const color: boolean = args.color;
  const call: string | undefined = args.call;
  const lang: string = args.lang;
  const header: string[] = args.header;
  const log: string | false | undefined = args.log;
  const j: boolean = args.j;
  const c: string | undefined = args.c;
  const positional: (string | number)[] = args._;
  const after: string[] = args["--"];
  // @ts-expect-error: an option without a value or a default may be missing
  const sure: string = args.call;
  assertEquals(
    [json, color, call, lang, header, log, j, c, positional, after, sure],
    [false, false, "Ana", "pt", [], undefined, false, "Ana", ["x"], [], "Ana"],
  );
});
