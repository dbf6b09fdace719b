/** Chooses the phone's screen. */

import { JsonScreen } from "./json_screen.ts";
import type { Language } from "./texts/language.ts";
import { ExactWriter, lastingWriter } from "./output.ts";
import { PlainScreen } from "./plain_screen.ts";
import { standardInput } from "./standard_input.ts";
import type { Screen } from "../phone/screen.ts";
import type { SystemError } from "../util/system_error.ts";
import { type TerminalModes, terminalModes } from "./terminal_modes.ts";
import { TerminalScreen } from "./terminal_screen.ts";

/** Options of a screen. */
export interface ScreenOptions {
  /** Writes each event as a line of JSON. */
  readonly json: boolean;
  /** Leaves out the message trace. */
  readonly quiet: boolean;
  readonly language: Language;
  /** The person's name, for the prompt. */
  readonly name?: string | undefined;
  /** Made before the program gives up loading libraries, where it does. */
  readonly modes?: TerminalModes;
  /** Called when standard output cannot be written, and is tried again. */
  readonly outputFailed?: (detail: SystemError) => void;
}

/**
 * Opens the screen on standard input and output: with a prompt if both are a terminal, else of plain lines. Colours go to
 * terminals only, and not with `NO_COLOR`.
 */
export function openScreen(options: ScreenOptions): Screen {
  const { json, quiet, language, name, outputFailed = () => {} } = options;
  const write = lastingWriter(new ExactWriter(Deno.stdout), outputFailed);
  const input = standardInput();
  // A person who types into a phone whose output goes elsewhere, as to `tee`, leaves with Ctrl-D all the same.
  const endLeaves = Deno.stdin.isTerminal();
  if (json) return new JsonScreen({ quiet, write, input, endLeaves });
  const capable = Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const colour = capable && !Deno.noColor;
  return capable && Deno.stdin.isTerminal()
    ? new TerminalScreen({
      language,
      quiet,
      colour,
      name,
      write,
      input,
      modes: options.modes ?? terminalModes(),
    })
    : new PlainScreen({ language, quiet, colour, write, input, endLeaves });
}
