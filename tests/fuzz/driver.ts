/** Tries to break a target with inputs mutated from a seed, and keeps for mutation those that reach something new. */

import { seededRandom } from "../../testing/netem/random.ts";
import type { Coverage, Reached } from "./coverage.ts";
import { type FuzzTarget, USUAL_MAX_BYTES } from "./fuzz_target.ts";
import { Mutator } from "./mutator.ts";

/** An input at which a target breaks a promise. */
export interface Finding {
  /** As short as it could be made. */
  readonly input: Uint8Array;
  readonly error: Error;
}

/** The outcome of fuzzing a target. */
export interface FuzzResult {
  /** Inputs that it got, without repetitions. */
  readonly inputs: number;
  /** Steps of all of them. */
  readonly events: number;
  readonly seconds: number;
  /** Inputs that reached new blocks, in their order. */
  readonly reaching: readonly Uint8Array[];
  readonly findings: readonly Finding[];
}

/** When to stop: at the first that is reached. */
export interface FuzzOptions {
  /** The same seed makes the same inputs. */
  readonly seed: number;
  readonly events: number;
  readonly seconds?: number;
  /** Findings of different kinds after which it stops; {@linkcode ENOUGH_FINDINGS} unless told. */
  readonly enough?: number;
  /** Kept inputs, which are mutated, too. */
  readonly kept?: readonly Uint8Array[];
  /** Guides the inputs to new blocks. */
  readonly coverage?: Coverage | undefined;
  /** Gets each input before the target does, so that one that never ends is known. */
  readonly onInput?: (input: Uint8Array) => void;
}

/** Inputs with a new outcome that are mutated, at most; as many that reach new blocks. */
const MOST_IN_POOL = 500;

/** Findings of different kinds after which there is enough to do. */
const ENOUGH_FINDINGS = 10;

/** Attempts to make a finding shorter. */
const SHORTENINGS = 500;

/** Inputs between two looks at the coverage, each of which takes some milliseconds; more while nothing new comes. */
const SMALLEST_BATCH = 16;
const LARGEST_BATCH = 1024;

/** Fuzzes a target. Its own seeds come first, as they are. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, seconds = Infinity, kept = [], coverage, onInput = () => {} } = options;
  const { seeds, tokens = [], maxBytes = USUAL_MAX_BYTES } = target;
  const mutator = new Mutator(seededRandom(seed ^ hash(target.name)), tokens, maxBytes);
  const first = [...seeds, ...kept];
  const pool: Uint8Array[] = [...first];
  const known = new Set<string>();
  const findings = new Map<string, Finding>();
  const enough = options.enough ?? ENOUGH_FINDINGS;
  const start = performance.now();
  let inputs = 0;
  let events = 0;
  let newOutcomes = 0;
  const reaching: Uint8Array[] = [];

  /** @returns Whether the target kept its promises. */
  function give(input: Uint8Array): boolean {
    onInput(input);
    try {
      const outcome = target.run(input);
      events += Math.max(1, outcome.events);
      if (!known.has(outcome.came)) {
        known.add(outcome.came);
        if (newOutcomes++ < MOST_IN_POOL) pool.push(input.slice());
      }
      return true;
    } catch (error) {
      events++;
      const finding = shortest(target, { input: input.slice(), error: asError(error) });
      const kind = kindOf(finding.error);
      if (!findings.has(kind)) findings.set(kind, finding);
      return false;
    }
  }

  /** Runs inputs again. @returns The blocks that they reach. */
  function repeat(coverage: Coverage, batch: readonly Uint8Array[]): Promise<Reached> {
    for (const input of batch) {
      onInput(input);
      errorOf(target, input);
    }
    return coverage.take();
  }

  /** Puts those inputs of a batch into the pool that reach new blocks: halves it until it has found each. */
  async function search(coverage: Coverage, batch: readonly Uint8Array[]): Promise<void> {
    const reached = await repeat(coverage, batch);
    if (!coverage.hasNew(reached)) return;
    if (batch.length === 1) {
      coverage.accept(reached);
      if (reaching.length < MOST_IN_POOL) pool.push(...batch);
      reaching.push(...batch);
      return;
    }
    const middle = batch.length >> 1;
    await search(coverage, batch.slice(0, middle));
    await search(coverage, batch.slice(middle));
  }

  const isOver = () =>
    events >= options.events || findings.size >= enough || performance.now() - start >= 1000 * seconds;
  let batchSize = SMALLEST_BATCH;
  await coverage?.take(); // what was reached before counts for nothing
  while (!isOver()) {
    const batch: Uint8Array[] = [];
    while (batch.length < batchSize && !isOver()) {
      const input = first[inputs] ?? mutator.next(pool);
      inputs++;
      if (give(input) && coverage) batch.push(input);
    }
    batchSize = Math.min(2 * batchSize, LARGEST_BATCH);
    const reached = await coverage?.take();
    if (!coverage || !reached || !coverage.hasNew(reached)) continue;
    const before = reaching.length;
    await search(coverage, batch);
    // Some blocks only run once, such as those that fill a table: no input reaches them again.
    coverage.accept(reached);
    if (reaching.length > before) batchSize = SMALLEST_BATCH;
  }
  return {
    inputs,
    events,
    seconds: (performance.now() - start) / 1000,
    reaching,
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
