/**
 * Characters that move the cursor nowhere: controls, format characters, combining marks, and the vowels and
 * final consonants of Hangul that join the syllable before them. The soft hyphen is a format character too,
 * but terminals draw it.
 */
const ZERO_WIDTH = /[[\p{Cc}\p{Cf}\p{Mn}\p{Me}\u1160-\u11ff]--\u00ad]/v;

/**
 * Characters two columns wide: Wide and Fullwidth in UAX #11.
 *
 * The ranges are those of `east_asian_width()` in Python's `unicodedata` for Unicode 14.0, without the emoji,
 * and with the gaps of unassigned code points between them closed. Emoji come from the JavaScript engine:
 * UAX #11 makes all of Emoji_Presentation wide but the flag letters, each of which is half a flag.
 */
const WIDE = new RegExp(
  "[" +
    "\\u1100-\\u115f" + // Hangul initial consonants
    "\\u2329\\u232a" + // angle brackets
    "\\u2e80-\\u303e\\u3041-\\u3247\\u3250-\\u4dbf" + // radicals, kana, bopomofo, CJK symbols
    "\\u4e00-\\ua4c6" + // CJK ideographs, Yi
    "\\ua960-\\ua97c\\uac00-\\ud7a3" + // Hangul
    "\\uf900-\\ufaff" + // CJK compatibility ideographs
    "\\ufe10-\\ufe19\\ufe30-\\ufe6b" + // vertical and small forms
    "\\uff01-\\uff60\\uffe0-\\uffe6" + // fullwidth forms
    "\\u{16fe0}-\\u{18d08}\\u{1aff0}-\\u{1b2fb}" + // Tangut, Khitan, more kana
    "\\u{1f200}-\\u{1f265}" + // ideographs in squares
    "\\u{20000}-\\u{3fffd}" + // CJK ideographs of planes 2 and 3
    "[\\p{Emoji_Presentation}--\\p{Regional_Indicator}]" +
    "]",
  "v",
);

/**
 * Counts the columns that `str` takes on a terminal, as `@std/cli/unicode-width` does: the sum over its code
 * points by UAX #11. Emoji made of several code points count as all of them, which is also what many
 * terminals do.
 *
 * @param str Text without escape sequences.
 * @returns Columns.
 */
export function unicodeWidth(str: string): number {
  let columns = 0;
  for (const character of str) {
    if (ZERO_WIDTH.test(character)) continue;
    columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}
