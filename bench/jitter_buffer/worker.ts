/** Measures single calls of the ablation, on a thread of its own. */

import { DEFAULT_CONFIG } from "../../lib/jitter_buffer/config.ts";
import { hearCall, type Heard, judge, type Outcome, prepare, type Said, sendCall } from "./call.ts";
import type { Rule } from "./rules.ts";
import type { Scene } from "./scenes.ts";

/** What to measure: a call without each of the rules, and with all. */
export type Task =
  | { readonly speech: Float32Array }
  | { readonly scene: Scene; readonly seed: number; readonly rules: readonly Rule[] };

/** What one call was like. */
export interface Measurement extends Outcome {
  readonly scene: string;
  readonly seed: number;
  /** The rule that was off, or "" for none. */
  readonly rule: string;
}

let said: Said;

/** The part of a worker's global scope that is used here. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<Task>) => void;
  postMessage(measurements: readonly Measurement[]): void;
};

scope.onmessage = async ({ data }) => {
  if ("speech" in data) said = prepare(data.speech);
  else scope.postMessage(await measure(data.scene, data.seed, data.rules));
};

async function measure(scene: Scene, seed: number, rules: readonly Rule[]): Promise<Measurement[]> {
  const name = `${scene.id} ${seed}`;
  const arrivals = await sendCall(said, scene, name);
  const whole = await hearCall(said, scene, name, arrivals, DEFAULT_CONFIG);
  const outcome = judge(said, whole);
  const measurements = [{ scene: scene.id, seed, rule: "", ...outcome }];
  for (const { id, off } of rules) {
    const heard = await hearCall(said, scene, name, arrivals, { ...DEFAULT_CONFIG, ...off });
    const same = isSame(whole, heard);
    measurements.push({ scene: scene.id, seed, rule: id, ...(same ? outcome : judge(said, heard)) });
  }
  return measurements;
}

/** Whether a rule made no difference at all. */
function isSame(one: Heard, other: Heard): boolean {
  return one.samples.every((sample, index) => sample === other.samples[index]);
}
