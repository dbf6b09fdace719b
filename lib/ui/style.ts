/** Colours and weights of text on a terminal: SGR (ECMA-48, section 8.3.117). */

/**
 * Meaning of a text, with its SGR parameters. Only the 16 basic colours: every terminal's scheme makes those legible on
 * its background.
 */
const SGR = {
  /** A message sent. */
  sent: "36",
  /** A message received. */
  received: "35",
  /** Of little importance. */
  faint: "2",
  /** Ordinary text. */
  plain: "",
  strong: "1",
  good: "32",
  warning: "33",
  bad: "31",
  /** Of great importance. */
  alert: "1;7",
} as const;

/** Meaning of a text. */
export type Style = keyof typeof SGR;

/**
 * Text in a style.
 *
 * @param text Text without control characters.
 * @param colour False gives the text without colours.
 */
export function paint(text: string, style: Style, colour: boolean): string {
  return colour && SGR[style] !== "" && text !== "" ? `\x1b[${SGR[style]}m${text}\x1b[0m` : text;
}
