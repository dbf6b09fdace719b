/** The results page that several benches share: each rewrites its own part. */

import { writeResult } from "./results_folder.ts";

/** The headings of the parts, in order. */
export const PARTS = [
  "The registry under attack",
  "Calls under a flood",
  "A million steps of everything",
  "Half an hour of everything at once",
] as const;

/** The heading of a part. */
export type Part = typeof PARTS[number];

/** File name of the page. */
export const PAGE = "robustness.md";

const BEGINNING = `# Nothing breaks it, nothing is lost

What was measured with hostile input, under floods and over time. Each part names the command that writes it, and is of
the day and the machine on which that was run last.
`;

/** A heading of a part. */
const HEADING = /^## (.+)$/gm;

/**
 * Replaces a part of a page, or adds it.
 *
 * @param page The page; empty for a new one.
 * @param body Markdown without headings of the first two levels.
 * @throws {RangeError} If the body has such a heading, which the next bench would take for a part.
 */
export function withPart(page: string, part: Part, body: string): string {
  if (/^##? /m.test(body)) throw new RangeError(`The part "${part}" has a heading of a part or a page in it`);
  const bodies = new Map<string, string>();
  const headings = [...page.matchAll(HEADING)];
  for (const [index, heading] of headings.entries()) {
    const start = heading.index + heading[0].length;
    bodies.set(heading[1]!, page.slice(start, headings[index + 1]?.index).trim());
  }
  bodies.set(part, body.trim());
  const parts = PARTS.filter((name) => bodies.has(name)).map((name) => `## ${name}\n\n${bodies.get(name)}\n`);
  return [BEGINNING, ...parts].join("\n");
}

/**
 * Writes a part of the page in a folder, which it creates if necessary.
 *
 * @returns Path of the page.
 */
export async function writePart(folder: string, part: Part, body: string): Promise<string> {
  const page = await Deno.readTextFile(`${folder}/${PAGE}`).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  return await writeResult(folder, PAGE, withPart(page, part, body));
}
