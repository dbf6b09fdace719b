import { assertEquals } from "@std/assert";
import {
  fitting,
  lineWindow,
  mostColumns,
  shortened,
  textWidth,
  wrapColumns,
  wrapWords,
} from "../../lib/ui/terminal_layout.ts";

for (
  const [text, joined, most] of [
    ["", 0, 0],
    ["joão", 4, 4],
    ["joa\u0303o", 4, 4],
    ["美咲", 4, 4],
    ["👨‍👩‍👧‍👦", 2, 8],
    ["🇧🇷", 2, 2],
    ["👍🏽", 2, 4],
    ["❤️", 2, 2],
    ["❤", 1, 1],
    ["1️⃣", 2, 2],
    ["12", 2, 2],
    ["नमस्ते", 4, 4],
  ] as const
) {
  Deno.test(`textWidth() and mostColumns() of ${JSON.stringify(text)}`, () => {
    assertEquals([textWidth(text), mostColumns(text)], [joined, most]);
  });
}

Deno.test("fitting() cuts at the width, between clusters", () => {
  assertEquals(fitting("abc", 2), "ab");
  assertEquals(fitting("abc", 5), "abc");
  assertEquals(fitting("a美b", 2), "a");
  assertEquals(fitting("😀", 2), "😀");
  assertEquals(fitting("a👨‍👩‍👧‍👦", 8), "a");
  assertEquals(fitting("ae\u0301b", 2), "ae\u0301");
  assertEquals(fitting("a", 0), "");
});

Deno.test("shortened() marks where a text was cut off", () => {
  assertEquals(shortened("maria", 5), "maria");
  assertEquals(shortened("maria", 4), "mar…");
  assertEquals(shortened("美咲", 3), "美…");
  assertEquals(shortened("maria", 0), "");
});

Deno.test("lineWindow() shows the line around the cursor", () => {
  assertEquals(lineWindow("abc", "def", 7), { left: "abc", right: "def" });
  assertEquals(lineWindow("abcdefgh", "", 7), { left: "…defgh", right: "" });
  assertEquals(lineWindow("", "abcdefgh", 7), { left: "", right: "abcde…" });
  assertEquals(lineWindow("abcdefgh", "ijklmnop", 13), { left: "abcdefgh", right: "ijk…" });
});

for (
  const [text, columns, rows] of [
    ["a sentence", 10, ["a sentence"]],
    ["a sentence", 9, ["a", "sentence"]],
    ["one two three four", 9, ["one two", "three", "four"]],
    ["  one two three", 8, ["  one", "  two", "  three"]],
    ["first\nsecond line", 6, ["first", "second", "line"]],
    ["abcdefgh", 3, ["abc", "def", "gh"]],
    ["one abcdefghij two", 5, ["one", "abcde", "fghij", "two"]],
    ["ação é você", 6, ["ação é", "você"]],
    ["美咲 美咲美", 6, ["美咲", "美咲美"]],
    ["👨‍👩‍👧‍👦 abc", 6, ["👨‍👩‍👧‍👦 abc"]],
    ["", 5, [""]],
  ] as const
) {
  Deno.test(`wrapWords() of ${JSON.stringify(text)} in ${columns} columns`, () => {
    assertEquals(wrapWords(text, columns).split("\n"), [...rows]);
  });
}

Deno.test("wrapWords() indents the further rows", () => {
  assertEquals(wrapWords("• one two three", 10, 2), "• one two\n  three");
});

Deno.test("wrapColumns() puts further rows below the last column, of which half of the terminal is left", () => {
  assertEquals(
    wrapColumns("  -a, --all  takes them all\none two three four five", 20, 2).split("\n"),
    ["  -a, --all  takes", " ".repeat(10) + "them all", "one two three four", "  five"],
  );
  assertEquals(wrapColumns("  -a  takes them all", 14, 2), "  -a  takes\n      them all");
});
