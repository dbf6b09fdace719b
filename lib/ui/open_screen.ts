/** Chooses the screen that fits where the phone was started. */

import { JsonScreen } from "./json_screen.ts";
import type { Language } from "./texts/language.ts";
import { writeAll } from "../util/write_all.ts";
import { PlainScreen } from "./plain_screen.ts";
import type { Screen } from "../phone/screen.ts";
import { TerminalScreen } from "./terminal_screen.ts";

/** What is asked of a screen. */
export interface ScreenOptions {
  /** Whether each event is a line of JSON. */
  readonly json: boolean;
  /** Whether the message trace is left out. */
  readonly quiet: boolean;
  readonly language: Language;
  /** The person's name, for the prompt. */
  readonly name?: string | undefined;
}

/**
 * Opens the screen on standard input and output: with a prompt where both are a terminal, else of plain lines,
 * in colours if these go to a terminal. `NO_COLOR` leaves the colours out everywhere.
 */
export function openScreen({ json, quiet, language, name }: ScreenOptions): Screen {
  const write = (bytes: Uint8Array): Promise<void> => writeAll(Deno.stdout, bytes);
  if (json) return new JsonScreen({ quiet, write, input: Deno.stdin.readable });
  const capable = Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const colour = capable && !Deno.noColor;
  return capable && Deno.stdin.isTerminal()
    ? new TerminalScreen({ language, quiet, colour, name })
    : new PlainScreen({ language, quiet, colour, write, input: Deno.stdin.readable });
}
