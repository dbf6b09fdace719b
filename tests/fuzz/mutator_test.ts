import { assert, assertEquals, assertGreater } from "@std/assert";
import { seededRandom } from "../../testing/netem/random.ts";
import { jsonSeeds, textSeeds } from "./fuzz_target.ts";
import { Mutator } from "./mutator.ts";

const decoder = new TextDecoder();

function mutants(pool: readonly Uint8Array[], count: number, seed = 1, maxBytes = 1000): Uint8Array[] {
  const mutator = new Mutator(seededRandom(seed), ["maria"], maxBytes);
  return Array.from({ length: count }, () => mutator.next(pool).slice());
}

Deno.test("Mutator makes the same inputs from the same seed, and others from another", () => {
  const pool = textSeeds("one two three", "0123456789");
  assertEquals(mutants(pool, 50), mutants(pool, 50));
  assert(mutants(pool, 50, 2).some((input, index) => !equal(input, mutants(pool, 50)[index]!)));
});

Deno.test("Mutator leaves the inputs that it is given as they are, and passes no limit", () => {
  const pool = textSeeds("a".repeat(90), '{"a":1}');
  const before = pool.map((input) => input.slice());
  for (const input of mutants(pool, 2000, 3, 100)) assert(input.length <= 100);
  assertEquals(pool, before);
});

Deno.test("Mutator flips bits, cuts, repeats, mixes and works in words", () => {
  const [first, second] = textSeeds("abcdefghij", "0123456789");
  const all = mutants([first!, second!], 4000);
  const texts = all.map((input) => decoder.decode(input));
  const kinds: Record<string, (input: Uint8Array, text: string) => boolean> = {
    "a bit": (input) => input.length === 10 && distance(input, first!) === 1,
    "cut off": (_, text) => text.length < 10 && "abcdefghij".startsWith(text),
    "cut out": (_, text) => /^a.*j$/.test(text) && text.length < 10,
    "repeated": (_, text) => /(..).*\1/.test(text),
    "mixed": (_, text) => /^abc.*789$/.test(text),
    "with a word": (_, text) => text.includes("maria"),
    "with what terminals act upon": (_, text) => text.includes("\x1b[2J"),
    "longer": (input) => input.length > 12,
  };
  for (const [kind, is] of Object.entries(kinds)) {
    assert(all.some((input, index) => is(input, texts[index]!)), `none is ${kind}`);
  }
});

Deno.test("Mutator changes JSON so that much of it is JSON still", () => {
  const [seed] = jsonSeeds({ tipo: "registro", nome: "maria", ip: "::1", porta: 6000, lista: [{ a: 1 }] });
  const objects = mutants([seed!], 2000).flatMap((input) => {
    try {
      return [JSON.parse(decoder.decode(input)) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
  assertGreater(objects.length, 600);
  const changed: Record<string, (object: Record<string, unknown>) => boolean> = {
    "without a field": (object) => !("porta" in object),
    "with a field of another type": (object) => Array.isArray(object.nome) || object.porta === "6000",
    "with an edge for a number": (object) => object.porta === 65536,
    "with other text": (object) => typeof object.nome === "string" && object.nome !== "maria",
    "changed inside": (object) => JSON.stringify(object.lista) !== '[{"a":1}]',
    "with a lone surrogate": (object) => object.nome === "\ud800",
  };
  for (const [kind, is] of Object.entries(changed)) assert(objects.some(is), `none is ${kind}`);
});

Deno.test("Mutator takes nothing at all for an input", () => {
  assertEquals(mutants([new Uint8Array(0)], 500).length, 500);
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && distance(a, b) === 0;
}

/** How many bits differ. */
function distance(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  a.forEach((byte, index) => {
    for (let rest = byte ^ (b[index] ?? 0); rest > 0; rest >>= 1) bits += rest & 1;
  });
  return bits;
}
