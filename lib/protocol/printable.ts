/** Makes text from the network safe for a terminal. */

/** U+FFFD, which decoders put in place of bytes that are not UTF-8. It may also be in the text itself. */
export const REPLACEMENT = "\ufffd";

/**
 * Most combining marks on one character. Hebrew with vowels and cantillation has 4, Vietnamese 2; dozens would cover
 * other lines. Joiners count, too, so that they cannot separate such marks.
 */
const MAX_MARKS = 6;

/** Each mark beyond {@linkcode MAX_MARKS}. Global, so that all of them can be replaced. */
export const EXCESS_MARK = new RegExp(
  `(?<=[\\p{M}\\u200C\\u200D]{${MAX_MARKS}})[\\p{M}\\u200C\\u200D]`,
  "gu",
);

/** Whether any character of a text has more than {@linkcode MAX_MARKS} combining marks. */
export function hasExcessMarks(text: string): boolean {
  return text.search(EXCESS_MARK) >= 0;
}

/**
 * Characters that a terminal may act upon, or that make text look like other text: controls (C0, DEL, C1), format
 * characters such as the bidirectional ones, line and paragraph separators, lone surrogates. U+200C and U+200D (joiners)
 * are harmless, and several scripts need them.
 */
const UNSAFE = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Texts of ASCII and Latin letters only, which are all safe: found out ten times as fast as by the two expressions above. */
const SAFE = /^[ -~\u00a1-\u00ac\u00ae-\u024f]*$/;

/**
 * Replaces unsafe characters and excess combining marks by escapes such as `\u{1b}`. All text from the network must pass
 * through here before it is shown or logged.
 *
 * @param maxLength Longest text in UTF-16 units; `…` marks where it was cut off.
 */
export function printable(text: string, maxLength = 4096): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  if (SAFE.test(cut)) return cut;
  return cut.replace(EXCESS_MARK, escape).replace(UNSAFE, escape);
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
