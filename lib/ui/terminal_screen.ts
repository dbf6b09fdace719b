/** The phone's screen on a terminal: a prompt at the bottom, everything else above it. */

import { isName } from "../protocol/name.ts";
import { printable } from "../protocol/printable.ts";
import { paint } from "./style.ts";
import { Completer, type Completion } from "./completion.ts";
import type { LiveStatus, PhoneEvent } from "../events/phone_events.ts";
import type { Language } from "./texts/language.ts";
import { type EditorOutput, LineEditor, MAX_TYPED_LINE } from "./line_editor.ts";
import { notice } from "./notice.ts";
import { FAREWELL_MS } from "./output.ts";
import { PromptBlock } from "./prompt_block.ts";
import type { Screen } from "../phone/screen.ts";
import { type Sentence, sentence } from "./sentences.ts";
import { statusLine } from "./status_line.ts";
import { wrapWords } from "./terminal_layout.ts";
import type { TerminalModes } from "./terminal_modes.ts";
import { terminalSize } from "./terminal_size.ts";
import type { PhoneTexts } from "./texts/shape.ts";
import { PHONE_TEXTS } from "./texts/texts.ts";
import { isBackground, traceLine } from "./trace_line.ts";
import { within } from "../util/time_limit.ts";

/** Options of a {@linkcode TerminalScreen}. */
export interface TerminalScreenOptions {
  readonly language: Language;
  /** Leaves out the message trace. */
  readonly quiet: boolean;
  /** Also shows the messages that keep connections alive. */
  readonly showPings: boolean;
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

const BELL = "\x07";

/** Pasted text comes in brackets (xterm's mode 2004). */
const BRACKETED_PASTE = "\x1b[?2004h";
const PLAIN_PASTE = "\x1b[?2004l";

/**
 * A screen on a terminal, on standard input and output.
 *
 * The block at the lower end is the prompt with the typed text, and below it the live line during a call or while an
 * invitation rings. {@linkcode LineEditor} edits the line, {@linkcode PromptBlock} draws; this class reads, writes, and
 * gathers what comes at once into one write.
 */
export class TerminalScreen implements Screen {
  readonly interactive = true;
  readonly endLeaves = true;
  readonly lines: AsyncIterable<string>;
  readonly broken: Promise<void>;
  readonly #options: TerminalScreenOptions;
  readonly #texts: PhoneTexts;
  readonly #editor = new LineEditor();
  readonly #block: PromptBlock;
  readonly #completer: Completer;
  readonly #input: ReadableStreamDefaultReader<Uint8Array>;
  readonly #signals: readonly (readonly [Deno.Signal, () => void])[];
  readonly #encoder = new TextEncoder();
  readonly #modes: TerminalModes;
  readonly #broken = Promise.withResolvers<void>();
  #typed!: ReadableStreamDefaultController<string>;
  #prompt: string;
  #status: LiveStatus | undefined;
  /** Lines to write above the block. */
  #above: string[] = [];
  #leftOut = 0;
  /** Bells, and modes of the terminal. */
  #before = BRACKETED_PASTE;
  #clear = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The write in progress and those after it, until nothing changes. */
  #drawing: Promise<void> | undefined;
  #stale = true;
  #namesWanted = (): void => {};
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
    this.#block = new PromptBlock(options.colour);
    this.#completer = new Completer(options.language);
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
    const { language, quiet, showPings, colour } = this.#options;
    if (event.event === "message") {
      if (!quiet && (showPings || !isBackground(event))) {
        this.#tell(traceLine(event, new Date(), { language, colour }));
      }
      return;
    }
    if (event.event === "invitation") this.#ring();
    if (event.event === "registered") this.#prompt = promptOf(event.name);
    if (event.event === "name_taken") this.#prompt = promptOf(this.#texts.promptForAnotherName);
    this.#notice(sentence(event, this.#texts));
  }

  status(status: LiveStatus | undefined): void {
    this.#status = status;
    this.#redraw();
  }

  names(names: readonly string[]): void {
    this.#completer.names = names.filter(isName);
    this.#complete(this.#completer.handleNames(this.#editor.left));
  }

  onNamesWanted(listener: () => void): void {
    this.#namesWanted = listener;
  }

  async flush(): Promise<void> {
    this.#start();
    await this.#drawing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    this.#status = undefined;
    this.#before += PLAIN_PASTE;
    this.#redraw();
    await within(FAREWELL_MS, this.flush());
    for (const [signal, listener] of this.#signals) Deno.removeSignalListener(signal, listener);
    this.#modes.restore();
    removeEventListener("unload", this.#modes.restore);
    // Its failure does not matter any more.
    await this.#input.cancel().catch(() => {});
  }

  async #readKeys(): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      // A failure, such as a closed terminal, counts as the end.
      const { value, done } = await this.#input.read().catch(() => ({ value: undefined, done: true }));
      if (done || this.#ended) break;
      this.#type(decoder.decode(value, { stream: true }));
      this.#redraw();
    }
    this.#end();
  }

  #type(text: string): void {
    this.#editor.handleText(text);
    for (let outputs; (outputs = this.#editor.drain()).length > 0; this.#editor.handleText("")) {
      for (const output of outputs) this.#do(output);
    }
  }

  #do(output: EditorOutput): void {
    switch (output.kind) {
      case "line":
        return this.#entered(output.text);
      case "complete":
        return this.#complete(this.#completer.handleTab(this.#editor.left));
      case "too_long":
        this.#ring();
        return this.#notice({ text: this.#texts.lineTooLong(MAX_TYPED_LINE), tone: "warning" });
      case "clear":
        this.#clear = true;
        return;
      case "end":
        return this.#end();
    }
  }

  #notice(sentence: Sentence): void {
    this.#tell(notice(sentence, this.#options.colour, terminalSize().columns));
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
    this.#redraw();
  }

  /** After Ctrl-Z and `fg`: the shell has changed the terminal meanwhile. */
  #continued(): void {
    this.#modes.restore();
    this.#modes.setRaw();
    this.#block.forget();
    this.#before += BRACKETED_PASTE;
    this.#redraw();
  }

  /** One bell is enough for all that is written at once. */
  #ring(): void {
    if (!this.#before.includes(BELL)) this.#before += BELL;
  }

  #complete(completion: Completion): void {
    const { text, choice, askNames, nothing } = completion;
    if (askNames) this.#namesWanted();
    if (nothing) this.#ring();
    if (text !== undefined) this.#editor.left = text;
    if (choice) {
      this.#tell(wrapWords(choice.map((one) => printable(one)).join("   "), terminalSize().columns));
    }
    this.#redraw();
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
    if (this.#isBroken || text === "") return;
    try {
      await this.#options.write(this.#encoder.encode(text));
    } catch {
      this.#isBroken = true;
      this.#above = [];
      this.#broken.resolve();
      this.#end();
    }
  }

  /** The output that turns the screen as last drawn into the current one. */
  #change(): string {
    const size = terminalSize();
    const before = this.#before;
    const change = { above: this.#takeAbove(), clear: this.#clear };
    this.#before = "";
    this.#clear = false;
    const status = this.#status;
    // One column stays free: some terminals wrap after the last one.
    const live = status ? statusLine(status, this.#texts, size.columns - 1, this.#options.colour).text : "";
    const [prompt, left, right] = this.#ended
      ? ["", "", ""]
      : [this.#prompt, this.#editor.left, this.#editor.right];
    const content = { prompt, left: printable(left, Infinity), right: printable(right, Infinity), live };
    return before + this.#block.draw(content, change, size);
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
}

function promptOf(name: string): string {
  return `${printable(name)}> `;
}
