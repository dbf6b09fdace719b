/** The RTCP session of one call: sends reports and evaluates the peer's. Does no I/O and reads no clock. */

import { SAMPLE_RATE } from "../dsp/pcm.ts";
import type { ReceiverStatistics } from "./receiver_statistics.ts";
import { MOST_REDUNDANT_FRAMES, REDUNDANT_PAYLOAD_TYPE } from "./red.ts";
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
 * Mean interval of reports; each one is 0.5 to 1.5 times that (RFC 3550, section 6.2).
 *
 * Reports of 124 bytes take 0.4 % of the bandwidth of Opus at 160 kbit/s, far below the 5 % of the RFC. Its minimum of
 * 5 s is lifted as in RFC 4585 (AVPF): the sender adapts to loss early, and the longest interval, 2.25 s, is a sign of
 * life of a muted phone, which counts as silent after 3 s.
 */
export const REPORT_INTERVAL_MS = 1500;

/** The first interval is halved, for early statistics (RFC 3550, section 6.2). */
const FIRST_INTERVAL_FACTOR = 0.5;

/** A longer round-trip time means a forged or mismatched report: a call ends after 10 s without a packet. */
const MAX_ROUND_TRIP_MS = 10_000;

/** With an older sender report the round-trip time is too inexact: clocks 300 ppm apart add 1.5 ms in 5 s. */
const MAX_LSR_AGE_MS = 5_000;

/**
 * Name of the application-defined packet that announces RFC 2198: payload type, most redundant frames, 0, 0. Readers ignore its
 * subtype and whatever follows the second byte.
 */
const REDUNDANCY_NAME = "SALA";

/** Bytes of a random CNAME: 96 bits (RFC 7022, section 5). */
const CNAME_BYTES = 12;

/** Options of an RTCP session. */
export interface RtcpSessionOptions {
  /** SSRC of the outgoing stream. */
  readonly ssrc: number;
  /** Statistics of the incoming stream. The caller records RTP packets, the session records sender reports. */
  readonly statistics: ReceiverStatistics;
  /** Time at the start, in milliseconds of a monotonic clock, as everywhere here. */
  readonly now: number;
  /**
   * Wall clock at the start, in milliseconds since 1970. From then on NTP timestamps follow the monotonic clock, since
   * setting the wall clock during a call would falsify the round-trip time.
   */
  readonly unixMs: number;
  /** Random by default, for each call, so that calls cannot be linked (RFC 7022, section 4.2). */
  readonly cname?: string;
  /** Random numbers from 0 to 1. */
  readonly random?: () => number;
  /** Clock rate of both streams, in Hz. */
  readonly clockRate?: number;
}

/** The peer's latest report on the outgoing stream. */
export interface PeerView {
  /** Fraction lost between its last two reports, 0 to 1. */
  readonly lossFraction: number;
  /** Packets lost since the start. */
  readonly lost: number;
  /** The same as a fraction of all sent packets, 0 to 1. */
  readonly totalLossFraction: number;
  readonly jitterMs: number;
}

/** Figures from all reports so far. */
export interface ReportFigures {
  /** Latest round-trip time on the network; undefined until it is known. */
  readonly roundTripMs: number | undefined;
  readonly meanRoundTripMs: number | undefined;
  /** Another object for each report on the outgoing stream. */
  readonly peer: PeerView | undefined;
  /** Most redundant frames that the peer takes in a packet; 0 until it has announced any. */
  readonly peerRedundancy: number;
  readonly reportsSent: number;
  readonly reportsReceived: number;
  /** Whether the peer has sent BYE. */
  readonly peerLeft: boolean;
}

/** The reports of one call, in both directions. Call {@linkcode RtcpSession.tick} at {@linkcode RtcpSession.wakeAt}. */
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
  /** `#packetCount` at the last report, and at the one before it. */
  #packetCountAtReport = 0;
  #packetCountAtReportBefore = 0;
  #lastTimestamp = 0;
  #lastSentAt = 0;
  #roundTripMs: number | undefined;
  #roundTripSumMs = 0;
  #roundTrips = 0;
  #peer: PeerView | undefined;
  #peerRedundancy = 0;
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
    this.#wakeAt = options.now + FIRST_INTERVAL_FACTOR * this.#randomInterval();
  }

  /** When the next report is due. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  get figures(): ReportFigures {
    return {
      roundTripMs: this.#roundTripMs,
      meanRoundTripMs: this.#roundTrips === 0 ? undefined : this.#roundTripSumMs / this.#roundTrips,
      peer: this.#peer,
      peerRedundancy: this.#peerRedundancy,
      reportsSent: this.#reportsSent,
      reportsReceived: this.#reportsReceived,
      peerLeft: this.#peerLeft,
    };
  }

  /**
   * Counts a sent RTP packet.
   *
   * @param timestamp RTP timestamp.
   * @param payloadBytes Its bytes without the header.
   * @param now Time of sending.
   */
  sent(timestamp: number, payloadBytes: number, now: number): void {
    this.#packetCount++;
    this.#octetCount += payloadBytes;
    this.#lastTimestamp = timestamp;
    this.#lastSentAt = now;
  }

  /** @returns The report that is due, as a datagram; undefined before {@linkcode RtcpSession.wakeAt}. */
  tick(now: number): Uint8Array<ArrayBuffer> | undefined {
    if (now < this.#wakeAt) return undefined;
    this.#wakeAt = now + this.#randomInterval();
    return encodeCompound([this.#report(now), this.#description, this.#redundancy]);
  }

  /** The last report, with BYE. With two participants it may be sent at once (RFC 3550, section 6.3.7). */
  bye(now: number): Uint8Array<ArrayBuffer> {
    this.#wakeAt = Infinity;
    return encodeCompound([this.#report(now), this.#description, { kind: "bye", ssrcs: [this.#ssrc] }]);
  }

  /**
   * Takes a datagram. Of report blocks on the outgoing stream, the one with the highest loss counts; others are ignored.
   *
   * @param now Arrival time.
   * @returns Whether it is a valid compound packet.
   */
  handlePacket(now: number, datagram: Uint8Array): boolean {
    const packets = parseCompound(datagram);
    if (!packets) return false;
    let sender: number | undefined;
    const blocks: ReportBlock[] = [];
    for (const packet of packets) {
      if (packet.kind === "source_description") continue;
      if (packet.kind === "bye") {
        this.#peerLeft ||= sender !== undefined && packet.ssrcs.includes(sender);
        continue;
      }
      if (packet.kind === "application") {
        this.#handleRedundancy(packet);
        continue;
      }
      sender = packet.ssrc;
      this.#reportsReceived++;
      if (packet.kind === "sender_report") {
        this.#statistics.recordSenderReport(packet.ssrc, middle32(packet.ntpTimestamp), now);
      }
      blocks.push(...packet.blocks.filter(({ ssrc }) => ssrc === this.#ssrc));
    }
    // A peer with several streams reports with each of them; all heard the same one of this phone.
    const worst = blocks.toSorted((a, b) => b.fractionLost - a.fractionLost)[0];
    if (worst) this.#handleBlock(worst, now);
    return true;
  }

  #randomInterval(): number {
    return REPORT_INTERVAL_MS * (0.5 + this.#random());
  }

  get #description(): SourceDescription {
    return { kind: "source_description", ssrc: this.#ssrc, cname: this.#cname };
  }

  get #redundancy(): ApplicationPacket {
    const data = Uint8Array.of(REDUNDANT_PAYLOAD_TYPE, MOST_REDUNDANT_FRAMES, 0, 0);
    return { kind: "application", ssrc: this.#ssrc, name: REDUNDANCY_NAME, data };
  }

  #handleRedundancy({ name, data: [payloadType, most] }: ApplicationPacket): void {
    if (name !== REDUNDANCY_NAME || payloadType !== REDUNDANT_PAYLOAD_TYPE || most === undefined) return;
    this.#peerRedundancy = Math.min(most, MOST_REDUNDANT_FRAMES);
  }

  /** A sender report if any packet was sent since the report before the last one (RFC 3550, section 6.4). */
  #report(now: number): SenderReport | ReceiverReport {
    const block = this.#statistics.block(now);
    const blocks = block ? [block] : [];
    const sending = this.#packetCount > this.#packetCountAtReportBefore;
    this.#packetCountAtReportBefore = this.#packetCountAtReport;
    this.#packetCountAtReport = this.#packetCount;
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

  #handleBlock(block: ReportBlock, now: number): void {
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

  /** Round-trip time in ms: A - LSR - DLSR (RFC 3550, section 6.4.1, figure 2). */
  #roundTrip(block: ReportBlock, now: number): number | undefined {
    if (block.lastSenderReport === 0) return undefined;
    if (block.delaySinceLastSenderReport / 65.536 > MAX_LSR_AGE_MS) return undefined;
    const units = (middle32(this.#ntp(now)) - block.lastSenderReport - block.delaySinceLastSenderReport) | 0;
    const roundTripMs = units / 65.536;
    if (Math.abs(roundTripMs) > MAX_ROUND_TRIP_MS) return undefined;
    // On the loopback interface, rounding may give a negative time.
    return Math.max(0, roundTripMs);
  }
}

/** A random CNAME for one call (RFC 7022, section 4.2). */
export function randomCname(): string {
  return crypto.getRandomValues(new Uint8Array(CNAME_BYTES)).toBase64();
}
