/** The voice of one call: moves samples between the sound devices and the network while the call stands. */

import type { AudioError, AudioSink, AudioSource } from "../../audio/audio.ts";
import { levelDb, SILENCE_DB } from "./level.ts";
import { FRAME_SAMPLES, openDecoder, openEncoder, type VoiceDecoder, type VoiceEncoder } from "./opus.ts";
import { VoiceReceiver } from "./voice_receiver.ts";
import { VoiceSender } from "./voice_sender.ts";

/** What a voice session works with. */
export interface VoiceSessionOptions {
  /** Owned by the session from now on. */
  readonly source: AudioSource;
  /** Owned by the session from now on. */
  readonly sink: AudioSink;
  /** Takes each datagram on its way, 50 a second. */
  readonly send: (datagram: Uint8Array<ArrayBuffer>) => void;
  /** Gives a silent microphone in place of one that failed. */
  readonly replaceSource: (error: AudioError) => AudioSource;
  /** Gives a mute loudspeaker in place of one that failed. */
  readonly replaceSink: (error: AudioError) => AudioSink;
}

/** What went out and came in so far, in frames of 20 ms. */
export interface VoiceFigures {
  readonly framesSent: number;
  readonly framesPlayed: number;
  /** Stood in for because their packet was lost or late. */
  readonly framesConcealed: number;
  readonly framesLate: number;
}

/** The voice of one call. */
export class VoiceSession {
  /** While true, silence is sent in place of the microphone's sound. */
  muted = false;

  readonly #options: VoiceSessionOptions;
  readonly #encoder: VoiceEncoder;
  readonly #decoder: VoiceDecoder;
  readonly #sender: VoiceSender;
  readonly #receiver: VoiceReceiver;
  readonly #capturing: Promise<void>;
  readonly #playing: Promise<void>;
  #microphoneDb = SILENCE_DB;
  #speakerDb = SILENCE_DB;
  #stopped = false;

  private constructor(options: VoiceSessionOptions, encoder: VoiceEncoder, decoder: VoiceDecoder) {
    this.#options = options;
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#sender = new VoiceSender(encoder);
    this.#receiver = new VoiceReceiver(decoder);
    this.#capturing = this.#capture(options.source);
    this.#playing = this.#play(options.sink);
  }

  /** Starts to send and play at once. */
  static async start(options: VoiceSessionOptions): Promise<VoiceSession> {
    return new VoiceSession(options, await openEncoder(), await openDecoder());
  }

  /** Loudness of the last frame in each direction, in dB below full scale. */
  get levels(): { readonly microphoneDb: number; readonly speakerDb: number } {
    return { microphoneDb: this.#microphoneDb, speakerDb: this.#speakerDb };
  }

  get figures(): VoiceFigures {
    const { played, lost, late } = this.#receiver.counts;
    return {
      framesSent: this.#sender.sent,
      framesPlayed: played,
      framesConcealed: lost,
      framesLate: late,
    };
  }

  /**
   * Takes a datagram from the other phone.
   *
   * @param datagram Its bytes, kept for a while.
   */
  receive(datagram: Uint8Array): void {
    this.#receiver.receive(datagram);
  }

  /**
   * Stops sending and playing at once.
   *
   * @returns Settles when the loudspeaker, or the recording, is closed.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#playing;
  }

  /** Settles when the microphone is closed, too, and nothing is left of the session. */
  async closed(): Promise<void> {
    await Promise.all([this.#capturing, this.#playing]);
    this.#encoder[Symbol.dispose]();
    this.#decoder[Symbol.dispose]();
  }

  async #capture(source: AudioSource): Promise<void> {
    const frame = new Int16Array(FRAME_SAMPLES);
    while (!this.#stopped) {
      try {
        await source.read(frame);
      } catch (error) {
        await source[Symbol.asyncDispose]();
        source = this.#options.replaceSource(error as AudioError);
        continue;
      }
      if (this.#stopped) break;
      if (this.muted) frame.fill(0);
      this.#microphoneDb = levelDb(frame);
      this.#options.send(this.#sender.packet(frame));
    }
    await source[Symbol.asyncDispose]();
  }

  async #play(sink: AudioSink): Promise<void> {
    const frame = new Int16Array(FRAME_SAMPLES);
    while (!this.#stopped) {
      this.#receiver.play(frame);
      this.#speakerDb = levelDb(frame);
      try {
        await sink.write(frame);
      } catch (error) {
        await sink[Symbol.asyncDispose]();
        sink = this.#options.replaceSink(error as AudioError);
      }
    }
    await sink[Symbol.asyncDispose]();
  }
}
