/** Makes text from the network safe to show. */

/**
 * Most combining marks on one character: Hebrew with vowels and cantillation has four, Vietnamese two, and mischief
 * has dozens. Joiners among them count, or they would hide a heap.
 */
const MOST_MARKS = 6;

/** What follows {@linkcode MOST_MARKS} marks and is another one. Global, to be replaced with an escape. */
export const EXCESS_MARK = new RegExp(
  `(?<=[\\p{M}\\u200C\\u200D]{${MOST_MARKS}})[\\p{M}\\u200C\\u200D]`,
  "gu",
);

/** Whether somewhere in a text a character has too many of them. */
export function hasExcessMarks(text: string): boolean {
  return text.search(EXCESS_MARK) >= 0;
}

/**
 * What a terminal may act upon, or what makes text look like other text: control characters (C0, DEL, C1),
 * format characters such as the bidirectional ones, line and paragraph separators, lone surrogates. The two
 * joiners do nothing on their own and are needed by several scripts.
 */
const UNSAFE = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Text with every character that a terminal could act upon shown as an escape such as `\u{1b}`, and combining marks,
 * too, where there are more in a row than any script has.
 *
 * Everything that came from the network passes through here before it is shown or logged.
 *
 * @param text Any text.
 * @param maxLength How much of the text is shown, in UTF-16 units; what is cut off is marked with `…`.
 */
export function printable(text: string, maxLength = 4096): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replace(EXCESS_MARK, escape).replace(UNSAFE, escape);
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
