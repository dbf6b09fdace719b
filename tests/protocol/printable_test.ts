import { assertEquals, assertMatch } from "@std/assert";
import { printable } from "../../lib/protocol/printable.ts";

const rows: [text: string, shown: string][] = [
  ["joão 李小龙 محمد 😀", "joão 李小龙 محمد 😀"],
  ["\x1b[2J", "\\u{1b}[2J"],
  ["a\r\n\tb\0", "a\\u{d}\\u{a}\\u{9}b\\u{0}"],
  ["\x7f\x80\x9b", "\\u{7f}\\u{80}\\u{9b}"],
  ["\u202eabc\u2066", "\\u{202e}abc\\u{2066}"],
  ["\u200b\ufeff\u00ad\u2028\u2029", "\\u{200b}\\u{feff}\\u{ad}\\u{2028}\\u{2029}"],
  ["علی\u200cرضا 👩\u200d👧", "علی\u200cرضا 👩\u200d👧"],
  ["\ud83d x \ude00", "\\u{d83d} x \\u{de00}"],
  ["\u{e0061}", "\\u{e0061}"],
  ["a" + "\u0301".repeat(6), "a" + "\u0301".repeat(6)],
  ["a" + "\u0301".repeat(8) + "b", "a" + "\u0301".repeat(6) + "\\u{301}\\u{301}b"],
  ["a" + "\u0301\u200d".repeat(3) + "\u0301", "a" + "\u0301\u200d".repeat(3) + "\\u{301}"],
  ["שָׁ֥לֹום", "שָׁ֥לֹום"],
];

Deno.test("printable() escapes characters that a terminal could act upon", () => {
  for (const [text, shown] of rows) assertEquals(printable(text), shown);
});

Deno.test("printable() escapes every control and format character of Unicode", () => {
  for (let codePoint = 0; codePoint < 0x3100; codePoint++) {
    assertMatch(
      printable(String.fromCodePoint(codePoint)),
      /^[^\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+$/u,
    );
  }
});

Deno.test("printable() cuts long text off and marks it", () => {
  assertEquals(printable("abcdef", 3), "abc…");
  assertEquals(printable("abc", 3), "abc");
});

Deno.test("printable() takes Latin text for safe only where each of its characters is", () => {
  for (let code = 0; code < 0x300; code++) {
    const character = String.fromCharCode(code);
    // Beside a Chinese character the text is looked at in full.
    assertEquals(printable(character), printable(`\u4e00${character}`).slice(1), `U+${code.toString(16)}`);
  }
});
