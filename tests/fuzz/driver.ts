/** Tries to break a target: mutates inputs from a seed, keeps those that come to something new, and what it finds. */

import { seededRandom } from "../../testing/netem/random.ts";
import { type FuzzTarget, USUAL_MAX_BYTES } from "./fuzz_target.ts";
import { Mutator } from "./mutator.ts";

/** An input at which a target breaks a promise. */
export interface Finding {
  /** As short as it could be made. */
  readonly input: Uint8Array;
  readonly error: Error;
}

/** What came of fuzzing a target. */
export interface FuzzResult {
  /** Inputs that were given to it. */
  readonly inputs: number;
  /** Steps of all of them. */
  readonly events: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
}

/** When to stop: at the first that is reached. */
export interface FuzzOptions {
  /** The same seed makes the same inputs. */
  readonly seed: number;
  /** Steps after which it is enough. */
  readonly events: number;
  /** Seconds after which it is enough, whatever has been done by then. */
  readonly seconds?: number;
  /** Kept inputs, which are mutated, too. */
  readonly kept?: readonly Uint8Array[];
  /** Told of each input before it is run, so that one that never ends is known. */
  readonly onInput?: (input: Uint8Array) => void;
}

/** Inputs that came to something new and are mutated further, at most. */
const MOST_IN_POOL = 500;

/** Findings of different kinds after which there is enough to do. */
const ENOUGH_FINDINGS = 10;

/** Attempts to make a finding shorter. */
const SHORTENINGS = 500;

/** Inputs between two looks at the clock. */
const LOOK_INTERVAL = 64;

/** Fuzzes a target. Its own seeds come first, as they are. */
export function fuzz(target: FuzzTarget, options: FuzzOptions): FuzzResult {
  const { seed, seconds = Infinity, kept = [], onInput = () => {} } = options;
  const { seeds, tokens = [], maxBytes = USUAL_MAX_BYTES } = target;
  const mutator = new Mutator(seededRandom(seed ^ hash(target.name)), tokens, maxBytes);
  const first = [...seeds, ...kept];
  const pool: Uint8Array[] = [...first];
  const known = new Set<string>();
  const findings = new Map<string, Finding>();
  const start = performance.now();
  let inputs = 0;
  let events = 0;
  while (events < options.events && findings.size < ENOUGH_FINDINGS) {
    if (inputs % LOOK_INTERVAL === 0 && performance.now() - start > 1000 * seconds) break;
    const input = first[inputs] ?? mutator.next(pool);
    inputs++;
    onInput(input);
    try {
      const outcome = target.run(input);
      events += Math.max(1, outcome.events);
      if (known.has(outcome.came)) continue;
      known.add(outcome.came);
      if (pool.length < MOST_IN_POOL) pool.push(input.slice());
    } catch (error) {
      events++;
      const finding = shortest(target, { input: input.slice(), error: asError(error) });
      const kind = kindOf(finding.error);
      if (!findings.has(kind)) findings.set(kind, finding);
    }
  }
  return {
    inputs,
    events,
    seconds: (performance.now() - start) / 1000,
    findings: [...findings.values()],
  };
}

/** Takes pieces out of an input, ever smaller ones, as long as it breaks the same promise. */
function shortest(target: FuzzTarget, finding: Finding): Finding {
  const kind = kindOf(finding.error);
  let best = finding;
  let attempts = 0;
  for (let length = best.input.length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at + length <= best.input.length && attempts < SHORTENINGS;) {
      attempts++;
      const shorter = new Uint8Array(best.input.length - length);
      shorter.set(best.input.subarray(0, at));
      shorter.set(best.input.subarray(at + length), at);
      const error = errorOf(target, shorter);
      if (error && kindOf(error) === kind) best = { input: shorter, error };
      else at += length;
    }
  }
  return best;
}

function errorOf(target: FuzzTarget, input: Uint8Array): Error | undefined {
  try {
    target.run(input);
  } catch (error) {
    return asError(error);
  }
}

/** What two errors have in common that are the same mistake: what is said, numbers and quotations aside, and where. */
function kindOf(error: Error): string {
  const message = error.message.split("\n")[0]?.replace(/\d[\d.e+]*|"[^"]*"/g, "#") ?? "";
  const place = /\/(?:lib|audio)\/(?!offline_std)\S+/.exec(error.stack ?? "")?.[0] ?? "";
  return `${error.name} ${message} ${place}`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Gives each target random numbers of its own (FNV-1a). */
function hash(text: string): number {
  let value = 0x811c_9dc5;
  for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 0x0100_0193);
  return value;
}
