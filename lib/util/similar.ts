/** Finds what somebody meant to type. */

/** Most edits in a text by which it may differ from what was meant, per character of it. */
const EDITS_PER_CHARACTER = 0.4;

/**
 * The candidates that somebody may have meant: those that begin with the text, and those that differ from it by edits of
 * at most 40 % of its characters. Accents and case count; compare keys where they must not.
 *
 * @param most Most candidates to give.
 * @returns The most similar first.
 */
export function similar(text: string, candidates: readonly string[], most: number): string[] {
  return similarBy(text, candidates.map((candidate) => [candidate, candidate]), most);
}

/** The same for candidates with keys to compare; one may have several. */
export function similarBy(
  key: string,
  candidates: readonly (readonly [candidate: string, key: string])[],
  most: number,
): string[] {
  if (key.length < 2) return [];
  const limit = Math.floor(key.length * EDITS_PER_CHARACTER);
  const found = candidates.map(([candidate, other]) => {
    // What is not yet typed to its end.
    const distance = other.startsWith(key) ? 0 : editDistance(key, other);
    return { candidate, distance };
  })
    .filter(({ distance }) => distance <= limit)
    .sort((one, another) => one.distance - another.distance);
  return [...new Set(found.map(({ candidate }) => candidate))].slice(0, most);
}

/**
 * Insertions, deletions, substitutions and exchanges of neighbours from one text to the other (Damerau's distance, in its
 * restricted form: no part is edited twice).
 */
export function editDistance(from: string, to: string): number {
  const [a, b] = [[...from], [...to]];
  let [older, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let line = 1; line <= a.length; line++) {
    const next = [line];
    for (let column = 1; column <= b.length; column++) {
      const same = a[line - 1] === b[column - 1];
      let least = Math.min(
        at(row, column) + 1,
        at(next, column - 1) + 1,
        at(row, column - 1) + (same ? 0 : 1),
      );
      const exchanged = line > 1 && column > 1 && a[line - 1] === b[column - 2] &&
        a[line - 2] === b[column - 1];
      if (exchanged) least = Math.min(least, at(older, column - 2) + 1);
      next.push(least);
    }
    [older, row] = [row, next];
  }
  return at(row, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
