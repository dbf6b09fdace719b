/** A room with a panel on a clock of the test's own: phones that share copies or do not, a network that loses and delays. */

import { assert, assertEquals } from "@std/assert";
import type { Endpoint } from "../../lib/protocol/address.ts";
import type { PanelPerson } from "../../lib/panel/feed.ts";
import { Hub } from "../../lib/panel/hub.ts";
import type { CallSample, LadderMessage } from "../../lib/trace/ladder.ts";
import { callHash } from "../../lib/trace/redact.ts";
import { TraceBatcher } from "../../lib/trace/trace_batcher.ts";

/** Where the clock begins. */
export const START = 1_700_000_000_000;

/** How a datagram fares. */
export interface Way {
  readonly lost?: boolean;
  /** How long it takes, in milliseconds. */
  readonly delayMs?: number;
  /** How often it arrives. */
  readonly arrivals?: number;
  /** The sender's port; the registered one unless given. */
  readonly fromPort?: number;
  /** The receiver's port; the registered one unless given. */
  readonly toPort?: number;
}

/** A phone of a {@linkcode World}. */
export interface SimulatedPhone {
  readonly connection: object;
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly batcher: TraceBatcher | undefined;
  /** How long each of its lines takes to the registry, in milliseconds, in turn. */
  readonly lineDelays: readonly number[];
  lines: number;
  /** When its last line arrives: TCP keeps their order. */
  arrivesAt: number;
}

interface TimedEvent {
  readonly at: number;
  readonly run: () => void;
}

/** The room. */
export class World {
  readonly hub = new Hub({ version: "1.0", epoch: "e", key: new Uint8Array(32).fill(7) });
  now = START;
  /** What a page has made of the batches. */
  readonly ladder: LadderMessage[] = [];
  readonly samples: CallSample[] = [];
  people: readonly PanelPerson[] = [];
  /** When each batch came. */
  readonly batchTimes: number[] = [];
  #events: TimedEvent[] = [];
  #phones: SimulatedPhone[] = [];

  constructor() {
    this.hub.registry = { ip: "192.0.2.100", port: 5000 };
  }

  /** A phone registers now. */
  join(
    name: string,
    { shares = true, ip = `192.0.2.${this.#phones.length + 1}`, port = 6000, lineDelays = [0] }: {
      readonly shares?: boolean;
      readonly ip?: string;
      readonly port?: number;
      readonly lineDelays?: readonly number[];
    } = {},
  ): SimulatedPhone {
    const connection = {};
    const peer = { ip, port: 50_000 + this.#phones.length };
    const person = { nome: name, ip, porta: port };
    const say = (direction: "sent" | "received", message: object): void =>
      this.hub.handleLine(this.now, connection, peer, direction, JSON.stringify(message));
    say("received", { tipo: "registro", ...person });
    say("sent", { tipo: "registro_confirmado", ...person, rastro: true });
    this.hub.handleJoined(this.now, connection, person);
    const batcher = shares ? new TraceBatcher() : undefined;
    const phone = { connection, name, ip, port, batcher, lineDelays, lines: 0, arrivesAt: START };
    this.#phones.push(phone);
    this.run(0);
    return phone;
  }

  /** A phone leaves now, after its last copies. */
  leave(phone: SimulatedPhone): void {
    if (phone.batcher) this.#flush(phone, phone.batcher);
    this.run(Math.max(0, phone.arrivesAt - this.now));
    this.hub.handleLeft(this.now, phone.connection);
    this.#phones = this.#phones.filter((other) => other !== phone);
  }

  /** A phone sends a datagram at a time from now, in milliseconds. */
  send(afterMs: number, from: SimulatedPhone, to: SimulatedPhone, message: object, way: Way = {}): void {
    const { lost = false, delayMs = 1, arrivals = 1, fromPort = from.port, toPort = to.port } = way;
    const [source, target] = [{ ip: from.ip, port: fromPort }, { ip: to.ip, port: toPort }];
    this.at(afterMs, () => this.copy(from, "sent", fromPort, target, message));
    for (let arrival = 0; !lost && arrival < arrivals; arrival++) {
      this.at(afterMs + delayMs + arrival / 10, () => this.copy(to, "received", toPort, source, message));
    }
  }

  /** A phone has a copy now. */
  copy(
    phone: SimulatedPhone,
    direction: "sent" | "received",
    ownPort: number,
    other: Endpoint,
    message: object,
  ): void {
    const text = JSON.stringify(message);
    const bytes = new TextEncoder().encode(text).length;
    phone.batcher?.handleMessage(this.now, { direction, ownPort, other, bytes, text, current: true });
  }

  /** A phone sends a line of its own making now. */
  line(phone: SimulatedPhone, line: object): void {
    const peer = { ip: phone.ip, port: 1 };
    this.hub.handleLine(
      this.now,
      phone.connection,
      peer,
      "received",
      JSON.stringify({ tipo: "rastro", ...line }),
    );
  }

  at(afterMs: number, run: () => void): void {
    this.#events.push({ at: this.now + afterMs, run });
  }

  /** Lets time pass. */
  run(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const event = earliest(this.#events, ({ at }) => at);
      const phone = earliest(this.#phones, ({ batcher }) => batcher?.wakeAt ?? Infinity);
      const phoneAt = phone?.batcher?.wakeAt ?? Infinity;
      const at = Math.min(event?.at ?? Infinity, phoneAt, this.hub.wakeAt);
      if (at > until) break;
      this.now = Math.max(this.now, at);
      if (event && event.at <= at) {
        this.#events = this.#events.filter((each) => each !== event);
        event.run();
      } else if (phone?.batcher && phoneAt <= at) this.#flush(phone, phone.batcher);
      else this.#tick();
    }
    this.now = until;
  }

  #flush(phone: SimulatedPhone, batcher: TraceBatcher): void {
    for (let line = batcher.drain(this.now); line !== undefined; line = batcher.drain(this.now)) {
      const delay = phone.lineDelays[phone.lines++ % phone.lineDelays.length] ?? 0;
      phone.arrivesAt = Math.max(phone.arrivesAt, this.now + delay);
      const text = line;
      const peer = { ip: phone.ip, port: 1 };
      const arrive = () => this.hub.handleLine(this.now, phone.connection, peer, "received", text);
      if (delay === 0 && phone.arrivesAt <= this.now) arrive();
      else this.at(phone.arrivesAt - this.now, arrive);
    }
  }

  /** Takes what is new, as a page does. */
  #tick(): void {
    this.hub.tick(this.now);
    for (const { batch } of this.hub.drain()) {
      this.batchTimes.push(batch.now);
      for (const message of batch.messages) {
        assertEquals(message.number, this.ladder.length + 1);
        this.ladder.push(message);
      }
      for (const { number, fate } of batch.fates) {
        const before = this.ladder[number - 1];
        assert(before && before.fate !== fate, "a fate that is news");
        this.ladder[number - 1] = { ...before, fate };
      }
      this.samples.push(...batch.samples);
      this.people = batch.people ?? this.people;
    }
  }

  /** The datagrams of the ladder, in its order, as `joão→maria tocando received`; further transmissions with their number. */
  get datagrams(): string[] {
    return this.ladder.filter(({ transport }) => transport === "UDP")
      .map(({ from, to, type, transmission, fate }) => {
        const ends = [from, to].map(({ name, ip, port }) => name ?? `${ip}:${port}`).join("→");
        return `${ends} ${type}${transmission > 1 ? ` ${transmission}` : ""} ${fate}`;
      });
  }

  /** What everybody does, as `joão inviting maria`. */
  get doings(): string[] {
    return this.people.map(({ name, activity, with: other }) =>
      `${name} ${activity}${other === undefined ? "" : ` ${other}`}`
    );
  }
}

/** The first of those that come first. */
function earliest<Item>(items: readonly Item[], at: (item: Item) => number): Item | undefined {
  return items.reduce<Item | undefined>(
    (first, each) => !first || at(each) < at(first) ? each : first,
    undefined,
  );
}

/** The messages of a call, and the short hash of its name. */
export interface CallMessages {
  readonly hash: string;
  readonly invite: object;
  readonly ring: object;
  readonly accept: object;
  readonly reject: object;
  readonly confirm: object;
  readonly hangUp: object;
  readonly goodbye: object;
}

/** The messages of a call from this caller. */
export function callMessages(chamada: string, nome: string, ip: string, porta: number): CallMessages {
  return {
    hash: callHash(chamada),
    invite: { tipo: "convite", chamada, nome, ip, porta, midia: "opus/48000/1" },
    ring: { tipo: "tocando", chamada },
    accept: { tipo: "resposta_ao_convite", chamada, resposta: "aceito" },
    reject: { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "ocupado" },
    confirm: { tipo: "confirmação", chamada },
    hangUp: { tipo: "encerrar_ligação", chamada },
    goodbye: { tipo: "ligação_encerrada", chamada },
  };
}
