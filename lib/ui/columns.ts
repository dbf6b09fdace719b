/** Columns that stand under each other on a terminal. */

import { unicodeWidth } from "@std/cli/unicode-width";

/**
 * Pads cells with blanks, so that each column is as wide on a terminal as its widest cell, whatever the script.
 *
 * @param rows Rows of equally many cells.
 * @param numbers Columns that are aligned to the right.
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string[][] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, unicodeWidth(row[column] ?? "")), 0)
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const blanks = " ".repeat((widths[column] ?? 0) - unicodeWidth(cell));
      return numbers.includes(column) ? blanks + cell : cell + blanks;
    })
  );
}
