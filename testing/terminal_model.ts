/** A model of a terminal, for tests of what is drawn: one that wraps lines again after a change of its width, or cuts them. */

import { clusters, textWidth } from "../lib/ui/terminal_layout.ts";

/** How terminals differ. */
export interface TerminalKind {
  /** Whether a change of the width wraps lines again (VTE, xterm.js, tmux), or cuts them off (xterm, Linux's console). */
  readonly rewraps: boolean;
  /** Whether a joined emoji is one character of two columns; else its parts are drawn one by one. */
  readonly joinsEmoji: boolean;
}

interface Line {
  /** One for each column; behind a wide character an empty one. */
  cells: string[];
  /** Whether it goes on in the next line, because it was too long. */
  wrapped: boolean;
}

// deno-lint-ignore no-control-regex
const TOKEN = /\x1b\[([?\d;]*)([A-Za-z])|\x1b([78])|[\r\n\x07]|[^\x1b\r\n\x07]+/gu;

/** Understands what this program writes, and throws at anything else. */
export class TerminalModel {
  readonly #kind: TerminalKind;
  #columns: number;
  #rows: number;
  #lines: Line[] = [{ cells: [], wrapped: false }];
  /** Index of the uppermost line on the screen; those before it have scrolled off. */
  #top = 0;
  #row = 0;
  #column = 0;
  #wraps = true;
  #saved = { row: 0, column: 0 };
  bells = 0;

  constructor(columns: number, rows: number, kind: TerminalKind) {
    this.#columns = columns;
    this.#rows = rows;
    this.#kind = kind;
  }

  /** All lines, with those scrolled off, without blanks at their ends and without empty ones at the bottom. */
  get lines(): string[] {
    const lines = this.#lines.map(({ cells }) => Array.from(cells, (cell) => cell ?? " ").join("").trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  /** The cursor: line from the first one that ever was, and column. */
  get cursor(): { readonly line: number; readonly column: number } {
    return { line: this.#row, column: Math.min(this.#column, this.#columns - 1) };
  }

  /** The text to the left of the cursor. */
  get beforeCursor(): string {
    return (this.#lines[this.#row]?.cells ?? []).slice(0, this.#column).join("");
  }

  write(text: string): void {
    let end = 0;
    for (const match of text.matchAll(TOKEN)) {
      if (match.index !== end) break;
      end += match[0].length;
      const [token, parameters = "", final, escape] = match;
      if (final !== undefined) this.#control(parameters, final);
      else if (escape === "7") this.#saved = { row: this.#row - this.#top, column: this.#column };
      else if (escape === "8") {
        this.#row = Math.min(this.#saved.row, this.#rows - 1) + this.#top;
        this.#column = this.#saved.column;
      } else if (token === "\r") this.#column = 0;
      else if (token === "\n") this.#feed();
      else if (token === "\x07") this.bells++;
      else this.#print(token);
    }
    if (end !== text.length) throw new Error(`Not understood: ${JSON.stringify(text.slice(end, end + 20))}`);
  }

  resize(columns: number, rows: number): void {
    if (this.#kind.rewraps) this.#rewrap(columns);
    else {for (const line of this.#lines.slice(this.#top)) {
        line.cells.length = Math.min(line.cells.length, columns);
      }}
    this.#columns = columns;
    this.#column = Math.min(this.#column, columns - 1);
    this.#rows = rows;
    // The cursor stays on the screen.
    this.#top = Math.max(0, Math.min(this.#top, this.#row), this.#row - rows + 1);
  }

  #rewrap(columns: number): void {
    const lines: Line[] = [];
    let cursor: { row: number; column: number } | undefined;
    let whole: string[] = [];
    let cursorAt: number | undefined;
    for (const [index, { cells, wrapped }] of this.#lines.entries()) {
      if (index === this.#row) cursorAt = whole.length + this.#column;
      whole.push(...Array.from(cells, (cell) => cell ?? " "));
      if (wrapped) continue;
      const first = lines.length;
      do {
        const part = whole.splice(0, columns);
        lines.push({ cells: part, wrapped: whole.length > 0 });
      } while (whole.length > 0);
      if (cursorAt !== undefined) {
        const row = Math.min(first + Math.floor(cursorAt / columns), lines.length - 1);
        cursor = { row, column: Math.min(columns - 1, cursorAt - columns * (row - first)) };
        cursorAt = undefined;
      }
      whole = [];
    }
    this.#lines = lines;
    this.#row = cursor?.row ?? lines.length - 1;
    this.#column = cursor?.column ?? 0;
    this.#top = Math.max(0, lines.length - this.#rows);
  }

  #control(parameters: string, final: string): void {
    const count = Number(parameters || 1);
    const code = parameters + final;
    if (final === "m") return;
    if (final === "A") this.#row = Math.max(this.#top, this.#row - count);
    else if (final === "B") this.#moveDown(count);
    else if (code === "K") this.#line.cells.length = Math.min(this.#line.cells.length, this.#column);
    else if (code === "J") this.#eraseBelow();
    else if (code === "2J") {
      this.#top = this.#lines.length;
      this.#lines.push({ cells: [], wrapped: false });
      this.#row = this.#top;
    } else if (code === "H") [this.#row, this.#column] = [this.#top, 0];
    else if (code === "?7h" || code === "?7l") this.#wraps = final === "h";
    else if (code !== "?2004h" && code !== "?2004l") throw new Error(`Not understood: ${code}`);
  }

  get #line(): Line {
    return this.#lines[this.#row] ??= { cells: [], wrapped: false };
  }

  #eraseBelow(): void {
    const line = this.#line;
    line.cells.length = Math.min(line.cells.length, this.#column);
    line.wrapped = false;
    this.#lines.length = this.#row + 1;
  }

  #moveDown(count: number): void {
    this.#row = Math.min(this.#top + this.#rows - 1, this.#row + count);
    while (this.#lines.length <= this.#row) this.#lines.push({ cells: [], wrapped: false });
  }

  #feed(): void {
    this.#row++;
    while (this.#lines.length <= this.#row) this.#lines.push({ cells: [], wrapped: false });
    this.#top = Math.max(this.#top, this.#row - this.#rows + 1);
  }

  #print(text: string): void {
    for (const cluster of this.#kind.joinsEmoji ? clusters(text) : text) {
      const width = textWidth(cluster);
      if (width === 0) {
        const cells = this.#line.cells;
        cells[Math.max(0, this.#column - 1)] += cluster;
        continue;
      }
      if (this.#column + width > this.#columns) {
        if (this.#wraps) {
          this.#line.wrapped = true;
          this.#feed();
          this.#column = 0;
        } else this.#column = this.#columns - width;
      }
      const { cells } = this.#line;
      while (cells.length < this.#column) cells.push(" ");
      cells[this.#column] = cluster;
      if (width === 2) cells[this.#column + 1] = "";
      this.#column += width;
    }
  }
}
