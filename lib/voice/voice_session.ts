/** The voice of one call: moves samples between the sound devices and the network. */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import type { AudioError, AudioSink, AudioSource } from "../../audio/audio_io.ts";
import { type Clock, systemClock } from "../util/clock.ts";
import { levelDb } from "../dsp/level.ts";
import {
  FRAME_SAMPLES,
  openDecoder,
  openEncoder,
  type VoiceDecoder,
  type VoiceEncoder,
} from "../codec/opus.ts";
import type { Libopus } from "../codec/libopus.ts";
import { estimateQuality } from "../rtp/e_model.ts";
import { RtcpSession } from "../rtp/rtcp_session.ts";
import { isRtcp } from "../rtp/rtp.ts";
import { patienceSamples, PlaybackScheduler } from "./playback_scheduler.ts";
import { VoiceReceiver } from "./voice_receiver.ts";
import { VoiceSender } from "./voice_sender.ts";

/** The parts and settings of a voice session. */
export interface VoiceSessionOptions {
  /** Owned by the session from now on. */
  readonly source: AudioSource;
  /** Owned by the session from now on. */
  readonly sink: AudioSink;
  /** Samples of a frame: 480 (10 ms) or 960. */
  readonly frameSamples: number;
  /** Whether Opus adds in-band FEC when the peer reports losses (RFC 6716, section 2.1.7). */
  readonly errorCorrection: boolean;
  /** Whether packets carry earlier frames against such losses (RFC 2198), if the peer takes them. */
  readonly redundancy: boolean;
  /** Whether the jitter buffer may shorten and stretch sound. */
  readonly stretching: boolean;
  /** Whether silence is sent in place of the microphone's sound. Read at each frame; not muted, if left out. */
  readonly mute?: Mute | undefined;
  /** Sends a datagram. */
  readonly send: (datagram: Uint8Array<ArrayBuffer>) => void;
  /** Called once when everything in the microphone's file was sent. */
  readonly sourceEnded?: () => void;
  /** Opens a silent microphone in place of one that failed. */
  readonly replaceSource: (error: AudioError) => AudioSource;
  /** Opens a mute loudspeaker in place of one that failed. */
  readonly replaceSink: (error: AudioError) => AudioSink;
  /** Processes the microphone's sound. */
  readonly processor?: MicrophoneProcessor | undefined;
  /** The codec: libopus in WebAssembly, if left out. */
  readonly libopus?: Libopus | undefined;
  /** The system's, if left out. */
  readonly clock?: Clock | undefined;
}

/** Whether the microphone is muted: from one call to the next. */
export interface Mute {
  readonly muted: boolean;
  /** Time of the last change, in milliseconds of the call's clock. */
  readonly changedAt: number;
}

const NEVER_MUTED: Mute = { muted: false, changedAt: -Infinity };

/** Processes the microphone's sound before encoding: echo cancellation, noise suppression, gain control. */
export interface MicrophoneProcessor {
  /** Added delay in samples. */
  readonly latencySamples: number;
  /** Takes samples that the loudspeaker got; they are heard after `delaySamples` more. */
  played(samples: Int16Array, delaySamples: number): void;
  /** Processes, in place, samples that the microphone captured `delaySamples` ago. */
  capture(samples: Int16Array, delaySamples: number): void;
}

/** The figures of a call so far. Frames are those of the packets, 10 or 20 ms. */
export interface VoiceFigures {
  readonly framesSent: number;
  readonly framesPlayed: number;
  /** Lost, and recovered from the next packet. */
  readonly framesRebuilt: number;
  /** Neither played nor recovered: concealed. In frames of 20 ms. */
  readonly framesConcealed: number;
  readonly framesLate: number;
  readonly framesRepeated: number;
  readonly framesReordered: number;
  /** Dropped because the jitter buffer was full. */
  readonly framesDropped: number;
  /** Packets lost on the network, in percent: the peer's by our count, ours by the peer's reports. */
  readonly lossInPercent: number;
  readonly lossOutPercent: number | null;
  /** Interarrival jitter (RFC 3550, section 6.4.1), the same two ways. */
  readonly jitterInMs: number;
  readonly jitterOutMs: number | null;
  /** Round trip on the network. */
  readonly roundTripMs: number | null;
  /** Playout delay of the jitter buffer. */
  readonly playoutDelayMs: number;
  /** Estimated quality of the received voice, 1 to 4.5 (E-model, ITU-T G.107); 0 before there is any. */
  readonly mos: number;
}

/** The figures of a call without voice so far. */
export const NO_VOICE: VoiceFigures = {
  framesSent: 0,
  framesPlayed: 0,
  framesRebuilt: 0,
  framesConcealed: 0,
  framesLate: 0,
  framesRepeated: 0,
  framesReordered: 0,
  framesDropped: 0,
  lossInPercent: 0,
  lossOutPercent: null,
  jitterInMs: 0,
  jitterOutMs: null,
  roundTripMs: null,
  playoutDelayMs: 0,
  mos: 0,
};

/** Least expected loss for one redundant frame in each packet, and for two, which cost another frame of delay. */
const ONE_FRAME_LOSS = 0.01;
const TWO_FRAMES_LOSS = 0.06;

/** Most frames to read and send in one turn of the event loop, after this phone stalled. */
const MOST_FRAMES_AT_ONCE = 3;

/**
 * The expected loss is the highest of the last 10 reports, some 15 s: it rises at once, and does not fall by chance. The
 * peer's jitter buffer changes its delay with each change of redundancy.
 */
const REPORTS_REMEMBERED = 10;

/** The voice of one call. */
export class VoiceSession {
  readonly #options: VoiceSessionOptions;
  readonly #encoder: VoiceEncoder;
  readonly #decoder: VoiceDecoder;
  readonly #sender: VoiceSender;
  readonly #receiver: VoiceReceiver;
  readonly #scheduler: PlaybackScheduler;
  readonly #rtcpSession: RtcpSession;
  readonly #clock: Clock;
  readonly #mute: Mute;
  #source: AudioSource;
  #sink: AudioSink;
  /** Time of the next read of the microphone, in milliseconds. */
  #readAt = 0;
  /** Time of the timer, and what cancels it. */
  #wakeAt = Infinity;
  #cancelWake = (): void => {};
  /** Losses of the last reports. */
  readonly #losses: number[] = [];
  /** Settle when failed devices, and the microphone, are closed. */
  readonly #closing: { readonly sources: Promise<void>[]; readonly sinks: Promise<void>[] } = {
    sources: [],
    sinks: [],
  };
  /** The last frame of each direction, for levels. */
  readonly #frame: Int16Array<ArrayBuffer>;
  #played = new Int16Array(0);
  #sourceEnded = false;
  #stopped = false;

  private constructor(options: VoiceSessionOptions, encoder: VoiceEncoder, decoder: VoiceDecoder) {
    this.#options = options;
    this.#mute = options.mute ?? NEVER_MUTED;
    this.#clock = options.clock ?? systemClock;
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#sender = new VoiceSender(encoder);
    this.#receiver = new VoiceReceiver(decoder, patienceSamples(options.frameSamples), options.stretching);
    this.#scheduler = new PlaybackScheduler(this.#receiver.jitterBuffer, options.frameSamples);
    this.#rtcpSession = new RtcpSession({
      ssrc: this.#sender.ssrc,
      statistics: this.#receiver.statistics,
      now: this.#clock.now(),
      unixMs: Date.now(),
    });
    this.#frame = new Int16Array(options.frameSamples);
    this.#source = options.source;
    this.#sink = options.sink;
    this.#tick();
  }

  /** Starts to send and play at once. */
  static async start(options: VoiceSessionOptions): Promise<VoiceSession> {
    const { frameSamples, libopus } = options;
    return new VoiceSession(options, await openEncoder(frameSamples, libopus), await openDecoder(libopus));
  }

  /** Loudness of the last frame in each direction, in dB below full scale. */
  get levels(): { readonly microphoneDb: number; readonly speakerDb: number } {
    return { microphoneDb: levelDb(this.#frame), speakerDb: levelDb(this.#played) };
  }

  /** Packets of the peer so far: expected, and those of them that have not come. Both begin again if the peer does. */
  get reception(): { readonly expected: number; readonly lost: number } {
    const { expected, lost } = this.#receiver.statistics;
    return { expected, lost };
  }

  get figures(): VoiceFigures {
    const { jitterBuffer, statistics } = this.#receiver;
    const { played, recovered, concealedSamples, late, repeated, reordered, dropped } = jitterBuffer.counts;
    const { roundTripMs, peer } = this.#rtcpSession.figures;
    const concealed = Math.round(concealedSamples / FRAME_SAMPLES);
    // Assumes that the peer's devices have the latency of this phone's.
    const processing = this.#options.processor?.latencySamples ?? 0;
    // The playout delay counts samples that are in the loudspeaker's queue early already.
    const speaker = Math.max(0, this.#sink.delaySamples - this.#scheduler.earlySamples);
    const devicesMs = (this.#source.delaySamples + processing + speaker) / SAMPLES_PER_MS;
    const { mos } = estimateQuality({
      oneWayDelayMs: devicesMs + this.#options.frameSamples / SAMPLES_PER_MS + (roundTripMs ?? 0) / 2 +
        jitterBuffer.delayMs,
      lossFraction: concealed / Math.max(1, played + recovered + concealed),
    });
    return {
      framesSent: this.#sender.sent,
      framesPlayed: played,
      framesRebuilt: recovered,
      framesConcealed: concealed,
      framesLate: late,
      framesRepeated: repeated,
      framesReordered: reordered,
      framesDropped: dropped,
      lossInPercent: rounded(100 * statistics.lossFraction),
      lossOutPercent: peer ? rounded(100 * peer.totalLossFraction) : null,
      jitterInMs: rounded(statistics.jitterMs),
      jitterOutMs: peer ? rounded(peer.jitterMs) : null,
      roundTripMs: roundTripMs === undefined ? null : rounded(roundTripMs),
      playoutDelayMs: rounded(jitterBuffer.delayMs),
      mos: rounded(mos),
    };
  }

  /**
   * Takes an RTP or RTCP packet of the peer.
   *
   * @param datagram Kept until its frames are played.
   */
  handleDatagram(datagram: Uint8Array): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    if (isRtcp(datagram)) this.#reported(datagram, now);
    else if (this.#receiver.handlePacket(now, datagram)) {
      this.#serve(now, true);
      this.#setTimer();
    }
  }

  /**
   * Stops sending and playing at once, with a last report that says so.
   *
   * @returns Settles when the loudspeaker, or the recording, is closed.
   */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelWake();
    this.#options.send(this.#rtcpSession.bye(this.#clock.now()));
    this.#closing.sources.push(close(this.#source));
    try {
      await this.#sink[Symbol.asyncDispose]();
    } catch (error) {
      this.#options.replaceSink(error as AudioError);
    }
    await Promise.all(this.#closing.sinks);
  }

  /** Settles when the microphone is closed, too, and all memory is free. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing.sources);
    this.#encoder[Symbol.dispose]();
    this.#decoder[Symbol.dispose]();
  }

  #tick(): void {
    // Some runtimes do not cancel a timer that is due already.
    if (this.#stopped) return;
    this.#wakeAt = Infinity;
    if (this.#clock.now() >= this.#readAt) this.#capture();
    const now = this.#clock.now();
    // In a pause no packet comes: each frame read also serves the loudspeaker, so that one timer is enough.
    if (now >= this.#scheduler.wakeAt || this.#receiver.jitterBuffer.pausing) this.#serve(now, false);
    this.#setTimer();
  }

  #setTimer(): void {
    const wakeAt = Math.min(this.#readAt, this.#scheduler.wakeAt);
    if (this.#stopped || wakeAt === this.#wakeAt) return;
    this.#cancelWake();
    this.#wakeAt = wakeAt;
    // The time is past if this phone stalled.
    this.#cancelWake = this.#clock.setTimer(() => this.#tick(), Math.max(0, wakeAt - this.#clock.now()));
  }

  /** Sends the frames that the microphone has. */
  #capture(): void {
    const frame = this.#frame;
    let waitMs = 0;
    for (let frames = 0; frames < MOST_FRAMES_AT_ONCE && waitMs === 0; frames++) {
      waitMs = this.#read(frame);
      if (waitMs === 0) this.#sendFrame(frame);
    }
    if (this.#source.ended && !this.#sourceEnded) {
      this.#sourceEnded = true;
      this.#options.sourceEnded?.();
    }
    this.#readAt = this.#clock.now() + waitMs;
  }

  /** @returns Milliseconds until the next frame; 0 if it was read. */
  #read(frame: Int16Array<ArrayBuffer>): number {
    const source = this.#source;
    try {
      const waitMs = source.read(frame);
      if (waitMs === 0) this.#options.processor?.capture(frame, source.delaySamples);
      return waitMs;
    } catch (error) {
      this.#closing.sources.push(close(source));
      this.#source = this.#options.replaceSource(error as AudioError);
      frame.fill(0);
      return 0;
    }
  }

  #sendFrame(frame: Int16Array): void {
    const { muted } = this.#mute;
    frame.fill(0, 0, muted ? frame.length : this.#capturedMuted(frame.length));
    const datagram = this.#sender.packet(frame, muted);
    if (!datagram) return;
    this.#options.send(datagram);
    this.#rtcpSession.sent(this.#sender.timestamp, VoiceSender.payloadBytes(datagram), this.#clock.now());
  }

  /** Samples at the beginning of the frame just read that were captured before the microphone was unmuted. */
  #capturedMuted(frameSamples: number): number {
    const age = this.#source.delaySamples + (this.#options.processor?.latencySamples ?? 0) + frameSamples;
    const unmuted = Math.floor((this.#clock.now() - this.#mute.changedAt) * SAMPLES_PER_MS);
    return Math.min(Math.max(0, age - unmuted), frameSamples);
  }

  /** Plays the samples that are due, after a packet or at the time of a missing one. */
  #serve(now: number, packetCame: boolean): void {
    try {
      const samples = packetCame
        ? this.#scheduler.handlePacket(now, this.#sink)
        : this.#scheduler.tick(now, this.#sink);
      if (samples.length > 0) this.#play(samples);
    } catch (error) {
      this.#sinkFailed(this.#sink, error);
    }
    const report = this.#rtcpSession.tick(now);
    if (report) this.#options.send(report);
  }

  #play(samples: Int16Array<ArrayBuffer>): void {
    this.#played = samples;
    const sink = this.#sink;
    this.#options.processor?.played(samples, sink.delaySamples);
    sink.write(samples).catch((error) => this.#sinkFailed(sink, error));
  }

  #sinkFailed(sink: AudioSink, error: unknown): void {
    if (sink !== this.#sink || this.#stopped) return;
    this.#sink = this.#options.replaceSink(error as AudioError);
    this.#closing.sinks.push(close(sink));
  }

  /** Adapts FEC and redundancy to the loss in a report. */
  #reported(datagram: Uint8Array, now: number): void {
    const before = this.#rtcpSession.figures.peer;
    this.#rtcpSession.handlePacket(now, datagram);
    const { peer, peerRedundancy } = this.#rtcpSession.figures;
    if (!peer) return;
    // A report without a block on this phone's stream says nothing of its loss.
    if (peer !== before) this.#losses.push(peer.lossFraction);
    if (this.#losses.length > REPORTS_REMEMBERED) this.#losses.shift();
    const expectedLoss = Math.max(...this.#losses);
    // FEC also with redundancy: Opus conceals gaps better between packets of an encoder that expects loss.
    if (this.#options.errorCorrection) this.#encoder.expectLoss(expectedLoss);
    if (this.#options.redundancy) {
      this.#sender.redundancy = Math.min(redundancyFor(expectedLoss), peerRedundancy);
    }
  }
}

async function close(device: AudioSource | AudioSink): Promise<void> {
  try {
    await device[Symbol.asyncDispose]();
  } catch {
    // It failed before, or its samples do not matter any more.
  }
}

function redundancyFor(loss: number): number {
  return loss >= TWO_FRAMES_LOSS ? 2 : loss >= ONE_FRAME_LOSS ? 1 : 0;
}

/** To two decimals. */
function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}
