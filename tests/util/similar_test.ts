import { assertEquals } from "@std/assert";
import { editDistance, similar } from "../../lib/util/similar.ts";

for (
  const [from, to, distance] of [
    ["", "", 0],
    ["", "abc", 3],
    ["ligar", "ligar", 0],
    ["ligar", "ligr", 1],
    ["ligar", "lgiar", 1],
    ["ligar", "lista", 3],
    ["kitten", "sitting", 3],
    ["ab", "ba", 1],
    ["😀a", "a😀", 1],
  ] as const
) {
  Deno.test(`editDistance() of ${JSON.stringify(from)} and ${JSON.stringify(to)}`, () => {
    assertEquals([editDistance(from, to), editDistance(to, from)], [distance, distance]);
  });
}

Deno.test("similar() gives the most similar first, and none that is too different", () => {
  const candidates = ["ligar", "lista", "listar", "list"];
  assertEquals(similar("lista", candidates, 3), ["lista", "listar", "list"]);
  assertEquals(similar("lig", candidates, 3), ["ligar"]);
  assertEquals(similar("xyz", candidates, 3), []);
  assertEquals(similar("l", candidates, 3), []);
  assertEquals(similar("", candidates, 3), []);
});
