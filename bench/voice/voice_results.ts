import type { NamedCondition } from "./conditions.ts";
import type { CallCost } from "./cost.ts";
import type { Delays } from "./delay.ts";
import type { MemoryAt } from "./hour.ts";
import type { Outcome } from "../measure/outcome.ts";
import type { IntelligibilityResult } from "./intelligibility.ts";

/** What the comparison of voices found, by the programs' names. Parts that were not run are empty. */
export interface VoiceResults {
  readonly calibration: Delays | undefined;
  readonly delay: ReadonlyMap<string, Outcome<Delays>>;
  readonly speech: readonly {
    readonly condition: NamedCondition;
    readonly results: ReadonlyMap<string, IntelligibilityResult>;
  }[];
  readonly cost: ReadonlyMap<string, Outcome<CallCost>>;
  /** Of an hour of call in this program alone. */
  readonly hour: readonly MemoryAt[];
}

/** Under what circumstances. */
export interface VoiceCircumstances {
  readonly date: Date;
  readonly durationSeconds: number;
  readonly seed: string;
  /** Calls on each network, of which the one in the middle counts. */
  readonly calls: number;
  /** What was said. */
  readonly speech: string;
  /** Machine and versions. */
  readonly machine: string;
  /** Who could not take part, and what else makes the figures less than they could be, a sentence each. */
  readonly notes: readonly string[];
}
