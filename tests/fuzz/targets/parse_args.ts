/** Any command line, read with any declarations. */

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
    "--name=a\n-n5\n--flag\nx\n--\n--name\n-f",
    "--list=1\n--list=2\n--a.b=3\n-abc\n--no-flag",
    "--name\n--flag=false\n-I/usr/include\n-f-",
  ),
  tokens: [
    "\n",
    "--__proto__.x=1",
    "--constructor.prototype.y=1",
    "\n--a.b.c=",
    "--no-list",
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
      string: ["name", "list", "_"],
      boolean: ["flag", "quiet"],
      collect: ["list"],
      negatable: ["flag"],
      alias: { name: "n", flag: "f" },
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
    const own = (name: string): unknown => Object.hasOwn(result, name) ? result[name] : undefined;
    // The original gives even a boolean what is attached to its short form: -f5, -f-.
    const attached = args.some((arg) => /^-[^-]/.test(arg));
    assert(attached || ["boolean", "object"].includes(typeof own("flag")), "or what --flag.x makes of it");
    assert(["string", "object"].includes(typeof own("name")), "text, or what --name.x makes of it");
    if (typeof own("n") === "string" && typeof own("name") === "string") {
      assertEquals(own("n"), own("name"), "an alias is the same");
    }
    assert(Array.isArray(own("list")) || typeof own("list") === "object");
    const dashes = args.indexOf("--");
    const behind = dashes < 0 ? [] : args.slice(dashes + 1);
    assertEquals<unknown>(
      result._.slice(result._.length - behind.length),
      behind,
      "all behind -- is positional, in order",
    );
    return { events: 1, came: `${Object.keys(result).length} ${result._.length} ${seen.length}` };
  },
};
