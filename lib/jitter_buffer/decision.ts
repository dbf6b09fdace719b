/** Decides what the jitter buffer does next: a table from its state to a named operation. It changes nothing. */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import type { JitterBufferConfig } from "./config.ts";

/** What to do next. */
export type Operation =
  /** Drop the oldest packets: more has gathered than anybody may wait for. */
  | "skip"
  /** Play silence: there is no stream. */
  | "silence"
  /** End the stream: nothing has come for long. The next packet begins another. */
  | "restart"
  /** Decode the next packet. */
  | "normal"
  /** Decode the missing frame from the copy in the packet behind it. */
  | "recover"
  /** Make up sound for what is missing, or has not come yet. */
  | "conceal"
  /** Make up a background for silence that was not sent. */
  | "comfort_noise"
  /** Cut a pitch period out of what is decoded, then play. */
  | "accelerate"
  /** Repeat one, then play. */
  | "slow_down"
  /** Play what is decoded. */
  | "play";

/** What the decision depends on. Lengths are samples. */
export interface State {
  /** Whether as much is decoded as is asked for. */
  readonly enough: boolean;
  /** Whether there is a stream. */
  readonly streaming: boolean;
  /** Packets that wait. */
  readonly packets: number;
  /** Sound from the playout position to the newest packet, where that waits; else 0. */
  readonly backlog: number;
  /** Missing packets before the first that waits. */
  readonly missing: number;
  /** Time between what is decoded, or was made up meanwhile, and the first packet that waits. */
  readonly gap: number;
  readonly frameSamples: number;
  /** Whether the first packet that waits carries a copy of the one before it. */
  readonly carriesCopy: boolean;
  /** Whether the last packet said that it is silent. */
  readonly silent: boolean;
  /** Made up since the last packet because none was there. */
  readonly expanded: number;
  /** Whether time-scaling is possible: allowed, and there is decoded sound. */
  readonly scalable: boolean;
  /** Playout delay beyond the target; less than 0 where it lacks. */
  readonly excess: number;
  /** The target beyond the fastest packets' delay. */
  readonly spread: number;
  /** For how long nobody has spoken. */
  readonly quiet: number;
  /** Time since the last correction. */
  readonly sinceCorrection: number;
}

/** A correction that a state asks for. */
export interface Correction {
  /** Samples to add, or less than 0 to cut. */
  readonly samples: number;
  /** 0 to 1: at 1 any seam is good enough. */
  readonly urgency: number;
}

/** The first row that applies is done. */
const TABLE: readonly (readonly [Operation, (state: State, config: JitterBufferConfig) => boolean])[] = [
  ["skip", (s, c) => s.packets > c.keptPackets && s.backlog > c.longestDelayMs * SAMPLES_PER_MS],
  ["accelerate", (s, c) => s.enough && correctionOf(s, c).samples < 0],
  ["slow_down", (s, c) => s.enough && correctionOf(s, c).samples > 0],
  ["play", (s) => s.enough],
  ["silence", (s) => !s.streaming],
  ["restart", (s, c) => s.packets === 0 && s.expanded >= c.longestExpansionMs * SAMPLES_PER_MS],
  ["conceal", (s) => s.packets === 0 && !s.silent],
  ["comfort_noise", (s) => s.packets === 0],
  ["recover", (s) => s.missing > 0 && s.gap > 0 && s.gap <= s.frameSamples && s.carriesCopy],
  ["normal", (s, c) => s.gap <= 0 || s.gap >= c.longestDelayMs * SAMPLES_PER_MS],
  ["conceal", (s) => s.missing > 0 || !s.silent],
  ["comfort_noise", () => true],
];

/** The operation for a state. */
export function decide(state: State, config: JitterBufferConfig): Operation {
  return TABLE.find(([, applies]) => applies(state, config))![0];
}

const NO_CORRECTION: Correction = { samples: 0, urgency: 0 };

/** What brings the playout delay nearer to the target where that is not heard, or more urgent than that. */
export function correctionOf(state: State, config: JitterBufferConfig): Correction {
  const { excess, spread } = state;
  if (!state.scalable || state.expanded > 0) return NO_CORRECTION;
  const urgentMs = excess < 0 ? config.urgentLackMs : config.urgentExcessMs;
  const urgency = Math.min(1, Math.abs(excess) / (urgentMs * SAMPLES_PER_MS));
  if (state.sinceCorrection < config.correctionPauseMs * SAMPLES_PER_MS) return NO_CORRECTION;
  if (excess >= 0 && excess <= toleratedExcess(state, config)) return NO_CORRECTION;
  const reserve = Math.max(config.reserveMs * SAMPLES_PER_MS, config.reserveShare * spread);
  return { samples: reserve - excess, urgency };
}

/** The excess that is left alone: in speech each change is heard, and networks take turns. */
function toleratedExcess({ silent, quiet, spread }: State, config: JitterBufferConfig): number {
  const [excessMs, share] = silent || quiet > config.pauseMs * SAMPLES_PER_MS
    ? [config.pauseExcessMs, config.pauseExcessShare]
    : [config.speechExcessMs, config.speechExcessShare];
  return Math.max(excessMs * SAMPLES_PER_MS, share * spread);
}
