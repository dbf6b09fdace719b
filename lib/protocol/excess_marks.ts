/** Heaps of combining marks, which reach over the lines above and below. */

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
