/** Aligns columns of text on a terminal. */

import { textWidth } from "./terminal_layout.ts";

/**
 * Pads cells with blanks to the width of their column's widest cell, in terminal columns, in any script.
 *
 * @param rows Rows with the same number of cells.
 * @param numbers Indexes of the columns to align to the right.
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string[][] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, textWidth(row[column] ?? "")), 0)
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const blanks = " ".repeat((widths[column] ?? 0) - textWidth(cell));
      return numbers.includes(column) ? blanks + cell : cell + blanks;
    })
  );
}
