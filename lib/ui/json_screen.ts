/** The person's side of a phone for programs: commands in, events out. */

import type { CallStatus, PhoneEvent } from "../events/phone_events.ts";
import { inputLines } from "./input_lines.ts";
import { jsonLine } from "./json_line.ts";
import { LineWriter } from "./line_writer.ts";
import type { Screen } from "../phone/screen.ts";

/** What a JSON screen leaves out, and what it is connected to. */
export interface JsonScreenOptions {
  /** Whether the message trace is left out. */
  readonly quiet: boolean;
  /** Writes all of some bytes, to standard output as a rule. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Where commands come from, standard input as a rule. */
  readonly input: ReadableStream<Uint8Array>;
  /** What time it is; another one makes tests repeatable. */
  readonly now?: () => Date;
}

/** How often the state of a call is written, in milliseconds: often enough for a program to follow it. */
const STATUS_INTERVAL_MS = 1000;

/**
 * A screen that writes each event as a line of JSON, and during a call about once a second
 * `{"time":…,"event":"status",…}` with the fields of {@linkcode CallStatus}.
 */
export class JsonScreen implements Screen {
  readonly interactive = false;
  readonly lines: AsyncIterable<string>;
  readonly broken: Promise<void>;
  readonly #options: JsonScreenOptions;
  readonly #writer: LineWriter;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #lastStatusMs = -Infinity;

  constructor(options: JsonScreenOptions) {
    this.#options = options;
    this.#writer = new LineWriter(options.write, {
      leftOut: (lines) => jsonLine({ event: "left_out", lines }, this.#now()),
    });
    this.#reader = options.input.getReader();
    this.lines = inputLines(this.#reader);
    this.broken = this.#writer.broken;
    this.broken.then(() => this.#stopReading());
  }

  show(event: PhoneEvent): void {
    if (event.event === "message" && this.#options.quiet) return;
    this.#writer.write(jsonLine(event, this.#now()));
  }

  status(status: CallStatus | undefined): void {
    if (status === undefined) {
      this.#lastStatusMs = -Infinity;
      return;
    }
    const now = this.#now();
    if (Math.abs(now.getTime() - this.#lastStatusMs) < STATUS_INTERVAL_MS) return;
    this.#lastStatusMs = now.getTime();
    this.#writer.write(jsonLine({ event: "status", ...status }, now));
  }

  names(): void {}

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.#stopReading();
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  async #stopReading(): Promise<void> {
    // Nothing more is wanted of it, so neither is its failure.
    await this.#reader.cancel().catch(() => {});
  }
}
