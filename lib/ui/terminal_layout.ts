/** Places text on a terminal. */

import { unicodeWidth } from "@std/cli/unicode-width";

/** Splits text into what a person takes for characters: grapheme clusters (UAX #29). */
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** ASCII without controls: each character is a cluster of one column. */
const SIMPLE = /^[\x20-\x7e]*$/;

/** A cluster that terminals with emoji draw as one of two columns: joined ones, flags, skin tones, emoji style (UTS #51). */
const JOINED_EMOJI =
  /^(?:\p{Regional_Indicator}{2}|\p{Extended_Pictographic}.*[\u200d\ufe0f\u{1f3fb}-\u{1f3ff}])|^[\d#*]\ufe0f\u20e3/u;

/** The grapheme clusters of a text. */
export function clusters(text: string): string[] {
  return SIMPLE.test(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function clusterWidth(cluster: string): number {
  return JOINED_EMOJI.test(cluster) ? 2 : unicodeWidth(cluster);
}

/**
 * Columns of a text on a terminal that draws a joined emoji as one character. Other terminals draw its parts one by one:
 * nothing but the looks of a table may depend on this number.
 */
export function textWidth(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  return clusters(text).reduce((columns, cluster) => columns + clusterWidth(cluster), 0);
}

/** Columns that are enough for a text on any terminal, however it draws joined emoji. */
export function mostColumns(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  return clusters(text).reduce((columns, cluster) => columns + mostOf(cluster), 0);
}

function mostOf(cluster: string): number {
  return Math.max(clusterWidth(cluster), unicodeWidth(cluster));
}

/** The longest prefix of a text, in whole clusters, that fits into a number of columns on any terminal. */
export function fitting(text: string, columns: number): string {
  return take(clusters(text), columns).join("");
}

function take(all: readonly string[], columns: number): string[] {
  let left = columns;
  const end = all.findIndex((cluster) => (left -= mostOf(cluster)) < 0);
  return end < 0 ? [...all] : all.slice(0, end);
}

/** Marks text that is cut off. */
const ELLIPSIS = "…";

/** A text, or its beginning with `…` if it is wider than a number of columns. */
export function shortened(text: string, columns: number): string {
  if (mostColumns(text) <= columns) return text;
  return columns < 1 ? "" : fitting(text, columns - 1) + ELLIPSIS;
}

/** The part of a line around the cursor that fits into one row. */
export interface LineWindow {
  readonly left: string;
  readonly right: string;
}

/** Share of the row for the text behind the cursor, if there is more of both than fits. */
const AHEAD = 1 / 4;

/**
 * The part of a line to show in one row of a terminal; `…` stands for what is left out at either end.
 *
 * @param left Text before the cursor.
 * @param right Text behind it.
 * @param columns Room, at least 4; the cursor needs one of them.
 */
export function lineWindow(left: string, right: string, columns: number): LineWindow {
  const room = columns - 1;
  const rightColumns = mostColumns(right);
  if (mostColumns(left) + rightColumns <= room) return { left, right };
  const ahead = Math.min(rightColumns, Math.floor(room * AHEAD));
  const before = clusters(left).reverse();
  const kept = take(before, room - ahead);
  const cutLeft = kept.length < before.length
    ? ELLIPSIS + take(kept, room - ahead - 1).reverse().join("")
    : left;
  return { left: cutLeft, right: shortened(right, room - mostColumns(cutLeft)) };
}

/**
 * Breaks lines that are wider than a terminal between words. Rows after the first of a line are indented as the line is.
 * A word that is wider than a row is cut.
 *
 * @param text One line or several with line feeds between them, without other control characters.
 * @param columns Width of the terminal, at least 2.
 * @param hanging Further indent of rows after the first.
 */
export function wrapWords(text: string, columns: number, hanging = 0): string {
  return text.split("\n").map((line) => wrapLine(line, columns, hanging)).join("\n");
}

/** The same for lines in columns with two blanks or more between them, as in a help: further rows stand below the last one. */
export function wrapColumns(text: string, columns: number, hanging: number): string {
  return text.split("\n").map((line) => {
    const [before = "", lead = ""] = /^( *)\S.* {2,}(?=\S)/.exec(line) ?? [];
    return wrapLine(line, columns, before === "" ? hanging : before.length - lead.length);
  }).join("\n");
}

function wrapLine(line: string, columns: number, hanging: number): string {
  // No terminal: measuring the text would take 15 µs.
  if (columns === Infinity) return line;
  if (textWidth(line) <= columns) return line;
  const lead = /^ */.exec(line)?.[0].length ?? 0;
  // Half of a narrow terminal is for words.
  const indent = (blanks: number): string => " ".repeat(Math.min(blanks, Math.floor(columns / 2)));
  const margin = indent(lead + hanging);
  const rows: string[] = [];
  let row = indent(lead);
  // Measured word by word: the width of a text takes longer than all else here.
  let width = row.length;
  let hasWord = false;
  const breakRow = (): void => {
    rows.push(row);
    row = margin;
    width = margin.length;
  };
  for (const [, blanks = "", word = ""] of line.slice(lead).matchAll(/( *)([^ ]+)/g)) {
    let rest = hasWord ? blanks + word : word;
    let restWidth = textWidth(rest);
    if (hasWord && width + restWidth > columns) {
      breakRow();
      rest = word;
      restWidth -= blanks.length;
    }
    while (width + restWidth > columns) {
      const part = fitting(rest, columns - width) || (clusters(rest)[0] ?? "");
      row += part;
      breakRow();
      rest = rest.slice(part.length);
      restWidth = textWidth(rest);
    }
    row += rest;
    width += restWidth;
    hasWord = true;
  }
  return [...rows, row].join("\n");
}
