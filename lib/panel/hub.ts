/**
 * The model behind a registry's panel: takes the lines that the registry exchanges with phones, and the phones' copies of their call
 * messages, and makes of them one ladder, the figures of calls and the table of people. Does no I/O and reads no clock: times are
 * milliseconds since 1970 on a clock that never goes back. After every input read {@linkcode Hub.wakeAt} again; after
 * {@linkcode Hub.tick} {@linkcode Hub.drain} what is new.
 */

import { type Endpoint, formatEndpoint } from "../protocol/address.ts";
import type { Person } from "../protocol/registry_messages.ts";
import type { CallSample, LadderMessage, Party } from "../trace/ladder.ts";
import { redactRegistryMessage } from "../trace/redact.ts";
import { type MessageCopy, parseTraceLine, type SampleCopy } from "../trace/trace_line.ts";
import { CallBook, type Copy, type Doing } from "./calls.ts";
import { type Datagram, Datagrams, HOLD_MS } from "./datagrams.ts";
import type { PanelPerson, Snapshot } from "./feed.ts";
import { BatchRing, MessageRing, type NumberedBatch, SampleRing } from "./history.ts";
import { hasShared, type Phone, Room, shares } from "./room.ts";

export type { NumberedBatch } from "./history.ts";

/** Least time between two batches, in milliseconds. */
export const BATCH_MS = 100;

/** Time between two looks at calls of which nobody speaks, in milliseconds. */
const QUIET_MS = 1000;

/** Least difference between two copies of a phone, in milliseconds: they keep their order. */
const ORDER_MS = 0.001;

/** Options of a hub. */
export interface HubOptions {
  /** Version of the registry. */
  readonly version: string;
  /** Random, of this run: see {@linkcode BatchRing}. */
  readonly epoch: string;
  /** Random and secret: for the hashes of what protects the room. */
  readonly key: Uint8Array;
  /** Whether the ladder has `ping` and `pong`. */
  readonly pings?: boolean;
}

/** A line between the registry and a phone that is to be shown. */
interface WaitingLine {
  readonly at: number;
  readonly phone: Phone;
  readonly show: (number: number) => LadderMessage;
}

/** How lines of copies begin, as Sala's phones write them. */
const COPIES = '{"tipo":"rastro"';

const encoder = new TextEncoder();

/** The room as its panel shows it. */
export class Hub {
  /** Where the registry listens, to be set once that is known. */
  registry: Endpoint = { ip: "0.0.0.0", port: 0 };
  readonly #options: HubOptions;
  readonly #room = new Room();
  readonly #calls = new CallBook(this.#room);
  readonly #datagrams = new Datagrams(this.#room);
  readonly #messages = new MessageRing();
  readonly #samples = new SampleRing();
  readonly #batches: BatchRing;
  /** In the order of their times. */
  #lines: WaitingLine[] = [];
  #number = 0;
  /** Connections without a name share what they may show. */
  readonly #strangers: Phone;
  #people: readonly PanelPerson[] = [];
  #peopleChanged = false;
  #newSamples: CallSample[] = [];
  #drainedId: string;
  #tickedAt = -Infinity;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#batches = new BatchRing(options.epoch);
    this.#drainedId = this.#batches.lastId;
    this.#strangers = this.#room.phoneOf({}, { ip: "0.0.0.0", port: 0 });
  }

  /** When {@linkcode Hub.tick} wants to be called; `Infinity` for never. */
  get wakeAt(): number {
    const busy = this.#lines.length > 0 || this.#newSamples.length > 0 || this.#peopleChanged ||
      this.#datagrams.busy;
    if (busy) return this.#tickedAt + BATCH_MS;
    return this.#calls.busy ? this.#tickedAt + QUIET_MS : Infinity;
  }

  /** A line was received from a phone, or is sent to it. An overlong or undecodable one is an empty text. */
  handleLine(
    now: number,
    connection: object,
    peer: Endpoint,
    direction: "received" | "sent",
    text: string,
  ): void {
    const phone = this.#room.phoneOf(connection, peer);
    if (direction === "received" && text.startsWith(COPIES)) return this.#handleTrace(now, phone, text);
    const redacted = redactRegistryMessage(text, this.#options.key);
    const type = redacted?.type ?? "";
    if (direction === "received" && type === "rastro") return this.#handleTrace(now, phone, text);
    if ((type === "ping" || type === "pong") && !this.#options.pings) return;
    if (!(phone.person ? phone : this.#strangers).messages.tryTake(now)) return this.#leaveOut(now, phone, 1);
    const line = redacted ? JSON.stringify(redacted.fields) : "";
    const bytes = text === "" ? 0 : encoder.encode(text).length + 1;
    const ends = (): Pick<LadderMessage, "from" | "to"> => {
      // By now the phone may have got its name by this very message.
      const [one, other] = [partyOf(phone.peer, phone), { ...this.registry, registry: true } as const];
      return direction === "received" ? { from: one, to: other } : { from: other, to: one };
    };
    const content = { transport: "TCP", type, text: line, bytes, transmission: 1, fate: "received" } as const;
    this.#lines.push({ at: now, phone, show: (number) => ({ number, at: now, ...ends(), ...content }) });
  }

  /** A person has registered over a connection. */
  handleJoined(now: number, connection: object, person: Person): void {
    const phone = this.#room.known(connection);
    if (!phone) return;
    this.#room.join(now, phone, person);
    this.#peopleChanged = true;
  }

  /** They are no longer in the room. */
  handleLeft(now: number, connection: object): void {
    const phone = this.#room.known(connection);
    if (!phone) return;
    this.#room.leave(now, phone);
    this.#calls.leave(phone);
    this.#peopleChanged = true;
  }

  /** Decides what is due, and makes a batch of what is new. */
  tick(now: number): void {
    this.#tickedAt = now;
    this.#room.tick(now);
    if (this.#calls.tick(now)) this.#peopleChanged = true;
    this.#datagrams.tick(now);
    const messages = this.#show(now);
    const fates = this.#datagrams.takeChanged().map(({ number, fate }) => ({ number: number!, fate }));
    for (const { number, fate } of fates) this.#messages.setFate(number, fate);
    const samples = this.#newSamples;
    this.#newSamples = [];
    const people = this.#peopleChanged && this.#updatePeople(now) ? { people: this.#people } : {};
    this.#peopleChanged = false;
    if (messages.length + fates.length + samples.length === 0 && !("people" in people)) return;
    this.#batches.add({ now, messages, fates, samples, ...people });
  }

  /** Takes the batches since the last call, as far as they are kept. */
  drain(): NumberedBatch[] {
    const drained = this.#batches.since(this.#drainedId) ?? [];
    this.#drainedId = this.#batches.lastId;
    return drained;
  }

  /** All that there is to show, and the number of the last batch that is in it. */
  snapshot(now: number): { readonly id: string; readonly snapshot: Snapshot } {
    const registry: Party = { ...this.registry, registry: true };
    const [messages, samples] = [this.#messages.all, [...this.#samples.all]];
    const { version } = this.#options;
    return {
      id: this.#batches.lastId,
      snapshot: { now, version, registry, people: this.#people, messages, samples },
    };
  }

  /** The batches that a page missed whose last one had this number; undefined if it needs a snapshot. */
  since(id: string): NumberedBatch[] | undefined {
    return this.#batches.since(id);
  }

  #handleTrace(now: number, phone: Phone, text: string): void {
    // Without a name it is nobody's.
    const line = phone.person && parseTraceLine(text);
    if (!line) return;
    if (phone.sharesSince === Infinity) {
      phone.sharesSince = now;
      this.#peopleChanged = true;
    }
    this.#leaveOut(now, phone, line.leftOut);
    for (const copy of line.messages) {
      if (!this.#handleCopy(now, phone, copy)) this.#leaveOut(now, phone, 1);
    }
    for (const sample of line.samples) {
      if (!this.#handleSample(now, phone, sample)) this.#leaveOut(now, phone, 1);
    }
  }

  /** @returns Whether it may be shown. */
  #handleCopy(now: number, phone: Phone, copy: MessageCopy): boolean {
    if (!phone.messages.tryTake(now)) return false;
    const own = this.#room.ownEndpoint(phone, copy.ownPort);
    if (!own) return false;
    const { type, call, fields, direction, other, bytes } = copy;
    const at = phone.datedAt = Math.max(now - copy.ageMs, phone.datedAt + ORDER_MS);
    const text = JSON.stringify(fields);
    const datagram: Copy = { phone, direction, at, own, other, bytes, type, call, text };
    if (!this.#calls.handleCopy(datagram, fields) || !this.#datagrams.handleCopy(datagram)) return false;
    this.#peopleChanged = true;
    return true;
  }

  #handleSample(now: number, phone: Phone, sample: SampleCopy): boolean {
    const { name } = phone;
    if (name === undefined || !phone.samples.tryTake(now)) return false;
    if (!this.#room.ownEndpoint(phone, sample.ownPort)) return false;
    const { call, other, ageMs, ownPort, ...figures } = sample;
    const at = now - ageMs;
    const peer = this.#calls.handleSample(at, phone, call, ownPort, other);
    const shown = { at, call, name, with: peer?.name ?? formatEndpoint(other), ...figures };
    this.#samples.add(shown);
    this.#newSamples.push(shown);
    this.#peopleChanged = true;
    return true;
  }

  #leaveOut(now: number, phone: Phone, count: number): void {
    if (count === 0) return;
    phone.leftOut += count;
    phone.leftOutAt = now;
    this.#peopleChanged = true;
  }

  /** Puts on the ladder what is due, in order. */
  #show(now: number): LadderMessage[] {
    const due: WaitingLine[] = this.#datagrams.due(now).map(({ datagram, at }) => ({
      at,
      phone: (datagram.sent ?? datagram.received)!.phone,
      show: (number) => this.#showDatagram(number, datagram, at),
    }));
    const lines = this.#lines.findIndex(({ at }) => at + HOLD_MS > now);
    due.push(...this.#lines.splice(0, lines < 0 ? this.#lines.length : lines));
    return due.sort((a, b) => a.at - b.at).map(({ phone, show }) => {
      const message = show(++this.#number);
      this.#messages.add(message, phone.name === undefined ? this.#strangers : phone);
      return message;
    });
  }

  #showDatagram(number: number, datagram: Datagram, at: number): LadderMessage {
    const { sent, received, fate } = datagram;
    const { own, other, type, text, bytes, call } = (sent ?? received)!;
    const transmission = this.#datagrams.show(datagram, number);
    // Who shares copies and has none of it has not sent it: somebody else did, under a false address.
    const claimed = this.#room.at(other);
    const [from, to] = sent
      ? [partyOf(own, sent.phone), partyOf(other, received?.phone ?? claimed)]
      : [partyOf(other, hasShared(claimed) ? undefined : claimed), partyOf(own, received!.phone)];
    return { number, at, transport: "UDP", from, to, type, text, bytes, call, transmission, fate };
  }

  /** @returns Whether anything about anybody has changed. */
  #updatePeople(now: number): boolean {
    const before = new Map(this.#people.map((person) => [person.name, person]));
    const doings = this.#calls.doings();
    const people = [...this.#room.present].map((phone) =>
      personOf(now, phone, doings.get(phone), before.get(phone.name!))
    );
    const changed = people.length !== this.#people.length ||
      people.some((person, index) => person !== this.#people[index]);
    this.#people = people;
    return changed;
  }
}

/** A person's row. @returns The one from before, if it is still right. */
function personOf(
  now: number,
  phone: Phone,
  doing: Doing | undefined,
  before: PanelPerson | undefined,
): PanelPerson {
  const { nome: name, ip, porta: port } = phone.person!;
  const activity = doing?.activity ?? "free";
  const goesOn = before?.activity === activity && before.call === doing?.call;
  // Those who have just come have been free since then.
  const since = goesOn ? before.since : doing?.since ?? (before ? now : phone.joinedAt);
  const person: PanelPerson = {
    ...{ name, ip, port, activity, since, shares: shares(phone) },
    ...(doing?.with !== undefined && { with: doing.with }),
    ...(doing?.call !== undefined && { call: doing.call }),
    ...(phone.leftOut > 0 && { leftOut: phone.leftOut }),
  };
  return before && JSON.stringify(before) === JSON.stringify(person) ? before : person;
}

function partyOf({ ip, port }: Endpoint, phone: Phone | undefined): Party {
  return phone?.name === undefined ? { ip, port } : { ip, port, name: phone.name };
}
