/** What the jitter buffer decides by: each number with its unit, its effect and the reason for it. */

/** Times are milliseconds, shares are 0 to 1. */
export interface JitterBufferConfig {
  /** Share of packets that the target waits for. Later ones cost less as losses than as delay. */
  readonly inTimeShare: number;
  /** The longest delay in this time stays the target, because each change is audible. */
  readonly holdMs: number;
  /** Younger streams hold nothing: their first packets are late for reasons of their own. */
  readonly holdFromAgeMs: number;
  /** Share of packets that are faster than the base of all delays; one packet may be a clock's mistake. */
  readonly fastestShare: number;
  /** Sound beyond the fastest packets' delay that may gather; more is no conversation. */
  readonly longestDelayMs: number;
  /** The target stays below it by this, or networks with longer delays would have their packets skipped all the time. */
  readonly targetBelowLongestMs: number;
  /** Packets that remain of a backlog that was skipped. */
  readonly keptPackets: number;
  /** A timestamp further from the playout position than this starts a new stream. */
  readonly longestJumpMs: number;
  /** The stream ends after this time without a packet. */
  readonly longestExpansionMs: number;
  /** Length of what replaces sound while no packet is there. */
  readonly expansionMs: number;
  /** A packet that is late by at most this is joined in its middle; a later one is played whole, and accelerated. */
  readonly longestJoinMs: number;
  /** Cross-fade from concealment to the middle of a late packet. */
  readonly joinFadeMs: number;

  /** Memory of the delay histogram: a packet's weight falls to 1/e in this time. */
  readonly histogramMemoryMs: number;
  /** A young stream's memory is this share of its age, so that its beginning is forgotten. */
  readonly youngMemoryShare: number;
  /** The shortest memory of a young stream. */
  readonly shortestMemoryMs: number;
  /** Packets closer than this were queued together and measure the same wait. */
  readonly burstGapMs: number;
  /** Weight in the histogram of each packet of such a burst but the first. */
  readonly burstWeight: number;

  /** Share of packets whose delay is ordinary, and no peak. */
  readonly ordinaryShare: number;
  /** A packet this much later than ordinary ones belongs to a peak. */
  readonly peakMs: number;
  /** Late packets within this time are one peak, because a queue empties at once. */
  readonly onePeakMs: number;
  /** Two peaks within this time recur, for as long as the next one comes within it. */
  readonly peakPeriodMs: number;
  /** The highest peak of this time is waited for. */
  readonly peakMemoryMs: number;
  /** Packets at the start that are no peaks. */
  readonly peakFreePackets: number;

  /** How long fewer redundant frames do not lower the wait: loud frames and silence leave them out. */
  readonly redundancyMemoryMs: number;

  /** Excess over the target that is left alone in speech, where each change is audible. */
  readonly speechExcessMs: number;
  /** The same as a share of the target; the larger of both counts. */
  readonly speechExcessShare: number;
  /** Quiet that makes a pause, in which corrections are not heard. */
  readonly pauseMs: number;
  /** Excess that is left alone in pauses. */
  readonly pauseExcessMs: number;
  /** The same as a share of the target; the larger of both counts. */
  readonly pauseExcessShare: number;
  /** Corrections leave this much delay beyond the target, so that the next one is not needed soon. */
  readonly reserveMs: number;
  /** The same as a share of the target; the larger of both counts. */
  readonly reserveShare: number;
  /** Lack of delay at which any seam is accepted, because packets come late. */
  readonly urgentLackMs: number;
  /** Excess of delay at which any seam is accepted. */
  readonly urgentExcessMs: number;
  /** Time between two corrections. */
  readonly correctionPauseMs: number;
  /** Decoded sound to find a seam in: more than two periods of a low voice. */
  readonly seamSearchMs: number;
  /** Longest correction at once: one period of the lowest voice. */
  readonly longestCorrectionMs: number;

  /** Weight of a request that shows the loudspeaker's clock behind: slow, because blocks make it jump. */
  readonly clockBehindWeight: number;
  /** The clock is ahead once it was so twice in this many requests: once is an accident. */
  readonly clockRequests: number;
  /** After this many requests the next weighs a half, later ones less: how a loudspeaker starts is soon forgotten. */
  readonly clockHalfWeightRequests: number;
  /** The loudspeaker stood still if its clock stays behind by this. */
  readonly clockStallMs: number;
  /** Requests in a row that show a standstill. */
  readonly clockStallRequests: number;
}

/** What calls use. */
export const DEFAULT_CONFIG: JitterBufferConfig = {
  inTimeShare: 0.985,
  holdMs: 20_000,
  holdFromAgeMs: 4_000,
  fastestShare: 0.02,
  longestDelayMs: 400,
  targetBelowLongestMs: 60,
  keptPackets: 3,
  longestJumpMs: 5_000,
  longestExpansionMs: 500,
  expansionMs: 10,
  longestJoinMs: 80,
  joinFadeMs: 5,
  histogramMemoryMs: 4_000,
  youngMemoryShare: 0.4,
  shortestMemoryMs: 100,
  burstGapMs: 3,
  burstWeight: 0.1,
  ordinaryShare: 0.75,
  peakMs: 40,
  onePeakMs: 400,
  peakPeriodMs: 8_500,
  peakMemoryMs: 16_000,
  peakFreePackets: 150,
  redundancyMemoryMs: 3_000,
  speechExcessMs: 30,
  speechExcessShare: 2,
  pauseMs: 150,
  pauseExcessMs: 9,
  pauseExcessShare: 3 / 8,
  reserveMs: 6,
  reserveShare: 1 / 4,
  urgentLackMs: 50,
  urgentExcessMs: 300,
  correctionPauseMs: 40,
  seamSearchMs: 30,
  longestCorrectionMs: 15,
  clockBehindWeight: 1 / 250,
  clockRequests: 8,
  clockHalfWeightRequests: 2,
  clockStallMs: 40,
  clockStallRequests: 10,
};
