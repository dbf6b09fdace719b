import { assertEquals } from "@std/assert";
import { chosenBy, matching } from "../../pages/phone/search.ts";

const NAMES = ["Joana", "joão", "JOAO", "Maria José", "zé"];

Deno.test("names are found by any part of them, whatever accents and case", () => {
  assertEquals(matching(NAMES, "ana"), ["Joana"]);
  assertEquals(matching(NAMES, "JOÃO"), ["joão", "JOAO"]);
  assertEquals(matching(NAMES, " "), NAMES);
});

/** What somebody types, and whom Return calls. */
const CHOICES = [
  ["joana", "Joana"],
  ["joa", undefined],
  ["ana", undefined],
  ["maria", "Maria José"],
  ["jose", "Maria José"],
  ["ze", "zé"],
  ["joão", "joão"],
  ["JOAO", "JOAO"],
  ["joao", undefined],
  ["pedro", undefined],
] as const;

for (const [typed, chosen] of CHOICES) {
  Deno.test(`"${typed}" and Return call ${chosen ?? "who has this name, if anybody"}`, () => {
    assertEquals(chosenBy(matching(NAMES, typed), typed), chosen);
  });
}
