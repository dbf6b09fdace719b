/**
 * The jitter buffer of one stream: holds packets back until late ones have taken their place, recovers or conceals what is
 * missing, and follows the network by playing a little faster or slower (the parts are those of WebRTC's NetEQ).
 *
 * ```text
 *   handlePacket ─▶ packet buffer ─▶ decoder ─▶ time scaler ─▶ play(samples)
 *              └──▶ delay manager ─▶ decision: which operation is next
 * ```
 *
 * It reads no clock: it is told the time, and time passes for it by samples being asked for.
 */

import { FRAME_SAMPLES, SILENT_PACKET_BYTES, type VoiceDecoder } from "../codec/opus.ts";
import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import { ComfortNoise } from "./comfort_noise.ts";
import { DEFAULT_CONFIG, type JitterBufferConfig } from "./config.ts";
import { correctionOf, decide, type Operation, type State } from "./decision.ts";
import { DelayManager } from "./delay_manager.ts";
import { CAPACITY, PacketBuffer, type VoicePacket } from "./packet_buffer.ts";
import { TimeScaler } from "./time_scaler.ts";

/** What became of the packets, each counted once for what it was, and what was made up. */
export interface JitterBufferCounts {
  /** Packets that were played. */
  readonly played: number;
  /** Missing ones that were recovered from a redundant frame in a later packet. */
  readonly recovered: number;
  /** Missing ones that were not. */
  readonly lost: number;
  /** Came after their turn. */
  readonly late: number;
  /** Came twice. */
  readonly repeated: number;
  /** Came after one that was sent later, and in time. */
  readonly reordered: number;
  /** Skipped because more had gathered than may be waited for. */
  readonly dropped: number;
  /** Samples that were made up in place of missing sound. */
  readonly concealedSamples: number;
  /** Times that sound was accelerated and slowed down. */
  readonly accelerated: number;
  readonly slowedDown: number;
}

/** One direction's jitter buffer. */
export class JitterBuffer {
  readonly #decoder: VoiceDecoder;
  readonly #stretching: boolean;
  readonly #config: JitterBufferConfig;
  readonly #packets = new PacketBuffer();
  readonly #delays: DelayManager;
  readonly #scaler: TimeScaler;
  readonly #comfort = new ComfortNoise();
  readonly #counts = {
    played: 0,
    recovered: 0,
    lost: 0,
    late: 0,
    repeated: 0,
    reordered: 0,
    dropped: 0,
    concealedSamples: 0,
    accelerated: 0,
    slowedDown: 0,
  };
  #streaming = false;
  #decodedAny = false;
  /** The timestamp up to which sound is decoded. */
  #end = 0;
  /** The loudspeaker's clock: samples that it was given. */
  #delivered = 0;
  /** Samples made up since the last packet because none was there. */
  #expanded = 0;
  /** Samples at the beginning of the next packets that concealment stands for, and are not played. */
  #unplayed = 0;
  /** Concealment that fades to the rest of such a packet, where it is under way. */
  #fadingFrom: Int16Array | undefined;
  readonly #fade: Int16Array;
  #lastWasSilent = false;
  #frameSamples: number = FRAME_SAMPLES;
  #correctedAt = 0;

  /**
   * @param decoder Owned by the caller.
   * @param leadSamples How long the loudspeaker lasts after it got all that it takes: a packet may come that much later.
   * @param stretching Whether sound may be accelerated and slowed down, so that the delay can follow the network.
   * @param config What it decides by.
   */
  constructor(
    decoder: VoiceDecoder,
    leadSamples = 0,
    stretching = true,
    config: JitterBufferConfig = DEFAULT_CONFIG,
  ) {
    this.#decoder = decoder;
    this.#stretching = stretching;
    this.#config = config;
    this.#delays = new DelayManager(config, leadSamples);
    this.#scaler = new TimeScaler(config);
    this.#fade = new Int16Array(config.joinFadeMs * SAMPLES_PER_MS);
  }

  get counts(): JitterBufferCounts {
    return this.#counts;
  }

  /** Playout delay beyond that of the fastest packets, in milliseconds. 0 before there is any. */
  get delayMs(): number {
    return this.#delays.empty ? 0 : (this.#delay - this.#expanded - this.#delays.shortest) / SAMPLES_PER_MS;
  }

  /** The same for the target delay. */
  get targetMs(): number {
    return this.#delays.empty ? 0 : this.#delays.spread / SAMPLES_PER_MS;
  }

  /** The RTP timestamp of the sample that is played next, extended. Made-up sound without a place holds it. */
  get playoutTimestamp(): number {
    return this.#end - this.#scaler.length + this.#expanded;
  }

  /** Samples that the target holds back for late packets. Those beyond it had better stay here, to be accelerated. */
  get heldBackSamples(): number {
    return Math.max(0, Math.round(this.targetMs * SAMPLES_PER_MS));
  }

  /** Whether nobody speaks at the moment: silence or comfort noise is to be played until a packet comes. */
  get pausing(): boolean {
    return this.#packets.size === 0 && (!this.#streaming || this.#lastWasSilent);
  }

  /**
   * Takes a packet.
   *
   * @param now Milliseconds on any clock that only goes forward, the same one as for {@linkcode JitterBuffer.play}.
   * @param redundancy Earlier frames that came with it, for {@linkcode JitterBuffer.handleRedundant}.
   */
  handlePacket(now: number, packet: VoicePacket, redundancy = 0): void {
    const { sequenceNumber, timestamp } = packet;
    if (this.#streaming && this.#jumps(packet)) this.restart();
    this.#delays.handlePacket({
      nowMs: now,
      timestamp,
      delivered: this.#delivered,
      end: this.#end,
      frameSamples: this.#frameSamples,
    });
    if (!this.#streaming) this.#start(packet, now);
    else this.#startEarlier(packet, now);
    if (redundancy > 0) this.#delays.handleRedundancy(redundancy, timestamp);
    const waited = this.#packets.has(sequenceNumber);
    const irregularity = this.#packets.insert(packet, this.#end);
    if (irregularity) this.#counts[irregularity]++;
    const isNext = sequenceNumber === this.#packets.next && timestamp === this.#end;
    if (isNext && !waited && this.#packets.has(sequenceNumber)) this.#unplayed = this.#concealedOf();
  }

  /**
   * Takes the copy of an earlier packet that came with a later one, after that one. It is played if the packet itself does
   * not come in time.
   */
  handleRedundant(packet: VoicePacket): void {
    this.#packets.insertRedundant(packet, this.#end);
  }

  /**
   * Fills `samples` with what is to be heard next.
   *
   * @param now Milliseconds.
   * @param behind Samples that the loudspeaker would have taken beyond these.
   * @param ranDry Whether it had nothing left to play.
   */
  play(samples: Int16Array, now: number, behind = 0, ranDry = false): void {
    this.#delays.handleRequest(this.#delivered + samples.length + behind - now * SAMPLES_PER_MS, ranDry);
    let operation: Operation;
    do {
      const state = this.#state(this.#scaler.length >= samples.length);
      operation = decide(state, this.#config);
      this.#execute(operation, state, samples.length);
    } while (!isLast(operation));
    this.#scaler.take(samples);
    this.#delivered += samples.length;
  }

  /**
   * Samples that can be played next without making any up.
   *
   * @param most More need not be counted.
   */
  readySamples(most: number): number {
    let ready = this.#scaler.length - this.#unplayed;
    for (let number = this.#nextReady(); ready < most && this.#packets.has(number); number++) {
      ready += this.#frameSamples;
    }
    return Math.min(ready, most);
  }

  /** Forgets the stream, because another begins. The counts go on. */
  restart(): void {
    this.#packets.reset();
    this.#streaming = false;
    this.#unplayed = 0;
    this.#fadingFrom = undefined;
    this.#delays.reset();
    this.#scaler.reset();
  }

  /** The playout delay. */
  get #delay(): number {
    return this.#delivered - (this.#end - this.#scaler.length);
  }

  /** Playout delay beyond the target, without what was made up because no packet was there. */
  get #excess(): number {
    return this.#delay - this.#expanded - this.#delays.target;
  }

  /** Whether a packet is so far from the others that it belongs to another stream. */
  #jumps({ sequenceNumber, timestamp }: VoicePacket): boolean {
    return Math.abs(sequenceNumber - this.#packets.next) >= CAPACITY ||
      Math.abs(timestamp - this.#end) > this.#config.longestJumpMs * SAMPLES_PER_MS;
  }

  #start({ sequenceNumber, timestamp }: VoicePacket, now: number): void {
    this.#streaming = true;
    this.#decodedAny = false;
    this.#expanded = 0;
    this.#packets.start(sequenceNumber);
    this.#delayStart(timestamp, now);
  }

  /** Begins the stream earlier where its first packets came in the wrong order, as long as nothing is decoded. */
  #startEarlier({ sequenceNumber, timestamp }: VoicePacket, now: number): void {
    const isEarlier = sequenceNumber < this.#packets.next && this.#packets.hasRoomFor(sequenceNumber);
    if (this.#decodedAny || !isEarlier) return;
    this.#packets.startEarlier(sequenceNumber);
    this.#delayStart(timestamp, now);
  }

  /** Puts silence before a timestamp, so that it is played at the target delay. */
  #delayStart(timestamp: number, now: number): void {
    const arrival = this.#delays.delayFor(now * SAMPLES_PER_MS - timestamp);
    const delay = Math.max(this.#delays.target, arrival);
    const silence = Math.round(delay - (this.#delivered - timestamp));
    const longest = this.#config.longestDelayMs * SAMPLES_PER_MS;
    this.#scaler.drop();
    this.#scaler.appendSilence(Math.max(0, Math.min(silence, longest)));
    this.#end = timestamp;
  }

  #state(enough: boolean): State {
    const packets = this.#packets;
    const waiting = packets.size > 0;
    const newestWaits = waiting && packets.has(packets.newest);
    const first = waiting ? packets.first : packets.next;
    const gap = waiting ? packets.timestampOf(first) - this.#end : 0;
    return {
      enough,
      streaming: this.#streaming,
      packets: packets.size,
      backlog: newestWaits ? packets.timestampOf(packets.newest) - this.#end + this.#scaler.length : 0,
      missing: first - packets.next,
      gap: gap - this.#covered(gap),
      frameSamples: this.#frameSamples,
      carriesCopy: waiting && this.#decoder.carriesCopy(packets.payloadOf(first)),
      silent: this.#lastWasSilent,
      expanded: this.#expanded,
      scalable: this.#stretching && this.#streaming && this.#decodedAny,
      excess: this.#excess,
      spread: this.#delays.spread,
      quiet: this.#scaler.quietSamples,
      sinceCorrection: this.#delivered - this.#correctedAt,
    };
  }

  #execute(operation: Operation, state: State, asked: number): void {
    switch (operation) {
      case "skip":
        return this.#skip();
      case "silence":
        return this.#addSilence();
      case "restart":
        this.#streaming = false;
        return;
      case "normal":
        return this.#decodeFirst();
      case "recover":
        return this.#recover();
      case "conceal":
        return this.#makeUp(true);
      case "comfort_noise":
        return this.#makeUp(false);
      case "accelerate":
        return this.#accelerate(state, asked);
      case "slow_down":
        return this.#slowDown(state);
    }
  }

  #skip(): void {
    this.#counts.dropped += this.#packets.dropOldest(this.#config.keptPackets);
    this.#expanded = 0;
    this.#end = this.#packets.timestampOf(this.#packets.first);
    this.#delays.forgetDelays();
  }

  #addSilence(): void {
    const length = this.#config.expansionMs * SAMPLES_PER_MS;
    this.#scaler.appendSilence(length);
    this.#end += length;
  }

  /** Makes up what is missing before the first packet that waits, or some sound while none does. */
  #makeUp(concealing: boolean): void {
    if (this.#packets.size === 0) {
      const length = this.#config.expansionMs * SAMPLES_PER_MS;
      this.#addMadeUp(length, concealing);
      this.#expanded += length;
      return;
    }
    const first = this.#packets.first;
    const gap = this.#coverGap(first);
    const length = Math.min(gap, this.#frameSamples);
    this.#addMadeUp(length, concealing);
    this.#end += length;
    if (length === gap) this.#counts.lost += this.#packets.giveUpBefore(first);
  }

  #addMadeUp(length: number, concealing: boolean): void {
    if (!concealing) return this.#scaler.appendFilled(length, (samples) => this.#comfort.fill(samples));
    this.#scaler.append(this.#decoder.conceal(length));
    this.#counts.concealedSamples += length;
  }

  #recover(): void {
    const first = this.#packets.first;
    const gap = this.#coverGap(first);
    const samples = this.#decoder.recover(this.#packets.payloadOf(first), gap);
    if (!samples) return this.#makeUp(true);
    this.#scaler.append(samples);
    this.#end += gap;
    this.#counts.recovered++;
    this.#counts.lost--;
    this.#counts.lost += this.#packets.giveUpBefore(first);
  }

  #decodeFirst(): void {
    const first = this.#packets.first;
    this.#coverGap(first);
    this.#counts.lost += this.#packets.giveUpBefore(first);
    const { payload, timestamp, redundant } = this.#packets.take(first);
    this.#decodedAny = true;
    if (this.#decoder.carriesCopy(payload)) this.#delays.handleRedundancy(1, this.#end);
    if (this.#unplayed > 0 && !this.#fadingFrom) {
      this.#fade.set(this.#decoder.conceal(this.#fade.length));
      this.#fadingFrom = this.#fade;
    }
    this.#lastWasSilent = payload.length <= SILENT_PACKET_BYTES;
    const samples = this.#decoder.decode(payload);
    this.#end = timestamp;
    if (!samples) {
      this.#addMadeUp(this.#frameSamples, true);
    } else {
      this.#frameSamples = samples.length;
      if (this.#lastWasSilent) this.#comfort.fill(samples);
      else this.#comfort.observe(samples);
      if (this.#unplayed >= samples.length) {
        this.#unplayed -= samples.length;
        this.#end += samples.length;
        // The copy of a lost packet came too late to be of use.
        this.#counts[redundant ? "lost" : "late"]++;
        return;
      }
      this.#scaler.append(this.#fadingFrom ? this.#joined(samples, this.#fadingFrom) : samples);
    }
    this.#end += this.#frameSamples;
    this.#counts[redundant ? "recovered" : "played"]++;
  }

  #accelerate(state: State, asked: number): void {
    const { samples, urgency } = correctionOf(state, this.#config);
    const searched = Math.max(this.#config.seamSearchMs * SAMPLES_PER_MS, asked);
    while (this.#scaler.length < searched && this.#packets.has(this.#packets.next)) {
      const fetching = this.#state(false);
      this.#execute(decide(fetching, this.#config), fetching, asked);
    }
    if (this.#scaler.accelerate(-samples, asked, urgency) === 0) return;
    this.#correctedAt = this.#delivered;
    this.#counts.accelerated++;
  }

  #slowDown(state: State): void {
    const { samples, urgency } = correctionOf(state, this.#config);
    if (this.#scaler.slowDown(samples, urgency) === 0) return;
    this.#correctedAt = this.#delivered;
    this.#counts.slowedDown++;
  }

  /** How much of a gap was made up already while no packet was there. */
  #covered(gap: number): number {
    return Math.max(0, Math.min(this.#expanded, gap));
  }

  /**
   * Counts what was made up while no packet was there for the time before one.
   *
   * @returns The rest of the gap.
   */
  #coverGap(sequenceNumber: number): number {
    const gap = this.#packets.timestampOf(sequenceNumber) - this.#end;
    const covered = this.#covered(gap);
    this.#end += covered;
    this.#expanded = 0;
    return gap - covered;
  }

  /** The packet to be decoded next, or one behind missing ones whose time was made up already. */
  #nextReady(): number {
    const { next, size } = this.#packets;
    if (this.#expanded === 0 || size === 0) return next;
    const first = this.#packets.first;
    return this.#packets.timestampOf(first) - this.#end <= this.#expanded ? first : next;
  }

  /**
   * Concealment stands for the beginning of packets that are late for once, so that the delay stays.
   *
   * @returns Samples of the next packets that it stands for.
   */
  #concealedOf(): number {
    if (this.#unplayed > 0) return this.#unplayed;
    const longest = this.#config.longestJoinMs * SAMPLES_PER_MS;
    if (!this.#stretching || this.#lastWasSilent || this.#expanded > longest) return 0;
    const surplus = Math.floor(Math.min(this.#expanded, this.#delay - this.#delays.target));
    return surplus < this.#fade.length ? 0 : surplus;
  }

  /** The rest of a packet of which concealment stands for the beginning, and the fade to it. */
  #joined(samples: Int16Array, from: Int16Array): Int16Array {
    const unplayed = Math.min(this.#unplayed, samples.length - from.length);
    this.#unplayed = 0;
    this.#fadingFrom = undefined;
    if (unplayed < 0) return samples;
    const rest = samples.subarray(unplayed);
    for (let i = 0; i < from.length; i++) {
      rest[i] = from[i]! + (rest[i]! - from[i]!) * (i + 1) / (from.length + 1);
    }
    return rest;
  }
}

function isLast(operation: Operation): boolean {
  return operation === "play" || operation === "accelerate" || operation === "slow_down";
}
