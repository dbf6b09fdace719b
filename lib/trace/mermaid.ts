/** The ladder as a sequence diagram in Mermaid's language (https://mermaid.js.org/syntax/sequenceDiagram.html), for reports. */

import { type LadderMessage, lifelineKey, type Party } from "./ladder.ts";

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
  const ids = new Map<string, string>();
  const lines = ["sequenceDiagram"];
  const idOf = (party: Party): string => {
    const key = lifelineKey(party);
    let id = ids.get(key);
    if (id === undefined) {
      id = `p${ids.size}`;
      ids.set(key, id);
      lines.push(`  participant ${id} as ${labelOf(party, words)}`);
    }
    return id;
  };
  for (const { from, to } of messages) [from, to].forEach(idOf);
  for (const { transport, from, to, type, transmission, fate } of messages) {
    const lost = fate === "lost";
    const arrow = transport === "TCP" ? "-->>" : lost ? "-x" : "->>";
    const notes = [
      ...transmission > 1 ? [words.transmission(transmission)] : [],
      ...lost ? [words.lost] : [],
    ];
    const label = notes.length > 0 ? `${type || "?"} (${notes.join(", ")})` : type || "?";
    lines.push(`  ${idOf(from)}${arrow}${idOf(to)}: ${escaped(label)}`);
  }
  return `${lines.join("\n")}\n`;
}

function labelOf({ registry, name, ip, port }: Party, words: MermaidWords): string {
  return escaped(registry ? words.registry : name ?? `${ip} ${port}`);
}

/**
 * Text that is only text: all but letters, marks, digits and blanks as Mermaid's entities, `#` with a decimal code point. Its
 * parser takes many other characters, and words such as `end`, as language.
 */
function escaped(text: string): string {
  return text.replace(
    /[^\p{L}\p{M}\p{N} _]|\bend\b/giu,
    (found) => [...found].map((character) => `#${character.codePointAt(0)};`).join(""),
  );
}
