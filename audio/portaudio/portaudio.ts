/** Microphones and loudspeakers through the system's PortAudio. */

import { AudioError, type AudioSink, type AudioSource, type PortAudioDetail } from "../audio_io.ts";
import { SerialQueue } from "../../lib/util/serial_queue.ts";
import { within } from "../../lib/util/time_limit.ts";
import type { Device, Direction } from "./device.ts";
import { chooseDevice, type DeviceChoice } from "./device_selection.ts";
import { InputStream } from "./input_stream.ts";
import { errorDetail, type Library, listDevices, loadLibrary } from "./library.ts";
import { OutputStream } from "./output_stream.ts";
import { quietAlsa, withQuietStderr } from "./quiet.ts";
import { SoundThread } from "./sound_thread.ts";
import { Stream } from "./stream.ts";

/** Longest wait for the list of devices, in milliseconds: it takes some tenths of a second. */
const LIST_MS = 5000;

/** Longest wait for the end of PortAudio, in milliseconds. */
const TERMINATE_MS = 300;

/** Most threads in which a call stands still. Each keeps some megabytes; after that, only a new start helps. */
const MOST_THREADS = 16;

/**
 * The system's PortAudio, loaded and initialized.
 *
 * Close its streams before it. No call into the sound system is made on this thread: it may stand still, as under a
 * sound server that hangs. The program keeps off the screen what libraries write to standard error at any time:
 * {@linkcode quietStderr}.
 */
export class PortAudio implements AsyncDisposable {
  readonly #library: Library;
  readonly #path: string;
  readonly #queue = new SerialQueue();
  readonly #threads = new Set<SoundThread>();
  readonly #freeThreads: SoundThread[] = [];
  #openStreams = 0;
  /** Why it is not initialized, if so. */
  #error: PortAudioDetail | undefined;

  private constructor(library: Library, path: string) {
    this.#library = library;
    this.#path = path;
    this.#queue.run(() => this.#initialize());
  }

  /**
   * Loads the library that `PORTAUDIO_LIB` names, else the system's, and begins to initialize it, which takes up to some
   * tenths of a second.
   *
   * @throws {AudioError} `no_library` if there is none.
   */
  static load(): PortAudio {
    const { library, path } = withQuietStderr(loadLibrary);
    quietAlsa();
    return new PortAudio(library, path);
  }

  /** Whether the library is there. */
  static isThere(): boolean {
    try {
      withQuietStderr(loadLibrary).library.close();
      return true;
    } catch (error) {
      if (error instanceof AudioError) return false;
      throw error;
    }
  }

  /**
   * Enumerates devices anew, which PortAudio does on initialization only. Indexes change. Does nothing while a stream is
   * open.
   */
  refresh(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#openStreams > 0) return;
      if (!this.#error) await this.#library.symbols.Pa_Terminate();
      await this.#initialize();
    });
  }

  /**
   * All devices, in the order of their index.
   *
   * @throws {AudioError} `device_failed` if PortAudio does not initialize, or takes too long.
   */
  async devices(): Promise<Device[]> {
    let devices: Device[] = [];
    const listing = this.#queue.run(() => Promise.resolve(devices = this.#list()));
    if (await within(LIST_MS, listing)) return devices;
    throw new AudioError("device_failed", "PortAudio", { kind: "not_responding" });
  }

  /**
   * Finds a device without opening it.
   *
   * @param choice As for {@linkcode PortAudio.openSource}.
   * @throws {AudioError} `no_device` if there is none such; as {@linkcode PortAudio.devices}.
   */
  async check(direction: Direction, choice?: DeviceChoice): Promise<Device> {
    return find(await this.devices(), direction, choice);
  }

  /**
   * Opens and starts a microphone.
   *
   * @param readSamples Samples per read.
   * @param choice An index, a part of a name in any case, or a device of an earlier enumeration; the default device if
   * left out.
   * @throws {AudioError} `no_device` if there is none such, `device_failed` if it does not open.
   */
  async openSource(readSamples: number, choice?: DeviceChoice): Promise<AudioSource> {
    return new InputStream(await this.#openStream("input", choice), readSamples);
  }

  /**
   * Opens and starts a loudspeaker.
   *
   * @param servedSamples Samples that play from one write to the next.
   * @param choice As for {@linkcode PortAudio.openSource}.
   * @throws {AudioError} `no_device` if there is none such, `device_failed` if it does not open.
   */
  async openSink(servedSamples: number, choice?: DeviceChoice): Promise<AudioSink> {
    return new OutputStream(await this.#openStream("output", choice), servedSamples);
  }

  /** Terminates PortAudio and unloads it, unless that takes too long. */
  async [Symbol.asyncDispose](): Promise<void> {
    const terminated = this.#queue.run(async () => {
      if (!this.#error) await this.#library.symbols.Pa_Terminate();
    });
    // It never ends under a stream that hangs.
    if (await within(TERMINATE_MS, terminated)) this.#library.close();
    for (const thread of this.#threads) thread.end();
  }

  async #initialize(): Promise<void> {
    const code = await this.#library.symbols.Pa_Initialize();
    this.#error = code < 0 ? errorDetail(this.#library, code) : undefined;
  }

  #list(): Device[] {
    if (this.#error) throw new AudioError("device_failed", "PortAudio", this.#error);
    return listDevices(this.#library);
  }

  #openStream(direction: Direction, choice: DeviceChoice | undefined): Promise<Stream> {
    return this.#queue.run(async () => {
      const device = find(this.#list(), direction, choice);
      const thread = this.#freeThreads.pop() ?? this.#startThread(device);
      const onClosed = (): void => {
        this.#openStreams--;
        this.#freeThreads.push(thread);
      };
      this.#openStreams++;
      try {
        return await Stream.open(
          { library: this.#library, queue: this.#queue, thread, onClosed },
          direction,
          device,
        );
      } catch (error) {
        onClosed();
        throw error;
      }
    });
  }

  /** A thread is free for another stream unless a call stands still in it. */
  #startThread({ name }: Device): SoundThread {
    if (this.#threads.size >= MOST_THREADS) {
      throw new AudioError("device_failed", name, { kind: "not_responding" });
    }
    const thread = new SoundThread(this.#path);
    this.#threads.add(thread);
    return thread;
  }
}

function find(devices: readonly Device[], direction: Direction, choice?: DeviceChoice): Device {
  const found = chooseDevice(devices, direction, choice);
  if (found) return found;
  const subject = typeof choice === "object" ? choice.name : choice ?? "default";
  throw new AudioError("no_device", subject, { kind: "no_such_device", direction });
}
