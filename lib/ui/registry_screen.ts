/** The registry's screen. */

import type { RegistryEvent } from "../events/registry_events.ts";
import { jsonLine } from "./json_line.ts";
import { LineWriter } from "./line_writer.ts";
import { registrySentence } from "./sentences.ts";
import { paint, type Style } from "./style.ts";
import type { Language } from "./texts/language.ts";
import type { RegistryTelling, RegistryTexts } from "./texts/shape.ts";
import { fromTable, type Table } from "./texts/table.ts";
import { REGISTRY_TEXTS } from "./texts/texts.ts";
import { traceLine } from "./trace_line.ts";

const STYLES: Table<RegistryTelling, "event", Style> = {
  left_out: "plain",
  output_failed: "warning",
  listening: "strong",
  joined: "good",
  left: ({ reason }) => reason === "silent" ? "warning" : "good",
  table: "plain",
  room_full: "warning",
  address_full: "warning",
  port_in_use: "bad",
  wrong_usage: "bad",
  failed: "bad",
  closed: "plain",
};

/** Options of a {@linkcode RegistryScreen}. */
export interface RegistryScreenOptions {
  readonly language: Language;
  /** Writes each event as a line of JSON. */
  readonly json?: boolean;
  /** Leaves out the message trace. */
  readonly quiet?: boolean;
  readonly colour?: boolean;
  /** The current time; tests give another one. */
  readonly now?: () => Date;
}

/** Writes a registry's events: sentences and tables for people, or JSON for programs. */
export class RegistryScreen {
  readonly #writer: LineWriter;
  readonly #language: Language;
  readonly #texts: RegistryTexts;
  readonly #json: boolean;
  readonly #quiet: boolean;
  readonly #colour: boolean;
  readonly #now: () => Date;
  #lastChange: "joined" | "left" = "joined";
  #departures = 0;

  /** @param write Writes all of the bytes, usually to standard output. */
  constructor(write: (bytes: Uint8Array) => Promise<void>, options: RegistryScreenOptions) {
    this.#language = options.language;
    this.#texts = REGISTRY_TEXTS[options.language];
    this.#json = options.json ?? false;
    this.#quiet = options.quiet ?? false;
    this.#colour = options.colour ?? false;
    this.#now = options.now ?? (() => new Date());
    this.#writer = new LineWriter(write, {
      leftOut: (lines) => this.#render({ event: "left_out", lines }, this.#now()),
    });
  }

  /** Settles when the reader has gone. */
  get broken(): Promise<void> {
    return this.#writer.broken;
  }

  /** Shows an event; it is written within milliseconds, together with others. */
  show(event: RegistryEvent): void {
    if (this.#quiet && event.event === "message") return;
    const at = this.#now();
    const render = (): string => this.#render(event, at);
    if (event.event === "left") this.#departures++;
    if (event.event === "joined" || event.event === "left") this.#lastChange = event.event;
    // Of several waiting tables only the last is drawn, since a long one takes time. But a person who joins is in one of
    // them, even if they leave at once.
    const subject = this.#lastChange === "left" ? "left" : `joined ${this.#departures}`;
    if (event.event === "table") this.#writer.writeLatest(subject, render);
    else this.#writer.write(render());
  }

  /** Settles once every event so far is written. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  #render(event: RegistryEvent, at: Date): string {
    return this.#json ? jsonLine(event, at) : this.#lines(event, at);
  }

  #lines(event: RegistryEvent, at: Date): string {
    const style = { language: this.#language, colour: this.#colour };
    if (event.event === "message") return traceLine(event, at, style);
    return paint(registrySentence(event, this.#texts), fromTable(STYLES, "event", event), this.#colour);
  }
}
