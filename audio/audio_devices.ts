/** The microphone and the loudspeaker that a person chose, whatever they are. */

import { AudioError, type AudioSink, type AudioSource } from "./audio_io.ts";
import type { DeviceChoice } from "./portaudio/device_selection.ts";
import { type DeviceListener, DeviceSupervisor } from "./hotplug/device_supervisor.ts";
import { openFileSink } from "./file/file_sink.ts";
import { openFileSource } from "./file/file_source.ts";
import { PortAudio } from "./portaudio/portaudio.ts";
import type { Device, Direction } from "./portaudio/device.ts";
import { openNullSink, openSilence, openTone } from "./synthetic.ts";

export type { Device } from "./portaudio/device.ts";

/** What was asked for on the command line: a device's index or name, a WAV file, or one of the made-up ones. */
export interface SoundChoice {
  /** Also `tone`, `silence` or `none`. The system's default device when it is left out. */
  readonly microphone?: string | undefined;
  /** Also `none` or `silence`. The system's default device when it is left out. */
  readonly speaker?: string | undefined;
}

/** What cannot be used. */
export type SoundSide = "microphone" | "speaker" | "both";

/** A side that cannot be used, or both of them for the same reason. */
export interface SoundProblem {
  readonly side: SoundSide;
  readonly error: AudioError;
  /** Whether it was asked for by name, so that going on without it is not what the person wants. */
  readonly asked: boolean;
}

/**
 * Opens microphones and loudspeakers, each time anew for a call. PortAudio is loaded when a device is first
 * needed and stays.
 *
 * Devices that go away in a call, or have gone before it, are used again when they are back: a {@linkcode DeviceSupervisor}
 * sees to that.
 */
export class AudioDevices implements Disposable {
  readonly #choice: SoundChoice;
  readonly #supervisor: DeviceSupervisor;
  /** The devices that were asked for, as they were found: their numbers change, and parts of names fit others, too. */
  readonly #found: { input?: Device; output?: Device } = {};
  #portAudio: PortAudio | undefined;
  #portAudioError: AudioError | undefined;
  #noMicrophone = false;
  #noSpeaker = false;
  #recordings = 0;

  #listener: DeviceListener | undefined;

  /** @param choice What was asked for on the command line. */
  constructor(choice: SoundChoice) {
    this.#choice = choice;
    this.#supervisor = new DeviceSupervisor({
      openSource: async (readSamples) =>
        await this.#devices().openSource(readSamples, this.#wanted("input", choice.microphone)),
      openSink: async (servedSamples) =>
        await this.#devices().openSink(servedSamples, this.#wanted("output", choice.speaker)),
      refresh: async () => await this.#devices().refresh(),
    }, {
      lost: (devices, detail) => this.#listener?.lost(devices, detail),
      back: (devices) => this.#listener?.back(devices),
    });
  }

  /** Tells somebody, from now on, of devices that go away in a call and come back. */
  listen(listener: DeviceListener): void {
    this.#listener = listener;
  }

  /**
   * Finds out, before any call, what will not work: reads the file, creates the recording, looks for devices.
   *
   * A default device that is missing is not looked for again: calls have silence in its place.
   */
  async check(): Promise<SoundProblem[]> {
    const microphone = await this.#checkMicrophone();
    const speaker = await this.#checkSpeaker();
    this.#noMicrophone = microphone?.asked === false;
    this.#noSpeaker = speaker?.asked === false;
    if (
      microphone?.asked === false && speaker?.asked === false && microphone.error.code === speaker.error.code
    ) {
      return [{ ...microphone, side: "both" }];
    }
    return [microphone, speaker].filter((problem) => problem !== undefined);
  }

  async #checkMicrophone(): Promise<SoundProblem | undefined> {
    const { microphone } = this.#choice;
    try {
      if (isDevice(microphone)) this.#find("input", microphone);
      else await (await this.openSource(0))[Symbol.asyncDispose]();
    } catch (error) {
      return { side: "microphone", error: asAudioError(error), asked: microphone !== undefined };
    }
  }

  async #checkSpeaker(): Promise<SoundProblem | undefined> {
    const { speaker } = this.#choice;
    try {
      if (isDevice(speaker)) this.#find("output", speaker);
      else await (await this.openSink(0))[Symbol.asyncDispose]();
      this.#recordings = 0;
    } catch (error) {
      return { side: "speaker", error: asAudioError(error), asked: speaker !== undefined };
    }
  }

  /** Whether calls have a real microphone, in a room with noise and maybe with the loudspeaker's echo. */
  get hasMicrophone(): boolean {
    return isDevice(this.#choice.microphone) && !this.#noMicrophone;
  }

  /** All sound devices. @throws {AudioError} Where PortAudio cannot be used. */
  devices(): Device[] {
    return this.#devices().devices();
  }

  /** Settles when no device is being opened or closed. */
  settled(): Promise<void> {
    return this.#supervisor.settled();
  }

  /**
   * Opens the microphone. A file begins at its beginning. A device that has gone is silent until it is back.
   *
   * @param readSamples Samples that will be read at once.
   * @throws {AudioError} For a file, and where PortAudio is missing.
   */
  openSource(readSamples: number): Promise<AudioSource> | AudioSource {
    const { microphone } = this.#choice;
    if (microphone === "tone") return openTone();
    if (this.#noMicrophone || microphone === "silence" || microphone === "none") return openSilence();
    if (isFile(microphone)) return openFileSource(microphone);
    this.#devices();
    return this.#supervisor.openSource(readSamples, this.#found.input?.name ?? microphone ?? DEFAULT_DEVICE);
  }

  /**
   * Opens the loudspeaker. The first call is recorded in the file that was asked for, later ones beside it
   * (`call.wav`, `call-2.wav`…), so that none is lost. A device that has gone is mute until it is back.
   *
   * @param servedSamples Samples that go by between two times that it is served.
   * @throws {AudioError} For a file, and where PortAudio is missing.
   */
  openSink(servedSamples: number): Promise<AudioSink> | AudioSink {
    const { speaker } = this.#choice;
    if (this.#noSpeaker || speaker === "silence" || speaker === "none") return openNullSink();
    if (!isFile(speaker)) {
      this.#devices();
      return this.#supervisor.openSink(servedSamples, this.#found.output?.name ?? speaker ?? DEFAULT_DEVICE);
    }
    this.#recordings++;
    return openFileSink(
      this.#recordings === 1 ? speaker : speaker.replace(WAV_FILE, `-${this.#recordings}$&`),
    );
  }

  /** Unloads PortAudio. What was opened must be closed before. */
  [Symbol.dispose](): void {
    this.#portAudio?.[Symbol.dispose]();
    this.#portAudio = undefined;
  }

  #find(direction: Direction, choice: string | undefined): void {
    const found = this.#devices().check(direction, choice);
    if (choice !== undefined) this.#found[direction] = found;
  }

  /** The device that was asked for; the default one, where none was, whichever that is by now. */
  #wanted(direction: Direction, choice: string | undefined): DeviceChoice | undefined {
    return this.#found[direction] ?? choice;
  }

  #devices(): PortAudio {
    if (this.#portAudioError) throw this.#portAudioError;
    try {
      return this.#portAudio ??= PortAudio.open();
    } catch (error) {
      this.#portAudioError = asAudioError(error);
      throw error;
    }
  }
}

/** What a choice of sound takes from the system. */
export interface SoundNeeds {
  readonly readsFile: boolean;
  readonly writesFile: boolean;
  /** Whether PortAudio has to be loaded. */
  readonly usesDevices: boolean;
}

/** Tells what a choice takes, so that the rest can be given up. */
export function soundNeeds({ microphone, speaker }: SoundChoice): SoundNeeds {
  return {
    readsFile: isFile(microphone),
    writesFile: isFile(speaker),
    usesDevices: isDevice(microphone) || isDevice(speaker),
  };
}

/** What the default device is called before it was ever there. */
const DEFAULT_DEVICE = "default";

const WAV_FILE = /\.wave?$/i;

/** Made-up microphones and loudspeakers. */
const MADE_UP = ["tone", "silence", "none"];

function isFile(choice: string | undefined): choice is string {
  return choice !== undefined && WAV_FILE.test(choice);
}

function isDevice(choice: string | undefined): boolean {
  return !isFile(choice) && !(choice !== undefined && MADE_UP.includes(choice));
}

function asAudioError(error: unknown): AudioError {
  if (error instanceof AudioError) return error;
  throw error;
}
