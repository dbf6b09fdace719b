/** Microphones and loudspeakers through the system's PortAudio. */

import { AudioError, type AudioSink, type AudioSource } from "../audio_io.ts";
import { SerialQueue } from "../../lib/util/serial_queue.ts";
import type { Device, Direction } from "./device.ts";
import { chooseDevice, type DeviceChoice } from "./device_selection.ts";
import { InputStream } from "./input_stream.ts";
import { errorDetail, type Library, listDevices, loadLibrary } from "./library.ts";
import { OutputStream } from "./output_stream.ts";
import { quietAlsa, withQuietStderr } from "./quiet.ts";
import { Stream } from "./stream.ts";

/**
 * The system's PortAudio, loaded and initialized.
 *
 * Close its streams before it. Opening and closing a stream waits for the sound system on another thread, so a call goes
 * on meanwhile. The program keeps off the screen what libraries write to standard error then: {@linkcode quietStderr}.
 */
export class PortAudio implements Disposable {
  readonly #library: Library;
  readonly #queue = new SerialQueue();
  #openStreams = 0;
  #initialized = true;

  private constructor(library: Library) {
    this.#library = library;
  }

  /**
   * Loads and initializes the library that `PORTAUDIO_LIB` names, else the system's. Device enumeration takes up to
   * some tenths of a second.
   *
   * @throws {AudioError} `no_library` if there is none, `device_failed` if it does not initialize.
   */
  static open(): PortAudio {
    const library = withQuietStderr(loadLibrary);
    quietAlsa();
    const code = withQuietStderr(() => library.symbols.Pa_Initialize());
    if (code < 0) {
      const detail = errorDetail(library, code);
      library.close();
      throw new AudioError("device_failed", "PortAudio", detail);
    }
    return new PortAudio(library);
  }

  /**
   * Enumerates devices anew, which PortAudio does on initialization only. Indexes change. Does nothing while a stream is
   * open.
   */
  refresh(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#openStreams > 0) return;
      if (this.#initialized) await this.#library.symbols.terminateAside();
      this.#initialized = await this.#library.symbols.initializeAside() >= 0;
    });
  }

  /** All devices, in the order of their index. */
  devices(): Device[] {
    return listDevices(this.#library);
  }

  /**
   * Finds a device without opening it.
   *
   * @param choice As for {@linkcode PortAudio.openSource}.
   * @throws {AudioError} `no_device` if there is none such.
   */
  check(direction: Direction, choice?: DeviceChoice): Device {
    const found = chooseDevice(this.devices(), direction, choice);
    if (found) return found;
    const subject = typeof choice === "object" ? choice.name : choice ?? "default";
    throw new AudioError("no_device", subject, { kind: "no_such_device", direction });
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

  /** Terminates PortAudio and unloads it. */
  [Symbol.dispose](): void {
    if (this.#initialized) withQuietStderr(() => this.#library.symbols.Pa_Terminate());
    this.#library.close();
  }

  #openStream(direction: Direction, choice: DeviceChoice | undefined): Promise<Stream> {
    return this.#queue.run(async () => {
      const device = this.check(direction, choice);
      const owner = { library: this.#library, queue: this.#queue, onClosed: () => this.#openStreams-- };
      const stream = await Stream.open(owner, direction, device);
      this.#openStreams++;
      return stream;
    });
  }
}
