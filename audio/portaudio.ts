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

/**
 * Samples that a loudspeaker takes at once: 10 ms. Smaller ones cost more wake-ups, larger ones delay. A microphone
 * gives all that is read at once.
 */
const SPEAKER_BLOCK_SAMPLES = 480;

/** Blocks that are asked for as a device's delay. PortAudio makes room for one more. */
const LATENCY_BLOCKS = { input: 2, output: 3 };

/**
 * Samples that a loudspeaker's queue takes beyond those that are given at once: 16 ms, since a device may take a block
 * before the next are there, and those may be late. A queue that runs dry costs more than a gap: it has to be started
 * anew, and the virtual cards of PulseAudio then stand still for up to 2 s.
 */
const RESERVE_SAMPLES = 768;

/** A microphone is looked at so much before its samples are due: so they are found in step with it, by and by. */
const EARLY_MS = 1;

/** How often it is looked at when they are not there yet, and when it has stopped or not yet begun. */
const RETRY_MS = 1;
const STOPPED_RETRY_MS = 10;
const STOPPED_MS = 20;

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
   * @param readSamples Samples that will be read at once.
   * @param choice An index or part of a name, case aside; the default device when it is left out.
   * @throws {AudioError} `no_device` where there is none such, `device_failed` where it does not open.
   */
  openSource(readSamples: number, choice?: string): AudioSource {
    return new DeviceSource(this.#openStream("input", this.#find("input", choice), readSamples), readSamples);
  }

  /**
   * Opens and starts a loudspeaker.
   *
   * @param servedSamples Samples that go by between two times that it is served.
   * @param choice An index or part of a name, case aside; the default device when it is left out.
   * @throws {AudioError} `no_device` where there is none such, `device_failed` where it does not open.
   */
  openSink(servedSamples: number, choice?: string): AudioSink {
    const stream = this.#openStream("output", this.#find("output", choice), SPEAKER_BLOCK_SAMPLES);
    return new DeviceSink(stream, servedSamples + RESERVE_SAMPLES);
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
    const latencySeconds = LATENCY_BLOCKS[direction] * blockSamples / SAMPLE_RATE;
    const parameters = streamParameters(device.index, 1, latencySeconds);
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

/**
 * A microphone. Is looked at when its samples are due and read when they are there, so that nothing ever waits in the
 * library: a thread that does costs more than all else that is done for a call.
 */
class DeviceSource implements AudioSource {
  readonly #stream: Stream;
  /** Samples that the device keeps back in any case. */
  readonly #blockSamples: number;
  /** Samples that are in its queue after the last read. */
  #left = 0;
  /** When the next samples are due. */
  #dueAt = 0;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(stream: Stream, readSamples: number) {
    this.#stream = stream;
    const info = stream.library.symbols.Pa_GetStreamInfo(stream.pointer);
    const latency = info ? new Deno.UnsafePointerView(info).getFloat64(STREAM_INFO_INPUT_LATENCY) : Infinity;
    // What PortAudio counts as latency is all of its queue, of which one block is ever in use.
    this.#blockSamples = Math.min(Math.round(latency * SAMPLE_RATE), readSamples);
  }

  get name(): string {
    return this.#stream.name;
  }

  get delaySamples(): number {
    return this.#blockSamples + this.#left;
  }

  async read(samples: Int16Array<ArrayBuffer>): Promise<void> {
    if (this.#closed) throw alreadyClosed(this.#stream);
    while (this.#available() < samples.length) {
      const earlyMs = this.#dueAt - performance.now();
      await this.#pause(earlyMs > 0 ? earlyMs : earlyMs < -STOPPED_MS ? STOPPED_RETRY_MS : RETRY_MS);
      if (this.#closed) return void samples.fill(0);
    }
    const { library, pointer } = this.#stream;
    check(this.#stream, library.symbols.Pa_ReadStream(pointer, samples, BigInt(samples.length)));
    this.#left -= samples.length;
    this.#dueAt = performance.now() + samples.length * 1000 / SAMPLE_RATE - EARLY_MS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    await close(this.#stream);
  }

  #available(): number {
    const { library, pointer } = this.#stream;
    const available = Number(library.symbols.Pa_GetStreamReadAvailable(pointer));
    check(this.#stream, available);
    return this.#left = Math.max(0, available);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
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
