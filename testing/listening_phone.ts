/** The receiving half of a phone on a simulated clock: network, jitter buffer and a loudspeaker's queue. */

import { UnderrunReserve } from "../audio/portaudio/underrun_reserve.ts";
import type { VoiceDecoder } from "../lib/codec/opus.ts";
import { SAMPLES_PER_MS } from "../lib/dsp/pcm.ts";
import type { JitterBufferConfig } from "../lib/jitter_buffer/config.ts";
import { patienceSamples, type PlaybackQueue, PlaybackScheduler } from "../lib/voice/playback_scheduler.ts";
import { VoiceReceiver } from "../lib/voice/voice_receiver.ts";

/** The loudspeaker takes 10 ms at a time, as PortAudio's do here, each block up to 3 ms late. */
const BLOCK_MS = 10;
const BLOCK_SAMPLES = BLOCK_MS * SAMPLES_PER_MS;
const BLOCK_JITTER_MS = 3;

/** The queue holds 16 ms beyond a frame, as `audio/portaudio`'s do, and has room for 34 ms more. */
const RESERVE_SAMPLES = 16 * SAMPLES_PER_MS;
const ROOM_SAMPLES = 34 * SAMPLES_PER_MS;

/** A runtime's timers are up to 1.2 ms late. */
const TIMER_LATENESS_MS = 1.2;

/** Time between two readings of the playout delay. */
const LOOK_MS = 50;

/** A datagram on its way. */
export interface Arrival {
  readonly atMs: number;
  readonly datagram: Uint8Array;
}

/** Where a sample is in what the loudspeaker played, and when it is played. */
export interface Place {
  readonly position: number;
  readonly playedAtMs: number;
}

/** The parts and settings. */
export interface Listening {
  /** In the order of their arrival. */
  readonly arrivals: readonly Arrival[];
  readonly seconds: number;
  /** Owned by the caller. */
  readonly decoder: VoiceDecoder;
  readonly frameSamples: number;
  readonly stretching?: boolean;
  /** Numbers from 0 to 1: how late timers and the loudspeaker are. */
  readonly random: () => number;
  /** When the phone runs what is due at a time: later in a stall. */
  readonly awakeMs?: (timeMs: number) => number;
  /** By how much the loudspeaker's clock has fallen behind at a time. */
  readonly speakerBehindMs?: (timeMs: number) => number;
  readonly config?: JitterBufferConfig | undefined;
  /**
   * Called every 50 ms.
   *
   * @param next The sample that is given to the loudspeaker next: where it will be in {@linkcode Heard.samples}, and when.
   */
  readonly look?: (timeMs: number, receiver: VoiceReceiver, next: Place) => void;
}

/** What the phone played. */
export interface Heard {
  /** All samples from the start on, with silence where the queue was empty. */
  readonly samples: Int16Array<ArrayBuffer>;
  readonly receiver: VoiceReceiver;
  /** Samples of silence from the empty queue. */
  readonly underrunSamples: number;
}

/** Runs the phone. The same input gives the same output. */
export function listen(
  {
    arrivals,
    seconds,
    decoder,
    frameSamples,
    stretching = true,
    config,
    random,
    awakeMs = (timeMs) => timeMs,
    speakerBehindMs = () => 0,
    look,
  }: Listening,
): Heard {
  const receiver = new VoiceReceiver(decoder, patienceSamples(frameSamples), stretching, config);
  const scheduler = new PlaybackScheduler(receiver.jitterBuffer, frameSamples);
  const speaker = new Speaker(frameSamples, seconds, random, speakerBehindMs);
  const frameMs = frameSamples / SAMPLES_PER_MS;
  const lateness = () => TIMER_LATENESS_MS * random();
  let next = 0;
  let readAt = 0;
  let lookAt = 0;
  for (;;) {
    const arrivalAt = arrivals[next]?.atMs ?? Infinity;
    const timerAt = Math.min(readAt, scheduler.wakeAt);
    const packetCame = arrivalAt <= timerAt;
    const now = awakeMs(packetCame ? arrivalAt : timerAt + lateness());
    if (now >= 1000 * seconds) break;
    speaker.runTo(now);
    if (packetCame) {
      if (receiver.handlePacket(now, arrivals[next++]!.datagram)) {
        speaker.write(scheduler.handlePacket(now, speaker));
      }
    } else {
      while (readAt <= now) readAt += frameMs;
      if (now >= scheduler.wakeAt || receiver.jitterBuffer.pausing) {
        speaker.write(scheduler.tick(now, speaker));
      }
    }
    for (; lookAt <= now; lookAt += LOOK_MS) look?.(now, receiver, speaker.next);
  }
  speaker.runTo(1000 * seconds);
  return { samples: speaker.played, receiver, underrunSamples: speaker.underrunSamples };
}

/** A loudspeaker with a queue like that of `audio/portaudio`. */
class Speaker implements PlaybackQueue {
  readonly played: Int16Array<ArrayBuffer>;
  underrunSamples = 0;
  delaySamples = 0;
  roomSamples = 0;
  readonly #frameSamples: number;
  readonly #capacity: number;
  readonly #reserve = new UnderrunReserve(RESERVE_SAMPLES);
  readonly #random: () => number;
  readonly #behindMs: (timeMs: number) => number;
  readonly #queue: Int16Array;
  #queued = 0;
  #blocks = 0;
  #blockAt = BLOCK_MS;

  constructor(
    frameSamples: number,
    seconds: number,
    random: () => number,
    behindMs: (timeMs: number) => number,
  ) {
    this.#frameSamples = frameSamples;
    this.#capacity = frameSamples + RESERVE_SAMPLES + ROOM_SAMPLES;
    this.#queue = new Int16Array(this.#capacity);
    this.#random = random;
    this.#behindMs = behindMs;
    this.played = new Int16Array(Math.floor(1000 * seconds / BLOCK_MS) * BLOCK_SAMPLES);
  }

  /** Where and when the next sample that it is given will be played. */
  get next(): Place {
    return {
      position: this.#blocks * BLOCK_SAMPLES + this.#queued,
      playedAtMs: this.#blockAt + this.#queued / SAMPLES_PER_MS,
    };
  }

  wanted(): number {
    if (this.#queued === 0 && this.delaySamples > 0) this.#reserve.underrun();
    this.delaySamples = this.#queued;
    const free = this.#capacity - this.#queued;
    const wanted = Math.min(this.#frameSamples + this.#reserve.samples - this.#queued, free);
    this.roomSamples = free - wanted;
    return wanted;
  }

  write(samples: Int16Array): void {
    this.#queue.set(samples, this.#queued);
    this.#queued += samples.length;
    this.delaySamples += samples.length;
    this.#reserve.wrote(samples.length);
  }

  runTo(nowMs: number): void {
    for (; this.#blockAt <= nowMs; this.#blocks++) {
      this.#takeBlock();
      const evenly = (this.#blocks + 2) * BLOCK_MS;
      this.#blockAt = Math.max(
        this.#blockAt,
        evenly + this.#behindMs(evenly) + BLOCK_JITTER_MS * this.#random(),
      );
    }
  }

  #takeBlock(): void {
    const taken = Math.min(this.#queued, BLOCK_SAMPLES);
    const start = this.#blocks * BLOCK_SAMPLES;
    this.underrunSamples += BLOCK_SAMPLES - taken;
    this.played.subarray(start, start + BLOCK_SAMPLES).set(this.#queue.subarray(0, taken));
    this.#queue.copyWithin(0, taken, this.#queued);
    this.#queued -= taken;
  }
}
