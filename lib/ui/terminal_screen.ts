/** The phone's screen on a terminal: a prompt at the bottom, everything else above it. */

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
import { FAREWELL_MS } from "./output.ts";
import type { Screen } from "../phone/screen.ts";
import { sentence } from "./sentences.ts";
import { statusLine } from "./status_line.ts";
import { terminalRows } from "./terminal_layout.ts";
import type { TerminalModes } from "./terminal_modes.ts";
import type { PhoneTexts } from "./texts/shape.ts";
import { PHONE_TEXTS } from "./texts/texts.ts";
import { traceLine } from "./trace_line.ts";
import { within } from "../util/time_limit.ts";

/** Options of a {@linkcode TerminalScreen}. */
export interface TerminalScreenOptions {
  readonly language: Language;
  /** Leaves out the message trace. */
  readonly quiet: boolean;
  /** Uses colours; otherwise only cursor movements. */
  readonly colour: boolean;
  /** The person's name, for the prompt. */
  readonly name?: string | undefined;
  /** Writes all of the bytes to standard output. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly modes: TerminalModes;
  /** Standard input. */
  readonly input: ReadableStream<Uint8Array>;
}

/** Time for which output is gathered before a write, in milliseconds: unnoticed while typing, enough for a burst. */
const GATHER_MS = 5;

/** Most lines that wait for a slow terminal; older ones are left out. */
const MAX_WAITING_LINES = 2000;

/** Lines in the history of the arrow keys. */
const HISTORY_LINES = 200;

/** Size of a terminal that does not tell it. */
const USUAL_SIZE = { columns: 80, rows: 24 };

// Control sequences (ECMA-48, section 8.3).
const ERASE_BELOW = "\x1b[J";
const ERASE_TO_END_OF_LINE = "\x1b[K";
const CLEAR_ALL = "\x1b[2J\x1b[H";
const BELL = "\x07";
const up = (rows: number): string => rows > 0 ? `\x1b[${rows}A` : "";
const down = (rows: number): string => rows > 0 ? `\x1b[${rows}B` : "";
const right = (columns: number): string => columns > 0 ? `\x1b[${columns}C` : "";

/** The block at the lower end of the screen as last drawn; new lines replace it and it is redrawn below them. */
interface Drawn {
  /** The status line with its colours; empty if there is none. */
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
 * `node:readline` edits the line, keeps the history and completes, but its drawing is discarded: this class draws messages,
 * status line and prompt, so that they do not disturb each other. The block at the lower end of the screen is the status
 * line during a call, then the prompt with the typed text, over as many rows as that needs.
 */
export class TerminalScreen implements Screen {
  readonly interactive = true;
  readonly endLeaves = true;
  readonly lines: AsyncIterable<string>;
  readonly broken: Promise<void>;
  readonly #options: TerminalScreenOptions;
  readonly #texts: PhoneTexts;
  readonly #readline: Interface;
  readonly #keys = new PassThrough();
  readonly #input: ReadableStreamDefaultReader<Uint8Array>;
  readonly #signals: readonly (readonly [Deno.Signal, () => void])[];
  readonly #encoder = new TextEncoder();
  readonly #modes: TerminalModes;
  readonly #broken = Promise.withResolvers<void>();
  #typed!: ReadableStreamDefaultController<string>;
  #prompt: string;
  #names: readonly string[] = [];
  #status: CallStatus | undefined;
  /** Lines to write above the block. */
  #above: string[] = [];
  #leftOut = 0;
  #bell = false;
  #clear = false;
  #drawn = NOTHING_DRAWN;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The write in progress and those after it, until nothing changes. */
  #drawing: Promise<void> | undefined;
  #stale = true;
  /** Whether the person has ended the input. */
  #ended = false;
  /** Whether the reader of the lines has gone. */
  #unwanted = false;
  #isBroken = false;

  constructor(options: TerminalScreenOptions) {
    this.#options = options;
    this.#input = options.input.getReader();
    this.#modes = options.modes;
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
    // For systems on which Ctrl-C and Ctrl-Z are keys. Without a listener readline stops the process itself.
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
    // The shell gets the terminal back as it was, however the process ends.
    addEventListener("unload", this.#modes.restore);
    this.#modes.setRaw();
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
    await within(FAREWELL_MS, this.flush());
    for (const [signal, listener] of this.#signals) Deno.removeSignalListener(signal, listener);
    this.#modes.restore();
    removeEventListener("unload", this.#modes.restore);
    // Its failure does not matter any more.
    await this.#input.cancel().catch(() => {});
  }

  /** The output of readline: discarded, but a sign that the line changed. */
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
      // A failure, such as a closed terminal, counts as the end.
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

  /** After Ctrl-Z and `fg`: the shell has changed the terminal meanwhile. */
  #continued(): void {
    this.#modes.restore();
    this.#modes.setRaw();
    this.#drawn = NOTHING_DRAWN;
    this.#redraw();
  }

  #clearAll(): void {
    this.#clear = true;
    this.#redraw();
  }

  /** Completes the line as far as it is certain, and else shows the candidates. */
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
    // No await after the last check: a change in between would wait for ever.
    this.#drawing = undefined;
  }

  async #write(text: string): Promise<void> {
    if (this.#isBroken) return;
    try {
      await this.#options.write(this.#encoder.encode(text));
    } catch {
      this.#isBroken = true;
      this.#above = [];
      this.#broken.resolve();
      this.#end();
    }
  }

  /** The output that turns the drawn block into the current one. */
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

    // By the current width: a terminal that became narrower has wrapped the lines again.
    const statusRows = last.status === "" ? 0 : Math.max(1, Math.ceil(last.statusWidth / columns));
    const beforeCursor = terminalRows(last.beforeCursor, columns);
    const textRows = terminalRows(last.text, columns).length;
    const toTop = `${up(statusRows + beforeCursor.length - 1)}\r`;

    const sameText = last.text === next.text && last.beforeCursor === next.beforeCursor;
    const onlyStatus = sameText && above === "" && !clear && last.status !== "" && next.status !== "" &&
      statusRows === 1 && textRows < rows;
    if (onlyStatus) {
      if (last.status === next.status) return bell;
      // Overwritten in place, without flicker.
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

  /** The current block in a terminal of this size. */
  #block(columns: number, rows: number): Drawn {
    // One column stays free: some terminals wrap after the last one.
    const line = this.#status && statusLine(this.#status, this.#texts, columns - 1, this.#options.colour);
    const { text: status, width: statusWidth } = line ?? { text: "", width: 0 };
    if (this.#ended) return { status, statusWidth, beforeCursor: "", text: "" };
    const typed = this.#readline.line;
    const text = this.#prompt + printable(typed, Infinity);
    const beforeCursor = this.#prompt + printable(typed.slice(0, this.#readline.cursor), Infinity);
    // Of a text higher than the screen, the part around the cursor. One row stays free for the cursor after a full row.
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

  /** Draws the block from its top left corner and moves the cursor to its place in the text. */
  #drawBlock({ status, beforeCursor, text }: Drawn, columns: number): string {
    const textRows = terminalRows(text, columns);
    const cursorRows = terminalRows(beforeCursor, columns);
    const styled = text.startsWith(this.#prompt)
      ? paint(this.#prompt, "strong", this.#options.colour) + text.slice(this.#prompt.length)
      : text;
    // After a full row the terminal's cursor is still at its end; a blank moves it to the next row.
    const wrapped = textRows.length > 1 && textRows.at(-1) === "" ? " " : "";
    return (status === "" ? "" : `${status}\r\n`) + styled + wrapped +
      `${up(textRows.length - cursorRows.length)}\r${right(unicodeWidth(cursorRows.at(-1) ?? ""))}`;
  }
}

function terminalSize(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    // 0 is an unknown size. A row has room for the widest character.
    if (columns > 0 && rows > 0) return { columns: Math.max(2, columns), rows };
  } catch {
    // Not a terminal any more.
  }
  return USUAL_SIZE;
}

function promptOf(name: string): string {
  return `${printable(name)}> `;
}
