/** The network conditions of the comparison. */

import type { Condition } from "../../testing/netem/impairment.ts";

/** A condition with a name for the command line. */
export interface NamedCondition extends Condition {
  readonly id: string;
}

/** The first is without impairment. */
export const CONDITIONS: readonly NamedCondition[] = [
  { id: "clean", name: "clean" },
  { id: "loss5", name: "5 % loss", loss: { kind: "random", probability: 0.05 } },
  { id: "loss10", name: "10 % loss", loss: { kind: "random", probability: 0.1 } },
  { id: "loss20", name: "20 % loss", loss: { kind: "random", probability: 0.2 } },
  {
    id: "bursts10",
    name: "10 % loss in bursts of 3",
    loss: { kind: "bursts", probability: 0.1, meanBurst: 3 },
  },
  { id: "jitter30", name: "30 ms jitter", jitter: { kind: "uniform", maximumMs: 30, keepsOrder: false } },
  { id: "jitter80", name: "80 ms jitter", jitter: { kind: "uniform", maximumMs: 80, keepsOrder: false } },
  {
    id: "loss10jitter30",
    name: "10 % loss, 30 ms jitter",
    loss: { kind: "random", probability: 0.1 },
    jitter: { kind: "uniform", maximumMs: 30, keepsOrder: false },
  },
  // Held for 2.5 packets, so that two overtake it.
  { id: "reorder2", name: "2 % reordering", reordering: { probability: 0.02, holdMs: 50 } },
  {
    id: "wifi",
    name: "like Wi-Fi",
    loss: { kind: "random", probability: 0.01 },
    jitter: { kind: "gamma", maximumMs: 10, keepsOrder: true },
    stalls: { gapMs: [1000, 4000], lengthMs: [50, 150] },
  },
];

/** A condition in words, for reports. */
export function describe({ baseDelayMs, loss, jitter, reordering, duplication, stalls }: Condition): string {
  const percent = (part: number) => `${100 * part} %`;
  const parts: string[] = [];
  if (baseDelayMs !== undefined) parts.push(`${baseDelayMs} ms of fixed delay`);
  if (loss?.kind === "random") parts.push(`${percent(loss.probability)} lost, each packet for itself`);
  if (loss?.kind === "bursts") {
    parts.push(`${percent(loss.probability)} lost, ${loss.meanBurst} in a row on average (Gilbert-Elliott)`);
  }
  if (jitter) {
    const kind = { uniform: "uniform", half_normal: "half-normal", gamma: "gamma" }[jitter.kind];
    const order = jitter.keepsOrder ? "order kept" : "overtaking allowed";
    parts.push(`0 to ${jitter.maximumMs} ms of delay, ${kind}, ${order}`);
  }
  if (reordering) parts.push(`${percent(reordering.probability)} held back for ${reordering.holdMs} ms`);
  if (duplication) parts.push(`${percent(duplication.probability)} twice`);
  if (stalls) {
    const [range, gaps] = [stalls.lengthMs.join(" to "), stalls.gapMs.map((ms) => ms / 1000).join(" to ")];
    parts.push(`nothing for ${range} ms every ${gaps} s, then all of it at once`);
  }
  return parts.join("; ") || "nothing";
}
