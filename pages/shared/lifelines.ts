/** Which lifelines a ladder shows, and in which order. */

import { type LadderMessage, lifelineKey, type Party } from "../../lib/trace/ladder.ts";

/**
 * The lifelines of messages, in order: the registry first, then those that were there before, then new ones in order of appearance.
 * Those from before that no message needs stay while there is room.
 *
 * @param room Number of lifelines that are wide enough to read.
 * @param own The reader's own one, which stands beside the registry.
 */
export function lifelinesOf(
  messages: readonly LadderMessage[],
  before: readonly Party[],
  room: number,
  own?: Party,
): Party[] {
  const needed = new Map<string, Party>();
  for (const { from, to } of messages) {
    for (const party of [from, to]) {
      const key = lifelineKey(party);
      if (!needed.has(key)) needed.set(key, party);
    }
  }
  const old = before.map((party) => [lifelineKey(party), party] as const);
  const isNew = [...needed.keys()].filter((key) => old.every(([other]) => other !== key));
  let spare = room - needed.size;
  const kept = old.filter(([key]) => needed.has(key) || spare-- > 0);
  const all = [...kept, ...isNew.map((key) => [key, needed.get(key) as Party] as const)];
  const first = ["registry", ...own ? [lifelineKey(own)] : []].reverse();
  return all.toSorted(([a], [b]) => first.indexOf(b) - first.indexOf(a))
    .map(([key, party]) => needed.get(key) ?? party);
}
