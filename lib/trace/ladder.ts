/** What a message ladder shows: messages between the registry and phones, and between phones, in one order. */

import type { Endpoint } from "../protocol/address.ts";

/** One end of a message: the registry, or a phone, with its person's name if that is known. */
export interface Party extends Endpoint {
  readonly registry?: true;
  readonly name?: string;
}

/** What became of a datagram. One whose receiver shares no copies stays `unknown`; TCP loses nothing. */
export type Fate = "unknown" | "received" | "lost";

/** One message. Its content is no secret: see `redact.ts`. */
export interface LadderMessage {
  /** From 1 on, in order of arrival at the registry: copies from phones come later than `at`. */
  readonly number: number;
  /** When it was sent, by the registry's clock, in milliseconds since 1970. */
  readonly at: number;
  readonly transport: "TCP" | "UDP";
  readonly from: Party;
  readonly to: Party;
  /** `tipo`; empty if the message has none. */
  readonly type: string;
  /** As on the wire, with hashes in place of secrets. */
  readonly text: string;
  /** Its length on the wire, without headers. */
  readonly bytes: number;
  /** Short hash of `chamada`, the same in all messages of a call. */
  readonly call?: string;
  /** 1, and more for retransmissions. */
  readonly transmission: number;
  readonly fate: Fate;
}

/** Figures of a call as one of its phones sees it, from its RTCP reports (RFC 3550, section 6.4). */
export interface CallSample {
  /** When, by the registry's clock, in milliseconds since 1970. */
  readonly at: number;
  /** As in {@linkcode LadderMessage.call}. */
  readonly call: string;
  /** The person whose phone reports, and the other one. */
  readonly name: string;
  readonly with: string;
  /** Packets lost on the way here since the last sample, in per cent. */
  readonly lossPercent: number;
  /** Interarrival jitter in milliseconds (RFC 3550, section 6.4.1). */
  readonly jitterMs: number;
  /** Round trip in milliseconds, once it is known. */
  readonly roundTripMs?: number;
  /** Mean opinion score by the E-model, 1 to 4.5 (ITU-T G.107), once it is known. */
  readonly mos?: number;
}

/** A key under which the messages of one lifeline meet: a phone has several ports. */
export function lifelineKey({ registry, name, ip, port }: Party): string {
  if (registry) return "registry";
  return name === undefined ? `${ip} ${port}` : `name ${name}`;
}
