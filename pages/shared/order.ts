/** The order of messages on a ladder. */

import type { LadderMessage } from "../../lib/trace/ladder.ts";

/** By time, and by number where that is the same. */
export function inOrder(a: LadderMessage, b: LadderMessage): number {
  return a.at - b.at || a.number - b.number;
}

/** Where a message stands among others, or would. @param messages In order. */
export function placeOf(messages: readonly LadderMessage[], message: LadderMessage): number {
  return countWhile(messages, (other) => inOrder(other, message) < 0);
}

/** How many of the messages, from the first on, are so; after them none is. */
export function countWhile(
  messages: readonly LadderMessage[],
  isSo: (message: LadderMessage) => boolean,
): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSo(messages[middle] as LadderMessage)) low = middle + 1;
    else high = middle;
  }
  return low;
}
