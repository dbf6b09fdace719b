import { assertEquals } from "@std/assert";
import { isName, nameKey } from "../../lib/protocol/name.ts";

const names: [what: string, value: unknown, proper: boolean][] = [
  ["a name", "joão", true],
  ["a name with combining accents", "joa\u0303o", true],
  ["two words", "joão da silva", true],
  ["Chinese", "李小龙", true],
  ["Arabic", "محمد", true],
  ["a Persian joiner", "علی\u200cرضا", true],
  ["an emoji family", "👩\u200d👩\u200d👧", true],
  ["one character", "x", true],
  ["32 characters", "x".repeat(32), true],
  ["33 characters", "x".repeat(33), false],
  ["32 characters beyond the basic plane", "😀".repeat(32), true],
  ["33 of them", "😀".repeat(33), false],
  ["32 characters that are 96 before NFC", "e\u0302\u0301".repeat(32), true],
  ["33 characters that are 99 before NFC", "e\u0302\u0301".repeat(33), false],
  ["very much text", "x".repeat(100_000), false],
  ["nothing", "", false],
  ["a blank", " ", false],
  ["a blank before", " joão", false],
  ["a blank after", "joão ", false],
  ["a no-break space after", "joão\u00a0", false],
  ["only joiners", "\u200d\u200c", false],
  ["only a filler", "\u3164", false],
  ["a blank Braille cell", "\u2800", false],
  ["only a combining accent", "\u0301", false],
  ["Hebrew with vowels and cantillation", "שָׁ֥לֹום", true],
  ["six marks on a character", `x${"\u0330".repeat(6)}`, true],
  ["a heap of marks", `x${"\u0330".repeat(7)}`, false],
  ["a heap of marks with joiners between", `x${"\u0330\u200d".repeat(4)}`, false],
  ["a line feed", "jo\não", false],
  ["an escape", "\x1b[31mjoão", false],
  ["DEL", "joão\x7f", false],
  ["a C1 control", "joão\x9b31m", false],
  ["NUL", "jo\0ão", false],
  ["a right-to-left override", "\u202ejoão", false],
  ["a left-to-right mark", "joão\u200e", false],
  ["a bidirectional isolate", "\u2066joão\u2069", false],
  ["a zero-width space", "jo\u200bão", false],
  ["a byte order mark", "\ufeffjoão", false],
  ["a soft hyphen", "jo\u00adão", false],
  ["a line separator", "jo\u2028ão", false],
  ["a tag character", "jo\u{e0061}ão", false],
  ["a lone high surrogate", "jo\ud83dão", false],
  ["a lone low surrogate", "jo\ude00ão", false],
  ["a number", 7, false],
  ["null", null, false],
  ["undefined", undefined, false],
  ["a list", ["joão"], false],
  ["an object", { length: 4, normalize: 1 }, false],
];

Deno.test("isName() accepts valid names only", () => {
  for (const [what, value, proper] of names) assertEquals(isName(value), proper, what);
});

const same: [a: string, b: string, same: boolean][] = [
  ["joão", "João", true],
  ["joão", "JOÃO", true],
  ["joão", "joa\u0303o", true],
  ["JOA\u0303O", "joão", true],
  ["straße", "STRASSE", true],
  ["straße", "STRAẞE", true],
  ["Σίσυφος", "ΣΊΣΥΦΟΣ", true],
  ["Οδυσσέας", "ΟΔΥΣΣΈΑΣ", true],
  ["ﬁlipe", "FILIPE", true],
  ["Å", "\u212b", true],
  ["joão", "jo\u200dão", true],
  ["maria", "maria\ufe0f", true],
  ["joão", "joao", false],
  ["maria", "mario", false],
  ["李", "季", false],
  ["а", "a", false], // Cyrillic and Latin
];

Deno.test("nameKey() ignores case and the encoding of accents", () => {
  for (const [a, b, expected] of same) assertEquals(nameKey(a) === nameKey(b), expected, `${a} ${b}`);
});

Deno.test("nameKey() of any character is independent of case and normalisation", () => {
  for (let codePoint = 0x21; codePoint < 0x20000; codePoint++) {
    if (codePoint >= 0xd800 && codePoint < 0xe000) continue;
    const character = String.fromCodePoint(codePoint);
    const key = nameKey(character);
    for (
      const twin of [character.toLowerCase(), character.toUpperCase(), character.normalize("NFD"), key]
    ) {
      if (nameKey(twin) !== key) assertEquals(nameKey(twin), key, `U+${codePoint.toString(16)}`);
    }
  }
});

Deno.test("isName() and nameKey() treat plain names as all others", () => {
  // With a Chinese character a name is none of the plain ones.
  const full = (name: string): string => nameKey(`${name}\u4e00`).slice(0, -1);
  for (let code = 0; code < 0x250; code++) {
    const character = String.fromCharCode(code);
    for (const name of [character, `a${character}b`, `${character} ${character}`]) {
      assertEquals(
        isName(name),
        isName(`\u4e00${name}\u4e00`) && name === name.trim() && isName(`\u4e00${name}`),
        name,
      );
      if (isName(name)) assertEquals(nameKey(name), full(name), name);
    }
  }
});
