/** Tells signalling from voice by the first bytes (RFC 7983), and limits a flood. Without a socket or a clock. */

import { Buffer } from "node:buffer";
import { maybeSameHost, networkOf } from "../protocol/address.ts";
import { MAX_DATAGRAM_BYTES, SIGNALLING_FIRST_BYTE } from "../protocol/call_messages.ts";
import { isRtpOrRtcp } from "../rtp/rtp.ts";
import { TokenBucket } from "../util/token_bucket.ts";

/**
 * Limits to the messages that are read: a second, and at once. The current call repeats its own twice a second at most. A
 * listener knows its id, too, and takes nothing from what comes from the peer's address.
 * Of others, 60 at once from one address (IPv6: /64) are a class that calls one phone at the same moment; the limit to all
 * addresses together keeps the phone responsive. An address with more gets what others leave of half of that, since people may
 * share it with an attacker. Messages beyond are ignored; senders repeat them.
 */
const OWN_CALL = { perSecond: 50, burst: 50 };
const OWN_CALL_ELSEWHERE = { perSecond: 20, burst: 50 };
const OF_ADDRESS = { perSecond: 20, burst: 60 };
const OTHERS = { perSecond: 500, burst: 500 };

/** Addresses whose messages are counted; past it, the one that came first starts over. */
const MAX_ADDRESSES = 1_024;

/**
 * Limits to packets from addresses other than the peer's that are tried with the call's keys: a phone may have several
 * addresses, or get another one. Those that name a stream of the peer have a limit of their own: in a flood by somebody who
 * does not read along, the peer's own packets from a new address are not among the ignored ones.
 */
const STRANGERS_VOICE = { perSecond: 100, burst: 20 };
const PEERS_STREAMS = { perSecond: 400, burst: 40 };

/** Reports a flood every 10 s at most, and only from 1000 ignored datagrams on. */
const REPORT_MS = 10_000;
const FLOOD_DATAGRAMS = 1_000;

/** From 200 ignored datagrams in 100 ms on, the flood shield is raised. */
const SHIELD_DATAGRAMS = 200;
const SHIELD_MS = 100;

/** The kind of a datagram by its first bytes. */
export type DatagramKind = "signalling" | "voice" | "ignored";

/** What matters of the call that the person is in. */
export interface OwnCall {
  readonly id: string;
  readonly peer: { readonly ip: string };
}

/** The demultiplexer of one phone. */
export class DatagramDemux {
  readonly #own = new TokenBucket(OWN_CALL.perSecond, OWN_CALL.burst);
  readonly #ownElsewhere = new TokenBucket(OWN_CALL_ELSEWHERE.perSecond, OWN_CALL_ELSEWHERE.burst);
  readonly #addresses = new Map<string, TokenBucket>();
  readonly #others = new TokenBucket(OTHERS.perSecond, OTHERS.burst);
  readonly #strangersVoice = new TokenBucket(STRANGERS_VOICE.perSecond, STRANGERS_VOICE.burst);
  readonly #peersStreams = new TokenBucket(PEERS_STREAMS.perSecond, PEERS_STREAMS.burst);
  readonly #random: () => number;
  #lately = 0;
  #latelySince = -Infinity;
  #ignored = 0;
  #ignoredSince = -Infinity;

  /** @param random Uniform from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /**
   * Classifies a datagram.
   *
   * @param now Milliseconds on any clock that only goes forward.
   * @param call The call that the person is in, if any: its id, and where the peer is.
   * @param ip Its source.
   */
  judge(now: number, datagram: Uint8Array, call: OwnCall | undefined, ip: string): DatagramKind {
    if (datagram.length > MAX_DATAGRAM_BYTES) return "ignored";
    if (isRtpOrRtcp(datagram)) return "voice";
    if (datagram[0] !== SIGNALLING_FIRST_BYTE) return "ignored";
    const read = call !== undefined && mentions(datagram, call.id)
      ? (maybeSameHost(call.peer.ip, ip) ? this.#own : this.#ownElsewhere).tryTake(now)
      : this.#drawn(now, this.#limitOf(ip).tryTake(now)) && this.#others.tryTake(now);
    return read ? "signalling" : "ignored";
  }

  /**
   * Lots decide as the limit comes near: a steady flood would else take each token before others can.
   *
   * @param within Whether the address has had no more than its share. Otherwise half of the tokens are left for others.
   */
  #drawn(now: number, within: boolean): boolean {
    const half = OTHERS.burst / 2;
    return this.#others.level(now) - (within ? 0 : half) > this.#random() * half;
  }

  #limitOf(ip: string): TokenBucket {
    const network = networkOf(ip);
    const known = this.#addresses.get(network);
    if (known) return known;
    if (this.#addresses.size >= MAX_ADDRESSES) this.#addresses.delete(this.#addresses.keys().next().value!);
    const limit = new TokenBucket(OF_ADDRESS.perSecond, OF_ADDRESS.burst);
    this.#addresses.set(network, limit);
    return limit;
  }

  /**
   * Whether voice from an address other than the peer's may be tried with the keys of the call.
   *
   * @param peersStream Whether it names a stream of the peer.
   */
  mayTry(now: number, peersStream: boolean): boolean {
    return (peersStream ? this.#peersStreams : this.#strangersVoice).tryTake(now);
  }

  /** Whether more than 2,000 datagrams a second are being ignored. */
  get flooded(): boolean {
    return this.#lately >= SHIELD_DATAGRAMS;
  }

  /**
   * Counts an ignored datagram.
   *
   * @returns Their number, if it is time to report a flood.
   */
  ignored(now: number): number | undefined {
    if (now - this.#latelySince > SHIELD_MS) {
      this.#latelySince = now;
      this.#lately = 0;
    }
    this.#lately++;
    // The first one after a pause begins a new count: stray datagrams are no flood.
    if (now - this.#ignoredSince > 2 * REPORT_MS) {
      this.#ignoredSince = now;
      this.#ignored = 0;
    }
    this.#ignored++;
    if (this.#ignored < FLOOD_DATAGRAMS || now - this.#ignoredSince < REPORT_MS) return undefined;
    const count = this.#ignored;
    this.#ignoredSince = now;
    this.#ignored = 0;
    return count;
  }
}

/** Whether an ASCII text occurs in a datagram: a search of bytes, before anything is decoded. */
export function mentions(datagram: Uint8Array, text: string): boolean {
  return Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length).includes(text, 0, "latin1");
}
