/**
 * Decides what is heard when: holds packets back just long enough for late ones to take their place, rebuilds or
 * conceals what is missing, and follows the network by playing a little faster or slower. It reads no clock: it is
 * told the time, and time passes for it by samples being asked for.
 *
 * ```text
 *   push(packet) ──▶ packets by number ──▶ decoder ──▶ decoded samples ──▶ play(samples)
 *                └─▶ delay estimator ──▶ target ──▶ time stretcher ┘
 * ```
 *
 * The playout delay is the distance between the loudspeaker's clock (samples delivered) and the timestamp that is
 * heard. A packet comes in time exactly when its relative delay (see `delay_estimator.ts`) on that clock is not more.
 *
 * A loudspeaker that got all that it takes can go on for a while without more: that is the lead. While packets come
 * evenly, each is given on as it comes, so the lead is at least one frame, and a delay of nothing is enough.
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import { ComfortNoise } from "./comfort_noise.ts";
import { DelayHistogram } from "./delay_histogram.ts";
import { DelayPeakDetector } from "./delay_peak_detector.ts";
import { FRAME_SAMPLES, SILENT_PACKET_BYTES, type VoiceDecoder } from "../codec/opus.ts";
import { PlaybackClock } from "./playback_clock.ts";
import { TimeStretcher } from "./time_stretch.ts";

/** What became of the packets, each counted once for what it was, and what was made up. */
export interface JitterBufferCounts {
  /** Packets that were heard. */
  readonly played: number;
  /** Missing ones that were rebuilt from the copy in a later packet. */
  readonly rebuilt: number;
  /** Missing ones that were not. */
  readonly lost: number;
  /** Came after their turn. */
  readonly late: number;
  /** Came twice. */
  readonly repeated: number;
  /** Came after one that was sent later, and in time. */
  readonly reordered: number;
  /** Let go of because too much had gathered. */
  readonly dropped: number;
  /** Samples that were made up in place of sound that was missing. */
  readonly concealedSamples: number;
  /** Times that the sound was made shorter and longer. */
  readonly shortened: number;
  readonly lengthened: number;
}

/** Part of the packets that the delay is meant to wait for. Those beyond cost less as losses than as delay. */
const IN_TIME = 0.985;

/**
 * The longest delay that was needed to have so many in time is waited for so long, as long as any packet needs it, since
 * each change is heard. What a stream needed that has only just begun is not.
 */
const HELD = 20_000 * SAMPLES_PER_MS;
const SETTLED_MS = 4_000;

/** Part of the packets whose delay is nothing out of the ordinary. */
const TYPICAL = 0.75;

/**
 * Where delays differ much, one is nothing out of the ordinary either that is by so much less than what is waited for,
 * as long as it is no more than so much beyond the typical one: else peaks that recur would pass for ordinary.
 */
const BELOW_IN_TIME = 5 * SAMPLES_PER_MS;
const MOST_BEYOND_TYPICAL = 15 * SAMPLES_PER_MS;

/** Part of the packets that count as the fastest: one that is faster than all may be a mistake of the clocks. */
const FASTEST = 0.02;

/** Delay beyond the first packet's own before anything is known. */
const FIRST_MARGIN = 3 * SAMPLES_PER_MS;

/** Delay beyond that of the fastest packets that is never exceeded; more is no conversation. */
const LONGEST_DELAY = 400 * SAMPLES_PER_MS;

/** What is aimed at stays so far below that, since packets that come all at once are a backlog for a moment. */
const LONGEST_TARGET = LONGEST_DELAY - 60 * SAMPLES_PER_MS;

/** What is left of a backlog that was let go. */
const KEPT_PACKETS = 3;

/** Packets that can be in store; further from what is heard than this, a number is a new start. */
const STORE = 128;

/** Further from what is heard than this, a timestamp is a new start, too. */
const LONGEST_JUMP = 5_000 * SAMPLES_PER_MS;

/** After this time without any packet the stream counts as ended, and silence is played. */
const STARVED_LIMIT = 500 * SAMPLES_PER_MS;

/** Sound that is made up at once when nothing has come. */
const CONCEALED_BLOCK = 10 * SAMPLES_PER_MS;

/** Most that is left out of what is late for once. What is later is heard late, and then caught up with. */
const LONGEST_SKIP = 80 * SAMPLES_PER_MS;

/** Packets that come so soon after another, in milliseconds, were held up together with it, … */
const HELD_UP_MS = 3;

/** … and say little more about the network than that one did. */
const HELD_UP_WEIGHT = 0.1;

/** A phone that does nothing for so long is held up itself, and takes in so short a time what came meanwhile. */
const LONGEST_SILENCE_MS = 40;
const HELD_UP_LASTS_MS = 100;

/** Time in which what was made up crosses over to a packet that is heard from its middle. */
const CROSSING = 5 * SAMPLES_PER_MS;

/** What is too much delay, and is made shorter: so many samples, or this part of what is waited for where that is more. */
interface Tolerance {
  readonly excess: number;
  readonly part: number;
}

/** In speech each change is heard, and networks take turns: it is left alone for what nobody notices. */
const SPEAKING: Tolerance = { excess: 30 * SAMPLES_PER_MS, part: 2 };

/** Between two sentences, … */
const SHORT_PAUSE = 150 * SAMPLES_PER_MS;
const PAUSING: Tolerance = { excess: 9 * SAMPLES_PER_MS, part: 1 };

/** … and where nobody speaks for longer than that: there nothing is lost by following the network closely. */
const LONG_PAUSE = 1_000 * SAMPLES_PER_MS;
const SILENT: Tolerance = { excess: 9 * SAMPLES_PER_MS, part: 3 / 8 };

/**
 * Where a loudspeaker stood still for a moment, so much beyond what the delay was before is made good for within so long:
 * what is heard from then on is late for no reason.
 */
const TOLERATED_RETURN = 4 * SAMPLES_PER_MS;
const RETURN = 2_000 * SAMPLES_PER_MS;

/** What making sound longer and shorter leaves beyond the target, so that it need not be done again soon, … */
const RESERVE_LONGER = 3 * SAMPLES_PER_MS;
const RESERVE_SHORTER = 6 * SAMPLES_PER_MS;

/** … and as a part of what is waited for, where that is more. In pauses it is made up for once a quarter of it is left. */
const RESERVE_PART = 1 / 4;
const LEAST_RESERVE_PART = RESERVE_PART / 4;

/** Lack of delay at which it is made up for by whatever harms least, and more often: packets come late. */
const URGENT_LACK = 50 * SAMPLES_PER_MS;

/** The same for too much of it, which is less of a harm than bad seams. */
const URGENT_EXCESS = 300 * SAMPLES_PER_MS;

/** Time between two corrections, and between two urgent ones. */
const CORRECTION_PAUSE = 40 * SAMPLES_PER_MS;
const URGENT_PAUSE = 20 * SAMPLES_PER_MS;

/** Losses from which on it is worth a frame of delay to have the next packet's copy: 1 %. So long they may pause. */
const WORTH_WAITING = 0.01;
const LOSSES_GO_ON = 8_000 * SAMPLES_PER_MS;

/** So long after a packet with copies others with as many are expected. */
const COPIES_GO_ON = 3_000 * SAMPLES_PER_MS;

/** Weight of one packet in how many are lost, and how many overtaken: some 100 packets count. */
const RATE_WEIGHT = 0.01;

/** Where a larger part of the packets than this is overtaken, that says nothing. */
const FEW_OVERTAKEN = 0.04;

/** Decoded samples that are best to find a place to cut or to repeat in. */
const STRETCH_WINDOW = 30 * SAMPLES_PER_MS;

/** Longest correction at once. */
const LONGEST_CORRECTION = 15 * SAMPLES_PER_MS;

/** Room for the longest packet of Opus, what may be left before it, and a correction. */
const DECODED_CAPACITY = 400 * SAMPLES_PER_MS;

/** One direction's playout. */
export class JitterBuffer {
  readonly #decoder: VoiceDecoder;
  readonly #leadSamples: number;
  readonly #stretching: boolean;
  readonly #stretcher = new TimeStretcher();
  readonly #comfort = new ComfortNoise();
  readonly #delays = new DelayHistogram();
  readonly #peaks = new DelayPeakDetector();
  readonly #counts = {
    played: 0,
    rebuilt: 0,
    lost: 0,
    late: 0,
    repeated: 0,
    reordered: 0,
    dropped: 0,
    concealedSamples: 0,
    shortened: 0,
    lengthened: 0,
  };

  /** Packets by their number modulo {@linkcode STORE}, a power of 2; a slot is of the number that is written in it. */
  readonly #payloads = new Array<Uint8Array | undefined>(STORE).fill(undefined);
  readonly #numbers = new Float64Array(STORE).fill(-1);
  readonly #timestamps = new Float64Array(STORE);
  /** Whether it is a copy from a later packet. */
  readonly #copied = new Uint8Array(STORE);
  /** Number of the packet to be decoded next. */
  #next = 0;
  #newest = 0;
  /** When this phone last did anything here. */
  #calledAt = NaN;
  /** When it was held up last, until then, and for so many samples. */
  #heldUpAt = -Infinity;
  #heldUpFor = 0;
  #stored = 0;
  #streaming = false;
  #decodedAny = false;

  /** Decoded and not yet heard. */
  #decoded = new Int16Array(DECODED_CAPACITY);
  #spare = new Int16Array(DECODED_CAPACITY);
  #decodedLength = 0;
  /** Timestamp behind the last decoded sample. */
  #end = 0;
  /** The loudspeaker's clock. */
  #delivered = 0;
  readonly #clock = new PlaybackClock();
  /** Made up since the last packet, because nothing had come. */
  #starved = 0;
  /** Samples at the beginning of the next packets that are not to be heard. */
  #skipped = 0;
  /** Whether some of them have been left out, or are about to be. */
  #skipping = false;
  readonly #crossing = new Int16Array(CROSSING);
  #lastWasSilent = false;
  #cameAt = -Infinity;
  #frameSamples = FRAME_SAMPLES;
  /** When a packet carried copies of the ones before it, by its timestamp, and of how many. */
  #copyAt = -Infinity;
  #copies = 0;
  /** The part of the packets that is missing of late, and until when copies are waited for because of it. */
  #lossRate = 0;
  #lossesUntil = 0;
  /** The part of the packets that came after one that was sent later. */
  #overtakenRate = 0;
  /** Relative delay of the fastest packets, and the one that is waited for. */
  #fastest = 0;
  #latest = 0;
  /** Relative delay of {@linkcode IN_TIME} that is held, and since when; NaN for none. */
  #inTime = NaN;
  #inTimeSince = 0;
  #correctedAt = 0;
  /** Until when more delay beyond the target than so much is what a loudspeaker left behind. */
  #returningUntil = 0;
  #returningTo = 0;

  /**
   * @param decoder Owned by the caller.
   * @param leadSamples How long the loudspeaker can go without samples after it got all that it takes: a packet is in
   * time that comes so much later than then.
   * @param stretching Whether sound may be made shorter and longer, so that the delay can follow the network.
   */
  constructor(decoder: VoiceDecoder, leadSamples = 0, stretching = true) {
    this.#decoder = decoder;
    this.#leadSamples = leadSamples;
    this.#stretching = stretching;
  }

  get counts(): JitterBufferCounts {
    return this.#counts;
  }

  /** JitterBuffer delay beyond that of the fastest packets, in milliseconds. 0 before there is any. */
  get delayMs(): number {
    return this.#delays.empty ? 0 : (this.#delay - this.#starved - this.#shortest) / SAMPLES_PER_MS;
  }

  /** The same for the delay that is aimed at. */
  get targetMs(): number {
    return this.#delays.empty ? 0 : (this.#target - this.#shortest) / SAMPLES_PER_MS;
  }

  /**
   * Samples that are held back for late packets, as a rule. What is held back beyond that for the moment had better stay
   * here, where it can be made shorter.
   */
  get heldBackSamples(): number {
    return Math.max(0, Math.round(this.targetMs * SAMPLES_PER_MS));
  }

  /**
   * Takes a packet.
   *
   * @param number Its extended sequence number.
   * @param timestamp Its extended timestamp, in samples.
   * @param payload Its bytes, kept until they are heard.
   * @param now Milliseconds on any clock that only goes forward, the same one as for {@linkcode JitterBuffer.play}.
   * @param copies How many of the packets before it came with it, for {@linkcode JitterBuffer.pushCopy}.
   */
  push(number: number, timestamp: number, payload: Uint8Array, now: number, copies = 0): void {
    this.#wasCalled(now);
    const jumps = Math.abs(number - this.#next) >= STORE || Math.abs(timestamp - this.#end) > LONGEST_JUMP;
    if (this.#streaming && jumps) this.restart();
    this.#clock.start(this.#delivered - now * SAMPLES_PER_MS);
    this.#estimate(number, timestamp, now);
    if (!this.#streaming) this.#begin(number, timestamp, now);
    // What is further from the newest than there is room for would take a packet's slot.
    const fits = this.#newest - number < STORE;
    if (!this.#decodedAny && number < this.#next && fits) this.#beginEarlier(number, timestamp, now);
    if (copies > 0) this.#copiesCame(copies, timestamp);
    const slot = number & (STORE - 1);
    if (this.#numbers[slot] === number) return this.#cameAgain(slot);
    if (this.#isOver(number, timestamp)) {
      this.#counts.late++;
      // A packet in store keeps its slot.
      if (this.#payloads[slot]) return;
    } else {
      if (number < this.#newest) this.#counts.reordered++;
      this.#store(number, timestamp, payload, false);
      if (number === this.#next && timestamp === this.#end) this.#skipped = this.#surplus();
    }
    this.#numbers[slot] = number;
    this.#newest = Math.max(this.#newest, number);
  }

  /**
   * Takes the copy of a packet that came with a later one, after that one. It is heard if the packet itself does not
   * come in time.
   *
   * @param number The packet's own number.
   * @param timestamp Its own timestamp.
   * @param payload Its bytes, kept until they are heard.
   */
  pushCopy(number: number, timestamp: number, payload: Uint8Array): void {
    const slot = number & (STORE - 1);
    const fits = number < this.#newest && this.#newest - number < STORE;
    if (!fits || this.#isOver(number, timestamp) || this.#numbers[slot] === number || payload.length === 0) {
      return;
    }
    this.#store(number, timestamp, payload, true);
    this.#numbers[slot] = number;
  }

  /**
   * Fills `samples` with what is to be heard next.
   *
   * @param now Milliseconds.
   * @param behind How many samples more the loudspeaker would have taken.
   * @param ranDry Whether it had nothing left to play.
   */
  play(samples: Int16Array, now: number, behind = 0, ranDry = false): void {
    this.#wasCalled(now);
    this.#followClock(this.#delivered + samples.length + behind - now * SAMPLES_PER_MS, now, ranDry);
    this.#letGo();
    while (this.#decodedLength < samples.length) this.#decodeNext();
    this.#correct(samples.length);
    samples.set(this.#decoded.subarray(0, samples.length));
    this.#decoded.copyWithin(0, samples.length, this.#decodedLength);
    this.#decodedLength -= samples.length;
    this.#delivered += samples.length;
  }

  /** Forgets the stream, because another begins. The counts go on. */
  restart(): void {
    this.#payloads.fill(undefined);
    this.#numbers.fill(-1);
    this.#stored = 0;
    this.#streaming = false;
    this.#decodedLength = 0;
    this.#skipped = 0;
    this.#skipping = false;
    this.#copyAt = -Infinity;
    this.#clock.reset();
    this.#returningUntil = 0;
    this.#forgetDelays();
    this.#stretcher.reset();
  }

  /** Whether there is no voice at the moment, and silence or soft noise has to be played for as long as there is not. */
  get pausing(): boolean {
    return this.#stored === 0 && (!this.#streaming || this.#lastWasSilent);
  }

  /**
   * Samples of those that are asked for next that are there, so that none need be made up.
   *
   * @param most More than so many need not be counted.
   */
  readySamples(most: number): number {
    let ready = this.#decodedLength - this.#skipped;
    for (let number = this.#nextReady(); ready < most && this.#has(number); number++) {
      ready += this.#frameSamples;
    }
    return Math.min(ready, most);
  }

  /** Whether a packet's turn is over, or began in a gap before a later one that was made up in part. */
  #isOver(number: number, timestamp: number): boolean {
    return number < this.#next || (number < this.#newest && timestamp < this.#end);
  }

  #store(number: number, timestamp: number, payload: Uint8Array, copied: boolean): void {
    const slot = number & (STORE - 1);
    this.#payloads[slot] = payload;
    this.#timestamps[slot] = timestamp;
    this.#copied[slot] = Number(copied);
    this.#stored++;
  }

  /** A packet has come that was there already, or a copy of it. */
  #cameAgain(slot: number): void {
    if (!this.#copied[slot]) this.#counts.repeated++;
    else if (this.#payloads[slot]) this.#counts.reordered++;
    else this.#counts.late++;
    this.#copied[slot] = 0;
  }

  /** There are no fewer for a while, since loud frames leave no room for copies, and silence has none. */
  #copiesCame(copies: number, timestamp: number): void {
    if (copies < this.#copies && timestamp - this.#copyAt < COPIES_GO_ON) return;
    this.#copies = copies;
    this.#copyAt = timestamp;
  }

  /** The packet to be decoded next, or one behind missing ones whose time has been made up already. */
  #nextReady(): number {
    if (this.#starved === 0 || this.#stored === 0) return this.#next;
    let number = this.#next;
    while (!this.#has(number)) number++;
    return this.#timestamps[number & (STORE - 1)]! - this.#end <= this.#starved ? number : this.#next;
  }

  /** Where the loudspeaker has stood still, the delay is to be soon what it was. */
  #followClock(offset: number, now: number, ranDry: boolean): void {
    const excess = this.#excess;
    const stoodStill = this.#clock.follow(offset, now, ranDry);
    if (stoodStill <= 0 || this.#returning) return;
    this.#returningUntil = this.#delivered + RETURN;
    this.#returningTo = Math.max(excess, RESERVE_LONGER);
  }

  /** The playout delay with which a packet of some relative delay comes just in time. */
  #delayFor(relativeDelay: number): number {
    return relativeDelay + this.#clock.offset - this.#leadSamples;
  }

  /** That of the fastest packets. */
  get #shortest(): number {
    return this.#delayFor(this.#fastest);
  }

  /** The one that is aimed at. */
  get #target(): number {
    return this.#delayFor(this.#latest);
  }

  /** How much longer it is. */
  get #spread(): number {
    return this.#target - this.#shortest;
  }

  /** The playout delay. */
  get #delay(): number {
    return this.#delivered - (this.#end - this.#decodedLength);
  }

  /** How much longer it is than what is aimed at, without what was made up because nothing had come. */
  get #excess(): number {
    return this.#delay - this.#starved - this.#target;
  }

  #estimate(number: number, timestamp: number, now: number): void {
    const relativeDelay = now * SAMPLES_PER_MS - timestamp;
    const weight = now - this.#cameAt < HELD_UP_MS ? HELD_UP_WEIGHT : 1;
    this.#cameAt = now;
    this.#delays.add(relativeDelay, this.#frameSamples / SAMPLES_PER_MS, weight);
    this.#fastest = this.#delays.quantile(FASTEST);
    // A lost packet is rebuilt from the next one, so where there are losses that one is worth waiting for.
    const copies = this.#end - this.#copyAt < COPIES_GO_ON ? this.#copies : 0;
    if (this.#lossRate > WORTH_WAITING) this.#lossesUntil = this.#delivered + LOSSES_GO_ON;
    const wait = this.#delivered < this.#lossesUntil ? copies * this.#frameSamples : 0;
    const inTime = this.#delays.quantile(IN_TIME);
    this.#hold(inTime);
    const usual = Math.min(this.#inTime, this.#delays.largest) + wait;
    const typical = this.#delays.quantile(TYPICAL);
    const ordinary = Math.max(typical, Math.min(inTime - BELOW_IN_TIME, typical + MOST_BEYOND_TYPICAL));
    const overtaken = this.#streaming && number < this.#newest;
    this.#overtakenRate += RATE_WEIGHT * (Number(overtaken) - this.#overtakenRate);
    const heldBack = overtaken && this.#overtakenRate < FEW_OVERTAKEN;
    this.#peaks.watch(relativeDelay, this.#fastest, ordinary, this.#delivered, heldBack, this.#heldUp(now));
    this.#latest = Math.min(Math.max(usual, this.#peaks.height), this.#fastest + LONGEST_TARGET);
  }

  /**
   * For how long this phone was held up just now, in samples: packets that come meanwhile are late by as much for that
   * reason alone.
   */
  #heldUp(now: number): number {
    return now - this.#heldUpAt <= HELD_UP_LASTS_MS ? this.#heldUpFor : 0;
  }

  /** Follows whether this phone is held up: it is called for each packet, and each time that the loudspeaker is served. */
  #wasCalled(now: number): void {
    if (now - this.#calledAt > LONGEST_SILENCE_MS) {
      this.#heldUpAt = now;
      this.#heldUpFor = (now - this.#calledAt) * SAMPLES_PER_MS;
    }
    this.#calledAt = now;
  }

  #hold(inTime: number): void {
    const holding = this.#delays.ageMs > SETTLED_MS && this.#delivered - this.#inTimeSince <= HELD;
    if (holding && inTime < this.#inTime) return;
    this.#inTime = inTime;
    this.#inTimeSince = this.#delivered;
  }

  #begin(number: number, timestamp: number, now: number): void {
    this.#streaming = true;
    this.#decodedAny = false;
    this.#starved = 0;
    this.#next = number;
    this.#newest = number;
    this.#anchor(timestamp, now);
  }

  /** The stream began with packets in the wrong order, and there is still time to mend it. */
  #beginEarlier(number: number, timestamp: number, now: number): void {
    this.#next = number;
    this.#anchor(timestamp, now);
  }

  /** Puts silence before a timestamp, so that it is heard when the delay says. */
  #anchor(timestamp: number, now: number): void {
    const delay = Math.max(this.#target, this.#delayFor(now * SAMPLES_PER_MS - timestamp) + FIRST_MARGIN);
    const silence = Math.round(delay - (this.#delivered - timestamp));
    this.#decodedLength = Math.max(0, Math.min(silence, LONGEST_DELAY));
    this.#decoded.fill(0, 0, this.#decodedLength);
    this.#end = timestamp;
  }

  #has(number: number): boolean {
    return this.#payloads[number & (STORE - 1)] !== undefined &&
      this.#numbers[number & (STORE - 1)] === number;
  }

  #decodeNext(): void {
    if (!this.#streaming) return this.#addSilence();
    if (this.#stored === 0) return this.#starve();
    let number = this.#next;
    while (!this.#has(number)) number++;
    // Time that was made up while nothing came is time that missing packets, or silence, would have taken.
    let gap = this.#timestamps[number & (STORE - 1)]! - this.#end;
    const covered = Math.max(0, Math.min(this.#starved, gap));
    this.#end += covered;
    this.#starved = 0;
    gap -= covered;
    const missing = number - this.#next;
    const rebuilt = missing > 0 && gap > 0 && gap <= this.#frameSamples && this.#rebuild(number, gap);
    if (rebuilt) {
      this.#counts.rebuilt++;
      this.#counts.lost--;
      this.#giveUp(number);
    } else if (gap > 0 && gap < LONGEST_DELAY) {
      const length = Math.min(gap, this.#frameSamples);
      this.#conceal(length, missing > 0 || !this.#lastWasSilent);
      this.#end += length;
      if (length === gap) this.#giveUp(number);
    } else {
      this.#giveUp(number);
      this.#decode(number);
    }
  }

  /** Packets before `number` are not waited for any longer. */
  #giveUp(number: number): void {
    for (; this.#next < number; this.#next++) {
      this.#counts.lost++;
      this.#lossRate += RATE_WEIGHT * (1 - this.#lossRate);
    }
  }

  #decode(number: number): void {
    const slot = number & (STORE - 1);
    const payload = this.#payloads[slot]!;
    this.#payloads[slot] = undefined;
    this.#stored--;
    this.#next = number + 1;
    this.#decodedAny = true;
    const copied = this.#copied[slot]!;
    this.#lossRate += RATE_WEIGHT * (copied - this.#lossRate);
    if (this.#decoder.carriesCopy(payload)) this.#copiesCame(1, this.#end);
    if (this.#skipped > 0 && !this.#skipping) {
      this.#skipping = true;
      this.#crossing.set(this.#decoder.conceal(CROSSING));
    }
    this.#lastWasSilent = payload.length <= SILENT_PACKET_BYTES;
    const samples = this.#decoder.decode(payload);
    this.#end = this.#timestamps[slot]!;
    if (samples) {
      this.#frameSamples = samples.length;
      if (this.#lastWasSilent) this.#comfort.fill(samples);
      else this.#comfort.observe(samples);
      if (this.#skipped >= samples.length) {
        this.#skipped -= samples.length;
        this.#end += samples.length;
        // The copy of a lost packet was too late to be of use.
        if (copied) this.#counts.lost++;
        else this.#counts.late++;
        return;
      }
      this.#add(this.#skipping ? this.#joined(samples) : samples);
    } else {
      this.#conceal(this.#frameSamples, true);
    }
    this.#end += this.#frameSamples;
    if (copied) this.#counts.rebuilt++;
    else this.#counts.played++;
  }

  /**
   * What was made up in place of packets that are late for once is heard in place of them, so that the delay stays.
   *
   * @returns Samples of the packets that come next which are not to be heard.
   */
  #surplus(): number {
    if (this.#skipped > 0) return this.#skipped;
    if (!this.#stretching || this.#lastWasSilent || this.#starved > LONGEST_SKIP) return 0;
    const surplus = Math.floor(Math.min(this.#starved, this.#delay - this.#target));
    return surplus < CROSSING ? 0 : surplus;
  }

  /** A packet's samples without those that are not to be heard, and with the crossing to them. */
  #joined(samples: Int16Array): Int16Array {
    const skipped = Math.min(this.#skipped, samples.length - CROSSING);
    this.#skipped = 0;
    this.#skipping = false;
    if (skipped < 0) return samples;
    const rest = samples.subarray(skipped);
    for (let i = 0; i < CROSSING; i++) {
      rest[i] = this.#crossing[i]! + (rest[i]! - this.#crossing[i]!) * (i + 1) / (CROSSING + 1);
    }
    return rest;
  }

  /** Rebuilds the end of a gap from the copy that the packet behind it carries, if it carries one. */
  #rebuild(number: number, gap: number): boolean {
    const samples = this.#decoder.rebuild(this.#payloads[number & (STORE - 1)]!, gap);
    if (!samples) return false;
    this.#add(samples);
    this.#end += gap;
    return true;
  }

  #starve(): void {
    if (this.#starved >= STARVED_LIMIT) {
      this.#streaming = false;
      return this.#addSilence();
    }
    this.#conceal(CONCEALED_BLOCK, !this.#lastWasSilent);
    this.#starved += CONCEALED_BLOCK;
  }

  /** @param missing Whether there was sound that is missing, rather than silence that need not be sent. */
  #conceal(length: number, missing: boolean): void {
    if (missing) {
      this.#add(this.#decoder.conceal(length));
      this.#counts.concealedSamples += length;
    } else {
      const samples = this.#decoded.subarray(this.#decodedLength, this.#decodedLength + length);
      this.#comfort.fill(samples);
      this.#decodedLength += length;
      this.#stretcher.observe(samples);
    }
  }

  #addSilence(): void {
    this.#decoded.fill(0, this.#decodedLength, this.#decodedLength + CONCEALED_BLOCK);
    this.#decodedLength += CONCEALED_BLOCK;
    this.#end += CONCEALED_BLOCK;
  }

  #add(samples: Int16Array): void {
    this.#decoded.set(samples, this.#decodedLength);
    this.#decodedLength += samples.length;
    this.#stretcher.observe(samples);
  }

  /** Lets go of the oldest packets when more has gathered than may ever be waited for. */
  #letGo(): void {
    if (this.#stored <= KEPT_PACKETS) return;
    const backlog = this.#timestamps[this.#newest & (STORE - 1)]! - this.#end + this.#decodedLength;
    if (backlog <= LONGEST_DELAY || !this.#has(this.#newest)) return;
    let number = this.#newest;
    for (let kept = 1; kept < KEPT_PACKETS && number > this.#next; number--) {
      if (this.#has(number - 1)) kept++;
    }
    for (; this.#next < number; this.#next++) {
      if (!this.#has(this.#next)) continue;
      this.#payloads[this.#next & (STORE - 1)] = undefined;
      this.#stored--;
      this.#counts.dropped++;
    }
    this.#starved = 0;
    this.#end = this.#timestamps[number & (STORE - 1)]!;
    // An outage that nobody can wait for says nothing about what is worth to wait for.
    this.#forgetDelays();
  }

  #forgetDelays(): void {
    this.#delays.reset();
    this.#peaks.reset();
    this.#inTime = NaN;
  }

  /** Brings the delay nearer to its target, where that can be done without being heard. */
  #correct(needed: number): void {
    if (!this.#stretching || !this.#streaming || !this.#decodedAny || this.#starved > 0) return;
    const excess = this.#excess;
    const urgency = Math.min(1, excess < 0 ? -excess / URGENT_LACK : excess / URGENT_EXCESS);
    const pause = urgency < 1 ? CORRECTION_PAUSE : URGENT_PAUSE;
    if (this.#delivered - this.#correctedAt < pause) return;
    const quiet = this.#stretcher.quietSamples > SHORT_PAUSE;
    const lacks = excess < (quiet ? LEAST_RESERVE_PART * this.#spread : 0);
    if (lacks) this.#lengthen((quiet ? this.#reserve(RESERVE_LONGER) : RESERVE_LONGER) - excess, urgency);
    else if (excess > this.#tolerated) this.#shorten(needed, excess - this.#keptExcess, urgency);
  }

  /** How much too long the delay may be before anything is done about it. Too short it may not be. */
  get #tolerated(): number {
    if (this.#returning) return this.#returningTo + TOLERATED_RETURN;
    const quiet = this.#stretcher.quietSamples;
    const silent = this.#lastWasSilent || quiet > LONG_PAUSE;
    const { excess, part } = silent ? SILENT : quiet > SHORT_PAUSE ? PAUSING : SPEAKING;
    return Math.max(excess, part * this.#spread);
  }

  /** What making sound shorter leaves beyond the target. */
  get #keptExcess(): number {
    return this.#returning ? this.#returningTo : this.#reserve(RESERVE_SHORTER);
  }

  /** Whether what a loudspeaker left behind that stood still is being made good for. */
  get #returning(): boolean {
    return this.#delivered < this.#returningUntil;
  }

  #reserve(least: number): number {
    return Math.max(least, RESERVE_PART * this.#spread);
  }

  #shorten(needed: number, surplus: number, urgency: number): void {
    while (this.#decodedLength < Math.max(STRETCH_WINDOW, needed) && this.#has(this.#next)) {
      this.#decodeNext();
    }
    const most = Math.min(surplus, LONGEST_CORRECTION, this.#decodedLength - needed);
    const input = this.#decoded.subarray(0, this.#decodedLength);
    const removed = this.#stretcher.shorten(input, input, Math.floor(most), urgency);
    if (removed === 0) return;
    this.#decodedLength -= removed;
    this.#correctedAt = this.#delivered;
    this.#counts.shortened++;
  }

  #lengthen(lack: number, urgency: number): void {
    const input = this.#decoded.subarray(0, this.#decodedLength);
    const most = Math.min(Math.floor(lack), LONGEST_CORRECTION);
    const added = this.#stretcher.lengthen(input, this.#spare, most, urgency);
    if (added === 0) return;
    [this.#decoded, this.#spare] = [this.#spare, this.#decoded];
    this.#decodedLength += added;
    this.#returningUntil = 0;
    this.#correctedAt = this.#delivered;
    this.#counts.lengthened++;
  }
}
