/** One call, from `call_started` to `call_ended`: its voice, key log, hang-up timer and live figures. */

import type { Call } from "../call/call.ts";
import { logKeys } from "../call/key_log.ts";
import { SILENCE_DB } from "../dsp/level.ts";
import type { CallFigures } from "../events/phone_events.ts";
import type { CallTransport } from "../transport/call_transport.ts";
import { systemError } from "../util/system_error.ts";
import { NO_VOICE, type VoiceSession } from "../voice/voice_session.ts";
import type { CallAudio } from "./call_audio.ts";
import type { PhoneOptions } from "./options.ts";
import type { Screen } from "./screen.ts";

/** Time between two updates of a call's live line. */
const STATUS_INTERVAL_MS = 200;

/**
 * Time from the last sound of the microphone's file to the hang-up, in milliseconds: the other side has it in its jitter
 * buffer and its loudspeaker by then.
 */
const LAST_WORDS_MS = 1_000;

/** Time between two {@linkcode CallSample}s, in milliseconds: about one report of RTCP each. */
export const SAMPLE_INTERVAL_MS = 2_000;

/** Figures of a running call for others, as in `CallSample` of `lib/trace/`. */
export interface CallSample {
  readonly lossPercent: number;
  readonly jitterMs: number;
  readonly roundTripMs?: number;
  readonly mos?: number;
}

/** The figures of a call that never started. */
export const NO_CALL: CallFigures = { seconds: 0, ...NO_VOICE };

/** The parts and settings of a call session. */
export interface CallSessionOptions {
  readonly call: Call;
  /** Carries the voice, and hangs up. */
  readonly transport: Pick<CallTransport, "clock" | "current" | "hangUp" | "openVoice" | "voiceSender">;
  readonly audio: Pick<CallAudio, "muted" | "open" | "close">;
  readonly screen: Pick<Screen, "show" | "status">;
  readonly options: Pick<PhoneOptions, "hangUpAfter" | "logKeys">;
  /** Called every {@linkcode SAMPLE_INTERVAL_MS}. */
  readonly onSample?: (sample: CallSample) => void;
}

/** A call whose two people can talk. */
export class CallSession {
  readonly #options: CallSessionOptions;
  readonly #startedAt = performance.now();
  readonly #statusTimer: ReturnType<typeof setInterval>;
  readonly #sampleTimer: ReturnType<typeof setInterval>;
  #received = { expected: 0, lost: 0 };
  #hangUpTimer: ReturnType<typeof setTimeout> | undefined;
  #voice: VoiceSession | undefined;
  /** A busy runtime may still call a timer that was cleared (seen with Deno 2.6): that must not bring the live line back. */
  #ended = false;
  /** Settles when the devices are open: until then they cannot be closed. */
  readonly #opening: Promise<void>;

  /** Shows that the call has started, and opens its voice. */
  constructor(options: CallSessionOptions) {
    this.#options = options;
    const { call, screen, audio } = options;
    screen.show({ event: "call_started", ...call.peer, code: call.keys?.code ?? null });
    this.#logKeys();
    if (audio.muted) screen.show({ event: "muted", muted: true });
    const { hangUpAfter } = options.options;
    if (typeof hangUpAfter === "number") this.#hangUpIn(hangUpAfter * 1000);
    this.#statusTimer = setInterval(() => this.#showStatus(), STATUS_INTERVAL_MS);
    this.#sampleTimer = setInterval(() => this.#sample(), SAMPLE_INTERVAL_MS);
    this.#opening = this.#openVoice();
  }

  /**
   * Stops the voice.
   *
   * @returns Settles when all received sound is played or on disk, with the figures of the whole call.
   */
  async end(): Promise<CallFigures> {
    const seconds = this.#seconds;
    this.#ended = true;
    clearTimeout(this.#hangUpTimer);
    clearInterval(this.#statusTimer);
    clearInterval(this.#sampleTimer);
    this.#options.screen.status(undefined);
    // A call that ends while its devices open must also leave a complete recording.
    await this.#opening;
    if (this.#voice) await this.#options.audio.close(this.#voice);
    return { seconds, ...this.#voice?.figures ?? NO_VOICE };
  }

  async #openVoice(): Promise<void> {
    const { call, transport, audio } = this.#options;
    const voice = await audio.open(transport.clock, transport.voiceSender(call), () => this.#fileEnded());
    transport.openVoice(call, voice);
    this.#voice = voice;
  }

  #fileEnded(): void {
    if (this.#options.options.hangUpAfter === "file") this.#hangUpIn(LAST_WORDS_MS);
  }

  #hangUpIn(ms: number): void {
    const { call, transport } = this.#options;
    clearTimeout(this.#hangUpTimer);
    this.#hangUpTimer = setTimeout(() => {
      if (transport.current === call) transport.hangUp();
    }, ms);
  }

  #showStatus(): void {
    if (this.#ended) return;
    const { call, audio, screen } = this.#options;
    const { microphoneDb, speakerDb } = this.#voice?.levels ??
      { microphoneDb: SILENCE_DB, speakerDb: SILENCE_DB };
    screen.status({
      name: call.peer.name,
      seconds: this.#seconds,
      code: call.keys?.code ?? null,
      microphoneDb,
      speakerDb,
      muted: audio.muted,
      ...this.#voice?.figures,
    });
  }

  #sample(): void {
    if (this.#ended) return;
    const { expected, lost } = this.#voice?.reception ?? { expected: 0, lost: 0 };
    const before = expected < this.#received.expected ? { expected: 0, lost: 0 } : this.#received;
    this.#received = { expected, lost };
    const packets = expected - before.expected;
    // A late packet of the time before makes up for a loss then, not now.
    const lostNow = Math.min(packets, Math.max(0, lost - before.lost));
    const { jitterInMs, roundTripMs, mos } = this.#voice?.figures ?? NO_VOICE;
    this.#options.onSample?.({
      lossPercent: packets > 0 ? Math.round(1000 * lostNow / packets) / 10 : 0,
      jitterMs: jitterInMs,
      ...(roundTripMs !== null && { roundTripMs }),
      ...(mos > 0 && { mos }),
    });
  }

  /** Writes the call's keys to the file of the command line, if it names one. */
  #logKeys(): void {
    const { call: { id, role, keys }, screen, options: { logKeys: path } } = this.#options;
    if (path === undefined || !keys) return;
    try {
      logKeys(path, id, role, keys);
    } catch (error) {
      screen.show({ event: "key_log_failed", path, detail: systemError(error) });
    }
  }

  /** Duration so far, to the millisecond. */
  get #seconds(): number {
    return Math.round(performance.now() - this.#startedAt) / 1000;
  }
}
