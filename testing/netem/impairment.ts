/** What a bad network does to a stream of packets, without any network: decisions from a seed. */

import { exponential, normal, type Random, seededRandom } from "./random.ts";

/** Which packets get lost. */
export type Loss =
  /** Each for itself. */
  | { readonly kind: "random"; readonly probability: number }
  /**
   * In bursts: a good state in which nothing is lost and a bad one in which everything is (Gilbert, 1960, the simple
   * case of Elliott's model).
   *
   * `probability` is the share that is lost in all, `meanBurst` the packets lost one after the other on average.
   */
  | { readonly kind: "bursts"; readonly probability: number; readonly meanBurst: number };

/** Delay that differs from packet to packet. */
export interface Jitter {
  /**
   * `uniform` from 0 to the maximum; `half_normal` with a deviation of a third of it; `gamma` of shape 2 with a mean
   * of a quarter of it. What would go past the maximum is delayed by the maximum.
   */
  readonly kind: "uniform" | "half_normal" | "gamma";
  readonly maximumMs: number;
  /** Whether a packet waits for those before it, as in one queue; else it may overtake them. */
  readonly keepsOrder: boolean;
}

/** Moments in which nothing comes through, after which everything comes at once, as on a busy wireless channel. */
export interface Stalls {
  /** Between the end of one and the start of the next, in milliseconds, evenly spread. */
  readonly gapMs: readonly [least: number, most: number];
  /** How long one lasts, in milliseconds, evenly spread. */
  readonly lengthMs: readonly [least: number, most: number];
}

/** A kind of network. What is left out does not happen. */
export interface Condition {
  /** In a few words, for tables. */
  readonly name: string;
  readonly baseDelayMs?: number;
  readonly loss?: Loss;
  readonly jitter?: Jitter;
  /** Some packets are held back for a fixed time, so that those after them overtake them. */
  readonly reordering?: { readonly probability: number; readonly holdMs: number };
  /** Some packets come twice, the second time right after the first. */
  readonly duplication?: { readonly probability: number };
  readonly stalls?: Stalls;
}

/**
 * One direction of a network. Each kind of damage draws its numbers from a sequence of its own, once a packet, so
 * that the k-th packet is lost or not whatever else happens to it, and whoever sent it.
 */
export class Impairment {
  readonly #condition: Condition;
  readonly #loss: () => boolean;
  readonly #jitter: () => number;
  readonly #reordering: Random;
  readonly #duplication: Random;
  readonly #stalls: StallSchedule | undefined;
  #startMs: number | undefined;
  #lastDueMs = -Infinity;

  /**
   * @param seed Any text; a direction or a stream should have one of its own.
   */
  constructor(condition: Condition, seed: string) {
    this.#condition = condition;
    this.#loss = lossModel(condition.loss, seededRandom(`${seed} loss`));
    this.#jitter = jitterModel(condition.jitter, seededRandom(`${seed} jitter`));
    this.#reordering = seededRandom(`${seed} reordering`);
    this.#duplication = seededRandom(`${seed} duplication`);
    if (condition.stalls) this.#stalls = new StallSchedule(condition.stalls, seededRandom(`${seed} stalls`));
  }

  /**
   * Decides what becomes of the next packet.
   *
   * @param nowMs When it came, on any clock that does not go backwards. Stalls are counted from the first packet.
   * @returns When it is to be delivered, on the same clock: not at all, once, or twice.
   */
  decide(nowMs: number): readonly number[] {
    this.#startMs ??= nowMs;
    const { baseDelayMs = 0, jitter, reordering, duplication } = this.#condition;
    const lost = this.#loss();
    const jitterMs = this.#jitter();
    const held = this.#reordering() < (reordering?.probability ?? 0);
    const twice = this.#duplication() < (duplication?.probability ?? 0);
    if (lost) return [];
    let dueMs = nowMs + baseDelayMs + jitterMs;
    if (this.#stalls) dueMs = this.#startMs + this.#stalls.release(dueMs - this.#startMs);
    if (jitter?.keepsOrder) dueMs = Math.max(dueMs, this.#lastDueMs);
    this.#lastDueMs = Math.max(dueMs, this.#lastDueMs);
    if (held) dueMs += reordering!.holdMs;
    return twice ? [dueMs, dueMs] : [dueMs];
  }
}

function lossModel(loss: Loss | undefined, random: Random): () => boolean {
  if (!loss) return () => false;
  const { probability } = loss;
  if (loss.kind === "random") return () => random() < probability;
  // Bursts end after `meanBurst` packets on average; they begin as often as makes the bad state's share right.
  const leave = 1 / loss.meanBurst;
  const enter = leave * probability / (1 - probability);
  let bad = random() < probability;
  return () => {
    const lost = bad;
    bad = random() < (bad ? 1 - leave : enter);
    return lost;
  };
}

function jitterModel(jitter: Jitter | undefined, random: Random): () => number {
  if (!jitter) return () => 0;
  const { kind, maximumMs } = jitter;
  const draw = {
    uniform: () => maximumMs * random(),
    half_normal: () => maximumMs / 3 * Math.abs(normal(random)),
    gamma: () => maximumMs / 8 * (exponential(random) + exponential(random)),
  }[kind];
  return () => Math.min(maximumMs, draw());
}

/** When the channel is stalled, in milliseconds from the start; asked with times that may go back a little. */
class StallSchedule {
  readonly #stalls: Stalls;
  readonly #random: Random;
  readonly #planned: { readonly startMs: number; readonly endMs: number }[] = [];

  constructor(stalls: Stalls, random: Random) {
    this.#stalls = stalls;
    this.#random = random;
  }

  /** When what is due at some time comes through. */
  release(dueMs: number): number {
    let last = this.#planned.at(-1);
    while (!last || last.endMs <= dueMs) {
      const startMs = (last?.endMs ?? 0) + this.#between(this.#stalls.gapMs);
      last = { startMs, endMs: startMs + this.#between(this.#stalls.lengthMs) };
      this.#planned.push(last);
    }
    const stall = this.#planned.findLast(({ startMs }) => startMs <= dueMs);
    return stall ? Math.max(dueMs, stall.endMs) : dueMs;
  }

  #between([least, most]: readonly [number, number]): number {
    return least + (most - least) * this.#random();
  }
}
