/** The requirements of the comparison, and whether the results meet them. */

import { BARESIP, SALA, SALA_FRAME_10, SALA_NO_ECHO_CANCEL } from "./programs.ts";
import type { VoiceResults } from "./voice_results.ts";
import type { Outcome } from "../measure/outcome.ts";

/** A requirement and its measurement. */
export interface MeasuredBar {
  readonly what: string;
  /** `at most 60 ms`, for example. */
  readonly expected: string;
  readonly measured: string;
  readonly met: boolean;
}

const MEDIAN_DELAY_MS = 60;
const DELAY_SPREAD_MS = 10;
const DELAY_RATIO = 0.3;
const FRAME_10_DELAY_MS = 50;
/** Least STOI, by condition. */
const LEAST_STOI: Readonly<Record<string, number>> = { clean: 0.95, loss10jitter30: 0.9, loss20: 0.8 };
const COST_RATIO = 1.5;
const COST_RATIO_WITH_ECHO_CANCELLING = 2.5;

/** Largest ratio of the JavaScript heap after an hour to that after 10 minutes: more would be a leak. */
const MEMORY_RATIO = 1.05;

/** Compares the results with all requirements that they cover. */
export function measureBars({ delay, speech, cost, hour }: VoiceResults): MeasuredBar[] {
  const bars: MeasuredBar[] = [];
  const atMost = (what: string, limit: number, value: number | undefined, digits: number, unit: string) => {
    if (value === undefined || Number.isNaN(value)) return;
    bars.push({
      what,
      expected: `at most ${limit}${unit}`,
      measured: `${value.toFixed(digits)}${unit}`,
      met: value <= limit,
    });
  };
  const [sala, frame10, other] = [SALA, SALA_FRAME_10, BARESIP].map((name) => success(delay.get(name)));
  atMost("Mouth to ear, median", MEDIAN_DELAY_MS, sala?.medianMs, 1, " ms");
  atMost("Mouth to ear, 95th percentile above the median", DELAY_SPREAD_MS, spread(sala), 1, " ms");
  atMost("Mouth to ear, beside baresip (ALSA)", DELAY_RATIO, ratio(sala?.medianMs, other?.medianMs), 2, "");
  atMost("Mouth to ear with `--frame 10`, median", FRAME_10_DELAY_MS, frame10?.medianMs, 1, " ms");
  for (const { condition, results } of speech) {
    const own = success(results.get(SALA))?.stoi;
    const least = LEAST_STOI[condition.id];
    if (own !== undefined && least !== undefined) {
      bars.push({
        what: `STOI, ${condition.name}`,
        expected: `at least ${least}`,
        measured: own.toFixed(4),
        met: own >= least,
      });
    }
    const others = success(results.get(BARESIP))?.stoi;
    if (own !== undefined && others !== undefined) {
      bars.push({
        what: `STOI, ${condition.name}, beside baresip`,
        expected: `above ${others.toFixed(4)}`,
        measured: own.toFixed(4),
        met: own > others,
      });
    }
  }
  const [full, plain, theirs] = [SALA, SALA_NO_ECHO_CANCEL, BARESIP].map((name) => success(cost.get(name)));
  atMost(
    "Processor time beside baresip (ALSA), `--no-echo-cancel`",
    COST_RATIO,
    ratio(plain?.cpu, theirs?.cpu),
    2,
    "",
  );
  atMost(
    "Processor time beside baresip (ALSA)",
    COST_RATIO_WITH_ECHO_CANCELLING,
    ratio(full?.cpu, theirs?.cpu),
    2,
    "",
  );
  const [, early] = hour;
  atMost(
    `Memory after an hour beside that after ${early?.minute} minutes`,
    MEMORY_RATIO,
    ratio(hour.at(-1)?.heapMib, early?.heapMib),
    3,
    "",
  );
  return bars;
}

/** The result, unless it failed. */
export function success<Result extends object>(outcome: Outcome<Result> | undefined): Result | undefined {
  return outcome === undefined || "failure" in outcome ? undefined : outcome;
}

/** A ratio, if both numbers are known. */
export function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}

function spread(
  delays: { readonly medianMs: number; readonly p95Ms: number } | undefined,
): number | undefined {
  return delays && delays.p95Ms - delays.medianMs;
}
