/**
 * Decides about a datagram by its first bytes whether it is worth looking at, so that a flood of others costs next to
 * nothing. Without a socket or a clock.
 */

import { Buffer } from "node:buffer";
import { MAX_DATAGRAM_BYTES, SIGNALLING_FIRST_BYTE } from "../protocol/call_messages.ts";
import { isRtpOrRtcp } from "../rtp/rtp.ts";
import { TokenBucket } from "../util/token_bucket.ts";

/**
 * Messages a second that are read, and how many at once: of the call that the person is in, which repeats its own twice
 * a second at most, and of all others, so many that a class can call one phone at the same moment. All others are
 * ignored, and so is whoever sends them again.
 */
const OWN_CALL = { perSecond: 50, burst: 50 };
const OTHERS = { perSecond: 20, burst: 60 };

/**
 * Packets a second from addresses that are not the other phone's and that are tried with the keys of a call all the same:
 * a phone with several addresses may send from another one than it named.
 */
const STRANGERS_VOICE = { perSecond: 100, burst: 20 };

/** How often the person is told of a flood, and how much is one. */
const REPORT_MS = 10_000;
const FLOOD_DATAGRAMS = 1_000;

/** So many datagrams that are ignored within so short a time are a flood that is kept away where that can be done. */
const SHIELD_DATAGRAMS = 200;
const SHIELD_MS = 100;

/** What a datagram is, as far as its beginning tells. */
export type DatagramKind = "signalling" | "voice" | "ignored";

/** One phone's first look at what comes. */
export class DatagramDemux {
  readonly #own = new TokenBucket(OWN_CALL.perSecond, OWN_CALL.burst);
  readonly #others = new TokenBucket(OTHERS.perSecond, OTHERS.burst);
  readonly #strangersVoice = new TokenBucket(STRANGERS_VOICE.perSecond, STRANGERS_VOICE.burst);
  #lately = 0;
  #latelySince = -Infinity;
  #ignored = 0;
  #ignoredSince = -Infinity;

  /**
   * What a datagram is to be taken for.
   *
   * @param now Milliseconds on any clock that only goes forward.
   * @param call The name of the call that the person is in, if any.
   */
  judge(now: number, datagram: Uint8Array, call: string | undefined): DatagramKind {
    if (datagram.length > MAX_DATAGRAM_BYTES) return "ignored";
    if (isRtpOrRtcp(datagram)) return "voice";
    if (datagram[0] !== SIGNALLING_FIRST_BYTE) return "ignored";
    const limit = call !== undefined && mentions(datagram, call) ? this.#own : this.#others;
    return limit.tryTake(now) ? "signalling" : "ignored";
  }

  /** Whether voice from an address that is not the other phone's may be tried with the keys of the call. */
  mayTry(now: number): boolean {
    return this.#strangersVoice.tryTake(now);
  }

  /** Whether so much is ignored just now that it should be kept away: 2,000 a second. */
  get flooded(): boolean {
    return this.#lately >= SHIELD_DATAGRAMS;
  }

  /**
   * Counts a datagram that was ignored.
   *
   * @returns How many there were, when that is a flood and time to say so.
   */
  ignored(now: number): number | undefined {
    if (now - this.#latelySince > SHIELD_MS) {
      this.#latelySince = now;
      this.#lately = 0;
    }
    this.#lately++;
    // The first one after a pause begins a new count: what comes now and then is no flood.
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

/** Whether a text, which is ASCII, stands somewhere in a datagram. A search of bytes, before anything is decoded. */
function mentions(datagram: Uint8Array, text: string): boolean {
  return Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length).includes(text, 0, "latin1");
}
