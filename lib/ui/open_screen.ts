/** Chooses the phone's screen. */

import { JsonScreen } from "./json_screen.ts";
import type { Language } from "./texts/language.ts";
import { ExactWriter, lastingWriter } from "./output.ts";
import { environmentVariable } from "../util/environment.ts";
import { writeAll } from "../util/write_all.ts";
import { PlainScreen } from "./plain_screen.ts";
import { standardInput } from "./standard_input.ts";
import type { Screen } from "../phone/screen.ts";
import type { SystemError } from "../util/system_error.ts";
import { type TerminalModes, terminalModes } from "./terminal_modes.ts";
import { TerminalScreen } from "./terminal_screen.ts";
import { terminalSize } from "./terminal_size.ts";

/** Options of a screen. */
export interface ScreenOptions {
  /** Writes each event as a line of JSON. */
  readonly json: boolean;
  /** Leaves out the message trace. */
  readonly quiet: boolean;
  /** Also shows the messages that keep connections alive. */
  readonly showPings: boolean;
  /** Never moves the cursor: whole lines only, without colours. */
  readonly plain: boolean;
  readonly language: Language;
  /** The person's name, for the prompt. */
  readonly name?: string | undefined;
  /** Made before the program gives up loading libraries, where it does. */
  readonly modes?: TerminalModes;
  /** Called when standard output cannot be written, and is tried again. */
  readonly outputFailed?: (detail: SystemError) => void;
  /** Writes to standard error, if that takes more than `Deno.stderr`. */
  readonly writeError?: (bytes: Uint8Array) => Promise<void>;
}

/**
 * Opens the screen on standard input and output: with a prompt if both are a terminal, else of plain lines. Colours go to
 * terminals only, and not with `NO_COLOR`.
 */
export function openScreen(options: ScreenOptions): Screen {
  const { json, quiet, showPings, plain, language, name, outputFailed = () => {} } = options;
  const { writeError = (bytes: Uint8Array) => writeAll(Deno.stderr, bytes) } = options;
  const write = lastingWriter(new ExactWriter(Deno.stdout), outputFailed);
  const input = standardInput();
  // A person who types into a phone whose output goes elsewhere, as to `tee`, leaves with Ctrl-D all the same.
  const endLeaves = Deno.stdin.isTerminal();
  const common = { quiet, showPings, write, input };
  if (json) return new JsonScreen({ ...common, endLeaves });
  const capable = Deno.stdout.isTerminal() && environmentVariable("TERM") !== "dumb" && !plain;
  const colour = capable && !Deno.noColor;
  if (capable && Deno.stdin.isTerminal()) {
    return new TerminalScreen({ ...common, language, colour, name, modes: options.modes ?? terminalModes() });
  }
  // A screen reader reads a sentence as a whole, wherever the terminal breaks it.
  const columns = capable ? () => terminalSize().columns : undefined;
  const interactive = endLeaves && Deno.stdout.isTerminal();
  return new PlainScreen({ ...common, writeError, language, colour, columns, endLeaves, interactive });
}
