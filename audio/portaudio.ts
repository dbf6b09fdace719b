/** Microphones and loudspeakers through the system's PortAudio. */

import { AudioError, type AudioSink, type AudioSource, SAMPLE_RATE } from "./audio.ts";
import {
  DEVICE_INFO,
  HOST_API_INFO_NAME,
  HOST_ERROR_INFO_TEXT,
  INPUT_OVERFLOWED,
  NO_FLAG,
  OUTPUT_UNDERFLOWED,
  STREAM_INFO_INPUT_LATENCY,
  streamParameters,
  symbols,
  UNANTICIPATED_HOST_ERROR,
} from "./portaudio_symbols.ts";
import { quietAlsa } from "./quiet_alsa.ts";
import { withQuietStderr } from "./quiet_stderr.ts";

/** One device that PortAudio knows. */
export interface Device {
  /** PortAudio's index, which stays the same until the program ends. */
  readonly index: number;
  readonly name: string;
  /** The host API that it is reached through, such as `ALSA` or `Core Audio`. */
  readonly host: string;
  /** Most channels at once; 0 where the device has no such direction. */
  readonly inputs: number;
  readonly outputs: number;
  readonly defaultInput: boolean;
  readonly defaultOutput: boolean;
}

/** Which way sound flows through a stream. */
export type Direction = "input" | "output";

/** Samples that a loudspeaker takes at once: 10 ms. Smaller ones cost more wake-ups, larger ones delay. */
const BLOCK_SAMPLES = 480;

/** Delay that is asked of the device in each direction: two blocks, so that one can play while one is filled. */
const LATENCY_SECONDS = 0.02;

/** Samples that shall be left in a loudspeaker's queue when it is filled again: 10 ms, for a late wake-up. */
const RESERVE_SAMPLES = 480;

/** What the library is called where it is installed as usual. */
const LIBRARY_NAMES: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  linux: ["libportaudio.so.2", "libportaudio.so"],
  darwin: [
    "libportaudio.2.dylib",
    "libportaudio.dylib",
    "/opt/homebrew/lib/libportaudio.2.dylib",
    "/usr/local/lib/libportaudio.2.dylib",
  ],
  windows: ["portaudio.dll", "libportaudio.dll", "portaudio_x64.dll"],
};

type Library = Deno.DynamicLibrary<typeof symbols>;

function loadLibrary(): Library {
  const asked = Deno.env.get("PORTAUDIO_LIB");
  const names = asked ? [asked] : LIBRARY_NAMES[Deno.build.os] ?? ["libportaudio.so"];
  let detail = "not found";
  for (const name of names) {
    try {
      return Deno.dlopen(name, symbols);
    } catch (error) {
      // The first name is the usual one, so its error tells most.
      if (name === names[0] && error instanceof Error) detail = error.message;
    }
  }
  throw new AudioError("no_library", names[0] as string, detail);
}

/**
 * The system's PortAudio, loaded and started.
 *
 * Streams that it opened must be closed before it is.
 */
export class PortAudio implements Disposable {
  readonly #library: Library;

  private constructor(library: Library) {
    this.#library = library;
  }

  /**
   * Loads and starts PortAudio: the library that `PORTAUDIO_LIB` names, else the system's. Takes up to some
   * tenths of a second, in which the library looks for devices.
   *
   * @throws {AudioError} `no_library` where there is none, `device_failed` where it does not start.
   */
  static open(): PortAudio {
    const library = withQuietStderr(loadLibrary);
    quietAlsa();
    const code = withQuietStderr(() => library.symbols.Pa_Initialize());
    if (code < 0) {
      const detail = errorText(library, code);
      library.close();
      throw new AudioError("device_failed", "PortAudio", detail);
    }
    return new PortAudio(library);
  }

  /** All devices, in the order of their index. */
  devices(): Device[] {
    const { Pa_GetDeviceCount, Pa_GetDeviceInfo, Pa_GetHostApiInfo } = this.#library.symbols;
    const defaults = { input: this.#defaultDevice("input"), output: this.#defaultDevice("output") };
    const devices: Device[] = [];
    for (let index = 0; index < Pa_GetDeviceCount(); index++) {
      const info = Pa_GetDeviceInfo(index);
      if (!info) continue;
      const view = new Deno.UnsafePointerView(info);
      const host = Pa_GetHostApiInfo(view.getInt32(DEVICE_INFO.hostApi));
      devices.push({
        index,
        name: cString(view.getPointer(DEVICE_INFO.name)),
        host: host ? cString(new Deno.UnsafePointerView(host).getPointer(HOST_API_INFO_NAME)) : "",
        inputs: view.getInt32(DEVICE_INFO.maxInputChannels),
        outputs: view.getInt32(DEVICE_INFO.maxOutputChannels),
        defaultInput: index === defaults.input,
        defaultOutput: index === defaults.output,
      });
    }
    return devices;
  }

  /**
   * Looks for a device without opening it.
   *
   * @param choice As for {@linkcode PortAudio.openSource}.
   * @throws {AudioError} `no_device` where there is none such.
   */
  check(direction: Direction, choice?: string): void {
    this.#find(direction, choice);
  }

  /**
   * Opens and starts a microphone.
   *
   * @param blockSamples Samples that will be read at once.
   * @param choice An index or part of a name, case aside; the default device when it is left out.
   * @throws {AudioError} `no_device` where there is none such, `device_failed` where it does not open.
   */
  openSource(blockSamples: number, choice?: string): AudioSource {
    return new DeviceSource(
      this.#openStream("input", this.#find("input", choice), blockSamples),
      blockSamples,
    );
  }

  /**
   * Opens and starts a loudspeaker.
   *
   * @param blockSamples Samples that go by between two times that it is served.
   * @param choice An index or part of a name, case aside; the default device when it is left out.
   * @throws {AudioError} `no_device` where there is none such, `device_failed` where it does not open.
   */
  openSink(blockSamples: number, choice?: string): AudioSink {
    const stream = this.#openStream("output", this.#find("output", choice), BLOCK_SAMPLES);
    return new DeviceSink(stream, blockSamples + RESERVE_SAMPLES);
  }

  /** Stops PortAudio and unloads it. */
  [Symbol.dispose](): void {
    withQuietStderr(() => this.#library.symbols.Pa_Terminate());
    this.#library.close();
  }

  #defaultDevice(direction: Direction): number {
    const { Pa_GetDefaultInputDevice, Pa_GetDefaultOutputDevice } = this.#library.symbols;
    return direction === "input" ? Pa_GetDefaultInputDevice() : Pa_GetDefaultOutputDevice();
  }

  #find(direction: Direction, choice: string | undefined): Device {
    const devices = this.devices().filter((device) => device[`${direction}s`] > 0);
    const found = choice === undefined
      ? devices.find(({ index }) => index === this.#defaultDevice(direction))
      : devices.find(({ index }) => String(index) === choice) ??
        devices.find(({ name }) => name.toLowerCase() === choice.toLowerCase()) ??
        devices.find(({ name }) => name.toLowerCase().includes(choice.toLowerCase()));
    if (found) return found;
    throw new AudioError("no_device", choice ?? "default", `no ${direction} device of this name or number`);
  }

  #openStream(direction: Direction, device: Device, blockSamples: number): Stream {
    const { Pa_OpenStream, Pa_StartStream, Pa_CloseStream } = this.#library.symbols;
    const parameters = streamParameters(device.index, 1, LATENCY_SECONDS);
    const handle = new BigUint64Array(1);
    const opened = withQuietStderr(() =>
      Pa_OpenStream(
        handle,
        direction === "input" ? parameters : null,
        direction === "output" ? parameters : null,
        SAMPLE_RATE,
        BigInt(blockSamples),
        NO_FLAG,
        null,
        null,
      )
    );
    if (opened < 0) throw new AudioError("device_failed", device.name, errorText(this.#library, opened));
    const pointer = Deno.UnsafePointer.create(handle[0] as bigint);
    const started = withQuietStderr(() => Pa_StartStream(pointer));
    if (started < 0) {
      const detail = errorText(this.#library, started);
      Pa_CloseStream(pointer);
      throw new AudioError("device_failed", device.name, detail);
    }
    return { library: this.#library, pointer, name: device.name };
  }
}

/** A running stream of one direction. */
interface Stream {
  readonly library: Library;
  readonly pointer: Deno.PointerValue;
  readonly name: string;
}

/** @throws {AudioError} For an error code, except those that say that samples were lost. */
function check({ library, name }: Stream, code: number): void {
  if (code < 0 && code !== INPUT_OVERFLOWED && code !== OUTPUT_UNDERFLOWED) {
    throw new AudioError("device_failed", name, errorText(library, code));
  }
}

async function close({ library, pointer }: Stream): Promise<void> {
  await library.symbols.Pa_AbortStream(pointer);
  await library.symbols.Pa_CloseStream(pointer);
}

function alreadyClosed({ name }: Stream): AudioError {
  return new AudioError("device_failed", name, "Already closed");
}

/** A microphone. Waits for its samples on a thread of its own, one read at a time. */
class DeviceSource implements AudioSource {
  readonly delaySamples: number;
  readonly #stream: Stream;
  /** The read that is under way. The device may not be closed under it. */
  #reading: Promise<number> = Promise.resolve(0);
  #closed = false;

  constructor(stream: Stream, blockSamples: number) {
    this.#stream = stream;
    const info = stream.library.symbols.Pa_GetStreamInfo(stream.pointer);
    const latency = info
      ? new Deno.UnsafePointerView(info).getFloat64(STREAM_INFO_INPUT_LATENCY)
      : LATENCY_SECONDS;
    // What PortAudio counts as latency is all of its queue, of which one block is ever in use.
    this.delaySamples = Math.min(Math.round(latency * SAMPLE_RATE), blockSamples);
  }

  get name(): string {
    return this.#stream.name;
  }

  async read(samples: Int16Array<ArrayBuffer>): Promise<void> {
    if (this.#closed) throw alreadyClosed(this.#stream);
    const { library, pointer } = this.#stream;
    this.#reading = library.symbols.Pa_ReadStream(pointer, samples, BigInt(samples.length));
    check(this.#stream, await this.#reading);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reading;
    await close(this.#stream);
  }
}

/** A loudspeaker. Keeps its queue short, and so never waits for it. */
class DeviceSink implements AudioSink {
  readonly #stream: Stream;
  /** Samples that its queue is filled up to. */
  readonly #fullSamples: number;
  /** Samples that fit into it. */
  readonly #capacity: number;
  #queued = 0;
  #closed = false;

  constructor(stream: Stream, fullSamples: number) {
    this.#stream = stream;
    this.#fullSamples = fullSamples;
    this.#capacity = this.#free();
  }

  get name(): string {
    return this.#stream.name;
  }

  get delaySamples(): number {
    return this.#queued;
  }

  wanted(): number {
    if (this.#closed) throw alreadyClosed(this.#stream);
    const free = this.#free();
    this.#queued = Math.max(0, this.#capacity - free);
    return Math.max(0, Math.min(this.#fullSamples - this.#queued, free));
  }

  // deno-lint-ignore require-await -- what it throws is to come by the promise
  async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
    if (this.#closed) throw alreadyClosed(this.#stream);
    const { library, pointer } = this.#stream;
    check(this.#stream, library.symbols.Pa_WriteStream(pointer, samples, BigInt(samples.length)));
    this.#queued += samples.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await close(this.#stream);
  }

  #free(): number {
    const { library, pointer } = this.#stream;
    const free = Number(library.symbols.Pa_GetStreamWriteAvailable(pointer));
    check(this.#stream, free);
    return Math.max(0, free);
  }
}

function cString(pointer: Deno.PointerValue): string {
  if (!pointer) return "";
  try {
    return Deno.UnsafePointerView.getCString(pointer);
  } catch {
    return ""; // A driver's name that is not UTF-8.
  }
}

function errorText(library: Library, code: number): string {
  const { Pa_GetErrorText, Pa_GetLastHostErrorInfo } = library.symbols;
  const text = cString(Pa_GetErrorText(code));
  if (code !== UNANTICIPATED_HOST_ERROR) return text;
  const host = Pa_GetLastHostErrorInfo();
  const detail = host ? cString(new Deno.UnsafePointerView(host).getPointer(HOST_ERROR_INFO_TEXT)) : "";
  return detail ? `${text}: ${detail}` : text;
}
