/** Text that must not reach a terminal, file name or log unescaped, by class. */

import { UNSAFE } from "./every_event.ts";
import { hasExcessMarks } from "../../lib/protocol/printable.ts";

function codePoints(...ranges: readonly (readonly [number, number])[]): string {
  return ranges.map(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)).join("")
  ).join("");
}

/** All characters of each class, or its usual sequences. */
export const HOSTILE_CLASSES: Readonly<Record<string, string>> = {
  "C0 and DEL": codePoints([0x00, 0x1f], [0x7f, 0x7f]),
  "C1": codePoints([0x80, 0x9f]),
  "escape sequences": "\x1b[2J\x1b]0;owned\x07\x1bP1$r\x1b\\\x1b[6n\x1b[?1049h\x1bc\x9b5A\x9d0;x\x9c",
  "bidirectional controls": codePoints([0x061c, 0x061c], [0x200e, 0x200f], [0x202a, 0x202e], [
    0x2066,
    0x2069,
  ]),
  "zero width": "\u200b\u2060\u2061\ufeff\u180e\u00ad",
  "separators of lines and paragraphs": "\u2028\u2029",
  "lone surrogates": "\ud800 \udbff \udc00 \udfff",
  "tags": codePoints([0xe0001, 0xe0001], [0xe0020, 0xe007f]),
  "annotations": codePoints([0xfff9, 0xfffb], [0x206a, 0x206f]),
  "heaps of marks": `z${"\u0335\u0321\u0489".repeat(10)}`,
  "line ends": "\r\n\x1b[1A\x0b\x0c\u0085",
};

/** The first hostile part of a text, in words; line feeds are allowed. */
export function hostileIn(text: string): string | undefined {
  for (const line of text.split("\n")) {
    const [found] = UNSAFE.exec(line) ?? [];
    if (found !== undefined) return `U+${found.codePointAt(0)?.toString(16)} in ${JSON.stringify(line)}`;
    if (hasExcessMarks(line)) return `a heap of marks in ${JSON.stringify(line)}`;
  }
}
