/** The ladder as JSON Lines (https://jsonlines.org). */

import type { LadderMessage } from "./ladder.ts";

/** One message a line, with its time as ISO 8601 and its content as JSON, if it is some. */
export function jsonLines(messages: readonly LadderMessage[]): string {
  return messages.map((message) => {
    const { at, text, ...rest } = message;
    return `${JSON.stringify({ time: new Date(at).toISOString(), ...rest, message: contentOf(text) })}\n`;
  }).join("");
}

/** The content of a message: its JSON value, or its text if it is none. */
export function contentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
