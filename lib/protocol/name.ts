/** Names of people: syntax and comparison. */

import { hasExcessMarks } from "./printable.ts";

/** Longest name, in Unicode code points after normalisation to NFC. */
export const MAX_NAME_LENGTH = 32;

/**
 * Characters that no name may contain: controls, line and paragraph separators, lone surrogates and format characters;
 * bidirectional ones would let one name look like another. U+200C and U+200D (joiners) are allowed, since Persian, the
 * scripts of India and emoji need them.
 */
const FORBIDDEN = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** A character that shows: no space, joiner, combining mark, or filler of Hangul or Braille. */
const VISIBLE = /[^\s\u200C\u200D\p{M}\u115F\u1160\u3164\uFFA0\u2800]/u;

/**
 * Names without anything to normalise, fold or look up in Unicode's tables: ASCII and the accented letters of Latin-1 but `ß`. Most
 * names are, and a lookup takes 1 µs less with them.
 */
const PLAIN = /^[!-~À-ÖØ-Þà-öø-ÿ](?:[ -~À-ÖØ-Þà-öø-ÿ]{0,30}[!-~À-ÖØ-Þà-öø-ÿ])?$/;

/** Joiners, variation selectors and fillers, which hardly change a name's look: ignored in comparison. */
const IGNORABLE = /[\u200C\u200D\u{FE00}-\u{FE0F}\u115F\u1160\u3164\uFFA0]/gu;

/**
 * Whether a value is a valid name: 1 to {@linkcode MAX_NAME_LENGTH} code points, one of them visible; no control or
 * format characters, no space at either end, at most 6 combining marks in a row.
 */
export function isName(value: unknown): value is string {
  if (typeof value !== "string" || value.length > 4 * MAX_NAME_LENGTH) return false;
  if (PLAIN.test(value)) return true;
  const name = value.normalize("NFC");
  const length = [...name].length;
  return length >= 1 && length <= MAX_NAME_LENGTH && name === name.trim() && VISIBLE.test(name) &&
    !FORBIDDEN.test(name) && !hasExcessMarks(name);
}

/**
 * The key for comparing names: NFC and case folding, so that "João", "JOÃO" and "joa\u0303o" are one person. JavaScript
 * has no case folding; lower, upper and again lower case gives the same result, also for "ß", "ẞ" and "SS" (Unicode
 * Standard, section 5.18). Invisible characters are removed, since people cannot tell such names apart.
 */
export function nameKey(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  return name.replace(IGNORABLE, "").normalize("NFC").toLowerCase().toUpperCase().toLowerCase().normalize(
    "NFC",
  );
}

/** A key that is the same for names that differ only in case, accents and the number of blanks between words. */
export function looseKey(name: string): string {
  return nameKey(name).normalize("NFD").replace(/\p{M}/gu, "").replace(/\s+/gu, " ");
}
