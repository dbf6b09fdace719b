/** The demo's command line. */

import { parseArgs } from "@std/cli/parse-args";
import { chooseLanguage, isLanguage, type Language } from "../lib/ui/texts/language.ts";
import { DEMO_TEXTS } from "./texts.ts";

/** How to tell the story. */
export interface DemoOptions {
  readonly language: Language;
  /** Each step waits for Return. */
  readonly step: boolean;
  /** No pauses for reading. */
  readonly brisk: boolean;
  /** Free ports in place of the assignment's. */
  readonly freePorts: boolean;
  /** Shows the room as a web page. */
  readonly panel: boolean;
  /** Opens that page in a browser, where there is a desktop. */
  readonly open: boolean;
}

/** What to print in place of the story, and the exit status. */
export interface Notice {
  readonly text: string;
  readonly status: 0 | 2;
}

/**
 * Reads the arguments.
 *
 * @param variable Reads an environment variable, for the language.
 * @param terminal Whether standard input is a terminal.
 */
export function parseDemoOptions(
  args: readonly string[],
  variable: (name: string) => string | undefined,
  terminal: boolean,
): DemoOptions | Notice {
  const strangers: string[] = [];
  // As they are written: the parser takes "--step=no" for a flag that is given.
  const flags = ["step", "brisk", "free-ports", "panel", "no-open", "help"] as const;
  const valued = args.find((arg) => flags.some((flag) => arg.startsWith(`--${flag}=`)));
  const parsed = parseArgs([...args], {
    boolean: flags,
    alias: { help: "h" },
    string: ["lang"],
    unknown: (arg) => {
      strangers.push(arg);
      return false;
    },
  });
  const language = chooseLanguage(parsed.lang, variable);
  const texts = DEMO_TEXTS[language];
  const wrong = (sentence: string): Notice => ({ text: `${sentence}\n\n${texts.usage}`, status: 2 });
  if (parsed.help) return { text: texts.usage, status: 0 };
  // What stands behind "--" as well.
  const stranger = valued ?? strangers[0] ?? parsed._[0]?.toString();
  if (stranger !== undefined) return wrong(texts.unknownArgument(stranger));
  if (parsed.lang !== undefined && !isLanguage(parsed.lang)) return wrong(texts.unknownLanguage(parsed.lang));
  if (parsed.step && !terminal) return wrong(texts.stepNeedsTerminal);
  const { step, brisk, panel } = parsed;
  return { language, step, brisk, panel, freePorts: parsed["free-ports"], open: !parsed["no-open"] };
}
