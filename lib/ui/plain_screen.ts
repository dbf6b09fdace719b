/** The phone's screen without a terminal: lines in, lines out. */

import type { PhoneEvent } from "../events/phone_events.ts";
import { inputLines } from "./input_lines.ts";
import type { Language } from "./texts/language.ts";
import { LineWriter } from "./line_writer.ts";
import { notice } from "./notice.ts";
import { FAREWELL_MS } from "./output.ts";
import type { Screen } from "../phone/screen.ts";
import { within } from "../util/time_limit.ts";
import { sentence } from "./sentences.ts";
import { PHONE_TEXTS } from "./texts/texts.ts";
import { isBackground, traceLine } from "./trace_line.ts";

/** Options of a {@linkcode PlainScreen}. */
export interface PlainScreenOptions {
  readonly language: Language;
  /** Leaves out the message trace. */
  readonly quiet: boolean;
  /** Also shows the messages that keep connections alive. */
  readonly showPings?: boolean;
  /** Uses colours. */
  readonly colour: boolean;
  /** Width of the terminal, to break sentences between words; without it none is broken. */
  readonly columns?: (() => number) | undefined;
  /** Whether a person types at a terminal. */
  readonly interactive?: boolean;
  /** Writes all of the bytes, usually to standard output. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Writes why the phone ends without having done its work, usually to standard error; `write`, if left out. */
  readonly writeError?: (bytes: Uint8Array) => Promise<void>;
  /** Source of commands, usually standard input. */
  readonly input: ReadableStream<Uint8Array>;
  /** Whether a person types the commands, whose Ctrl-D leaves. */
  readonly endLeaves?: boolean;
  /** The current time; tests give another one. */
  readonly now?: () => Date;
}

/** Events after which the phone ends, and with a status other than 0; the outcome of a call is none of them. */
const ERRORS: ReadonlySet<PhoneEvent["event"]> = new Set<PhoneEvent["event"]>([
  ...["name_taken", "removed", "registration_refused", "registry_unreachable", "registry_full"] as const,
  ...["password_refused", "port_in_use", "port_unusable", "wrong_usage"] as const,
]);

function endsTheRun(event: PhoneEvent): boolean {
  if (event.event === "audio_failed") return event.asked;
  // The registry's refusal of a typed request ends nothing.
  if (event.event === "failed") return event.detail.kind !== "registry_refused";
  return ERRORS.has(event.event);
}

/** A screen of plain lines, for pipes and files, and for a person with a screen reader. */
export class PlainScreen implements Screen {
  readonly interactive: boolean;
  readonly endLeaves: boolean;
  readonly lines: AsyncIterable<string>;
  readonly broken: Promise<void>;
  readonly #options: PlainScreenOptions;
  readonly #writer: LineWriter;
  readonly #errors: LineWriter;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(options: PlainScreenOptions) {
    this.#options = options;
    this.interactive = options.interactive ?? false;
    this.endLeaves = options.endLeaves ?? false;
    const texts = PHONE_TEXTS[options.language];
    const leftOut = (lines: number): string => sentence({ event: "left_out", lines }, texts).text;
    this.#writer = new LineWriter(options.write, { leftOut });
    this.#errors = new LineWriter(options.writeError ?? options.write, { leftOut });
    this.#reader = options.input.getReader();
    this.lines = inputLines(this.#reader);
    this.broken = this.#writer.broken;
    this.broken.then(() => this.#stopReading());
  }

  show(event: PhoneEvent): void {
    const { language, quiet, showPings = false, colour, columns, now = () => new Date() } = this.#options;
    if (event.event === "message") {
      if (quiet || isBackground(event) && !showPings) return;
      return this.#writer.write(traceLine(event, now(), { language, colour }));
    }
    const writer = endsTheRun(event) && !this.interactive ? this.#errors : this.#writer;
    writer.write(notice(sentence(event, PHONE_TEXTS[language]), colour, columns?.()));
  }

  status(): void {}

  names(): void {}

  onNamesWanted(): void {}

  async flush(): Promise<void> {
    await Promise.all([this.#writer.flush(), this.#errors.flush()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(FAREWELL_MS, this.flush());
    await this.#stopReading();
  }

  async #stopReading(): Promise<void> {
    // Its failure does not matter any more.
    await this.#reader.cancel().catch(() => {});
  }
}
