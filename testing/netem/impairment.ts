/** Network emulation: what a network does to each packet of a stream, decided from a seed. It opens no socket. */

import { exponential, normal, type Random, seededRandom } from "./random.ts";

/** Which packets get lost. */
export type Loss =
  /** Each packet independently. */
  | { readonly kind: "random"; readonly probability: number }
  /**
   * In bursts: a good state in which nothing is lost and a bad one in which everything is (Gilbert, 1960, the simple case
   * of Elliott's model). `probability` is the overall loss, `meanBurst` the mean burst length in packets.
   */
  | { readonly kind: "bursts"; readonly probability: number; readonly meanBurst: number };

/** Delay that varies from packet to packet. */
export interface Jitter {
  /**
   * `uniform` from 0 to the maximum; `half_normal` with a standard deviation of a third of it; `gamma` of shape 2 with a
   * mean of a quarter of it. Larger values are clipped to the maximum.
   */
  readonly kind: "uniform" | "half_normal" | "gamma";
  readonly maximumMs: number;
  /** Whether packets stay in order, as in one queue; otherwise a packet may overtake earlier ones. */
  readonly keepsOrder: boolean;
}

/** Stalls as on a busy wireless channel: nothing arrives during one, and everything held arrives at its end. */
export interface Stalls {
  /** From the end of one to the start of the next in milliseconds, uniform. */
  readonly gapMs: readonly [least: number, most: number];
  /** Duration in milliseconds, uniform. */
  readonly lengthMs: readonly [least: number, most: number];
}

/** A network condition. An impairment that is left out does not happen. */
export interface Condition {
  /** For tables. */
  readonly name: string;
  readonly baseDelayMs?: number;
  readonly loss?: Loss;
  readonly jitter?: Jitter;
  /** Some packets are held for a fixed time, so that later ones overtake them. */
  readonly reordering?: { readonly probability: number; readonly holdMs: number };
  /** Some packets arrive twice: the copy up to `laterMs` after the packet, uniform; right after it if left out. */
  readonly duplication?: { readonly probability: number; readonly laterMs?: number };
  readonly stalls?: Stalls;
}

/**
 * One direction of a network. Each impairment draws once a packet from a random sequence of its own, so that whether the
 * k-th packet is lost depends on the seed and the loss model alone.
 */
export class Impairment {
  readonly #condition: Condition;
  readonly #loss: () => boolean;
  readonly #jitter: () => number;
  readonly #reordering: Random;
  readonly #duplication: Random;
  readonly #copies: Random;
  readonly #stalls: StallSchedule | undefined;
  #startMs: number | undefined;
  #lastDueMs = -Infinity;

  /** @param seed Any text, a different one for each direction and stream. */
  constructor(condition: Condition, seed: string) {
    this.#condition = condition;
    this.#loss = lossModel(condition.loss, seededRandom(`${seed} loss`));
    this.#jitter = jitterModel(condition.jitter, seededRandom(`${seed} jitter`));
    this.#reordering = seededRandom(`${seed} reordering`);
    this.#duplication = seededRandom(`${seed} duplication`);
    this.#copies = seededRandom(`${seed} copies`);
    if (condition.stalls) this.#stalls = new StallSchedule(condition.stalls, seededRandom(`${seed} stalls`));
  }

  /**
   * Decides the fate of the next packet.
   *
   * @param nowMs When it was sent, on any clock that does not go back. Stalls are scheduled from the first packet.
   * @returns Arrival times on the same clock: none, one or two.
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
    return twice ? [dueMs, dueMs + (duplication!.laterMs ?? 0) * this.#copies()] : [dueMs];
  }
}

function lossModel(loss: Loss | undefined, random: Random): () => boolean {
  if (!loss) return () => false;
  const { probability } = loss;
  if (loss.kind === "random") return () => random() < probability;
  // `leave` gives the mean burst length, `enter` then the overall loss.
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

/** When the channel is stalled, in milliseconds from the start. Queries need not be in order. */
class StallSchedule {
  readonly #stalls: Stalls;
  readonly #random: Random;
  readonly #planned: { readonly startMs: number; readonly endMs: number }[] = [];

  constructor(stalls: Stalls, random: Random) {
    this.#stalls = stalls;
    this.#random = random;
  }

  /** When a packet due at a time arrives. */
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
