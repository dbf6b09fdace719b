/** Makes one datagram of the sender's and the receiver's copy of it, whichever comes first. */

import { formatEndpoint, networkOf } from "../protocol/address.ts";
import type { Fate } from "../trace/ladder.ts";
import type { Copy } from "./calls.ts";
import { CausalOrder, type Copies } from "./causal_order.ts";
import { type Room, shares } from "./room.ts";

/**
 * Time from a message until it is shown, in milliseconds: phones send their copies within 250 ms. Messages of all senders are in
 * order by then, so that the ladder only grows at its end.
 */
export const HOLD_MS = 400;

/** Time in which the other phone's copy must come; then a datagram is lost, or nobody has sent it. */
export const LOST_MS = 2000;

/** Time between the last copy of a message and its oblivion; the longest pause before a retransmission is 2 s. */
const GROUP_MS = 30_000;

/** Most copies that are matched, of 1 or 2 KB each: 400 of 40 phones a second for half a minute. */
const MAX_COPIES = 16_384;

/** Most transmissions of one message; it goes out 8 times, and more in response. */
const MAX_TRANSMISSIONS = 32;

/**
 * Longest way of a datagram, in milliseconds, and by how much it may seem to arrive before it was sent, as the copies of two phones
 * take different times to the registry: less than the shortest pause before a retransmission. That counts four times as much.
 */
const MOST_DELAY_MS = 4000;
const MOST_EARLY_MS = 200;
const EARLY_FACTOR = 4;

/** What a pair is worth, in the same unit: more than all pairs of a message cost. */
const MATCH = 2 * MAX_TRANSMISSIONS * MOST_DELAY_MS;

/** A datagram of the ladder. */
export interface Datagram extends Copies {
  readonly group: Group;
  sent: Copy | undefined;
  received: Copy | undefined;
  fate: Fate;
  /** The fate that the ladder has. */
  told: Fate;
  /** Its number on the ladder, once it is there. */
  number: number | undefined;
}

/** All transmissions of one message from one endpoint to another: equal bytes, which only their times tell apart. */
interface Group {
  lastAt: number;
  readonly sent: Datagram[];
  readonly received: Copy[];
  /** Of copies whose sender has given none. */
  readonly orphans: Map<Copy, Datagram>;
  /** How many are on the ladder. */
  shown: number;
}

/** Matches copies. Does no I/O and reads no clock. */
export class Datagrams {
  readonly #room: Room;
  readonly #groups = new Map<string, Group>();
  #copies = 0;
  readonly #waiting = new Set<Datagram>();
  /** Sent, and not received so far. */
  readonly #undecided = new Set<Datagram>();
  readonly #changed = new Set<Datagram>();
  readonly #order = new CausalOrder<Datagram>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Whether time will change something. */
  get busy(): boolean {
    return this.#waiting.size > 0 || this.#undecided.size > 0;
  }

  /** Takes a copy. @returns False if there are too many of its message. */
  handleCopy(copy: Copy): boolean {
    const [from, to] = copy.direction === "sent" ? [copy.own, copy.other] : [copy.other, copy.own];
    // One host may send from several addresses of its /64.
    const ends = [from, to].map(({ ip, port }) => formatEndpoint({ ip: networkOf(ip), port }));
    const key = `${ends.join(" ")} ${copy.text}`;
    const group: Group = this.#groups.get(key) ??
      { lastAt: copy.at, sent: [], received: [], orphans: new Map(), shown: 0 };
    const copies = copy.direction === "sent" ? group.sent : group.received;
    if (copies.length >= MAX_TRANSMISSIONS) return false;
    group.lastAt = Math.max(group.lastAt, copy.at);
    this.#copies++;
    // The latest last.
    this.#groups.delete(key);
    this.#groups.set(key, group);
    if (copy.direction === "received") group.received.push(copy);
    else {
      const datagram = newDatagram(group, copy, undefined);
      group.sent.push(datagram);
      this.#waiting.add(datagram);
      this.#undecided.add(datagram);
    }
    this.#match(group);
    return true;
  }

  /** The datagrams that are to be shown, in the order in which they were sent, and when that was. */
  due(now: number): { readonly datagram: Datagram; readonly at: number }[] {
    const due = [...this.#waiting].filter((datagram) => this.#dueAt(datagram) <= now);
    const ordered = this.#order.order(due, this.#waiting);
    for (const { item } of ordered) this.#waiting.delete(item);
    return ordered.map(({ item, at }) => ({ datagram: item, at }));
  }

  /** Numbers a datagram. @returns Which transmission of its message it is, from 1 on. */
  show(datagram: Datagram, number: number): number {
    datagram.number = number;
    datagram.told = datagram.fate;
    return ++datagram.group.shown;
  }

  /** Shown datagrams whose fate has become another one. */
  takeChanged(): Datagram[] {
    const changed = [...this.#changed].filter(({ fate, told }) => fate !== told);
    this.#changed.clear();
    for (const datagram of changed) datagram.told = datagram.fate;
    return changed;
  }

  /** Decides what is lost, and forgets. */
  tick(now: number): void {
    for (const datagram of this.#undecided) {
      const { sent } = datagram;
      if (!sent || sent.at + LOST_MS > now) continue;
      this.#undecided.delete(datagram);
      if (!datagram.received && this.#wouldTell(sent)) this.#setFate(datagram, "lost");
    }
    for (const [key, { lastAt, sent, received }] of this.#groups) {
      if (lastAt + GROUP_MS > now && this.#copies <= MAX_COPIES) break;
      this.#groups.delete(key);
      this.#copies -= sent.length + received.length;
    }
  }

  #dueAt(datagram: Datagram): number {
    const { sent, received } = datagram;
    // By then the receiver's copy has come, too: another one may have stood in for it.
    if (sent) return sent.at + HOLD_MS;
    return received!.at + (shares(this.#room.at(received!.other)) ? LOST_MS : HOLD_MS);
  }

  /** Whether the addressed phone would have told by now, had the datagram arrived. */
  #wouldTell({ at, other }: Copy): boolean {
    const receiver = this.#room.at(other);
    return receiver !== undefined && shares(receiver, at) && receiver.leftOutAt < at;
  }

  #setFate(datagram: Datagram, fate: Fate): void {
    if (datagram.fate === fate) return;
    datagram.fate = fate;
    if (datagram.number !== undefined) this.#changed.add(datagram);
  }

  /** Matches what arrived with what was sent, anew with each copy. */
  #match(group: Group): void {
    const matches = matchByTime(group);
    const matched = new Set(matches.values());
    for (const [datagram, received] of matches) this.#adopt(group, datagram, received);
    for (const received of group.received) if (!matched.has(received)) this.#leaveOver(group, received);
    for (const datagram of group.sent) {
      datagram.received = matches.get(datagram);
      if (datagram.received) this.#setFate(datagram, "received");
      else if (datagram.fate === "received") {
        this.#setFate(datagram, "unknown");
        this.#undecided.add(datagram);
      }
    }
  }

  /** A received copy has no sent one. Beside others that have, the network has doubled it, and it is shown once. */
  #leaveOver(group: Group, received: Copy): void {
    const orphan = group.orphans.get(received);
    if (group.sent.length > 0) {
      if (orphan) this.#waiting.delete(orphan);
    } else if (!orphan) {
      const datagram = newDatagram(group, undefined, received);
      group.orphans.set(received, datagram);
      this.#waiting.add(datagram);
    }
  }

  /** The sender's copy has come after the receiver's, which may be on the ladder already. */
  #adopt(group: Group, datagram: Datagram, received: Copy): void {
    const orphan = group.orphans.get(received);
    if (!orphan) return;
    this.#waiting.delete(orphan);
    if (orphan.number === undefined || datagram.number !== undefined) return;
    group.orphans.delete(received);
    this.#waiting.delete(datagram);
    datagram.number = orphan.number;
    datagram.fate = datagram.told = "received";
  }
}

function newDatagram(group: Group, sent: Copy | undefined, received: Copy | undefined): Datagram {
  const fate = received ? "received" : "unknown";
  return { group, sent, received, fate, told: fate, number: undefined };
}

/**
 * Which of equal datagrams arrived as which copy: as many pairs as possible, and of these ways to pair them the likeliest. None
 * cross: nobody can tell equal datagrams apart that overtake each other. (Needleman and Wunsch, 1970.)
 */
function matchByTime({ sent, received }: Group): Map<Datagram, Copy> {
  const datagrams = sent.toSorted((a, b) => a.sent!.at - b.sent!.at);
  const copies = received.toSorted((a, b) => a.at - b.at);
  const pair = (i: number, j: number): number => costOf(copies[j]!.at - datagrams[i]!.sent!.at) - MATCH;
  /** Least cost of the first `i` datagrams and the first `j` copies. */
  const least = [Array<number>(copies.length + 1).fill(0)];
  for (let i = 0; i < datagrams.length; i++) {
    least.push([0]);
    for (let j = 0; j < copies.length; j++) {
      least[i + 1]!.push(Math.min(least[i]![j + 1]!, least[i + 1]![j]!, least[i]![j]! + pair(i, j)));
    }
  }
  const matches = new Map<Datagram, Copy>();
  for (let i = datagrams.length, j = copies.length; i > 0 && j > 0;) {
    if (least[i]![j] === least[i - 1]![j]) i--;
    else if (least[i]![j] === least[i]![j - 1]) j--;
    else matches.set(datagrams[--i]!, copies[--j]!);
  }
  return matches;
}

/** What a pair costs: how long the datagram took, in milliseconds. */
function costOf(tookMs: number): number {
  if (tookMs < -MOST_EARLY_MS || tookMs > MOST_DELAY_MS) return Infinity;
  return tookMs >= 0 ? tookMs : -EARLY_FACTOR * tookMs;
}
