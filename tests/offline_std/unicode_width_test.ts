import { assertEquals } from "@std/assert";
import { unicodeWidth as mapped } from "@std/cli/unicode-width";
import { unicodeWidth } from "../../lib/offline_std/unicode_width.ts";

Deno.test("unicodeWidth() counts terminal columns, as the original does", () => {
  const rows: { name: string; text: string; columns: number }[] = [
    { name: "nothing", text: "", columns: 0 },
    { name: "ASCII", text: "Joao_123 ~", columns: 10 },
    { name: "composed accents", text: "João".normalize("NFC"), columns: 4 },
    { name: "decomposed accents", text: "João".normalize("NFD"), columns: 4 },
    { name: "several marks on a letter", text: "e\u0301\u0323\u20dd", columns: 1 },
    { name: "Cyrillic and Greek", text: "Ждσ", columns: 3 },
    { name: "box drawing, of ambiguous width", text: "─│", columns: 2 },
    { name: "ideographs", text: "日本語", columns: 6 },
    { name: "ideographs of plane 2", text: "\u{20000}\u{2f800}", columns: 4 },
    { name: "kana and fullwidth Latin", text: "カＡ！", columns: 6 },
    { name: "halfwidth kana", text: "ｶ", columns: 1 },
    { name: "Hangul syllables", text: "한글", columns: 4 },
    { name: "Hangul as single letters", text: "한".normalize("NFD"), columns: 2 },
    { name: "emoji", text: "🔬🎤", columns: 4 },
    { name: "flag letters, one flag together", text: "🇧🇷", columns: 2 },
    { name: "controls", text: "\0\n\r\t\x1b\x7f\x80\x9f", columns: 0 },
    { name: "zero width space and joiner", text: "\u200b\u200d", columns: 0 },
  ];
  // Where JSR is reachable, `mapped` is the original and shows that ours is like it.
  for (const width of [unicodeWidth, mapped]) {
    for (const { name, text, columns } of rows) assertEquals(width(text), columns, name);
  }
});

Deno.test("unicodeWidth() knows both ends of the wide ranges", () => {
  const rows: [number, number][] = [
    [0x115f, 2],
    [0x303e, 2],
    [0x303f, 1],
    [0x3041, 2],
    [0x4e00, 2],
    [0xa4c6, 2],
    [0xa4d0, 1],
    [0xabff, 1],
    [0xac00, 2],
    [0xd7a3, 2],
    [0xd7b0, 1],
    [0xff60, 2],
    [0xff61, 1],
    [0x3fffd, 2],
    [0x3fffe, 1],
    [0xad, 1], // soft hyphen
    [0x2764, 1], // a heart that is text unless told otherwise
    [0x1f1e7, 1], // half a flag
  ];
  for (const [codePoint, columns] of rows) {
    assertEquals(unicodeWidth(String.fromCodePoint(codePoint)), columns, codePoint.toString(16));
  }
});
