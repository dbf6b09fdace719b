/** Microphones and loudspeakers through the system's PortAudio. */

import { AudioError, type AudioSink, type AudioSource } from "../audio_io.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { chooseDevice, type DeviceChoice } from "./device_selection.ts";
import type { Device, Direction } from "./device.ts";
import { CapturePoll } from "./capture_poll.ts";
import { SerialQueue } from "../../lib/util/serial_queue.ts";
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
} from "./symbols.ts";
import { UnderrunReserve } from "./underrun_reserve.ts";
import { quietAlsa, withQuietStderr } from "./quiet.ts";

/**
 * Samples that a device gives or takes at once. A microphone gives 5 ms: a card's blocks are never quite as long as they
 * should be, so they end between two reads, by and by at any time, and the rest of a block waits for the next read. What
 * waits so is delay, and delay that changes. With blocks of 10 ms it was 5 ms more, for as much of the processor. A
 * loudspeaker takes 10 ms.
 */
const BLOCK_SAMPLES: Readonly<Record<Direction, number>> = { input: 240, output: 480 };

/** Samples that are asked for as a device's delay, 30 ms. PortAudio makes room for one block more. */
const LATENCY_SAMPLES = 1440;

/**
 * The same where blocks can be told to stay as short, which is ALSA, so that it adds no delay. Microphones: room for
 * 150 ms, since they go on while this phone is held up, and what a sound server keeps back for want of room is not seen.
 * Loudspeakers: room for the most that their queue may come to.
 */
const LATENCY_SAMPLES_ALSA: Readonly<Record<Direction, number>> = { input: 7200, output: 2880 };

/**
 * Samples that a loudspeaker's queue takes at least beyond those that are given at once: 16 ms, since a device may take a
 * block before the next are there, and those may be late. A queue that runs dry costs more than a gap: it has to be started
 * anew, and the virtual cards of PulseAudio then stand still for up to 2 s.
 */
const RESERVE_SAMPLES = 768;

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
 * Streams that it opened must be closed before it is. Opening and closing streams in the middle of a call, which waits
 * for the sound system, keeps nothing else from going on. What libraries write to standard error meanwhile is the
 * program's to keep off the screen ({@linkcode quietStderr}).
 */
export class PortAudio implements Disposable {
  readonly #library: Library;
  /** Streams are opened and closed on other threads, one at a time: PortAudio itself has no locks. */
  readonly #turns = new SerialQueue();
  #openStreams = 0;
  #started = true;

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

  /**
   * Looks for devices anew: PortAudio makes its list only when it starts. So it does nothing as long as a stream is
   * open, and indexes are other ones afterwards.
   */
  refresh(): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#openStreams > 0) return;
      if (this.#started) await this.#library.symbols.terminateAside();
      this.#started = await this.#library.symbols.initializeAside() >= 0;
    });
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
  check(direction: Direction, choice?: DeviceChoice): Device {
    const found = chooseDevice(this.devices(), direction, choice);
    if (found) return found;
    const subject = typeof choice === "object" ? choice.name : choice ?? "default";
    throw new AudioError("no_device", subject, `no ${direction} device of this name or number`);
  }

  /**
   * Opens and starts a microphone.
   *
   * @param readSamples Samples that will be read at once.
   * @param choice An index or part of a name, case aside, or a device that was there before; the default device when
   * it is left out.
   * @throws {AudioError} `no_device` where there is none such, `device_failed` where it does not open.
   */
  async openSource(readSamples: number, choice?: DeviceChoice): Promise<AudioSource> {
    return new DeviceSource(await this.#openStream("input", choice), readSamples);
  }

  /**
   * Opens and starts a loudspeaker.
   *
   * @param servedSamples Samples that go by between two times that it is served.
   * @param choice As for {@linkcode PortAudio.openSource}.
   * @throws {AudioError} `no_device` where there is none such, `device_failed` where it does not open.
   */
  async openSink(servedSamples: number, choice?: DeviceChoice): Promise<AudioSink> {
    return new DeviceSink(await this.#openStream("output", choice), servedSamples);
  }

  /** Stops PortAudio and unloads it. */
  [Symbol.dispose](): void {
    if (this.#started) withQuietStderr(() => this.#library.symbols.Pa_Terminate());
    this.#library.close();
  }

  #defaultDevice(direction: Direction): number {
    const { Pa_GetDefaultInputDevice, Pa_GetDefaultOutputDevice } = this.#library.symbols;
    return direction === "input" ? Pa_GetDefaultInputDevice() : Pa_GetDefaultOutputDevice();
  }

  #openStream(direction: Direction, choice: DeviceChoice | undefined): Promise<Stream> {
    return this.#turns.run(async () => {
      const device = this.check(direction, choice);
      const { name } = device;
      const pointer = await this.#start(direction, device);
      this.#openStreams++;
      return { library: this.#library, pointer, name, close: () => this.#closeStream(pointer) };
    });
  }

  async #start(direction: Direction, { name, index, host }: Device): Promise<Deno.PointerValue> {
    const { Pa_OpenStream, Pa_StartStream, Pa_CloseStream, PaAlsa_SetNumPeriods } = this.#library.symbols;
    const blockSamples = BLOCK_SAMPLES[direction];
    const roomy = host === "ALSA" && PaAlsa_SetNumPeriods;
    const latencySamples = roomy ? LATENCY_SAMPLES_ALSA[direction] : LATENCY_SAMPLES;
    // It goes for the next stream, and streams are opened one at a time.
    PaAlsa_SetNumPeriods?.(Math.ceil(latencySamples / blockSamples) + 1);
    // Together, so that what the other thread reads lives as long as what it writes.
    const memory = {
      parameters: streamParameters(index, 1, latencySamples / SAMPLE_RATE),
      handle: new BigUint64Array(1),
    };
    const opened = await Pa_OpenStream(
      memory.handle,
      direction === "input" ? memory.parameters : null,
      direction === "output" ? memory.parameters : null,
      SAMPLE_RATE,
      BigInt(blockSamples),
      NO_FLAG,
      null,
      null,
    );
    if (opened < 0) throw new AudioError("device_failed", name, errorText(this.#library, opened));
    const pointer = Deno.UnsafePointer.create(memory.handle[0] as bigint);
    const started = await Pa_StartStream(pointer);
    if (started >= 0) return pointer;
    const detail = errorText(this.#library, started);
    await Pa_CloseStream(pointer);
    throw new AudioError("device_failed", name, detail);
  }

  #closeStream(pointer: Deno.PointerValue): Promise<void> {
    return this.#turns.run(async () => {
      await this.#library.symbols.Pa_AbortStream(pointer);
      await this.#library.symbols.Pa_CloseStream(pointer);
      this.#openStreams--;
    });
  }
}

/** A running stream of one direction. */
interface Stream {
  readonly library: Library;
  readonly pointer: Deno.PointerValue;
  readonly name: string;
  readonly close: () => Promise<void>;
}

/** @throws {AudioError} For an error code, except those that say that samples were lost. */
function check({ library, name }: Stream, code: number): void {
  if (code < 0 && code !== INPUT_OVERFLOWED && code !== OUTPUT_UNDERFLOWED) {
    throw new AudioError("device_failed", name, errorText(library, code));
  }
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
  /** Samples that are in its queue, as of the last look and read. */
  #left = 0;
  readonly #schedule: CapturePoll;
  /** When it is looked at next, where that is settled. */
  #lookAtMs: number | undefined;
  #closed = false;

  constructor(stream: Stream, readSamples: number) {
    this.#stream = stream;
    this.#schedule = new CapturePoll(readSamples);
    const info = stream.library.symbols.Pa_GetStreamInfo(stream.pointer);
    const latency = info ? new Deno.UnsafePointerView(info).getFloat64(STREAM_INFO_INPUT_LATENCY) : Infinity;
    // What PortAudio counts as latency is all of its queue, of which one block is ever in use.
    this.#blockSamples = Math.min(Math.round(latency * SAMPLE_RATE), BLOCK_SAMPLES.input);
  }

  get name(): string {
    return this.#stream.name;
  }

  get delaySamples(): number {
    return this.#blockSamples + this.#left;
  }

  read(samples: Int16Array<ArrayBuffer>): number {
    if (this.#closed) throw alreadyClosed(this.#stream);
    while (this.#left < samples.length) {
      const nowMs = performance.now();
      this.#lookAtMs ??= nowMs + this.#schedule.waitMs(nowMs, this.#left);
      if (this.#lookAtMs > nowMs) return this.#lookAtMs - nowMs;
      this.#lookAtMs = undefined;
      this.#look();
    }
    const { library, pointer } = this.#stream;
    check(this.#stream, library.symbols.Pa_ReadStream(pointer, samples, BigInt(samples.length)));
    this.#left -= samples.length;
    this.#schedule.read(performance.now(), this.#left);
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#stream.close();
  }

  #look(): void {
    const { library, pointer } = this.#stream;
    const available = Number(library.symbols.Pa_GetStreamReadAvailable(pointer));
    check(this.#stream, available);
    this.#left = Math.max(0, available);
  }
}

/** A loudspeaker. Keeps its queue short, and so never waits for it. */
class DeviceSink implements AudioSink {
  readonly #stream: Stream;
  /** Samples that it is given at once, as a rule. */
  readonly #servedSamples: number;
  readonly #reserve = new UnderrunReserve(RESERVE_SAMPLES);
  /** Samples that fit into it. */
  readonly #capacity: number;
  #queued = 0;
  #room = 0;
  #closed = false;

  constructor(stream: Stream, servedSamples: number) {
    this.#stream = stream;
    this.#servedSamples = servedSamples;
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
    const before = this.#queued;
    this.#queued = Math.max(0, this.#capacity - free);
    if (this.#queued === 0 && before > 0) this.#reserve.ranDry();
    const wanted = Math.min(this.#servedSamples + this.#reserve.samples - this.#queued, free);
    this.#room = free - wanted;
    return wanted;
  }

  get roomSamples(): number {
    return this.#room;
  }

  // deno-lint-ignore require-await -- what it throws is to come by the promise
  async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
    if (this.#closed) throw alreadyClosed(this.#stream);
    const { library, pointer } = this.#stream;
    check(this.#stream, library.symbols.Pa_WriteStream(pointer, samples, BigInt(samples.length)));
    this.#queued += samples.length;
    this.#reserve.took(samples.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#stream.close();
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
