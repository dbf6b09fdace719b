/** Events as lines of JSON, for scripts. */

/** What {@linkcode JSON.stringify} leaves as it is and a terminal or a reader of lines may act upon. */
const UNSAFE = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * An event on one line, without its line end: `{"time":"2025-01-31T12:34:56.789Z","event":"closed"}`.
 *
 * Characters that a terminal may act upon are escaped; to a reader of JSON that is the same text.
 *
 * @param at When it was, in ISO 8601 and UTC on the line.
 */
export function jsonLine<Event extends { readonly event: string }>(event: Event, at: Date): string {
  return JSON.stringify({ time: at.toISOString(), ...event }).replace(UNSAFE, escapeUnits);
}

/** A character as `\uXXXX`, one beyond the basic plane as two of them (RFC 8259, section 7). */
function escapeUnits(character: string): string {
  let escaped = "";
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
