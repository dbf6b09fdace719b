/** Receiver statistics for report blocks (RFC 3550, section 6.4.1 and appendices A.1, A.3, A.8). */

import { SAMPLE_RATE } from "../dsp/pcm.ts";
import type { ReportBlock } from "./rtcp.ts";

/** Packets in the window that tells duplicates from late packets: 20 s at 50 a second. */
const WINDOW_PACKETS = 1024;

/** A larger jump of the sequence number is no gap but a restart of the sender (appendix A.1). */
const MAX_DROPOUT = 3000;

/** A larger step of the transit time means that a clock was set, and does not count as jitter. */
const MAX_TRANSIT_STEP_MS = 5000;

/**
 * A packet counts as lost if a later one came 200 ms ago. With less, reordered packets would count as lost, and the peer
 * would protect its voice against losses that do not exist.
 */
const REORDERING_MS = 200;

/** Gain of the jitter estimator (appendix A.8). */
const JITTER_GAIN = 1 / 16;

const MAX_UINT32 = 2 ** 32 - 1;
const MAX_CUMULATIVE_LOST = 2 ** 23 - 1;

/**
 * Statistics of one incoming stream. Reads no clock.
 *
 * Unlike in the RFC, duplicates do not count as received: each would hide a lost packet, and the peer protects its voice
 * by the reported loss.
 */
export class ReceiverStatistics {
  readonly #clockRate: number;
  #ssrc: number | undefined;
  /** The first extended sequence number: its cycle counts as the first one. */
  #first = 0;
  #lowest = 0;
  #highest = 0;
  #received = 0;
  #duplicates = 0;
  /** The extended sequence number in each slot of the window, -1 for none. */
  readonly #window = new Float64Array(WINDOW_PACKETS).fill(-1);
  /** Arrival time of each slot. */
  readonly #arrivalMs = new Float64Array(WINDOW_PACKETS);
  /** The number that would confirm a restart: the one after the last number out of range (bad_seq, appendix A.1). */
  #badSequence: number | undefined;
  /** The last sequence number that a report has counted, as received or as lost. */
  #reported = 0;
  /** In timestamp units. */
  #jitter = 0;
  #lastArrivalMs: number | undefined;
  #lastTimestamp = 0;
  #senderReport: { readonly ssrc: number; readonly middle: number; readonly arrivalMs: number } | undefined;

  /** @param clockRate Of the RTP timestamp, in Hz. */
  constructor(clockRate: number = SAMPLE_RATE) {
    this.#clockRate = clockRate;
  }

  /** SSRC of the stream; undefined until a packet has come. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Received packets, without duplicates. */
  get received(): number {
    return this.#received;
  }

  /** Duplicate packets. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Packets sent between the lowest and the highest sequence number that came. */
  get expected(): number {
    return this.#ssrc === undefined ? 0 : this.#highest - this.#lowest + 1;
  }

  /** Expected packets that have not come so far. */
  get lost(): number {
    return this.expected - this.#received;
  }

  /** Lost packets of all expected ones, 0 to 1. */
  get lossFraction(): number {
    return this.lost / Math.max(1, this.expected);
  }

  /** Interarrival jitter in ms. */
  get jitterMs(): number {
    return this.#jitter * 1000 / this.#clockRate;
  }

  /**
   * Counts a packet.
   *
   * @param ssrc Another one than before restarts the statistics.
   * @param sequence Extended sequence number.
   * @param timestamp RTP timestamp.
   * @param now Arrival time, in milliseconds of a monotonic clock.
   */
  record(ssrc: number, sequence: number, timestamp: number, now: number): void {
    if (ssrc !== this.#ssrc) this.#restart(ssrc, sequence);
    if (this.#isOutOfRange(sequence)) {
      if (sequence !== this.#badSequence) {
        this.#badSequence = sequence + 1;
        return;
      }
      this.#restart(ssrc, sequence);
    }
    this.#badSequence = undefined;
    const slot = slotOf(sequence);
    if (this.#window[slot] === sequence) {
      this.#duplicates++;
      return;
    }
    this.#window[slot] = sequence;
    this.#arrivalMs[slot] = now;
    this.#received++;
    this.#highest = Math.max(this.#highest, sequence);
    this.#lowest = Math.min(this.#lowest, sequence);
    this.#measureJitter(timestamp, now);
  }

  /**
   * Records a sender report, for LSR and DLSR of the next block. One of another stream than the present one is ignored.
   *
   * @param ssrc Its sender.
   * @param middle The middle 32 bits of its NTP timestamp.
   * @param now Arrival time.
   */
  recordSenderReport(ssrc: number, middle: number, now: number): void {
    if (this.#ssrc !== undefined && ssrc !== this.#ssrc) return;
    this.#senderReport = { ssrc, middle, arrivalMs: now };
  }

  /**
   * The next report block. Call it once a report: the fraction lost covers the packets since the last call.
   *
   * @returns Undefined until a packet has come.
   */
  block(now: number): ReportBlock | undefined {
    if (this.#ssrc === undefined) return undefined;
    const lossFraction = this.#lossSinceLastBlock(now);
    const report = this.#senderReport?.ssrc === this.#ssrc ? this.#senderReport : undefined;
    const firstCycle = Math.floor(this.#first / 0x10000) * 0x10000;
    return {
      ssrc: this.#ssrc,
      fractionLost: Math.min(255, Math.floor(256 * lossFraction)),
      cumulativeLost: Math.min(MAX_CUMULATIVE_LOST, this.lost),
      highestSequence: (this.#highest - firstCycle) >>> 0,
      jitter: Math.min(MAX_UINT32, Math.floor(this.#jitter)),
      lastSenderReport: report?.middle ?? 0,
      delaySinceLastSenderReport: report
        ? Math.min(MAX_UINT32, Math.round((now - report.arrivalMs) * 65.536))
        : 0,
    };
  }

  /** The lost fraction of all packets that have become certain since the last block: see {@linkcode REORDERING_MS}. */
  #lossSinceLastBlock(now: number): number {
    let certain = this.#highest;
    while (
      certain > this.#reported &&
      !(this.#arrived(certain) && this.#arrivalMs[slotOf(certain)]! <= now - REORDERING_MS)
    ) {
      certain--;
    }
    const expected = certain - this.#reported;
    let lost = 0;
    for (; this.#reported < certain; this.#reported++) if (!this.#arrived(this.#reported + 1)) lost++;
    return lost / Math.max(1, expected);
  }

  #arrived(sequence: number): boolean {
    return this.#window[slotOf(sequence)] === sequence;
  }

  #isOutOfRange(sequence: number): boolean {
    return sequence > this.#highest + MAX_DROPOUT || sequence <= this.#highest - WINDOW_PACKETS;
  }

  #restart(ssrc: number, sequence: number): void {
    this.#ssrc = ssrc;
    this.#first = this.#lowest = this.#highest = sequence;
    this.#received = this.#duplicates = 0;
    this.#reported = sequence - 1;
    this.#window.fill(-1);
    this.#badSequence = undefined;
    this.#jitter = 0;
    this.#lastArrivalMs = undefined;
  }

  #measureJitter(timestamp: number, now: number): void {
    if (this.#lastArrivalMs !== undefined) {
      const arrivalStep = (now - this.#lastArrivalMs) * this.#clockRate / 1000;
      const sendStep = (timestamp - this.#lastTimestamp) | 0; // Modulo 2^32, signed.
      const transitStep = Math.abs(arrivalStep - sendStep);
      if (transitStep * 1000 <= MAX_TRANSIT_STEP_MS * this.#clockRate) {
        this.#jitter += (transitStep - this.#jitter) * JITTER_GAIN;
      }
    }
    this.#lastArrivalMs = now;
    this.#lastTimestamp = timestamp;
  }
}

function slotOf(sequence: number): number {
  return ((sequence % WINDOW_PACKETS) + WINDOW_PACKETS) % WINDOW_PACKETS;
}
