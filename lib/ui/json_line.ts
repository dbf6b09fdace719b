/** Writes events as lines of JSON. */

/** Characters that a terminal or a reader of lines may act upon; {@linkcode JSON.stringify} escapes only some of them. */
const UNSAFE = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * An event on one line, without its line end: `{"time":"2025-01-31T12:34:56.789Z","event":"closed"}`.
 *
 * Escapes the characters that a terminal may act upon; a JSON reader gets the same text.
 *
 * @param at Time of the event.
 */
export function jsonLine<Event extends { readonly event: string }>(event: Event, at: Date): string {
  return JSON.stringify({ time: at.toISOString(), ...event }).replace(UNSAFE, escapeUnits);
}

/** A character as `\uXXXX`, outside the basic multilingual plane as a surrogate pair (RFC 8259, section 7). */
function escapeUnits(character: string): string {
  let escaped = "";
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
