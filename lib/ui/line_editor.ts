/** Edits the line that a person types. Does no I/O: takes the text that a terminal sends, gives what to do. */

import { clusters } from "./terminal_layout.ts";

/** Longest line, in UTF-16 units: many times the longest command. What is typed or pasted beyond it is ignored. */
export const MAX_TYPED_LINE = 1000;

/** Lines in the history. */
const HISTORY_LINES = 200;

/** Longest unfinished control sequence that waits for its end. */
const MAX_SEQUENCE = 32;

/** What the person asks for by a key. */
export type EditorOutput =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "complete" }
  | { readonly kind: "clear" }
  | { readonly kind: "end" }
  /** Text beyond {@linkcode MAX_TYPED_LINE} was ignored; once until the line is shorter again. */
  | { readonly kind: "too_long" };

/**
 * A key, or text without controls: a control sequence (ECMA-48, section 5.4), a function key of an application keypad, Alt
 * with a key, an Escape alone, a line end, a control character, text.
 */
// deno-lint-ignore no-control-regex
const KEY = /\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[@-~]|\x1b[bdf\x7f]|\x1b|\r\n?|\P{Cc}+|\p{Cc}/gu;

/** A control sequence whose end has not come yet. */
// deno-lint-ignore no-control-regex
const UNFINISHED = /\x1b(?:\[[0-?]*[ -/]*|O)?$/;

/** Longest cluster of which the cursor takes account, in UTF-16 units. */
const MAX_CLUSTER = 64;

type Action =
  | "left"
  | "right"
  | "word_left"
  | "word_right"
  | "start"
  | "end"
  | "older"
  | "newer"
  | "delete_left"
  | "delete_right"
  | "delete_or_end"
  | "cut_word_left"
  | "cut_word_right"
  | "cut_left"
  | "cut_right"
  | "insert_cut"
  | "enter"
  | "complete"
  | "clear"
  | "leave"
  | "paste_start"
  | "paste_end";

/** The keys of each action, as readline has them: control characters, and sequences of xterm and those like it. */
const ACTION_KEYS: Readonly<Record<Action, readonly string[]>> = {
  left: ["\x02", "\x1b[D", "\x1bOD"],
  right: ["\x06", "\x1b[C", "\x1bOC"],
  word_left: ["\x1bb", "\x1b[1;5D", "\x1b[1;3D", "\x1b[5D"],
  word_right: ["\x1bf", "\x1b[1;5C", "\x1b[1;3C", "\x1b[5C"],
  start: ["\x01", "\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"],
  end: ["\x05", "\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"],
  older: ["\x10", "\x1b[A", "\x1bOA"],
  newer: ["\x0e", "\x1b[B", "\x1bOB"],
  delete_left: ["\x08", "\x7f"],
  delete_right: ["\x1b[3~"],
  delete_or_end: ["\x04"],
  cut_word_left: ["\x17", "\x1b\x7f"],
  cut_word_right: ["\x1bd", "\x1b[3;5~"],
  cut_left: ["\x15"],
  cut_right: ["\x0b"],
  insert_cut: ["\x19"],
  enter: ["\r", "\n", "\r\n"],
  complete: ["\t"],
  clear: ["\x0c"],
  leave: ["\x03"],
  // Brackets around pasted text (xterm's mode 2004).
  paste_start: ["\x1b[200~"],
  paste_end: ["\x1b[201~"],
};

const ACTIONS: ReadonlyMap<string, Action> = new Map(
  Object.entries(ACTION_KEYS).flatMap(([action, keys]) => keys.map((key) => [key, action as Action])),
);

/** A typed line with its cursor, history and the last text that was cut. */
export class LineEditor {
  readonly #history: string[] = [];
  #line = "";
  #cursor = 0;
  /** Position in the history, from its newest line; -1 is the new line. */
  #historyAt = -1;
  /** The new line while an earlier one is shown. */
  #newLine = "";
  #cut = "";
  #saidTooLong = false;
  #pasting = false;
  /** Whether pasted line ends or tabs wait for text behind them. */
  #pastedBlank = false;
  /** What waits: keys behind a Tab, the beginning of a control sequence. */
  #rest = "";
  #outputs: EditorOutput[] = [];

  /** The line before the cursor. */
  get left(): string {
    return this.#line.slice(0, this.#cursor);
  }

  set left(text: string) {
    this.#line = text + this.right;
    this.#cursor = text.length;
  }

  /** The line behind the cursor. */
  get right(): string {
    return this.#line.slice(this.#cursor);
  }

  /**
   * Takes what the terminal sent, in pieces of any size. Takes time in proportion to its length.
   *
   * Keys behind a Tab wait for the next call, which may be with no text: the line has to be completed before.
   */
  handleText(text: string): void {
    // An Escape key alone, and not the first byte of a sequence that came in two pieces.
    const all = this.#rest === "\x1b" && /^[^[O]/.test(text) ? text : this.#rest + text;
    const unfinished = UNFINISHED.exec(all)?.[0] ?? "";
    this.#rest = unfinished.length > MAX_SEQUENCE ? "" : unfinished;
    for (const { 0: key, index } of all.slice(0, all.length - unfinished.length).matchAll(KEY)) {
      this.#handleKey(key);
      if (this.#outputs.at(-1)?.kind !== "complete") continue;
      this.#rest = all.slice(index + key.length);
      return;
    }
  }

  /** Takes all output, in order. */
  drain(): EditorOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  #handleKey(key: string): void {
    const action = ACTIONS.get(key);
    if (this.#pasting) this.#handlePasted(key, action);
    else if (action) this.#act(action);
    else if (isText(key)) this.#insert(key);
  }

  /**
   * Pasted text is never a command by itself: line ends and tabs become blanks, and the person presses Enter. Else a text
   * that somebody copied by mistake would leave the room, line by line.
   */
  #handlePasted(key: string, action: Action | undefined): void {
    if (action === "paste_end") this.#pasting = false;
    else if (action === "enter" || action === "complete") this.#pastedBlank = true;
    else if (isText(key)) {
      this.#insert(this.#pastedBlank && this.#cursor > 0 ? ` ${key}` : key);
      this.#pastedBlank = false;
    }
  }

  #act(action: Action): void {
    switch (action) {
      case "left":
        this.#cursor = this.#previous;
        return;
      case "right":
        this.#cursor = this.#next;
        return;
      case "word_left":
        this.#cursor = this.#wordStart;
        return;
      case "word_right":
        this.#cursor = this.#wordEnd;
        return;
      case "start":
        this.#cursor = 0;
        return;
      case "end":
        this.#cursor = this.#line.length;
        return;
      case "older":
        return this.#recall(1);
      case "newer":
        return this.#recall(-1);
      case "delete_left":
        this.#remove(this.#previous, this.#cursor);
        return;
      case "delete_or_end":
        if (this.#line === "") this.#outputs.push({ kind: "end" });
        this.#remove(this.#cursor, this.#next);
        return;
      case "delete_right":
        this.#remove(this.#cursor, this.#next);
        return;
      case "cut_word_left":
        this.#cut = this.#remove(this.#wordStart, this.#cursor);
        return;
      case "cut_word_right":
        this.#cut = this.#remove(this.#cursor, this.#wordEnd);
        return;
      case "cut_left":
        this.#cut = this.#remove(0, this.#cursor);
        return;
      case "cut_right":
        this.#cut = this.#remove(this.#cursor, this.#line.length);
        return;
      case "insert_cut":
        return this.#insert(this.#cut);
      case "enter":
        return this.#enter();
      case "complete":
      case "clear":
        this.#outputs.push({ kind: action });
        return;
      case "leave":
        this.#outputs.push({ kind: "end" });
        return;
      case "paste_start":
        this.#pasting = true;
        this.#pastedBlank = false;
        return;
      case "paste_end":
        return;
    }
  }

  /** Where the cluster before the cursor begins, and where the one behind it ends. */
  get #previous(): number {
    return this.#cursor - (clusters(this.left.slice(-MAX_CLUSTER)).at(-1)?.length ?? 0);
  }

  get #next(): number {
    return this.#cursor + (clusters(this.right.slice(0, MAX_CLUSTER))[0]?.length ?? 0);
  }

  get #wordStart(): number {
    const left = this.left.trimEnd();
    return left.length - (/\S+$/u.exec(left.slice(left.lastIndexOf(" ") + 1))?.[0].length ?? 0);
  }

  get #wordEnd(): number {
    return this.#cursor + (/^\s*\S*/u.exec(this.right)?.[0].length ?? 0);
  }

  #insert(text: string): void {
    const room = MAX_TYPED_LINE - this.#line.length;
    // No half of a surrogate pair.
    const fit = text.length <= room ? text : text.slice(0, room).replace(/[\ud800-\udbff]$/, "");
    this.#line = this.left + fit + this.right;
    this.#cursor += fit.length;
    if (fit !== text && !this.#saidTooLong) this.#outputs.push({ kind: "too_long" });
    this.#saidTooLong ||= fit !== text;
  }

  /** Removes a part of the line, and returns it. */
  #remove(from: number, to: number): string {
    this.#saidTooLong = false;
    const removed = this.#line.slice(from, to);
    this.#line = this.#line.slice(0, from) + this.#line.slice(to);
    this.#cursor = from;
    return removed;
  }

  #replace(line: string): void {
    this.#saidTooLong = false;
    this.#line = line;
    this.#cursor = line.length;
  }

  #enter(): void {
    const text = this.#line;
    this.#outputs.push({ kind: "line", text });
    if (text.trim() !== "") {
      const same = this.#history.indexOf(text);
      if (same >= 0) this.#history.splice(same, 1);
      this.#history.unshift(text);
      this.#history.splice(HISTORY_LINES);
    }
    this.#historyAt = -1;
    this.#replace("");
  }

  #recall(step: 1 | -1): void {
    const at = this.#historyAt + step;
    if (at < -1 || at >= this.#history.length) return;
    if (this.#historyAt < 0) this.#newLine = this.#line;
    this.#historyAt = at;
    this.#replace(this.#history[at] ?? this.#newLine);
  }
}

/** Whether a key is text, and no key without an action. */
function isText(key: string): boolean {
  return !/^\p{Cc}/u.test(key);
}
