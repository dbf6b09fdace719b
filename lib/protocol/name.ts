/** Names of people: which are allowed, and when two are the same. */

import { hasExcessMarks } from "./printable.ts";

/** Longest name, in Unicode code points after NFC normalisation. */
export const MAX_NAME_LENGTH = 32;

/**
 * What no name may contain: control characters, line and paragraph separators, lone surrogates, and format
 * characters (bidirectional ones above all: they let one name look like another). The two joiners stay allowed,
 * since Persian, the scripts of India and emoji need them.
 */
const FORBIDDEN = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Joiners, variation selectors and the fillers of Hangul and Braille are blank, so a name must have something else. */
const VISIBLE = /[^\s\u200C\u200D\p{M}\u115F\u1160\u3164\uFFA0\u2800]/u;

/** What changes a name's look hardly or not at all, and so makes no other name of it. */
const INVISIBLE = /[\u200C\u200D\u{FE00}-\u{FE0F}\u115F\u1160\u3164\uFFA0]/gu;

/**
 * Whether a value may be somebody's name: 1 to {@linkcode MAX_NAME_LENGTH} characters, something visible
 * among them, no control or bidirectional-format characters, no heaps of combining marks, no blank at either end.
 */
export function isName(value: unknown): value is string {
  if (typeof value !== "string" || value.length > 4 * MAX_NAME_LENGTH) return false;
  const name = value.normalize("NFC");
  const length = [...name].length;
  return length >= 1 && length <= MAX_NAME_LENGTH && name === name.trim() && VISIBLE.test(name) &&
    !FORBIDDEN.test(name) && !hasExcessMarks(name);
}

/**
 * The key by which names are compared: NFC and case folding, so that "João", "JOÃO" and "joa\u0303o" are one
 * person. JavaScript has no case folding of its own; to lower case, upper case and back again comes to the same,
 * "ß", "ẞ" and "SS" included (Unicode Standard, section 5.18). Invisible characters do not count, or somebody could
 * be taken for another.
 */
export function nameKey(name: string): string {
  return name.replace(INVISIBLE, "").normalize("NFC").toLowerCase().toUpperCase().toLowerCase().normalize(
    "NFC",
  );
}
