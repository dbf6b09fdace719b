/** Lays out sentences as lines on a screen. */

import { paint } from "./style.ts";
import type { Sentence, Tone } from "./sentences.ts";
import { wrapWords } from "./terminal_layout.ts";

/** The mark before a sentence tells it from the message trace, and its tone, without colours. */
const MARKS: Readonly<Record<Tone, string>> = { plain: "•", good: "✓", warning: "!", bad: "✗", alert: "☎" };

/** Indent of all lines but the first: the mark and its blank. */
const INDENT = 2;

/**
 * A sentence with its mark, in the colours of its tone; its further lines are indented.
 *
 * @param colour Uses colours.
 * @param columns Breaks wider lines between words; without it no line is broken.
 */
export function notice({ text, tone }: Sentence, colour: boolean, columns = Infinity): string {
  const [first = "", ...more] = text.split("\n");
  const inverse = tone === "alert" && colour;
  const head = inverse ? ` ${MARKS.alert} ${first}` : `${MARKS[tone]} ${first}`;
  const headRows = wrapWords(head, columns - (inverse ? 1 : 0), INDENT).split("\n")
    .map((row) => paint(inverse ? `${row} ` : row, tone === "plain" ? "strong" : tone, colour));
  const rows = more.map((line) => line === "" || line.startsWith(" ") ? line : " ".repeat(INDENT) + line)
    .map((line) => wrapWords(line, columns, INDENT));
  return [...headRows, ...rows].join("\n");
}
