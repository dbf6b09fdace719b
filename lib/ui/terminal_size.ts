/** The size of the terminal on standard input, output or error. */

import type { TerminalSize } from "./prompt_block.ts";
import { wrapColumns } from "./terminal_layout.ts";

/** Size of a terminal that does not tell it. */
const USUAL_SIZE: TerminalSize = { columns: 80, rows: 24 };

/** Least width: a row has room for a prompt and some of the widest characters. */
const LEAST_COLUMNS = 8;

/** The size now. */
export function terminalSize(): TerminalSize {
  try {
    const { columns, rows } = Deno.consoleSize();
    // 0 is an unknown size.
    if (columns > 0 && rows > 0) return { columns: Math.max(LEAST_COLUMNS, columns), rows };
  } catch {
    // Not a terminal any more.
  }
  return USUAL_SIZE;
}

/** Indent of the further rows of a line. */
const HANGING = 2;

/** A text for a file or a terminal: for a terminal, lines that are too wide for it are broken between words. */
export function forOutput(text: string, output: { isTerminal(): boolean }): string {
  return output.isTerminal() ? wrapColumns(text, terminalSize().columns, HANGING) : text;
}
