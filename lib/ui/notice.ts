/** Lays out sentences as lines on a screen. */

import { paint } from "./style.ts";
import type { Sentence, Tone } from "./sentences.ts";

/** The mark before a sentence tells it from the message trace, and its tone, without colours. */
const MARKS: Readonly<Record<Tone, string>> = { plain: "•", good: "✓", warning: "!", bad: "✗", alert: "☎" };

/**
 * A sentence with its mark, in the colours of its tone; its further lines are indented.
 *
 * @param colour Uses colours.
 */
export function notice({ text, tone }: Sentence, colour: boolean): string {
  const [first = "", ...more] = text.split("\n");
  const head = tone === "alert" && colour ? ` ${MARKS.alert} ${first} ` : `${MARKS[tone]} ${first}`;
  const indented = more.map((line) => line === "" || line.startsWith(" ") ? line : `  ${line}`);
  return [paint(head, tone === "plain" ? "strong" : tone, colour), ...indented].join("\n");
}
