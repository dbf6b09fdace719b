/** The page of figures that several benches share: each rewrites its own part and leaves the others as they are. */

/** The parts, in the order in which they stand, by their headings. */
export const PARTS = [
  "The registry under attack",
  "Calls under a flood",
  "A million steps of everything",
  "Half an hour of everything at once",
] as const;

/** The heading of a part. */
export type Part = typeof PARTS[number];

/** The page's name in a folder of results. */
export const PAGE = "robustness.md";

const BEGINNING = `# Nothing breaks it, nothing is lost

What was measured with hostile input, under floods and over time. Each part names the command that writes it, and is of
the day and the machine on which that was run last.
`;

/** A heading of a part, and nothing else on its line. */
const HEADING = /^## (.+)$/gm;

/**
 * Puts a part into a page, in place of the one that was there.
 *
 * @param page The page so far; empty for a new one.
 * @param body Markdown without headings of the first two levels.
 * @throws {RangeError} If the body has such a heading, since the next bench would take it for a part.
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
 * Writes a part into the page of a folder, which need not be there yet.
 *
 * @param folder Path of the folder.
 * @returns Path of the page.
 */
export async function writePart(folder: string, part: Part, body: string): Promise<string> {
  const path = `${folder}/${PAGE}`;
  await Deno.mkdir(folder, { recursive: true });
  const page = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  await Deno.writeTextFile(path, withPart(page, part, body));
  return path;
}
