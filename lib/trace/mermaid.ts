/** The ladder as a sequence diagram in Mermaid's language (https://mermaid.js.org/syntax/sequenceDiagram.html), for reports. */

import { type LadderMessage, lifelineKey, type Party } from "./ladder.ts";

/** Longest label, in UTF-16 units: a name and a `tipo` of Sala have fewer. */
const MAX_LABEL = 160;

/** Words of the diagram, in the person's language. */
export interface MermaidWords {
  readonly registry: string;
  readonly lost: string;
  /** As in "2nd transmission". */
  readonly transmission: (number: number) => string;
}

/**
 * A diagram with a lifeline for each party and an arrow for each message: solid for UDP, dotted for TCP, with a cross for one that
 * was lost.
 */
export function mermaid(messages: readonly LadderMessage[], words: MermaidWords): string {
  return [...mermaidLines(messages, words)].join("");
}

/** The lines of that diagram, one by one. */
export function* mermaidLines(messages: readonly LadderMessage[], words: MermaidWords): Generator<string> {
  const ids = new Map<string, string>();
  const idOf = (party: Party): string => ids.get(lifelineKey(party)) ?? "";
  yield "sequenceDiagram\n";
  for (const party of messages.flatMap(({ from, to }) => [from, to])) {
    if (ids.has(lifelineKey(party))) continue;
    const id = `p${ids.size}`;
    ids.set(lifelineKey(party), id);
    yield `  participant ${id} as ${labelOf(party, words)}\n`;
  }
  for (const { transport, from, to, type, transmission, fate } of messages) {
    const lost = fate === "lost";
    const arrow = transport === "TCP" ? "-->>" : lost ? "-x" : "->>";
    const notes = [
      ...transmission > 1 ? [words.transmission(transmission)] : [],
      ...lost ? [words.lost] : [],
    ];
    const label = notes.length > 0 ? `${type || "?"} (${notes.join(", ")})` : type || "?";
    yield `  ${idOf(from)}${arrow}${idOf(to)}: ${escaped(label)}\n`;
  }
}

function labelOf({ registry, name, ip, port }: Party, words: MermaidWords): string {
  return escaped(registry ? words.registry : name ?? `${ip} ${port}`);
}

/**
 * Text that is only text: all but letters, marks, digits and blanks as Mermaid's entities, `#` with a decimal code point. Its
 * parser takes many other characters, and words such as `end`, as language.
 */
function escaped(text: string): string {
  const cut = text.length > MAX_LABEL ? `${text.slice(0, MAX_LABEL)}…` : text;
  return cut.toWellFormed().replace(
    /[^\p{L}\p{M}\p{N} _]|^ +| +$|\bend\b/giu,
    (found) => [...found].map((character) => `#${character.codePointAt(0)};`).join(""),
  );
}
