import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "../../lib/offline_std/parse_args.ts";
import { concat } from "../../lib/offline_std/concat.ts";
import { unicodeWidth } from "../../lib/offline_std/unicode_width.ts";
import { anyText, holds } from "../../testing/property.ts";

/** Text that may stand behind an option and a blank. */
const anyValue = anyText.filter((text) => text !== "" && !text.startsWith("-"));

Deno.test("parseArgs() gives any options back, in any order, in either form", () => {
  const form = fc.record({
    name: fc.constantFrom("one", "two", "three"),
    value: anyValue,
    joined: fc.boolean(),
  });
  const positional = anyValue.map((value) => ({ value }));
  holds(fc.property(fc.array(fc.oneof(form, positional)), (parts) => {
    const args = parts.flatMap((part) => {
      if (!("name" in part)) return [part.value];
      return part.joined ? [`--${part.name}=${part.value}`] : [`--${part.name}`, part.value];
    });
    const result = parseArgs(args, { string: ["_", "one", "two", "three"] });
    for (const name of ["one", "two", "three"] as const) {
      const last = parts.findLast((part) => "name" in part && part.name === name);
      assertEquals(result[name], last?.value);
    }
    assertEquals<unknown>(result._, parts.filter((part) => !("name" in part)).map(({ value }) => value));
  }));
});

Deno.test("parseArgs() takes all behind -- as it is", () => {
  holds(fc.property(fc.array(anyValue), fc.array(anyText), (values, rest) => {
    const args = [...values.map((value) => `--name=${value}`), "--", ...rest];
    const result = parseArgs(args, { string: ["_", "name"] });
    assertEquals(result.name, values.at(-1));
    assertEquals<unknown>(result._, rest);
  }));
});

Deno.test("parseArgs() gives booleans and negations the last word", () => {
  holds(fc.property(fc.array(fc.boolean()), (given) => {
    const args = given.map((value) => value ? "--flag" : "--no-flag");
    const { flag } = parseArgs(args, { boolean: ["flag"], negatable: ["flag"], default: { flag: true } });
    assertEquals(flag, given.at(-1) ?? true);
  }));
});

Deno.test("parseArgs() takes any arguments, leaves them as they are, and reaches no other object", () => {
  const odd = fc.constantFrom(
    "--__proto__.x",
    "--constructor.prototype.x=1",
    "--a.b.c",
    "-",
    "--",
    "-abc=1",
    "--=",
  );
  holds(fc.property(fc.array(fc.oneof(anyText, odd)), (args) => {
    const before = [...args];
    const result = parseArgs(args, { string: ["a"], boolean: ["b"], negatable: ["b"] });
    assert(Object.keys(result).every((name) => ["_", "a", "b"].includes(name)));
    assert(Array.isArray(result._));
    assertEquals(args, before);
    assertEquals(({} as Record<string, unknown>).x, undefined);
  }));
});

Deno.test("concat() is as long as its parts and holds them in order", () => {
  holds(fc.property(fc.array(fc.uint8Array()), (parts) => {
    assertEquals(Array.from(concat(parts)), parts.flatMap((part) => Array.from(part)));
  }));
});

Deno.test("unicodeWidth() of two texts is the sum of both", () => {
  holds(
    fc.property(
      anyText.map((text) => text.toWellFormed()),
      anyText.map((text) => text.toWellFormed()),
      (a, b) => {
        assertEquals(unicodeWidth(a + b), unicodeWidth(a) + unicodeWidth(b));
      },
    ),
  );
});
