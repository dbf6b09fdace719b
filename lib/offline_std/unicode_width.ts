import { eastAsianWidth } from "get-east-asian-width";

/**
 * Characters that do not move the cursor: controls, format characters, combining marks, and the vowels and final
 * consonants of Hangul that join the syllable before them. Terminals do draw the soft hyphen.
 */
const ZERO_WIDTH = /[[\p{Cc}\p{Cf}\p{Mn}\p{Me}\u1160-\u11ff]--\u00ad]/v;

/** Columns of `str` on a terminal, as `@std/cli/unicode-width` counts: the sum over its code points (UAX #11). */
export function unicodeWidth(str: string): number {
  let columns = 0;
  for (const character of str) {
    if (!ZERO_WIDTH.test(character)) columns += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return columns;
}
