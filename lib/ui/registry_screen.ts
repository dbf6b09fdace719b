/** The registry's screen. */

import type { RegistryEvent } from "../events/registry_events.ts";
import { jsonLine } from "./json_line.ts";
import { LineWriter } from "./line_writer.ts";
import { LogLimit, type LogLimits } from "./log_limit.ts";
import { registrySentence } from "./sentences.ts";
import { paint, type Style } from "./style.ts";
import type { Language } from "./texts/language.ts";
import type { RegistryTelling, RegistryTexts } from "./texts/shape.ts";
import { fromTable, type Table } from "./texts/table.ts";
import { REGISTRY_TEXTS } from "./texts/texts.ts";
import { wrapWords } from "./terminal_layout.ts";
import { dateAndTime, isBackground, traceLine } from "./trace_line.ts";

const STYLES: Table<RegistryTelling, "event", Style> = {
  left_out: "plain",
  output_failed: "warning",
  log_limited: "warning",
  version: "plain",
  listening: "strong",
  metrics_open: "plain",
  panel_open: "plain",
  control_failed: "warning",
  no_registry: "bad",
  unknown_person: "bad",
  draining: "strong",
  drained: "plain",
  certificate_renewed: "plain",
  certificate_kept: "warning",
  password_renewed: "plain",
  password_kept: "warning",
  joined: "good",
  left: ({ reason }) => reason === "silent" || reason === "crowded_out" ? "warning" : "good",
  table: "plain",
  password_refused: "warning",
  name_refused: "warning",
  malformed_line: "warning",
  cluster_joined: "strong",
  cluster_away: "warning",
  cluster_back: "good",
  other_registry: ({ change }) => change === "dead" ? "warning" : "good",
  cluster_fenced: "bad",
  room_full: "warning",
  room_crowded: "warning",
  few_descriptors: "warning",
  address_full: "warning",
  certificate_flawed: "warning",
  foreign_client: "warning",
  proxy_refused: "warning",
  tls_failed: "warning",
  port_in_use: "bad",
  wrong_usage: "bad",
  failed: "bad",
  closed: "plain",
};

/** A text whose bytes are its UTF-16 units. */
const ASCII = /^[\x20-\x7e]*$/;

/** Bytes of a trace line's arrow beyond its one UTF-16 unit. */
const ARROW_BYTES = 2;

const encoder = new TextEncoder();

/** The address whose doing an event is, as far as it says. */
function causeOf(event: RegistryEvent): string | undefined {
  if ("peer" in event) return event.peer.ip;
  return isOfStranger(event) ? event.ip : undefined;
}

/** Whether an event tells of a connection that became none of a phone. Nothing else bounds how many there are. */
function isOfStranger(
  event: RegistryEvent,
): event is Extract<RegistryEvent, { event: "foreign_client" | "tls_failed" | "proxy_refused" }> {
  return event.event === "foreign_client" || event.event === "tls_failed" || event.event === "proxy_refused";
}

let lastTime = new Date();

/** The current time. Of the lines of one millisecond, which may be a hundred, all get the same object. */
function timeNow(): Date {
  const now = Date.now();
  if (now !== lastTime.getTime()) lastTime = new Date(now);
  return lastTime;
}

/** Indent of the further rows of a sentence. */
const HANGING = 2;

/** Options of a {@linkcode RegistryScreen}. */
export interface RegistryScreenOptions {
  readonly language: Language;
  /** Writes each event as a line of JSON. */
  readonly json?: boolean;
  /** Leaves out the message trace. */
  readonly quiet?: boolean;
  /** Also shows the messages that keep connections alive. */
  readonly showPings?: boolean;
  readonly colour?: boolean;
  /** Begins each event with its date and time, as a log does. */
  readonly dated?: boolean;
  /** Width of the terminal, to break sentences between words; without it none is broken. */
  readonly columns?: (() => number) | undefined;
  /** What peers may make it write. Without it, anything. */
  readonly limits?: LogLimits | undefined;
  /** The current time; tests give another one. */
  readonly now?: () => Date;
}

/** Lines that a screen has left out since the beginning. */
export interface LeftOut {
  /** Since the output could not keep up, or failed. */
  readonly output: number;
  /** Since peers caused more than {@linkcode RegistryScreenOptions.limits}. */
  readonly limit: number;
}

/** Writes a registry's events: sentences and tables for people, or JSON for programs. */
export class RegistryScreen {
  readonly #writer: LineWriter;
  readonly #language: Language;
  readonly #texts: RegistryTexts;
  readonly #json: boolean;
  readonly #quiet: boolean;
  readonly #showPings: boolean;
  readonly #colour: boolean;
  readonly #dated: boolean;
  readonly #columns: () => number;
  readonly #now: () => Date;
  readonly #limit: LogLimit | undefined;
  #sumTimer: ReturnType<typeof setTimeout> | undefined;
  /** See {@linkcode RegistryScreen.#monotonic}. */
  #readAt = NaN;
  #readTime = 0;
  /** The last table, while it waits. */
  #table: (() => string) | undefined;
  #tableTimer: ReturnType<typeof setTimeout> | undefined;
  #lastChange: "joined" | "left" = "joined";
  #departures = 0;

  /** @param write Writes all of the bytes, usually to standard output. */
  constructor(write: (bytes: Uint8Array) => Promise<void>, options: RegistryScreenOptions) {
    this.#language = options.language;
    this.#texts = REGISTRY_TEXTS[options.language];
    this.#json = options.json ?? false;
    this.#quiet = options.quiet ?? false;
    this.#showPings = options.showPings ?? false;
    this.#colour = options.colour ?? false;
    this.#dated = options.dated ?? false;
    this.#columns = options.columns ?? (() => Infinity);
    this.#now = options.now ?? timeNow;
    const { limits } = options;
    if (limits && (limits.addressBytes !== 0 || limits.totalBytes !== 0)) this.#limit = new LogLimit(limits);
    this.#writer = new LineWriter(write, {
      leftOut: (lines) => this.#render({ event: "left_out", lines }, this.#now()),
    });
  }

  get leftOut(): LeftOut {
    return { output: this.#writer.leftOut, limit: this.#limit?.omitted ?? 0 };
  }

  /**
   * Shows an event; it is written within milliseconds, together with others.
   *
   * @param ip The address that caused it, if the event does not say that itself.
   */
  show(event: RegistryEvent, ip = causeOf(event)): void {
    if (event.event === "message") return this.#showMessage(event, ip);
    if (event.event === "closed") {
      this.#sumUp(Infinity);
      this.#writeTable();
    }
    if (event.event === "left") this.#departures++;
    if (event.event === "joined" || event.event === "left") this.#lastChange = event.event;
    const at = this.#now();
    if (event.event === "table") {
      this.#table = () => this.#render(event, at);
      const waitMs = this.#limit?.tableWait(performance.now()) ?? 0;
      if (waitMs === 0) this.#writeTable();
      else this.#tableTimer ??= setTimeout(() => this.#writeTable(), waitMs);
      return;
    }
    // Who joins, leaves or is refused is bounded by admission control and by the registrar.
    const limit = isOfStranger(event) && ip !== undefined ? this.#limit : undefined;
    if (limit && ip !== undefined && !this.#admits(limit, this.#monotonic(at), ip)) return;
    const line = this.#render(event, at);
    this.#writer.write(line);
    if (ip !== undefined) this.#limit?.charge(this.#monotonic(at), ip, encoder.encode(line).length);
  }

  #showMessage(event: Extract<RegistryEvent, { event: "message" }>, ip: string | undefined): void {
    if (this.#quiet || (!this.#showPings && isBackground(event))) return;
    const at = this.#now();
    const limit = ip === undefined ? undefined : this.#limit;
    if (limit && ip !== undefined && !this.#admits(limit, this.#monotonic(at), ip)) return;
    if (!this.#writer.hasRoomForLesser()) return;
    const line = this.#render(event, at);
    this.#writer.writeLesser(line);
    if (!limit || ip === undefined) return;
    const bytes = ASCII.test(event.text) ? line.length + ARROW_BYTES : encoder.encode(line).length;
    limit.charge(this.#monotonic(at), ip, bytes);
  }

  /** A monotonic time in milliseconds, read once in each millisecond: a busy registry would read it for every line. */
  #monotonic(at: Date): number {
    const time = at.getTime();
    if (time !== this.#readAt) {
      this.#readAt = time;
      this.#readTime = performance.now();
    }
    return this.#readTime;
  }

  /** Writes lines as they are, such as a picture of characters. Nothing with `--json`. */
  draw(lines: string): void {
    if (!this.#json) this.#writer.write(lines);
  }

  /** Writes the last table, if it is not written yet. */
  #writeTable(): void {
    clearTimeout(this.#tableTimer);
    this.#tableTimer = undefined;
    const render = this.#table;
    if (!render) return;
    this.#table = undefined;
    // Of several waiting tables only the last is drawn, since a long one takes time. But a person who joins is in one of
    // them, even if they leave at once.
    const subject = this.#lastChange === "left" ? "left" : `joined ${this.#departures}`;
    const limit = this.#limit;
    this.#writer.writeLatest(subject, () => {
      const text = render();
      limit?.chargeTable(performance.now(), encoder.encode(text).length);
      return text;
    });
  }

  /** Settles once every event so far is written. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  #admits(limit: LogLimit, now: number, ip: string): boolean {
    if (limit.admits(now, ip)) return true;
    this.#sumTimer ??= setTimeout(() => this.#sumUp(performance.now()), limit.wakeAt - now);
    return false;
  }

  /** Says what the limits left out, if that is due. */
  #sumUp(now: number): void {
    clearTimeout(this.#sumTimer);
    this.#sumTimer = undefined;
    const limit = this.#limit;
    if (!limit) return;
    for (const omitted of limit.tick(now)) this.show({ event: "log_limited", ...omitted });
    if (limit.wakeAt === Infinity) return;
    this.#sumTimer = setTimeout(() => this.#sumUp(performance.now()), Math.max(1, limit.wakeAt - now));
  }

  #render(event: RegistryEvent, at: Date): string {
    return this.#json ? jsonLine(event, at) : this.#lines(event, at);
  }

  #lines(event: RegistryEvent, at: Date): string {
    const colour = this.#colour;
    if (event.event === "message") {
      return traceLine(event, at, { language: this.#language, colour, date: true });
    }
    const date = this.#dated ? `${dateAndTime(at)} ` : "";
    const rows = registrySentence(event, this.#texts).split("\n");
    // The rows of a table and command lines to copy stay as they are; the sentence is after the one, before the others.
    const sentenceAt = event.event === "table" ? rows.length - 1 : 0;
    rows[sentenceAt] = wrapWords(date + (rows[sentenceAt] ?? ""), this.#columns(), HANGING);
    const style = fromTable(STYLES, "event", event);
    return rows.join("\n").split("\n").map((row) => paint(row, style, colour)).join("\n");
  }
}
