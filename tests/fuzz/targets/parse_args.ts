/** Any command line. */

import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "../../../lib/offline_std/parse_args.ts";
import { type FuzzTarget, textSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();

/** What no argument may change. */
const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype).sort().join();

/** Arguments have line feeds between them. */
export const parseArguments: FuzzTarget = {
  name: "parse_args",
  seeds: textSeeds(
    "--name=a\n-h\n--flag\nx\n--\n--name\n-f",
    "--name=1\n--name=2\n--a.b=3\n-abc\n--no-flag",
    "--name\n--flag=false\n-I/usr/include\n-f-",
  ),
  tokens: [
    "\n",
    "--__proto__.x=1",
    "--constructor.prototype.y=1",
    "\n--a.b.c=",
    "--no-name",
    "\n--\n",
    "--_=1",
    "-_",
  ],
  maxBytes: 300,
  run(input) {
    const args = decoder.decode(input).split("\n");
    const before = args.join("\n");
    const seen: string[] = [];
    const result = parseArgs(args, {
      string: ["name", "_"],
      boolean: ["flag", "quiet"],
      negatable: ["flag"],
      alias: { flag: "f" },
      default: { name: "nobody" },
      unknown: (arg) => seen.push(arg) > 0,
    });
    assertEquals(args.join("\n"), before, "the arguments stay as they are");
    assertEquals(
      Object.getOwnPropertyNames(Object.prototype).sort().join(),
      PROTOTYPE,
      "no other object is reached",
    );
    assertEquals(({} as Record<string, unknown>)["x"], undefined);
    assert(Array.isArray(result._) && result._.every((item) => typeof item === "string"));
    assert(
      typeof result.name === "string" && typeof result.flag === "boolean" &&
        typeof result.quiet === "boolean",
    );
    assertEquals(Object.keys(result).length, 4, "nothing that is not declared");
    const dashes = args.indexOf("--");
    const behind = dashes < 0 ? [] : args.slice(dashes + 1);
    assertEquals<unknown>(
      result._.slice(result._.length - behind.length),
      behind,
      "all behind -- is positional, in order",
    );
    return { events: 1, came: `${result.flag} ${result._.length} ${seen.length}` };
  },
};
