/** The language of the screen. */

/** A language with texts. */
export type Language = "pt" | "en";

/** Whether a value names a language with texts. */
export function isLanguage(value: unknown): value is Language {
  return value === "pt" || value === "en";
}

/** The variables of the language of messages, in the order of POSIX (XBD, section 8.2). */
const LOCALE_VARIABLES = ["LC_ALL", "LC_MESSAGES", "LANG"];

/**
 * The language of the screen: that of `--lang`, else that of the locale; Portuguese for any locale but English.
 *
 * @param asked The value of `--lang`, ignored if invalid.
 * @param variable Reads an environment variable, such as `environmentVariable`.
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
