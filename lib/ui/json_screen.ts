/** The screen of `--json`: commands in, events out. */

import type { LiveStatus, PhoneEvent } from "../events/phone_events.ts";
import { inputLines } from "./input_lines.ts";
import { jsonLine } from "./json_line.ts";
import { LineWriter } from "./line_writer.ts";
import { FAREWELL_MS } from "./output.ts";
import type { Screen } from "../phone/screen.ts";
import { within } from "../util/time_limit.ts";
import { isBackground } from "./trace_line.ts";

/** Options of a {@linkcode JsonScreen}. */
export interface JsonScreenOptions {
  /** Leaves out the message trace. */
  readonly quiet: boolean;
  /** Also writes the messages that keep connections alive. */
  readonly showPings?: boolean;
  /** Writes all of the bytes, usually to standard output. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Source of commands, usually standard input. */
  readonly input: ReadableStream<Uint8Array>;
  /** Whether a person types the commands, whose Ctrl-D leaves. */
  readonly endLeaves?: boolean;
  /** The current time; tests give another one. */
  readonly now?: () => Date;
}

/** Time between two `status` events of a call, in milliseconds. */
const STATUS_INTERVAL_MS = 1000;

/**
 * Writes each event as a line of JSON, and once a second during a call `{"time":…,"event":"status",…}` with the fields
 * of `CallStatus`.
 */
export class JsonScreen implements Screen {
  readonly interactive = false;
  readonly endLeaves: boolean;
  readonly lines: AsyncIterable<string>;
  readonly broken: Promise<void>;
  readonly #options: JsonScreenOptions;
  readonly #writer: LineWriter;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #lastStatusMs = -Infinity;

  constructor(options: JsonScreenOptions) {
    this.#options = options;
    this.endLeaves = options.endLeaves ?? false;
    this.#writer = new LineWriter(options.write, {
      leftOut: (lines) => jsonLine({ event: "left_out", lines }, this.#now()),
    });
    this.#reader = options.input.getReader();
    this.lines = inputLines(this.#reader);
    this.broken = this.#writer.broken;
    this.broken.then(() => this.#stopReading());
  }

  show(event: PhoneEvent): void {
    const { quiet, showPings = false } = this.#options;
    if (event.event === "message" && (quiet || (!showPings && isBackground(event)))) return;
    this.#writer.write(jsonLine(event, this.#now()));
  }

  status(status: LiveStatus | undefined): void {
    // Events tell of invitations.
    if (status === undefined || "ringing" in status) {
      this.#lastStatusMs = -Infinity;
      return;
    }
    const now = this.#now();
    if (Math.abs(now.getTime() - this.#lastStatusMs) < STATUS_INTERVAL_MS) return;
    this.#lastStatusMs = now.getTime();
    this.#writer.write(jsonLine({ event: "status", ...status }, now));
  }

  names(): void {}

  onNamesWanted(): void {}

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(FAREWELL_MS, this.flush());
    await this.#stopReading();
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  async #stopReading(): Promise<void> {
    // Its failure does not matter any more.
    await this.#reader.cancel().catch(() => {});
  }
}
