/**
 * Puts datagrams in an order in which no answer comes before its question, although each phone's copies are dated by their own way to
 * the registry: events of one phone keep their order, and what was received was sent before (Lamport, "Time, Clocks, and the Ordering
 * of Events in a Distributed System", CACM 21(7), 1978).
 */

import type { Copy } from "./calls.ts";
import type { Phone } from "./room.ts";

/** Least difference between cause and effect, in milliseconds. */
const STEP_MS = 0.001;

/** The copies of a datagram, at least one. */
export interface Copies {
  readonly sent: Copy | undefined;
  readonly received: Copy | undefined;
}

/** When a datagram was sent, as far as one phone says. */
export function datedAt({ sent, received }: Copies): number {
  return (sent ?? received)!.at;
}

/** The order of a room's datagrams. */
export class CausalOrder<Item extends Copies> {
  /** The latest that each phone knows of, by the times given here. */
  readonly #clocks = new WeakMap<Phone, number>();

  /**
   * Orders what is due.
   *
   * @param waiting All that has no place yet, what is due included.
   * @returns What can have its place, with its time: that of its sender, or later if a cause is. The rest waits for its causes.
   */
  order(due: readonly Item[], waiting: ReadonlySet<Item>): { readonly item: Item; readonly at: number }[] {
    if (due.length === 0) return [];
    const causes = causesAmong(waiting);
    const left = new Set(due);
    for (let before = -1; before !== left.size;) {
      before = left.size;
      for (const item of left) if (causes(item).some((cause) => !left.has(cause))) left.delete(item);
    }
    const ordered: { readonly item: Item; readonly at: number }[] = [];
    while (left.size > 0) {
      const ready = [...left].filter((item) => !causes(item).some((cause) => left.has(cause)));
      // In a circle somebody does not tell the truth.
      const dated = (ready.length > 0 ? ready : [...left]).map((item) => ({ item, at: this.#timeOf(item) }));
      const next = dated.reduce((first, each) => each.at < first.at ? each : first);
      left.delete(next.item);
      ordered.push(next);
      const { sent, received } = next.item;
      if (sent) this.#advance(sent.phone, next.at);
      if (sent && received) this.#advance(received.phone, next.at);
    }
    return ordered;
  }

  #timeOf(item: Item): number {
    const known = item.sent && this.#clocks.get(item.sent.phone);
    return Math.max(datedAt(item), (known ?? -Infinity) + STEP_MS);
  }

  #advance(phone: Phone, at: number): void {
    this.#clocks.set(phone, Math.max(at, this.#clocks.get(phone) ?? -Infinity));
  }
}

/** @returns What happened before a datagram of these was sent, and what its sender knew. */
function causesAmong<Item extends Copies>(items: ReadonlySet<Item>): (item: Item) => Item[] {
  const told = [...items].filter(({ sent }) => sent);
  const bySender = Map.groupBy(told, ({ sent }) => sent!.phone);
  const byReceiver = Map.groupBy(told.filter(({ received }) => received), ({ received }) => received!.phone);
  const causes = (sent: Copy): Item[] => [
    ...(bySender.get(sent.phone) ?? []).filter((other) => other.sent!.at < sent.at),
    ...(byReceiver.get(sent.phone) ?? []).filter((other) =>
      other.received!.at < sent.at && other.sent !== sent
    ),
  ];
  const known = new Map(told.map((item) => [item, causes(item.sent!)]));
  return (item) => known.get(item) ?? [];
}
