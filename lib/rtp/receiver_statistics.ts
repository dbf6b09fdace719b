/** What came of the other side's stream and what did not (RFC 3550, section 6.4.1 and appendices A.1, A.3, A.8). */

import { SAMPLE_RATE } from "../dsp/pcm.ts";
import type { ReportBlock } from "./rtcp.ts";

/** Packets remembered to tell a repeated one from a late one: 20 s of them at 50 a second. */
const WINDOW_PACKETS = 1024;

/** A sequence number further ahead than this is no gap but another count (MAX_DROPOUT of appendix A.1). */
const LARGEST_GAP_PACKETS = 3000;

/** A change of transit time beyond this is a clock that was set, and not jitter. */
const LARGEST_TRANSIT_STEP_MS = 5000;

/**
 * A packet is taken for lost when one that was sent after it came so long ago. Less, and those that are only overtaken
 * would have the other side protect its voice against losses that there are not.
 */
const SETTLED_MS = 200;

/** Jitter is smoothed by a sixteenth, as the RFC has it, so that all receivers' figures can be compared. */
const JITTER_GAIN = 1 / 16;

const LARGEST_UINT32 = 2 ** 32 - 1;
const LARGEST_LOST = 2 ** 23 - 1;

/**
 * Statistics of one incoming stream. It reads no clock.
 *
 * Unlike the RFC, repeated packets do not count as received: they would hide as many lost ones, and it is lost ones
 * that the other side protects its voice against.
 */
export class ReceiverStatistics {
  readonly #clockRate: number;
  #ssrc: number | undefined;
  /** The first sequence number that came: its lap counts as the first. */
  #first = 0;
  /** The lowest sequence number that came. */
  #lowest = 0;
  #highest = 0;
  #received = 0;
  #repeated = 0;
  /** Which sequence number came last at its place in the window, -1 for none. */
  readonly #window = new Float64Array(WINDOW_PACKETS).fill(-1);
  /** When it came. */
  readonly #cameAt = new Float64Array(WINDOW_PACKETS);
  /** What the next sequence number must be to prove that a far one was the start of another count. */
  #restartsAt: number | undefined;
  /** Up to this sequence number all packets are in a report, as received or as lost. */
  #reported = 0;
  /** In units of the timestamp. */
  #jitter = 0;
  #lastArrivalMs: number | undefined;
  #lastTimestamp = 0;
  #senderReport: { readonly ssrc: number; readonly middle: number; readonly arrivalMs: number } | undefined;

  /** @param clockRate Units of the stream's timestamp in a second. */
  constructor(clockRate: number = SAMPLE_RATE) {
    this.#clockRate = clockRate;
  }

  /** Whose stream it is, undefined until a packet came. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Packets that came, each counted once. */
  get received(): number {
    return this.#received;
  }

  /** Packets that came again. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Packets that were sent between the first and the last that came. */
  get expected(): number {
    return this.#ssrc === undefined ? 0 : this.#highest - this.#lowest + 1;
  }

  /** Packets that have not come so far. */
  get lost(): number {
    return this.expected - this.#received;
  }

  /** Lost packets of those expected since the beginning, 0 to 1. */
  get lossFraction(): number {
    return this.lost / Math.max(1, this.expected);
  }

  /** Mean difference of two packets' transit times, smoothed, in ms. */
  get jitterMs(): number {
    return this.#jitter * 1000 / this.#clockRate;
  }

  /**
   * Counts a packet.
   *
   * @param ssrc Its stream; another than before starts the statistics anew.
   * @param sequence Its extended sequence number.
   * @param timestamp Its RTP timestamp.
   * @param now When it came, in the callers' milliseconds.
   */
  record(ssrc: number, sequence: number, timestamp: number, now: number): void {
    if (ssrc !== this.#ssrc) this.#restart(ssrc, sequence);
    if (this.#isFar(sequence)) {
      if (sequence !== this.#restartsAt) {
        this.#restartsAt = sequence + 1;
        return;
      }
      this.#restart(ssrc, sequence);
    }
    this.#restartsAt = undefined;
    const place = placeOf(sequence);
    if (this.#window[place] === sequence) {
      this.#repeated++;
      return;
    }
    this.#window[place] = sequence;
    this.#cameAt[place] = now;
    this.#received++;
    this.#highest = Math.max(this.#highest, sequence);
    this.#lowest = Math.min(this.#lowest, sequence);
    this.#measureJitter(timestamp, now);
  }

  /**
   * Takes note of a sender report, so that the next block tells how long ago it was.
   *
   * @param ssrc Whose it is.
   * @param middle The middle 32 bits of its NTP timestamp.
   * @param now When it came, in the callers' milliseconds.
   */
  recordSenderReport(ssrc: number, middle: number, now: number): void {
    this.#senderReport = { ssrc, middle, arrivalMs: now };
  }

  /**
   * What there is to report, once a packet has come. To be called once for each report that is sent: the fraction
   * lost is that of the packets that were settled since the last call.
   *
   * @param now In the callers' milliseconds.
   */
  block(now: number): ReportBlock | undefined {
    if (this.#ssrc === undefined) return undefined;
    const lossFraction = this.#settle(now);
    const report = this.#senderReport?.ssrc === this.#ssrc ? this.#senderReport : undefined;
    const firstLap = Math.floor(this.#first / 0x10000) * 0x10000;
    return {
      ssrc: this.#ssrc,
      fractionLost: Math.min(255, Math.floor(256 * lossFraction)),
      cumulativeLost: Math.min(LARGEST_LOST, this.lost),
      highestSequence: (this.#highest - firstLap) >>> 0,
      jitter: Math.min(LARGEST_UINT32, Math.floor(this.#jitter)),
      lastSenderReport: report?.middle ?? 0,
      delaySinceLastSenderReport: report
        ? Math.min(LARGEST_UINT32, Math.round((now - report.arrivalMs) * 65.536))
        : 0,
    };
  }

  /** Looks at the packets whose fate is known by now and was not before, and returns which part of them is lost. */
  #settle(now: number): number {
    let settled = this.#highest;
    while (
      settled > this.#reported &&
      !(this.#came(settled) && this.#cameAt[placeOf(settled)]! <= now - SETTLED_MS)
    ) {
      settled--;
    }
    const expected = settled - this.#reported;
    let lost = 0;
    for (; this.#reported < settled; this.#reported++) if (!this.#came(this.#reported + 1)) lost++;
    return lost / Math.max(1, expected);
  }

  #came(sequence: number): boolean {
    return this.#window[placeOf(sequence)] === sequence;
  }

  #isFar(sequence: number): boolean {
    return sequence > this.#highest + LARGEST_GAP_PACKETS || sequence <= this.#highest - WINDOW_PACKETS;
  }

  #restart(ssrc: number, sequence: number): void {
    this.#ssrc = ssrc;
    this.#first = this.#lowest = this.#highest = sequence;
    this.#received = this.#repeated = 0;
    this.#reported = sequence - 1;
    this.#window.fill(-1);
    this.#restartsAt = undefined;
    this.#jitter = 0;
    this.#lastArrivalMs = undefined;
  }

  #measureJitter(timestamp: number, now: number): void {
    if (this.#lastArrivalMs !== undefined) {
      const arrived = (now - this.#lastArrivalMs) * this.#clockRate / 1000;
      const sent = (timestamp - this.#lastTimestamp) | 0; // Modulo 2^32, and to either side.
      const step = Math.abs(arrived - sent);
      if (step * 1000 <= LARGEST_TRANSIT_STEP_MS * this.#clockRate) {
        this.#jitter += (step - this.#jitter) * JITTER_GAIN;
      }
    }
    this.#lastArrivalMs = now;
    this.#lastTimestamp = timestamp;
  }
}

function placeOf(sequence: number): number {
  return ((sequence % WINDOW_PACKETS) + WINDOW_PACKETS) % WINDOW_PACKETS;
}
