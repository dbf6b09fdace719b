/** Phones on an emulated network, for tests of their calls. */

import { assert } from "@std/assert";
import type { Call } from "../../lib/call/call.ts";
import { CallManager } from "../../lib/call/call_manager.ts";
import type { Encryption } from "../../lib/call/encryption_policy.ts";
import { type Endpoint, sameEndpoint } from "../../lib/protocol/address.ts";
import { type CallMessage, encodeCallMessage } from "../../lib/protocol/call_messages.ts";
import type { DatagramDemux } from "../../lib/transport/datagram_demux.ts";
import type { Condition } from "../../testing/netem/impairment.ts";
import { seededRandom } from "../../testing/netem/random.ts";
import { Timeline, VirtualPath } from "../../testing/netem/virtual_path.ts";
import type { Member } from "../../lib/call/room_members.ts";
import { fixedPolicy } from "./fixed_policy.ts";

export const PERFECT: Condition = { name: "perfect", baseDelayMs: 1 };
export const DEAD: Condition = { name: "dead", loss: { kind: "random", probability: 1 } };
export const AWFUL: Condition = {
  name: "awful",
  loss: { kind: "random", probability: 0.3 },
  duplication: { probability: 0.2, laterMs: 100 },
  baseDelayMs: 1,
  jitter: { kind: "uniform", maximumMs: 299, keepsOrder: false },
};
/** One datagram may overtake another. */
export const UNEVEN: Condition = {
  ...PERFECT,
  name: "uneven",
  jitter: { kind: "uniform", maximumMs: 49, keepsOrder: false },
};

/** The registry answers after this time. */
const REGISTRY_MS = 10;

/** Phones on an emulated network, voice included. */
export class Room {
  readonly timeline = new Timeline();
  readonly random: () => number;
  readonly network: VirtualPath;
  readonly phones: Phone[] = [];
  /** Whether the way between two places is closed. */
  closed: (from: Endpoint, to: Endpoint, now: number) => boolean = () => false;
  /** Whom the registry has, at which address. */
  members: () => readonly Member[] = () =>
    this.phones.map(({ name, registered }) => ({ nome: name, ...registered }));
  onSent: ((to: Endpoint, from: Endpoint, datagram: Datagram) => void) | undefined;

  constructor(seed: number, condition: Condition) {
    this.random = seededRandom(seed);
    this.network = new VirtualPath(this.timeline, condition, `${seed} network`);
  }

  phone(
    name: string,
    encryption: Encryption = "preferred",
    place: Endpoint = { ip: `192.0.2.${this.phones.length + 1}`, port: 6000 },
  ): Phone {
    const phone = new Phone(this, name, place, encryption);
    this.phones.push(phone);
    return phone;
  }

  /** Lets time pass, with all timers of the phones and the network. */
  run(untilMs: number): void {
    for (;;) {
      const phone = this.phones.reduce((a, b) => b.manager.wakeAt < a.manager.wakeAt ? b : a);
      const next = Math.min(this.timeline.next, phone.manager.wakeAt);
      if (next > untilMs) break;
      if (this.timeline.next <= next) {
        this.timeline.step();
      } else {
        this.timeline.now = Math.max(next, this.timeline.now);
        phone.manager.tick(this.timeline.now);
        phone.drain();
      }
    }
    this.timeline.now = Math.max(untilMs, this.timeline.now);
  }

  /** Sends a datagram. `onSent` sees it, whether it arrives or not. */
  send(to: Endpoint, from: Endpoint, datagram: Datagram): void {
    if (!this.closed(from, to, this.timeline.now)) {
      this.network.send((now) => {
        for (const phone of this.phones) phone.deliver(now, to, from, datagram);
      });
    }
    this.onSent?.(to, from, datagram);
  }
}

/** A message, or voice: encrypted with a key, or in the clear. */
export type Datagram = CallMessage | { readonly voice: string };

export const isVoice = (datagram: Datagram): datagram is { readonly voice: string } => "voice" in datagram;

const IN_THE_CLEAR = "in the clear";

export class Phone {
  readonly manager: CallManager;
  readonly told: string[] = [];
  readonly sent: string[] = [];
  /** The person's reaction to an invitation. */
  onInvitation: (phone: Phone) => void = () => {};
  /** Limits the messages that it reads, if set. */
  demux: DatagramDemux | undefined;
  #ports = 40000;
  readonly #sockets = new Map<string, Endpoint>();

  constructor(
    readonly room: Room,
    readonly name: string,
    readonly registered: Endpoint,
    encryption: Encryption,
  ) {
    this.manager = new CallManager(fixedPolicy(encryption, 1 + 64 * room.phones.length));
  }

  get now(): number {
    return this.room.timeline.now;
  }

  invite(other: Phone, id = idFrom(this.room.random)): void {
    const local = { ip: this.registered.ip, port: this.#ports++ };
    this.#sockets.set(id, local);
    this.manager.invite(this.now, id, { name: this.name, ...local }, {
      name: other.name,
      ...other.registered,
    });
    this.drain();
  }

  accept(): void {
    this.manager.accept(this.now);
    this.drain();
  }

  hangUp(): void {
    this.manager.hangUp(this.now);
    this.drain();
  }

  deliver(now: number, to: Endpoint, from: Endpoint, datagram: Datagram): void {
    const socket = sameEndpoint(to, this.registered)
      ? "registered"
      : [...this.#sockets].find(([, local]) => sameEndpoint(local, to))?.[0];
    if (socket === undefined) return;
    const { current } = this.manager;
    if (this.demux && !isVoice(datagram)) {
      if (this.demux.judge(now, encodeCallMessage(datagram), current, from.ip) === "ignored") return;
    }
    if (!isVoice(datagram)) this.manager.handleMessage(now, datagram, from, socket);
    else if (current?.state === "talking" && sameEndpoint(current.peer, from)) {
      // A packet that does not decrypt is no sign of life.
      if (datagram.voice === (current.keys?.incoming.key.toHex() ?? IN_THE_CLEAR)) {
        this.manager.handleVoice(now, current);
      }
    }
    this.drain();
  }

  drain(): void {
    for (const output of this.manager.drain()) {
      switch (output.kind) {
        case "send": {
          const local = output.socket === "registered" ? this.registered : this.#sockets.get(output.socket);
          assert(local, `${this.name} sends from a socket that is closed`);
          const { to, message } = output;
          this.sent.push(
            message.tipo === "resposta_ao_convite" ? `${message.tipo}/${message.resposta}` : message.tipo,
          );
          this.room.send(to, local, message);
          break;
        }
        case "invitation":
          this.told.push(`invitation ${output.call.peer.name}`);
          this.room.timeline.at(this.now, () => this.onInvitation(this));
          break;
        case "notice": {
          const { kind } = output.notice;
          this.told.push(kind === "ended" ? `ended ${output.notice.end}` : kind);
          if (kind === "started") this.#talk(output.call);
          break;
        }
        case "busy_rejected":
        case "unencrypted_rejected":
          this.told.push(`${output.kind} ${output.name}`);
          break;
        case "crossed":
          this.told.push("crossed");
          break;
        case "room_wanted":
          this.room.timeline.at(this.now + REGISTRY_MS, (now) => {
            this.manager.handleRoom(now, this.room.members(), output.askedAt);
            this.drain();
          });
          break;
        case "release":
          this.#sockets.delete(output.call.id);
          break;
      }
    }
  }

  /** Sends a voice packet every 200 ms while the call is up; every 20 ms would only slow the test down. */
  #talk(call: Call): void {
    if (call.state !== "talking") return;
    const local = call.role === "caller" ? this.#sockets.get(call.id)! : this.registered;
    this.room.send(call.peer, local, { voice: call.keys?.outgoing.key.toHex() ?? IN_THE_CLEAR });
    this.room.timeline.at(this.now + 200, () => this.#talk(call));
  }
}

export function idFrom(random: () => number): string {
  return Array.from({ length: 22 }, () => "abcdefghijklmnop"[Math.floor(random() * 16)]).join("");
}
