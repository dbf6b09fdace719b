import type { NamedCondition } from "./conditions.ts";
import type { CallCost } from "./cost.ts";
import type { Delays } from "./delay.ts";
import type { MemoryAt } from "./hour.ts";
import type { Outcome } from "../measure/outcome.ts";
import type { Intelligibility } from "./intelligibility.ts";

/** Results by program name. Parts that were not run are empty. */
export interface VoiceResults {
  readonly calibration: Delays | undefined;
  readonly delay: ReadonlyMap<string, Outcome<Delays>>;
  readonly speech: readonly {
    readonly condition: NamedCondition;
    readonly results: ReadonlyMap<string, Outcome<Intelligibility>>;
  }[];
  readonly cost: ReadonlyMap<string, Outcome<CallCost>>;
  /** See `measureHour`. */
  readonly hour: readonly MemoryAt[];
}

/** Circumstances of the run. */
export interface VoiceCircumstances {
  readonly date: Date;
  readonly durationSeconds: number;
  readonly seed: string;
  /** Calls on each network, of which the median counts. */
  readonly calls: number;
  /** Description of the speech. */
  readonly speech: string;
  /** Machine and versions. */
  readonly machine: string;
  /** Absent programs and other limitations, one sentence each. */
  readonly notes: readonly string[];
}
