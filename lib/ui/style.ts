/** Colours and weights of text on a terminal (ECMA-48, section 8.3.117, "SGR"). */

/**
 * What a piece of text is to its reader. The sixteen basic colours are used, since every terminal's own scheme
 * makes those legible on its background.
 */
const SGR = {
  /** A message that went out. */
  sent: "36",
  /** A message that came in. */
  received: "35",
  /** Something that may be overlooked. */
  faint: "2",
  /** Ordinary text. */
  plain: "",
  strong: "1",
  good: "32",
  warning: "33",
  bad: "31",
  /** What must not be overlooked. */
  alert: "1;7",
} as const;

/** One of the ways in which text can stand out. */
export type Style = keyof typeof SGR;

/**
 * Text in a style.
 *
 * @param text Text without control characters.
 * @param colour Whether to use any: false gives the text as it is.
 */
export function paint(text: string, style: Style, colour: boolean): string {
  return colour && SGR[style] !== "" && text !== "" ? `\x1b[${SGR[style]}m${text}\x1b[0m` : text;
}
