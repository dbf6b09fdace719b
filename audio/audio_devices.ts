/** The microphone and the loudspeaker that a person chose, of any kind. */

import { AudioError, type AudioSink, type AudioSource } from "./audio_io.ts";
import { BROWSER, BrowserSound, type SoundEnd } from "./browser/browser_sound.ts";
import { meansFile } from "./file/file_name.ts";
import { checkFileSink, openFileSink, refuseOtherThanFile } from "./file/file_sink.ts";
import { checkFileSource, openFileSource } from "./file/file_source.ts";
import { type DeviceListener, DeviceSupervisor } from "./hotplug/device_supervisor.ts";
import type { Device, Direction } from "./portaudio/device.ts";
import { PortAudio } from "./portaudio/portaudio.ts";
import { AudioProcessor, type AudioProcessorOptions } from "./processing/audio_processor.ts";
import { openNullSink, openSilence, openTone } from "./synthetic.ts";

export type { AudioError, AudioSink, AudioSource, Recording } from "./audio_io.ts";
export type { BrowserSound, PageReport, SoundEnd, SoundPage, SoundWish } from "./browser/browser_sound.ts";
export type { DeviceNotice } from "./hotplug/device_supervisor.ts";
export type { Device } from "./portaudio/device.ts";
export type { AudioProcessor } from "./processing/audio_processor.ts";

/** The sound that the command line asks for: a device's index or name, a WAV file, or a name of another kind. */
export interface SoundChoice {
  /** Also `tone`, `silence`, `none` or `browser`. The system's default device if left out. */
  readonly microphone?: string | undefined;
  /** Also `none`, `silence` or `browser`. The system's default device if left out. */
  readonly speaker?: string | undefined;
}

/** The side of the sound that an event is about. */
export type SoundSide = "microphone" | "speaker" | "both";

/** A side that cannot be used, or both of them for the same reason. */
export interface SoundProblem {
  readonly side: SoundSide;
  readonly error: AudioError;
  /** Whether the person asked for it by name, and so does not want a call without it. */
  readonly asked: boolean;
}

/** What a kind of sound needs from the system. */
type Resource = "nothing" | "file" | "device" | "browser";

/** A kind of sound source or sink. */
interface SoundKind<End extends AudioSource | AudioSink> {
  /** Whether a choice of the command line means this kind. */
  readonly matches: (choice: string | undefined) => boolean;
  readonly takes: Resource;
  /**
   * Opens one for a call.
   *
   * @param samples Samples of one read or write of the call.
   */
  readonly open: (devices: DeviceOpener, choice: string, samples: number) => Promise<End> | End;
  /** Checks a file before any call. */
  readonly check?: (path: string) => Promise<void>;
}

/** What rows of the tables below use beyond one call. */
interface DeviceOpener {
  openSource(choice: string, samples: number): Promise<AudioSource>;
  openSink(choice: string, samples: number): Promise<AudioSink>;
  /** Opens the next recording. */
  openRecording(path: string): Promise<AudioSink>;
}

/** The choice of the default device, and its name before it was first there. */
const DEFAULT_DEVICE = "default";

const SILENCE: SoundKind<AudioSource> = {
  matches: named("silence", "none"),
  takes: "nothing",
  open: () => openSilence(),
};

const NULL_SINK: SoundKind<AudioSink> = {
  matches: named("silence", "none"),
  takes: "nothing",
  open: () => openNullSink(),
};

/** The kinds of microphone. The first that matches counts; everything else is a device. */
const SOURCES: readonly SoundKind<AudioSource>[] = [
  { matches: named("tone"), takes: "nothing", open: () => openTone() },
  SILENCE,
  { matches: isFile, takes: "file", open: (_, path) => openFileSource(path), check: checkFileSource },
  {
    matches: named(BROWSER),
    takes: "browser",
    open: (devices, choice, samples) => devices.openSource(choice, samples),
  },
  {
    matches: () => true,
    takes: "device",
    open: (devices, choice, samples) => devices.openSource(choice, samples),
  },
];

/** The kinds of loudspeaker, likewise. */
const SINKS: readonly SoundKind<AudioSink>[] = [
  NULL_SINK,
  {
    matches: isFile,
    takes: "file",
    open: (devices, path) => devices.openRecording(path),
    check: checkFileSink,
  },
  {
    matches: named(BROWSER),
    takes: "browser",
    open: (devices, choice, samples) => devices.openSink(choice, samples),
  },
  {
    matches: () => true,
    takes: "device",
    open: (devices, choice, samples) => devices.openSink(choice, samples),
  },
];

function named(...names: readonly string[]): (choice: string | undefined) => boolean {
  return (choice) => choice !== undefined && names.includes(choice);
}

function isFile(choice: string | undefined): boolean {
  return choice !== undefined && meansFile(choice);
}

function kindOf<End extends AudioSource | AudioSink>(
  kinds: readonly SoundKind<End>[],
  choice: string | undefined,
): SoundKind<End> {
  return kinds.find(({ matches }) => matches(choice)) as SoundKind<End>;
}

/**
 * Opens microphones and loudspeakers, new ones for each call. Loads PortAudio with the first device, and keeps it.
 *
 * Uses a device that goes away, in a call or before it, again when it is back: see
 * {@linkcode DeviceSupervisor}.
 */
export class AudioDevices implements AsyncDisposable {
  readonly #choice: SoundChoice;
  readonly #supervisor: DeviceSupervisor;
  readonly #opener: DeviceOpener;
  /** The devices as {@linkcode AudioDevices.check} found them: indexes change, and parts of names fit others, too. */
  readonly #found: { input?: Device; output?: Device } = {};
  /** The sound that calls open: silence in place of a missing default device. */
  #source: SoundKind<AudioSource>;
  #sink: SoundKind<AudioSink>;
  #portAudio: PortAudio | undefined;
  #portAudioError: AudioError | undefined;
  /** The highest number of a recording of this run. */
  #recordings = 0;
  #speakerError: AudioError | undefined;
  #listener: DeviceListener | undefined;

  /** @param choice The sound that the command line asks for. */
  constructor(choice: SoundChoice) {
    this.#choice = choice;
    this.#source = kindOf(SOURCES, choice.microphone);
    this.#sink = kindOf(SINKS, choice.speaker);
    const { microphone, speaker } = choice;
    this.#supervisor = new DeviceSupervisor({
      openSource: async (samples) =>
        this.#source.takes === "browser"
          ? await this.browser.openSource(samples)
          : await this.#devices().openSource(samples, this.#found.input ?? microphone),
      openSink: async (samples) =>
        this.#sink.takes === "browser"
          ? await this.browser.openSink(samples)
          : await this.#devices().openSink(samples, this.#found.output ?? speaker),
      refresh: async () => {
        if (this.#portAudio) await this.#portAudio.refresh();
      },
    }, {
      lost: (devices, detail) => this.#listener?.lost(devices, detail),
      back: (devices) => this.#listener?.back(devices),
    });
    this.browser.onReady(() => this.#supervisor.retry());
    this.#opener = {
      openSource: (name, samples) => {
        if (this.#source.takes === "device") this.#devices();
        return this.#supervisor.openSource(samples, this.#found.input?.name ?? name);
      },
      openSink: (name, samples) => {
        if (this.#sink.takes === "device") this.#devices();
        return this.#supervisor.openSink(samples, this.#found.output?.name ?? name);
      },
      openRecording: async (path) => {
        const sink = await openFileSink(path, this.#recordings + 1);
        this.#recordings = sink.count;
        return sink;
      },
    };
  }

  /** The sound of a browser's page, for `browser`. */
  readonly browser = new BrowserSound();

  /** Tells `listener`, from now on, of devices that go away in a call and come back. */
  listen(listener: DeviceListener): void {
    this.#listener = listener;
  }

  /**
   * Looks at what has the name of the recording, while the program may still read files. {@linkcode AudioDevices.check}
   * tells what is wrong with it.
   */
  async inspect(): Promise<void> {
    const { speaker } = this.#choice;
    if (this.#sink.takes !== "file" || speaker === undefined) return;
    await refuseOtherThanFile(speaker).catch((error) => this.#speakerError = error);
  }

  /**
   * Checks the sound before any call: reads the beginning of the file, looks for devices and whether a recording could be
   * made, which is not touched.
   *
   * Calls have silence in place of a default device that is missing; nothing looks for it again, unless the sound system
   * did not answer.
   */
  async check(): Promise<SoundProblem[]> {
    const [microphone, speaker] = await Promise.all([this.#check("microphone"), this.#check("speaker")]);
    if (isMissing(microphone)) this.#source = SILENCE;
    if (isMissing(speaker)) this.#sink = NULL_SINK;
    if (
      microphone?.asked === false && speaker?.asked === false && microphone.error.code === speaker.error.code
    ) {
      return [{ ...microphone, side: "both" }];
    }
    return [microphone, speaker].filter((problem) => problem !== undefined);
  }

  async #check(side: "microphone" | "speaker"): Promise<SoundProblem | undefined> {
    const choice = this.#choice[side];
    const input = side === "microphone";
    try {
      if (!input && this.#speakerError) throw this.#speakerError;
      const { takes, check } = input ? this.#source : this.#sink;
      if (takes === "device") await this.#find(input ? "input" : "output", choice);
      else if (choice !== undefined) await check?.(choice);
    } catch (error) {
      if (!(error instanceof AudioError)) throw error;
      return { side, error, asked: choice !== undefined };
    }
  }

  /** All sound devices. @throws {AudioError} If PortAudio cannot be used. */
  async devices(): Promise<Device[]> {
    return await this.#devices().devices();
  }

  /** Whether the loudspeaker is a device, and neither a file nor nothing; known after {@linkcode AudioDevices.check}. */
  get playsToDevice(): boolean {
    return this.#sink.takes === "device" || this.#sink.takes === "browser";
  }

  /** Settles when no device is being opened or closed. */
  settled(): Promise<void> {
    return this.#supervisor.settled();
  }

  /**
   * Opens the microphone. A file begins at its beginning. A device that has gone is silent until it is back.
   *
   * @param readSamples Samples that the call reads at once.
   * @throws {AudioError} If a file cannot be read, or PortAudio is missing.
   */
  async openSource(readSamples: number): Promise<AudioSource> {
    return await this.#source.open(this.#opener, this.#choice.microphone ?? DEFAULT_DEVICE, readSamples);
  }

  /**
   * Opens the loudspeaker. The first call is recorded in the file of the command line, later ones beside it
   * (`call.wav`, `call-2.wav`…), so that none is lost, nor any of an earlier run. A device that has gone is mute until it
   * is back.
   *
   * @param servedSamples Samples from one write to the next.
   * @throws {AudioError} If a file cannot be written, or PortAudio is missing.
   */
  async openSink(servedSamples: number): Promise<AudioSink> {
    return await this.#sink.open(this.#opener, this.#choice.speaker ?? DEFAULT_DEVICE, servedSamples);
  }

  /** A microphone for a call whose own failed. */
  silentSource(): AudioSource {
    return openSilence();
  }

  /** A loudspeaker for a call whose own failed. */
  muteSink(): AudioSink {
    return openNullSink();
  }

  /**
   * The processor of a microphone's sound.
   *
   * @returns Undefined without any processing, for files and tones, which are sent unprocessed, and for a browser, which
   * processes the sound itself.
   */
  openProcessor(options: Required<AudioProcessorOptions>): AudioProcessor | undefined {
    const { echoCancel, noiseReduction, gain } = options;
    const anything = echoCancel || noiseReduction || gain;
    return anything && this.#source.takes === "device" ? new AudioProcessor(options) : undefined;
  }

  /** Unloads PortAudio, unless that takes too long. Close all devices before. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#portAudio?.[Symbol.asyncDispose]();
    this.#portAudio = undefined;
  }

  async #find(direction: Direction, choice: string | undefined): Promise<void> {
    const found = await this.#devices().check(direction, choice);
    if (choice !== undefined) this.#found[direction] = found;
  }

  #devices(): PortAudio {
    if (this.#portAudioError) throw this.#portAudioError;
    try {
      return this.#portAudio ??= PortAudio.load();
    } catch (error) {
      if (error instanceof AudioError) this.#portAudioError = error;
      throw error;
    }
  }
}

/** Whether calls do without a default device. */
function isMissing(problem: SoundProblem | undefined): boolean {
  return problem?.asked === false && problem.error.detail.kind !== "not_responding";
}

/** What a choice of sound needs from the system. */
export interface SoundNeeds {
  readonly readsFile: boolean;
  readonly writesFile: boolean;
  /** Whether it needs PortAudio. */
  readonly usesDevices: boolean;
  /** Whether it needs a browser's page. */
  readonly usesBrowser: boolean;
}

/** Tells what a choice needs, so that the phone can give up the permissions for the rest. */
export function soundNeeds({ microphone, speaker }: SoundChoice): SoundNeeds {
  const source = kindOf(SOURCES, microphone).takes;
  const sink = kindOf(SINKS, speaker).takes;
  return {
    readsFile: source === "file",
    writesFile: sink === "file",
    usesDevices: source === "device" || sink === "device",
    usesBrowser: source === "browser" || sink === "browser",
  };
}

/** The sides of the sound that are a browser's. */
export function browserSides({ microphone, speaker }: SoundChoice): Record<SoundEnd, boolean> {
  return {
    microphone: kindOf(SOURCES, microphone).takes === "browser",
    speaker: kindOf(SINKS, speaker).takes === "browser",
  };
}

/** For a phone with a page: its browser has the sound that the command line leaves open, where PortAudio is missing. */
export function orBrowser<Sound extends SoundChoice>(choice: Sound): Sound {
  const { microphone, speaker } = choice;
  const open = microphone === undefined || speaker === undefined;
  if (!open || PortAudio.isThere()) return choice;
  return { ...choice, microphone: microphone ?? BROWSER, speaker: speaker ?? BROWSER };
}

/** The files that a choice names. */
export function soundFiles({ microphone, speaker }: SoundChoice): { microphone?: string; speaker?: string } {
  return {
    ...(microphone !== undefined && kindOf(SOURCES, microphone).takes === "file" ? { microphone } : {}),
    ...(speaker !== undefined && kindOf(SINKS, speaker).takes === "file" ? { speaker } : {}),
  };
}
