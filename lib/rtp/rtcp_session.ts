/** The RTCP side of a call, without a socket or a clock: when to report, what, and what the other's reports say. */

import { SAMPLE_RATE } from "../dsp/pcm.ts";
import type { ReceiverStatistics } from "./receiver_statistics.ts";
import { MOST_COPIES, REDUNDANT_PAYLOAD_TYPE } from "./red.ts";
import {
  type ApplicationPacket,
  encodeCompound,
  middle32,
  ntpFromUnixMs,
  parseCompound,
  type ReceiverReport,
  type ReportBlock,
  type SenderReport,
  type SourceDescription,
} from "./rtcp.ts";

/**
 * Mean time between two reports, each of which comes after 0.5 to 1.5 times that.
 *
 * RTCP may take 5 % of a session's bandwidth (RFC 3550, section 6.2). Opus at 160 kbit/s is 176 kbit/s with its headers
 * and two parties' reports are 124 bytes each, so one in 0.23 s would be allowed but for the RFC's minimum of 5 s. RFC
 * 4585 (AVPF) lifts that for the sake of quick feedback, which is what is wanted here: figures soon after a call
 * begins, loss known before it is history. The longest pause, 2.25 s, is short enough for a report to show that a
 * muted phone lives, which counts as silent after 3 s. It takes 0.4 % of the bandwidth.
 */
export const REPORT_PERIOD_MS = 1500;

/** The first report comes after half the time, so that there are figures soon (RFC 3550, section 6.2). */
const FIRST_REPORT_SHARE = 0.5;

/** A round trip beyond this is a report that was forged or mixed up: a call is over after 10 s without a packet. */
const LONGEST_ROUND_TRIP_MS = 10_000;

/** A sender report older than this says too little of the round trip: two clocks 300 ppm apart add 1.5 ms to it. */
const OLDEST_REFERENCE_MS = 5_000;

/** Name of the packet that says which redundancy (RFC 2198) a phone takes: its payload type, and most copies. */
const REDUNDANCY_NAME = "SALA";

/** Bytes of a random CNAME: 96 bits (RFC 7022, section 5). */
const CNAME_BYTES = 12;

/** What a reporter works with. */
export interface RtcpSessionOptions {
  /** Our stream's. */
  readonly ssrc: number;
  /** What has come of the other's stream. The caller feeds it, the reporter adds the other's sender reports. */
  readonly statistics: ReceiverStatistics;
  /** The callers' milliseconds at the start. */
  readonly now: number;
  /**
   * The wall clock at the start, in milliseconds since 1970. It is asked once and runs on with the callers'
   * milliseconds, as a wall clock that is set in mid-call would go into the round trip.
   */
  readonly unixMs: number;
  /** A random name, new for each call, so that calls cannot be connected with each other. */
  readonly cname?: string;
  /** Numbers from 0 to 1. */
  readonly random?: () => number;
  /** Units of both streams' timestamps in a second. */
  readonly clockRate?: number;
}

/** What the other side has said of our stream last. */
export interface PeerView {
  /** Lost between its last two reports, 0 to 1. */
  readonly lossFraction: number;
  /** Lost since the beginning, in packets. */
  readonly lost: number;
  /** The same of all that were sent, 0 to 1. */
  readonly totalLossFraction: number;
  readonly jitterMs: number;
}

/** What reports have told so far. */
export interface ReportFigures {
  /** To the other side and back, without the time spent there; undefined until it is known. */
  readonly roundTripMs: number | undefined;
  readonly meanRoundTripMs: number | undefined;
  readonly peer: PeerView | undefined;
  /** Copies of earlier frames that the other side takes with each packet; 0 where it has not said that it does. */
  readonly peerCopies: number;
  readonly reportsSent: number;
  readonly reportsReceived: number;
  /** Whether the other side has said goodbye. */
  readonly peerLeft: boolean;
}

/** Sends and takes in the reports of one call. Whoever owns it calls {@linkcode RtcpSession.tick} when it is due. */
export class RtcpSession {
  readonly #ssrc: number;
  readonly #statistics: ReceiverStatistics;
  readonly #unixMinusNow: number;
  readonly #cname: string;
  readonly #random: () => number;
  readonly #clockRate: number;
  #wakeAt: number;
  #packetCount = 0;
  #octetCount = 0;
  /** Packets that had been sent at the last report, and at the one before it. */
  #packetCountBefore = 0;
  #packetCountBeforeThat = 0;
  #lastTimestamp = 0;
  #lastSentAt = 0;
  #roundTripMs: number | undefined;
  #roundTripSumMs = 0;
  #roundTrips = 0;
  #peer: PeerView | undefined;
  #peerCopies = 0;
  #reportsSent = 0;
  #reportsReceived = 0;
  #peerLeft = false;

  constructor(options: RtcpSessionOptions) {
    this.#ssrc = options.ssrc;
    this.#statistics = options.statistics;
    this.#unixMinusNow = options.unixMs - options.now;
    this.#cname = options.cname ?? randomCname();
    this.#random = options.random ?? Math.random;
    this.#clockRate = options.clockRate ?? SAMPLE_RATE;
    this.#wakeAt = options.now + FIRST_REPORT_SHARE * this.#pause();
  }

  /** When the next report is due, in the callers' milliseconds. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  get figures(): ReportFigures {
    return {
      roundTripMs: this.#roundTripMs,
      meanRoundTripMs: this.#roundTrips === 0 ? undefined : this.#roundTripSumMs / this.#roundTrips,
      peer: this.#peer,
      peerCopies: this.#peerCopies,
      reportsSent: this.#reportsSent,
      reportsReceived: this.#reportsReceived,
      peerLeft: this.#peerLeft,
    };
  }

  /**
   * Counts an RTP packet of ours.
   *
   * @param timestamp Its RTP timestamp.
   * @param payloadBytes Its bytes without the header.
   * @param now When it was sent, in the callers' milliseconds.
   */
  sent(timestamp: number, payloadBytes: number, now: number): void {
    this.#packetCount++;
    this.#octetCount += payloadBytes;
    this.#lastTimestamp = timestamp;
    this.#lastSentAt = now;
  }

  /** The datagram that is due, or undefined when it is called early. */
  tick(now: number): Uint8Array<ArrayBuffer> | undefined {
    if (now < this.#wakeAt) return undefined;
    this.#wakeAt = now + this.#pause();
    return encodeCompound([this.#report(now), this.#description, this.#redundancy]);
  }

  /** The datagram that ends our stream. Two parties need not wait with it (RFC 3550, section 6.3.7). */
  bye(now: number): Uint8Array<ArrayBuffer> {
    this.#wakeAt = Infinity;
    return encodeCompound([this.#report(now), this.#description, { kind: "bye", ssrcs: [this.#ssrc] }]);
  }

  /**
   * Takes a datagram that looks like RTCP.
   *
   * @param now When it came, in the callers' milliseconds.
   * @returns Whether it was RTCP.
   */
  handlePacket(datagram: Uint8Array, now: number): boolean {
    const packets = parseCompound(datagram);
    if (!packets) return false;
    let rtcpSession: number | undefined;
    for (const packet of packets) {
      if (packet.kind === "source_description") continue;
      if (packet.kind === "bye") {
        this.#peerLeft ||= rtcpSession !== undefined && packet.ssrcs.includes(rtcpSession);
        continue;
      }
      if (packet.kind === "application") {
        this.#learnRedundancy(packet);
        continue;
      }
      rtcpSession = packet.ssrc;
      this.#reportsReceived++;
      if (packet.kind === "sender_report") {
        this.#statistics.recordSenderReport(packet.ssrc, middle32(packet.ntpTimestamp), now);
      }
      for (const block of packet.blocks) {
        if (block.ssrc === this.#ssrc) this.#learn(block, now);
      }
    }
    return true;
  }

  #pause(): number {
    return REPORT_PERIOD_MS * (0.5 + this.#random());
  }

  get #description(): SourceDescription {
    return { kind: "source_description", ssrc: this.#ssrc, cname: this.#cname };
  }

  get #redundancy(): ApplicationPacket {
    const data = Uint8Array.of(REDUNDANT_PAYLOAD_TYPE, MOST_COPIES, 0, 0);
    return { kind: "application", ssrc: this.#ssrc, name: REDUNDANCY_NAME, data };
  }

  #learnRedundancy({ name, data: [payloadType, copies] }: ApplicationPacket): void {
    if (name !== REDUNDANCY_NAME || payloadType !== REDUNDANT_PAYLOAD_TYPE || copies === undefined) return;
    this.#peerCopies = Math.min(copies, MOST_COPIES);
  }

  /** A sender report when something was sent since the report before the last one (RFC 3550, section 6.4). */
  #report(now: number): SenderReport | ReceiverReport {
    const block = this.#statistics.block(now);
    const blocks = block ? [block] : [];
    const sending = this.#packetCount > this.#packetCountBeforeThat;
    this.#packetCountBeforeThat = this.#packetCountBefore;
    this.#packetCountBefore = this.#packetCount;
    this.#reportsSent++;
    if (!sending) return { kind: "receiver_report", ssrc: this.#ssrc, blocks };
    const sinceSent = Math.round((now - this.#lastSentAt) * this.#clockRate / 1000);
    return {
      kind: "sender_report",
      ssrc: this.#ssrc,
      ntpTimestamp: this.#ntp(now),
      rtpTimestamp: (this.#lastTimestamp + sinceSent) >>> 0,
      packetCount: this.#packetCount >>> 0,
      octetCount: this.#octetCount >>> 0,
      blocks,
    };
  }

  #ntp(now: number): bigint {
    return ntpFromUnixMs(now + this.#unixMinusNow);
  }

  #learn(block: ReportBlock, now: number): void {
    this.#peer = {
      lossFraction: block.fractionLost / 256,
      lost: block.cumulativeLost,
      totalLossFraction: Math.min(1, Math.max(0, block.cumulativeLost / Math.max(1, this.#packetCount))),
      jitterMs: block.jitter * 1000 / this.#clockRate,
    };
    const roundTripMs = this.#roundTrip(block, now);
    if (roundTripMs === undefined) return;
    this.#roundTripMs = roundTripMs;
    this.#roundTripSumMs += roundTripMs;
    this.#roundTrips++;
  }

  /** A - LSR - DLSR (RFC 3550, section 6.4.1, figure 2). */
  #roundTrip(block: ReportBlock, now: number): number | undefined {
    if (block.lastSenderReport === 0) return undefined;
    if (block.delaySinceLastSenderReport / 65.536 > OLDEST_REFERENCE_MS) return undefined;
    const units = (middle32(this.#ntp(now)) - block.lastSenderReport - block.delaySinceLastSenderReport) | 0;
    const roundTripMs = units / 65.536;
    if (Math.abs(roundTripMs) > LONGEST_ROUND_TRIP_MS) return undefined;
    // Over the loopback interface the rounding of three numbers may come out below nothing.
    return Math.max(0, roundTripMs);
  }
}

/** A name for one call that nobody can connect with another (RFC 7022, section 4.2). */
export function randomCname(): string {
  return crypto.getRandomValues(new Uint8Array(CNAME_BYTES)).toBase64();
}
