/** The sound of a phone's calls, one call after the other: devices, processing, codec and voice. */

import { within } from "../util/time_limit.ts";
import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import { type Clock, systemClock } from "../util/clock.ts";
import type { DeviceNames, PhoneEvent } from "../events/phone_events.ts";
import type { Libopus } from "../codec/libopus.ts";
import type { AesGcm } from "../srtp/aes_gcm.ts";
import type { ToneKind } from "../dsp/call_tones.ts";
import { VoiceSession } from "../voice/voice_session.ts";
import { warmUp } from "../voice/warm_up.ts";
import type {
  AudioDevices,
  AudioError,
  AudioProcessor,
  AudioSink,
  AudioSource,
  DeviceNotice,
  Recording,
  SoundSide,
} from "../../audio/audio_devices.ts";
import type { VoiceOptions } from "./options.ts";
import { TonePlayer } from "./tone_player.ts";

/** Seconds of synthetic sound to warm up with: a device's sound cannot wait for the compiler, a file's can. */
const WARM_UP_SECONDS = { device: 10, file: 1 };

/**
 * How long a call waits for the devices of the one before it to close, in milliseconds: under a sound server that hangs
 * they never do.
 */
export const CLOSING_MS = 2_000;

/** The parts and settings of the sound of calls. */
export interface CallAudioOptions {
  /** The owner closes them. */
  readonly devices: Pick<
    AudioDevices,
    | "check"
    | "listen"
    | "openProcessor"
    | "openSource"
    | "openSink"
    | "playsToDevice"
    | "silentSource"
    | "muteSink"
    | "settled"
  >;
  readonly voice: VoiceOptions;
  /** Whether the loudspeaker plays ringing, ringback and busy tones, if it is a device. */
  readonly tones: boolean;
  readonly libopus: Libopus;
  /** Only for the warm-up; the transport enciphers. */
  readonly cipher: AesGcm;
  /** Shows that devices fail, go away and come back. */
  readonly show: (event: PhoneEvent) => void;
}

/** The voice of a call and its microphone's processor. */
interface OpenVoice {
  readonly session: VoiceSession;
  readonly processor: AudioProcessor | undefined;
  /** The call's recording, unless it broke off. */
  readonly recording: () => Recording | undefined;
}

/** The sound of one phone. At most one call has it at a time. */
export class CallAudio {
  readonly #options: CallAudioOptions;
  /** What the voice of a call reads at each frame. */
  readonly #mute = { muted: false, changedAt: -Infinity };
  #recordingFailed = false;
  readonly #tones: TonePlayer;
  /** That the loudspeaker went away while it played tones: the call that uses it next says so. */
  #lostInTone: PhoneEvent | undefined;
  #open: OpenVoice | undefined;
  /** Settles when the microphones of earlier calls are closed. */
  #closing: Promise<void> = Promise.resolve();

  constructor(options: CallAudioOptions) {
    this.#options = options;
    const { devices, show } = options;
    this.#tones = new TonePlayer(() => devices.openSink(this.#frameSamples));
    devices.listen({
      lost: (notices, detail) => {
        const lost = { event: "audio_lost", ...namesOf(notices), detail } as const;
        if (this.#tones.holdsSink) this.#lostInTone = lost;
        else show(lost);
      },
      back: (notices) => {
        this.#open?.processor?.devicesChanged();
        if (this.#lostInTone) this.#lostInTone = undefined;
        else show({ event: "audio_back", ...namesOf(notices) });
      },
    });
  }

  /** Whether a call's recording could not be written, or not to its end. */
  get recordingFailed(): boolean {
    return this.#recordingFailed;
  }

  /** Whether calls send silence in place of the microphone's sound. Lasts from one call to the next. */
  get muted(): boolean {
    return this.#mute.muted;
  }

  set muted(muted: boolean) {
    if (muted !== this.#mute.muted) Object.assign(this.#mute, { muted, changedAt: systemClock.now() });
  }

  /**
   * Checks the sound before any call, and shows what does not work.
   *
   * @returns Whether everything works that the person asked for by name.
   */
  async check(): Promise<boolean> {
    for (const { side, error, asked } of await this.#options.devices.check()) {
      this.#failed(side, error, asked);
      if (asked) return false;
    }
    return true;
  }

  /** Compiles the code of a call before the first one. */
  async warmUp(): Promise<void> {
    const processor = this.#openProcessor();
    const { libopus, cipher } = this.#options;
    const seconds = processor ? WARM_UP_SECONDS.device : WARM_UP_SECONDS.file;
    await warmUp(seconds, { libopus, cipher, processor });
  }

  /** Plays a tone in the loudspeaker in place of the one before. No tone is ever recorded in a file. */
  playTone(kind: ToneKind): void {
    if (this.#options.tones && this.#options.devices.playsToDevice) this.#tones.play(kind);
  }

  /** Ends the tone before a call, which takes over the loudspeaker as it is: it opens only once. */
  hushTone(): void {
    this.#tones.hush();
  }

  /** Ends the tone without a call, and closes the loudspeaker. */
  closeTone(): void {
    this.#lostInTone = undefined;
    const earlier = this.#closing;
    this.#closing = this.#tones.close().then(() => earlier);
  }

  /**
   * Opens the devices and begins to send and play. A device that cannot be opened is silence.
   *
   * @param clock Times the voice.
   * @param send Sends a datagram.
   * @param sourceEnded Called once when everything in the microphone's file was sent, or the file failed.
   */
  async open(
    clock: Clock,
    send: (datagram: Uint8Array<ArrayBuffer>) => void,
    sourceEnded: () => void = () => {},
  ): Promise<VoiceSession> {
    const toneSink = this.#tones.take();
    if (this.#lostInTone) this.#options.show(this.#lostInTone);
    this.#lostInTone = undefined;
    await within(CLOSING_MS, this.#closing);
    const { errorCorrection, redundancy, stretching } = this.#options.voice;
    const frameSamples = this.#frameSamples;
    const silentSource = (error: AudioError): AudioSource => {
      sourceEnded();
      return this.#silentSource(error);
    };
    const { devices } = this.#options;
    const [source, sink] = await Promise.all([
      devices.openSource(frameSamples).catch(silentSource),
      (toneSink ?? devices.openSink(frameSamples)).catch((error) => this.#muteSink(error)),
    ]);
    let { recording } = sink;
    if (recording) this.#options.show({ event: "recording", path: recording.path, wanted: recording.wanted });
    const processor = this.#openProcessor();
    const session = await VoiceSession.start({
      source,
      sink,
      frameSamples,
      errorCorrection,
      redundancy,
      stretching,
      processor,
      clock,
      send,
      libopus: this.#options.libopus,
      mute: this.#mute,
      sourceEnded,
      replaceSource: silentSource,
      replaceSink: (error) => {
        recording = undefined;
        return this.#muteSink(error);
      },
    });
    this.#open = { session, processor, recording: () => recording };
    return session;
  }

  /** Stops a call's voice. Settles when all received sound is played or on disk; the microphone may take longer. */
  async close(session: VoiceSession): Promise<void> {
    const open = this.#open?.session === session ? this.#open : undefined;
    this.#open = undefined;
    await session.stop();
    const recording = open?.recording();
    if (recording) {
      const { path, seconds } = recording;
      this.#options.show({ event: "recorded", path, seconds });
    }
    const earlier = this.#closing;
    this.#closing = session.closed().then(() => earlier);
  }

  /** Settles when all devices are closed. Under a sound server that hangs it never does. */
  async closed(): Promise<void> {
    await this.#closing;
    await this.#options.devices.settled();
  }

  get #frameSamples(): number {
    return this.#options.voice.frameMs * SAMPLES_PER_MS;
  }

  #openProcessor(): AudioProcessor | undefined {
    return this.#options.devices.openProcessor(this.#options.voice);
  }

  #silentSource(error: AudioError): AudioSource {
    this.#failed("microphone", error, false);
    return this.#options.devices.silentSource();
  }

  #muteSink(error: AudioError): AudioSink {
    this.#failed("speaker", error, false);
    return this.#options.devices.muteSink();
  }

  #failed(side: SoundSide, { code, subject, detail }: AudioError, asked: boolean): void {
    if (side === "speaker" && code === "file_failed") this.#recordingFailed = true;
    this.#options.show({ event: "audio_failed", side, code, subject, detail, asked });
  }
}

/** A sound server's two devices may be one. */
function namesOf(devices: readonly DeviceNotice[]): DeviceNames {
  const [first] = devices;
  const side = devices.length === 1 && first ? first.side : "both";
  return { side, names: [...new Set(devices.map(({ name }) => name))] };
}
