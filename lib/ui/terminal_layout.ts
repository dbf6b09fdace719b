/** Places text on a terminal. */

import { unicodeWidth } from "@std/cli/unicode-width";

/**
 * Cuts text into rows as a terminal does. A full last row has an empty one after it, in which the next character goes.
 *
 * @param text Text without control characters.
 * @param columns Width of the terminal, at least 2, the width of the widest character.
 */
export function terminalRows(text: string, columns: number): string[] {
  const rows: string[] = [];
  let row = "";
  let width = 0;
  for (const character of text) {
    const more = unicodeWidth(character);
    if (more > 0 && width + more > columns) {
      rows.push(row);
      row = "";
      width = 0;
    }
    row += character;
    width += more;
  }
  rows.push(row);
  if (width === columns) rows.push("");
  return rows;
}

/** The longest prefix of a text that fits into a number of columns. */
export function fitting(text: string, columns: number): string {
  let fit = "";
  let width = 0;
  for (const character of text) {
    width += unicodeWidth(character);
    if (width > columns) break;
    fit += character;
  }
  return fit;
}
