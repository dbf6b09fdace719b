/** The person's side of a phone on a terminal: a prompt at the bottom, all else above it. */

import { PassThrough, Writable } from "node:stream";
import { createInterface, type Interface } from "node:readline";
import { unicodeWidth } from "@std/cli/unicode-width";
import { isName } from "../protocol/name.ts";
import { printable } from "../protocol/printable.ts";
import { paint } from "./style.ts";
import { commonStart, completions } from "./completion.ts";
import type { CallStatus, PhoneEvent } from "../events/phone_events.ts";
import type { Language } from "./texts/language.ts";
import { notice } from "./notice.ts";
import type { Screen } from "../phone/screen.ts";
import { sentence } from "./sentences.ts";
import { statusLine } from "./status_line.ts";
import { terminalRows } from "./terminal_layout.ts";
import type { PhoneTexts } from "./texts/shape.ts";
import { PHONE_TEXTS } from "./texts/texts.ts";
import { traceLine } from "./trace_line.ts";

/** How a terminal screen looks. */
export interface TerminalScreenOptions {
  readonly language: Language;
  /** Whether the message trace is left out. */
  readonly quiet: boolean;
  /** Without, only the cursor is moved. */
  readonly colour: boolean;
  /** The person's name, for the prompt. */
  readonly name?: string | undefined;
}

/** How long output is gathered in milliseconds: not noticed while typing, enough for a burst of messages. */
const GATHER_MS = 5;

/** How many lines wait for a terminal that does not take them; older ones are left out. */
const MAX_WAITING_LINES = 2000;

/** How many lines the arrow keys bring back. */
const HISTORY_LINES = 200;

/** Where the size of the terminal cannot be had. */
const USUAL_SIZE = { columns: 80, rows: 24 };

// Control sequences (ECMA-48, section 8.3).
const ERASE_BELOW = "\x1b[J";
const ERASE_TO_END_OF_LINE = "\x1b[K";
const CLEAR_ALL = "\x1b[2J\x1b[H";
const BELL = "\x07";
const up = (rows: number): string => rows > 0 ? `\x1b[${rows}A` : "";
const down = (rows: number): string => rows > 0 ? `\x1b[${rows}B` : "";
const right = (columns: number): string => columns > 0 ? `\x1b[${columns}C` : "";

/** What of the screen's lower end is drawn: the block that is taken away and drawn anew below what is told. */
interface Drawn {
  /** The status line as it was written. Empty for none. */
  readonly status: string;
  readonly statusWidth: number;
  /** Prompt and typed text up to the cursor. */
  readonly beforeCursor: string;
  /** Prompt and typed text. */
  readonly text: string;
}

const NOTHING_DRAWN: Drawn = { status: "", statusWidth: 0, beforeCursor: "", text: "" };

/**
 * A screen on a terminal, on standard input and output.
 *
 * `node:readline` edits the line, keeps the history and completes, but draws nothing: all that is drawn is drawn
 * here, from what readline says is typed, so that messages, the status line and the prompt cannot get into each
 * other's way. From top to bottom, the block at the screen's lower end is the status line during a call, then
 * the prompt with what is typed, over as many rows as it takes.
 */
export class TerminalScreen implements Screen {
  readonly interactive = true;
  readonly lines: AsyncIterable<string>;
  readonly broken: Promise<void>;
  readonly #options: TerminalScreenOptions;
  readonly #texts: PhoneTexts;
  readonly #readline: Interface;
  readonly #keys = new PassThrough();
  readonly #input = Deno.stdin.readable.getReader();
  readonly #signals: readonly (readonly [Deno.Signal, () => void])[];
  readonly #encoder = new TextEncoder();
  readonly #broken = Promise.withResolvers<void>();
  #typed!: ReadableStreamDefaultController<string>;
  #prompt: string;
  #names: readonly string[] = [];
  #status: CallStatus | undefined;
  /** Lines that wait to be written above the block. */
  #above: string[] = [];
  #leftOut = 0;
  #bell = false;
  #clear = false;
  #drawn = NOTHING_DRAWN;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The writing under way, and what follows it until nothing is left to write. */
  #drawing: Promise<void> | undefined;
  #stale = true;
  /** Whether the person has ended the input. */
  #ended = false;
  /** Whether nobody reads the lines any more. */
  #unwanted = false;
  #isBroken = false;

  constructor(options: TerminalScreenOptions) {
    this.#options = options;
    this.#texts = PHONE_TEXTS[options.language];
    this.#prompt = promptOf(options.name ?? this.#texts.prompt);
    this.broken = this.#broken.promise;
    this.lines = new ReadableStream<string>({
      start: (controller) => {
        this.#typed = controller;
      },
      cancel: () => {
        this.#unwanted = true;
      },
    });
    this.#readline = createInterface({
      input: this.#keys,
      output: this.#nowhere(),
      terminal: true,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: (line: string) => this.#complete(line),
    });
    this.#readline.on("line", (line) => this.#entered(line));
    this.#readline.on("close", () => this.#end());
    // Where Ctrl-C and Ctrl-Z come as keys. Without a listener readline would stop the process by itself.
    this.#readline.on("SIGINT", () => this.#end());
    this.#readline.on("SIGTSTP", () => {});
    this.#keys.on("keypress", (_text: unknown, key: { ctrl?: boolean; name?: string } | undefined) => {
      if (key?.ctrl && key.name === "l") this.#clearAll();
    });
    this.#signals = Deno.build.os === "windows" ? [["SIGINT", () => this.#end()]] : [
      ["SIGINT", () => this.#end()],
      ["SIGCONT", () => this.#continued()],
      ["SIGWINCH", () => this.#redraw()],
    ];
    for (const [signal, listener] of this.#signals) Deno.addSignalListener(signal, listener);
    // Whatever way the process ends, the shell gets the terminal back as it was.
    addEventListener("unload", restoreTerminal);
    setRaw();
    this.#readKeys();
    this.#redraw();
  }

  show(event: PhoneEvent): void {
    const { language, quiet, colour } = this.#options;
    if (event.event === "message") {
      if (!quiet) this.#tell(traceLine(event, new Date(), { language, colour }));
      return;
    }
    if (event.event === "invitation") this.#bell = true;
    if (event.event === "registered") this.#prompt = promptOf(event.name);
    if (event.event === "name_taken") this.#prompt = promptOf(this.#texts.promptForAnotherName);
    this.#tell(notice(sentence(event, this.#texts), colour));
  }

  status(status: CallStatus | undefined): void {
    this.#status = status;
    this.#redraw();
  }

  names(names: readonly string[]): void {
    this.#names = names.filter(isName);
  }

  async flush(): Promise<void> {
    this.#start();
    await this.#drawing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    this.#status = undefined;
    this.#redraw();
    await this.flush();
    for (const [signal, listener] of this.#signals) Deno.removeSignalListener(signal, listener);
    restoreTerminal();
    removeEventListener("unload", restoreTerminal);
    // Nothing more is wanted of it, so neither is its failure.
    await this.#input.cancel().catch(() => {});
  }

  /** What readline draws on: it is drawn here instead, so it only says that something has changed. */
  #nowhere(): Writable {
    const output = new Writable({
      write: (_chunk, _encoding, done) => {
        this.#redraw();
        done();
      },
    });
    return Object.defineProperty(output, "columns", { get: () => terminalSize().columns });
  }

  async #readKeys(): Promise<void> {
    for (;;) {
      // A terminal that fails, by being closed above all, is as good as one that has ended.
      const { value, done } = await this.#input.read().catch(() => ({ value: undefined, done: true }));
      if (done || this.#ended) break;
      this.#keys.write(value);
    }
    this.#end();
  }

  #entered(line: string): void {
    if (this.#ended) return;
    this.#tell(paint(this.#prompt, "strong", this.#options.colour) + printable(line));
    if (!this.#unwanted) this.#typed.enqueue(line);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#unwanted) this.#typed.close();
    this.#readline.close();
    this.#redraw();
  }

  /** The process was stopped with Ctrl-Z, and the shell has used the terminal in its own way since. */
  #continued(): void {
    restoreTerminal();
    setRaw();
    this.#drawn = NOTHING_DRAWN;
    this.#redraw();
  }

  #clearAll(): void {
    this.#clear = true;
    this.#redraw();
  }

  /** Tab: does what is sure, and shows the choice where there is one. */
  #complete(line: string): [string[], string] {
    const candidates = completions(line, this.#names, this.#options.language);
    const start = commonStart(candidates);
    if (candidates.length === 1 || start.length > line.length) return [[start], line];
    if (candidates.length > 1) {
      this.#tell(candidates.map((candidate) => printable(candidate.trimEnd())).join("   "));
    }
    return [[], line];
  }

  /** Writes a line, or several with line feeds between them, above the block. */
  #tell(text: string): void {
    if (this.#isBroken) return;
    this.#above.push(...text.split("\n"));
    const tooMany = this.#above.length - MAX_WAITING_LINES;
    if (tooMany > 0) {
      this.#above.splice(0, tooMany);
      this.#leftOut += tooMany;
    }
    this.#redraw();
  }

  #redraw(): void {
    this.#stale = true;
    if (!this.#drawing) this.#timer ??= setTimeout(() => this.#start(), GATHER_MS);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#stale) this.#drawing ??= this.#draw();
  }

  async #draw(): Promise<void> {
    while (this.#stale) {
      this.#stale = false;
      await this.#write(this.#change());
    }
    // In the same moment as the last look, so that nothing comes in between and waits for ever.
    this.#drawing = undefined;
  }

  async #write(text: string): Promise<void> {
    if (this.#isBroken) return;
    const bytes = this.#encoder.encode(text);
    try {
      for (let sent = 0; sent < bytes.length;) sent += await Deno.stdout.write(bytes.subarray(sent));
    } catch {
      this.#isBroken = true;
      this.#above = [];
      this.#broken.resolve();
      this.#end();
    }
  }

  /** What has to be written to come from what is drawn to what should be. */
  #change(): string {
    const { columns, rows } = terminalSize();
    const last = this.#drawn;
    const next = this.#block(columns, rows);
    this.#drawn = next;
    const above = this.#takeAbove();
    const bell = this.#bell ? BELL : "";
    const clear = this.#clear;
    this.#bell = false;
    this.#clear = false;

    // By the present width, since a terminal that has become narrower has broken the lines anew.
    const statusRows = last.status === "" ? 0 : Math.max(1, Math.ceil(last.statusWidth / columns));
    const beforeCursor = terminalRows(last.beforeCursor, columns);
    const textRows = terminalRows(last.text, columns).length;
    const toTop = `${up(statusRows + beforeCursor.length - 1)}\r`;

    const sameText = last.text === next.text && last.beforeCursor === next.beforeCursor;
    const onlyStatus = sameText && above === "" && !clear && last.status !== "" && next.status !== "" &&
      statusRows === 1 && textRows < rows;
    if (onlyStatus) {
      if (last.status === next.status) return bell;
      // Written over in place, so that nothing flickers.
      const back = `${down(beforeCursor.length)}\r${right(unicodeWidth(beforeCursor.at(-1) ?? ""))}`;
      return `${bell}${toTop}${next.status}${ERASE_TO_END_OF_LINE}${back}`;
    }
    return bell + (clear ? CLEAR_ALL : toTop + ERASE_BELOW) + above + this.#drawBlock(next, columns);
  }

  #takeAbove(): string {
    const lines = this.#above;
    if (this.#leftOut > 0) {
      lines.unshift(sentence({ event: "left_out", lines: this.#leftOut }, this.#texts).text);
    }
    this.#above = [];
    this.#leftOut = 0;
    return lines.map((line) => `${line}\r\n`).join("");
  }

  /** What the block should be now, in a terminal of this size. */
  #block(columns: number, rows: number): Drawn {
    // One column stays free: some terminals go to the next line when the last column is written.
    const line = this.#status && statusLine(this.#status, this.#texts, columns - 1, this.#options.colour);
    const { text: status, width: statusWidth } = line ?? { text: "", width: 0 };
    if (this.#ended) return { status, statusWidth, beforeCursor: "", text: "" };
    const typed = this.#readline.line;
    const text = this.#prompt + printable(typed, Infinity);
    const beforeCursor = this.#prompt + printable(typed.slice(0, this.#readline.cursor), Infinity);
    // Where the typed text is higher than the screen, the part around the cursor is shown. One row stays free
    // for the cursor after a full row.
    const textRows = terminalRows(text, columns);
    const room = Math.max(1, rows - (status === "" ? 1 : 2));
    if (textRows.length <= room) return { status, statusWidth, beforeCursor, text };
    const cursorRows = terminalRows(beforeCursor, columns);
    const first = Math.max(0, cursorRows.length - room);
    return {
      status,
      statusWidth,
      beforeCursor: cursorRows.slice(first).join(""),
      text: textRows.slice(first, first + room).join(""),
    };
  }

  /** Draws the block from its left upper corner, and puts the cursor where the person is typing. */
  #drawBlock({ status, beforeCursor, text }: Drawn, columns: number): string {
    const textRows = terminalRows(text, columns);
    const cursorRows = terminalRows(beforeCursor, columns);
    const styled = text.startsWith(this.#prompt)
      ? paint(this.#prompt, "strong", this.#options.colour) + text.slice(this.#prompt.length)
      : text;
    // After a full row the terminal's cursor still stands at its end; a blank takes it to the next.
    const wrapped = textRows.length > 1 && textRows.at(-1) === "" ? " " : "";
    return (status === "" ? "" : `${status}\r\n`) + styled + wrapped +
      `${up(textRows.length - cursorRows.length)}\r${right(unicodeWidth(cursorRows.at(-1) ?? ""))}`;
  }
}

/** Keys come one by one and are not echoed. Where it can be had, Ctrl-C and Ctrl-Z still make signals. */
function setRaw(): void {
  Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
}

function restoreTerminal(): void {
  try {
    Deno.stdin.setRaw(false);
  } catch {
    // The terminal itself is gone.
  }
}

function terminalSize(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    // A size of 0 is an unknown one. A wide character must fit into a row.
    if (columns > 0 && rows > 0) return { columns: Math.max(2, columns), rows };
  } catch {
    // Not a terminal any more.
  }
  return USUAL_SIZE;
}

function promptOf(name: string): string {
  return `${printable(name)}> `;
}
