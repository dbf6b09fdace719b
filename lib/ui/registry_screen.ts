/** What a registry shows to whoever runs it. */

import { paint } from "./style.ts";
import { unicodeWidth } from "@std/cli/unicode-width";
import { alignColumns } from "./columns.ts";
import type { RegistryEvent } from "../events/registry_events.ts";
import type { PersonFields } from "../events/fields.ts";
import { jsonLine } from "./json_line.ts";
import type { Language } from "./texts/language.ts";
import { LineWriter } from "./line_writer.ts";
import { registryTextsEn } from "./texts/registry_en.ts";
import { type RegistryTexts, registryTextsPt } from "./texts/registry_pt.ts";
import { traceLine } from "./trace_line.ts";
import { formatEndpoint } from "../protocol/address.ts";
import { printable } from "../protocol/printable.ts";
import type { Person } from "../protocol/registry_messages.ts";

/** The registry's texts in a language. */
export function registryTexts(language: Language): RegistryTexts {
  return language === "en" ? registryTextsEn : registryTextsPt;
}

/** How a screen looks. */
export interface RegistryScreenOptions {
  readonly language: Language;
  /** Whether each event is a line of JSON instead. */
  readonly json?: boolean;
  /** Whether the message trace is left out. */
  readonly quiet?: boolean;
  readonly colour?: boolean;
  /** What time it is; another one makes tests repeatable. */
  readonly now?: () => Date;
}

/** Shows a registry's events as lines: sentences and tables for people, or JSON for programs. */
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

  /** @param write Writes all of some bytes, to standard output as a rule. */
  constructor(write: (bytes: Uint8Array) => Promise<void>, options: RegistryScreenOptions) {
    this.#language = options.language;
    this.#texts = registryTexts(options.language);
    this.#json = options.json ?? false;
    this.#quiet = options.quiet ?? false;
    this.#colour = options.colour ?? false;
    this.#now = options.now ?? (() => new Date());
    this.#writer = new LineWriter(write, {
      leftOut: (lines) => {
        return this.#json ? jsonLine({ event: "left_out", lines }, this.#now()) : this.#texts.left_out(lines);
      },
    });
  }

  /** Settles if there is nobody left to show anything to. */
  get broken(): Promise<void> {
    return this.#writer.broken;
  }

  /** Shows an event. It is written a moment later, together with others. */
  show(event: RegistryEvent): void {
    if (this.#quiet && event.event === "message") return;
    const at = this.#now();
    const render = (): string => this.#json ? jsonLine(event, at) : this.#sentence(event, at);
    if (event.event === "left") this.#departures++;
    if (event.event === "joined" || event.event === "left") this.#lastChange = event.event;
    // Of the tables of one moment the last one says it all, and a long table takes time to draw. But whoever came is
    // seen in a table, even if they are gone at once.
    const subject = this.#lastChange === "left" ? "left" : `joined ${this.#departures}`;
    if (event.event === "table") this.#writer.writeLatest(subject, render);
    else this.#writer.write(render());
  }

  /** Settles once all that was shown has been written. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  #sentence(event: RegistryEvent, at: Date): string {
    const texts = this.#texts;
    const colour = this.#colour;
    switch (event.event) {
      case "message":
        return traceLine(event, at, { language: this.#language, colour });
      case "listening":
        return paint(texts.listening(formatEndpoint({ ip: event.host, port: event.port })), "strong", colour);
      case "joined":
        return paint(texts.joined(who(event)), "good", colour);
      case "left":
        return paint(
          texts.left[event.reason](who(event)),
          event.reason === "silent" ? "warning" : "good",
          colour,
        );
      case "table":
        return personTable(event.people, texts.table);
      case "room_full":
        return paint(texts.room_full(event.connections), "warning", colour);
      case "address_full":
        return paint(texts.address_full(printable(event.ip), event.connections), "warning", colour);
      case "port_in_use":
        return paint(texts.port_in_use(event.port), "bad", colour);
      case "wrong_usage":
        return paint(printable(texts.usage_problem(event.problem)), "bad", colour);
      case "failed":
        return paint(printable(texts.failed(event.detail)), "bad", colour);
      case "closed":
        return texts.closed;
    }
  }
}

function who(person: PersonFields): string {
  return `${printable(person.name)} (${formatEndpoint(person)})`;
}

/**
 * People as a table, its columns aligned by what characters take up on a terminal, whatever their script:
 *
 * ```text
 * nome  | endereço IP  | porta
 * ------+--------------+------
 * joão  | 192.168.0.10 |  6000
 * 1 pessoa na sala
 * ```
 *
 * @returns Its lines, with line feeds between them and none at the end.
 */
export function personTable(people: readonly Person[], texts: RegistryTexts["table"]): string {
  const rows = people.map(({ nome, ip, porta }) => [printable(nome), printable(ip), String(porta)]);
  const aligned = alignColumns([[texts.name, texts.ip, texts.port], ...rows], [2]);
  const rule = (aligned[0] ?? []).map((cell) => "-".repeat(unicodeWidth(cell))).join("-+-");
  const [header, ...lines] = aligned.map((row) => row.join(" | "));
  return [header, rule, ...lines, texts.total(people.length)].join("\n");
}
