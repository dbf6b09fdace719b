/** Draws the lower end of the phone's screen: the row of the prompt and the live row below it. Does no I/O. */

import { lineWindow, mostColumns, shortened } from "./terminal_layout.ts";
import { paint } from "./style.ts";

// Control sequences of ECMA-48 (section 8.3) and of DEC's VT100, which every terminal since has.
const ERASE_BELOW = "\x1b[J";
const ERASE_TO_END_OF_LINE = "\x1b[K";
const CLEAR_ALL = "\x1b[2J\x1b[H";
const UP = "\x1b[A";
const DOWN = "\x1b[B";
const SAVE_CURSOR = "\x1b7";
const RESTORE_CURSOR = "\x1b8";
const WRAP = "\x1b[?7h";
const NO_WRAP = "\x1b[?7l";

/** Size of a terminal. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The content of the block. */
export interface BlockContent {
  /** Empty before the block is there and after it. */
  readonly prompt: string;
  /** The typed text before the cursor and behind it, safe to show. */
  readonly left: string;
  readonly right: string;
  /** The live row with its colours, no wider than the terminal; empty if there is none. */
  readonly live: string;
}

/** What to draw besides. */
export interface BlockChange {
  /** Lines to write above the block, each with its line end. */
  readonly above: string;
  /** Clears the screen before. */
  readonly clear: boolean;
}

/** Share of a narrow terminal that the prompt may take. */
const MOST_PROMPT = 1 / 2;

/**
 * The block at the lower end of the screen; new lines replace it and it is drawn again below them.
 *
 * The cursor is always in the row of the prompt, which is the block's first. So erasing from the beginning of the cursor's
 * row removes the block and never a line above it, also on a terminal that has become narrower, whether that wraps lines
 * again (VTE, xterm.js, tmux) or cuts them off (xterm, Linux's console). Neither row ever wraps.
 *
 * Terminals disagree on the width of joined emoji. So no column is computed: the cursor is saved between the text before
 * it and that behind it, where the terminal itself has put it.
 */
export class PromptBlock {
  readonly #colour: boolean;
  #drawn: (BlockContent & TerminalSize) | undefined;

  /** @param colour Uses colours. */
  constructor(colour: boolean) {
    this.#colour = colour;
  }

  /** The terminal's content is not what was drawn: another program has written to it. */
  forget(): void {
    this.#drawn = undefined;
  }

  /** The output that turns the block as last drawn into the current one; empty if nothing changes. */
  draw(content: BlockContent, { above, clear }: BlockChange, size: TerminalSize): string {
    const last = this.#drawn;
    // A row below the prompt needs room for both and for a line above.
    const live = size.rows < 3 ? "" : content.live;
    const next = { ...content, live, columns: size.columns, rows: size.rows };
    this.#drawn = next;
    const same = last !== undefined && above === "" && !clear && last.columns === next.columns &&
      last.rows === next.rows && last.prompt === next.prompt && last.left === next.left &&
      last.right === next.right && (last.live === "") === (live === "");
    if (same && last.live === live) return "";
    // Without a line feed: nothing can scroll.
    const drawLive = `${DOWN}\r${live}${ERASE_TO_END_OF_LINE}`;
    if (same) return SAVE_CURSOR + NO_WRAP + drawLive + RESTORE_CURSOR + WRAP;
    const room = live === "" ? "" : `\r\n${UP}`;
    return (clear ? CLEAR_ALL : `\r${ERASE_BELOW}`) + above + room + NO_WRAP +
      this.#promptRow(next, live === "" ? "" : drawLive) +
      WRAP;
  }

  #promptRow({ prompt, left, right, columns }: BlockContent & TerminalSize, drawLive: string): string {
    const shownPrompt = shortened(prompt, Math.floor(columns * MOST_PROMPT));
    const shown = lineWindow(left, right, Math.max(4, columns - mostColumns(shownPrompt)));
    return paint(shownPrompt, "strong", this.#colour) + shown.left + SAVE_CURSOR + shown.right + drawLive +
      RESTORE_CURSOR;
  }
}
