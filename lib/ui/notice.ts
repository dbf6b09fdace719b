/** Sentences as lines on a screen. */

import { paint } from "./style.ts";
import type { Sentence, Tone } from "./sentences.ts";

/** Stand before a sentence, so that it differs from the message trace, and its tones from each other, in black and white too. */
const MARKS: Readonly<Record<Tone, string>> = { plain: "•", good: "✓", warning: "!", bad: "✗", alert: "☎" };

/**
 * A sentence with its mark, in the colours of its tone. Further lines of it stand indented below.
 *
 * @param colour Whether the lines go where colours are understood.
 */
export function notice({ text, tone }: Sentence, colour: boolean): string {
  const [first = "", ...more] = text.split("\n");
  const head = tone === "alert" && colour ? ` ${MARKS.alert} ${first} ` : `${MARKS[tone]} ${first}`;
  const indented = more.map((line) => line === "" || line.startsWith(" ") ? line : `  ${line}`);
  return [paint(head, tone === "plain" ? "strong" : tone, colour), ...indented].join("\n");
}
