/** The ladder as JSON Lines (https://jsonlines.org). */

import type { LadderMessage } from "./ladder.ts";

/** One message a line, with its time as ISO 8601, if it is one, and its content as JSON, if it is some. */
export function jsonLines(messages: readonly LadderMessage[]): string {
  return messages.map(jsonLine).join("");
}

/** The line of one message. */
export function jsonLine({ at, text, ...rest }: LadderMessage): string {
  const time = Number.isNaN(new Date(at).getTime()) ? null : new Date(at).toISOString();
  const fields = { time, ...rest };
  const message = toJson(contentOf(text)) ?? JSON.stringify(text);
  return `${JSON.stringify(fields).slice(0, -1)},"message":${message}}\n`;
}

/** The content of a message: its JSON value, or its text if it is none. */
export function contentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A value of {@linkcode contentOf} as JSON. @returns Undefined if it is too deep: thousands of brackets in one another can be read only. */
export function toJson(value: unknown, indent?: number): string | undefined {
  try {
    return JSON.stringify(value, null, indent);
  } catch {
    return undefined;
  }
}
