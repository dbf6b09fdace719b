/** What the people of a room are doing, as their phones' copies tell. */

import { type Endpoint, sameIp } from "../protocol/address.ts";
import type { Fields } from "../protocol/json_object.ts";
import type { Activity } from "./feed.ts";
import { hasShared, type Phone, type Room } from "./room.ts";

/** A copy that a phone has sent of a datagram. */
export interface Copy {
  readonly phone: Phone;
  readonly direction: "sent" | "received";
  /** When, by the registry's clock, in milliseconds since 1970. */
  readonly at: number;
  readonly own: Endpoint;
  readonly other: Endpoint;
  readonly bytes: number;
  readonly type: string;
  /** The call's short hash. */
  readonly call: string;
  /** Its fields as JSON. */
  readonly text: string;
}

type Role = "caller" | "callee";

type State = "silent" | "inviting" | "ringing" | "answered" | "in_call" | "ended";

/** One phone's side of a call. */
interface Side {
  phone: Phone;
  state: State;
  /** When the state began. */
  since: number;
  /** When the phone said something of the call last. */
  heardAt: number;
  /** Caller only: when the other phone said that it rings, and whether it accepted. */
  ringsSince: number | undefined;
  accepted: boolean;
  /** The other phone's endpoint. */
  other: Endpoint;
}

/** A call that at least one phone has told of. */
interface KnownCall {
  readonly id: string;
  readonly sides: { [role in Role]?: Side };
}

/** What a person does. */
export interface Doing {
  readonly activity: Activity;
  readonly with?: string;
  readonly call?: string;
  readonly since: number;
}

/** Most calls that are remembered of one phone: each has one at a time, and forged invitations beside it. */
const MAX_CALLS = 64;

/** An invitation is over if nothing more comes of it: it rings for 30 s, and goes on for 10 s more (protocol.md, 2.4). */
const INVITATION_MS = 50_000;

/** A call is over if its phone sends no figures any more, which it does every 2 s. */
const SILENCE_MS = 15_000;

/** Time between two looks for what is over, in milliseconds. */
const LOOK_MS = 1000;

/** Time for which an ended call is remembered: late copies must not begin it again. */
const REMEMBERED_MS = 60_000;

const RANK: Readonly<Record<Activity, number>> = { free: 0, ringing: 1, inviting: 2, in_call: 3 };

/** The calls of a room. Does no I/O and reads no clock. */
export class CallBook {
  readonly #room: Room;
  /** By short hash: each is one of at least one phone's. */
  readonly #calls = new Map<string, KnownCall>();
  /** Of each phone that is or was in the room, the latest last. */
  readonly #byPhone = new Map<Phone, Map<string, KnownCall>>();
  #lookedAt = -Infinity;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Whether anybody is in a call or about to be, so that time changes something. */
  get busy(): boolean {
    return this.#calls.size > 0;
  }

  /**
   * Takes a copy, in the order in which its phone gives them.
   *
   * @param fields Those of its message.
   * @returns Whether the phone can be part of that call: two others may be it.
   */
  handleCopy(copy: Copy, fields: Fields): boolean {
    const call = this.#calls.get(copy.call);
    const role = roleIn(call, copy.phone) ?? roleBy(copy);
    if (role === undefined) return call === undefined || !(call.sides.caller && call.sides.callee);
    const side = this.#side(copy, role);
    if (!side) return false;
    if (copy.type === "convite" && copy.direction === "received") this.#recogniseCaller(copy, fields);
    side.heardAt = copy.at;
    if (copy.direction === "sent" || side.state === "silent") side.other = copy.other;
    const state = role === "caller" ? advanceCaller(side, copy, fields) : advanceCallee(side, copy, fields);
    if (state !== side.state) Object.assign(side, { state, since: copy.at });
    return true;
  }

  /** A phone gives figures of a call, so it is in it. @returns The other one, if they are known. */
  handleSample(at: number, phone: Phone, id: string, ownPort: number, other: Endpoint): Phone | undefined {
    const known = this.#calls.get(id);
    const role = roleIn(known, phone) ?? (ownPort === phone.person?.porta ? "callee" : "caller");
    const side = this.#side({ phone, call: id, at, other }, role);
    if (!side) return undefined;
    side.heardAt = at;
    if (side.state !== "ended" && side.state !== "in_call") {
      const peer = this.#calls.get(id)?.sides[otherRole(role)];
      // After the registry was away the call has lasted as long as the other phone says.
      const since = peer?.state === "in_call" ? Math.min(at, peer.since) : at;
      Object.assign(side, { state: "in_call", since });
    }
    return this.#calls.get(id)?.sides[otherRole(role)]?.phone ?? this.#room.at(other);
  }

  /** A phone has left the room. */
  leave(phone: Phone): void {
    for (const call of this.#byPhone.get(phone)?.values() ?? []) this.#forget(phone, call);
  }

  /** Ends and forgets what nobody has spoken of for long. @returns Whether anything ended. */
  tick(now: number): boolean {
    if (now < this.#lookedAt + LOOK_MS) return false;
    this.#lookedAt = now;
    let changed = false;
    for (const call of this.#calls.values()) {
      for (const side of Object.values(call.sides)) {
        const patience = side.state === "in_call"
          ? SILENCE_MS
          : side.state === "ended"
          ? REMEMBERED_MS
          : INVITATION_MS;
        if (side.heardAt + patience > now) continue;
        if (side.state === "ended") this.#forget(side.phone, call);
        else {
          Object.assign(side, { state: "ended", since: now, heardAt: now });
          changed = true;
        }
      }
    }
    return changed;
  }

  /** What everybody in the room does who is not free. */
  doings(): Map<Phone, Doing> {
    const doings = new Map<Phone, Doing>();
    const consider = (phone: Phone, doing: Doing): void => {
      const known = doings.get(phone);
      const better = !known || RANK[doing.activity] > RANK[known.activity] ||
        RANK[doing.activity] === RANK[known.activity] && doing.since < known.since;
      if (better) doings.set(phone, doing);
    };
    for (const call of this.#calls.values()) {
      for (const role of ["caller", "callee"] as const) {
        const side = call.sides[role];
        const activity = side && activityOf(side.state);
        if (!side?.phone.person || !activity) continue;
        const other = call.sides[otherRole(role)]?.phone ?? this.#room.at(side.other);
        const name = other?.name;
        consider(side.phone, {
          ...{ activity, call: call.id, since: side.since },
          ...(name !== undefined && { with: name }),
        });
        // A phone that says nothing itself does what the other one's copies imply.
        const implied = impliedBy(side, role);
        if (!implied || !other?.person || hasShared(other) || !side.phone.name) continue;
        consider(other, { ...implied, call: call.id, with: side.phone.name });
      }
    }
    return doings;
  }

  /** A phone's side of a call; undefined if another phone has it. */
  #side(
    { phone, call: id, at, other }: Pick<Copy, "phone" | "call" | "at" | "other">,
    role: Role,
  ): Side | undefined {
    const call = this.#calls.get(id) ?? { id, sides: {} };
    let side = call.sides[role];
    if (side && side.phone !== phone) {
      // The same person over a new connection.
      if (side.phone.person || side.phone.name !== phone.name) return undefined;
      side.phone = phone;
    }
    side ??= {
      ...{ phone, state: "silent", since: at, heardAt: at, other },
      ...{ ringsSince: undefined, accepted: false },
    };
    call.sides[role] = side;
    this.#calls.set(id, call);
    const own = this.#byPhone.get(phone) ?? new Map<string, KnownCall>();
    this.#byPhone.set(phone, own);
    own.set(id, call);
    if (own.size > MAX_CALLS) this.#forgetOne(phone, own);
    return side;
  }

  /** Forgets the oldest call of a phone in which it does nothing: forged invitations must not push out a true one. */
  #forgetOne(phone: Phone, own: ReadonlyMap<string, KnownCall>): void {
    const [first] = own.values();
    const idle = own.values().find((call) => {
      const role = roleIn(call, phone);
      return role !== undefined && !activityOf(call.sides[role]!.state);
    });
    const call = idle ?? first;
    if (call) this.#forget(phone, call);
  }

  #forget(phone: Phone, call: KnownCall): void {
    const own = this.#byPhone.get(phone);
    own?.delete(call.id);
    if (own?.size === 0) this.#byPhone.delete(phone);
    const { caller, callee } = call.sides;
    const others = [caller, callee].some((side) =>
      side && side.phone !== phone && this.#byPhone.get(side.phone)?.has(call.id)
    );
    if (!others) this.#calls.delete(call.id);
    // The side of a phone that only lost its connection waits for it, as long as the other phone remembers the call.
    else if (phone.person) {
      if (caller?.phone === phone) delete call.sides.caller;
      else delete call.sides.callee;
    }
  }

  /** An invitation says who calls: believed of a phone that shares nothing, if it comes from that person's address. */
  #recogniseCaller({ other }: Copy, { nome }: Fields): void {
    const phone = typeof nome === "string" ? this.#room.named(nome) : undefined;
    if (!phone?.person || hasShared(phone) || !sameIp(phone.person.ip, other.ip)) return;
    this.#room.suppose(phone, other);
  }
}

function otherRole(role: Role): Role {
  return role === "caller" ? "callee" : "caller";
}

function roleIn(call: KnownCall | undefined, phone: Phone): Role | undefined {
  if (call?.sides.caller?.phone === phone) return "caller";
  return call?.sides.callee?.phone === phone ? "callee" : undefined;
}

/** The role of a phone that sends or receives a message, if only one role does (protocol.md, 2.3). */
function roleBy({ type, direction }: Copy): Role | undefined {
  switch (type) {
    case "convite":
    case "confirmação":
      return direction === "sent" ? "caller" : "callee";
    case "tocando":
    case "resposta_ao_convite":
      return direction === "sent" ? "callee" : "caller";
    default:
      return undefined;
  }
}

/**
 * A caller's state after a message. What a phone sends shows what it has decided; what it receives may be forged, or too late
 * (protocol.md, 2.7).
 */
function advanceCaller(side: Side, { type, direction, at }: Copy, { resposta }: Fields): State {
  const { state } = side;
  switch (`${direction} ${type}`) {
    case "sent convite":
      return state === "silent" ? "inviting" : state;
    case "received tocando":
      side.ringsSince ??= at;
      return state;
    case "received resposta_ao_convite":
      side.accepted = resposta === "aceito";
      return state === "inviting" && !side.accepted ? "ended" : state;
    case "sent confirmação":
      return state === "ended" ? state : side.accepted ? "in_call" : "ended";
    default:
      return afterGoodbye(state, direction, type);
  }
}

function advanceCallee(side: Side, { type, direction }: Copy, { resposta }: Fields): State {
  const { state } = side;
  switch (`${direction} ${type}`) {
    case "sent tocando":
      return state === "silent" ? "ringing" : state;
    case "sent resposta_ao_convite":
      if (resposta !== "aceito") return "ended";
      return state === "silent" || state === "ringing" ? "answered" : state;
    case "received confirmação":
      return state === "answered" ? "in_call" : state;
    default:
      return afterGoodbye(state, direction, type);
  }
}

function afterGoodbye(state: State, direction: Copy["direction"], type: string): State {
  const goodbye = type === "encerrar_ligação" || type === "ligação_encerrada";
  return goodbye && direction === "sent" ? "ended" : state;
}

function activityOf(state: State): Activity | undefined {
  if (state === "answered") return "ringing";
  return state === "inviting" || state === "ringing" || state === "in_call" ? state : undefined;
}

/** What the other phone does, as far as one side tells. */
function impliedBy(
  { state, since, ringsSince }: Side,
  role: Role,
): Pick<Doing, "activity" | "since"> | undefined {
  if (state === "in_call") return { activity: "in_call", since };
  if (role === "callee") {
    return state === "ringing" || state === "answered" ? { activity: "inviting", since } : undefined;
  }
  return state === "inviting" && ringsSince !== undefined
    ? { activity: "ringing", since: ringsSince }
    : undefined;
}
