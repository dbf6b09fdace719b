/** Which language a person reads. */

/** A language that there are texts in. */
export type Language = "pt" | "en";

/** Whether a value, from the command line above all, names a language that there are texts in. */
export function isLanguage(value: unknown): value is Language {
  return value === "pt" || value === "en";
}

/** Where POSIX looks for the language of messages, in its order (XBD, section 8.2). */
const LOCALE_VARIABLES = ["LC_ALL", "LC_MESSAGES", "LANG"];

/**
 * The language of the screen: the one that was asked for, else that of the locale.
 * Whatever is not English is Portuguese.
 *
 * @param asked The value of `--lang`; one that is no language counts as none.
 * @param variable Reads an environment variable, such as `Deno.env.get`.
 */
export function chooseLanguage(
  asked: string | undefined,
  variable: (name: string) => string | undefined,
): Language {
  if (isLanguage(asked)) return asked;
  const locale = LOCALE_VARIABLES.map((name) => variable(name)).find((value) =>
    value !== undefined && value !== ""
  );
  return locale?.toLowerCase().startsWith("en") ? "en" : "pt";
}
