/** Rules of the jitter buffer that plain NetEQ practice does without, each with the change that takes it out. */

import type { JitterBufferConfig } from "../../lib/jitter_buffer/config.ts";

export interface Rule {
  readonly id: string;
  /** What it does, in a few words. */
  readonly effect: string;
  /** Why it stays although it pays on none of these networks. */
  readonly reason?: string;
  /** The configuration without it. */
  readonly off: Partial<JitterBufferConfig>;
}

const NEVER = Infinity;
/** Nearly no weight, where 0 would divide by 0. */
const HARDLY = 1e-9;

export const RULES: readonly Rule[] = [
  { id: "hold", effect: "the longest in-time delay of 20 s stays the target", off: { holdMs: -1 } },
  {
    id: "young",
    effect: "a young stream's histogram forgets faster",
    off: { youngMemoryShare: NEVER },
  },
  {
    id: "burst",
    effect: "packets that come together weigh less",
    reason: "one stall, after which all comes at once, must not raise the delay",
    off: { burstWeight: 1 },
  },
  {
    id: "peaks",
    effect: "recurring peaks are waited for",
    reason: "NetEQ's own: less is concealed on Wi-Fi",
    off: { peakMs: NEVER },
  },
  { id: "peak-free", effect: "no peaks in the first 3 s", off: { peakFreePackets: 0 } },
  {
    id: "below-longest",
    effect: "the target stays 60 ms below the longest delay",
    reason: "none of these networks is so slow",
    off: { targetBelowLongestMs: 0 },
  },
  { id: "pause", effect: "less excess is tolerated in pauses", off: { pauseMs: NEVER } },
  {
    id: "join",
    effect: "a packet that is late for once is joined in its middle",
    reason: "a phone that stalls, on seeds 3001 to 3016",
    off: { longestJoinMs: 0 },
  },
  {
    id: "reserve",
    effect: "corrections leave 6 ms beyond the target",
    reason: "NetEQ's hysteresis: fewer corrections",
    off: { reserveMs: 0 },
  },
  {
    id: "reserve-share",
    effect: "or a quarter of the target",
    reason: "at 30 ms of jitter speech has fewer corrections",
    off: { reserveShare: 0 },
  },
  {
    id: "urgency",
    effect: "worse seams are accepted the further the delay is off",
    reason: "NetEQ's fast mode: the way back where speech never pauses",
    off: { urgentLackMs: NEVER, urgentExcessMs: NEVER },
  },
  {
    id: "correction-pause",
    effect: "corrections are 40 ms apart",
    reason: "NetEQ's own: each correction is audible",
    off: { correctionPauseMs: 0 },
  },
  {
    id: "fastest",
    effect: "the base is the 2 % quantile, not the fastest packet",
    reason: "clocks that drift, which these calls have not",
    off: { fastestShare: HARDLY },
  },
  {
    id: "clock-start",
    effect: "how a loudspeaker starts is forgotten sooner",
    reason: "loudspeakers that start late, which these calls have not",
    off: { clockHalfWeightRequests: HARDLY },
  },
  { id: "clock-stall", effect: "a loudspeaker far behind has stood still", off: { clockStallMs: NEVER } },
  { id: "seam-search", effect: "30 ms are decoded to find a seam in", off: { seamSearchMs: 0 } },
];
