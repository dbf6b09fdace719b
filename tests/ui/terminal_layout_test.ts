import { assertEquals } from "@std/assert";
import { fitting, terminalRows } from "../../lib/ui/terminal_layout.ts";

for (
  const [text, columns, rows] of [
    ["", 4, [""]],
    ["abc", 4, ["abc"]],
    ["abcd", 4, ["abcd", ""]],
    ["abcde", 4, ["abcd", "e"]],
    ["abc美", 4, ["abc", "美"]],
    ["ab美", 4, ["ab美", ""]],
    ["abce\u0301f", 4, ["abce\u0301", "f"]],
    ["美咲", 2, ["美", "咲", ""]],
  ] as const
) {
  Deno.test(`terminalRows() of ${JSON.stringify(text)} in ${columns} columns`, () => {
    assertEquals(terminalRows(text, columns), [...rows]);
  });
}

Deno.test("fitting() cuts at the width, between characters", () => {
  assertEquals(fitting("abc", 2), "ab");
  assertEquals(fitting("abc", 5), "abc");
  assertEquals(fitting("a美b", 2), "a");
  assertEquals(fitting("😀", 2), "😀");
  assertEquals(fitting("a", 0), "");
});
