import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import type { SerialQueue } from "../../lib/util/serial_queue.ts";
import { AudioError } from "../audio_io.ts";
import type { Device, Direction } from "./device.ts";
import { errorDetail, type Library } from "./library.ts";
import {
  INPUT_OVERFLOWED,
  NO_FLAG,
  OUTPUT_UNDERFLOWED,
  readInputLatency,
  streamParameters,
} from "./structs.ts";

/**
 * Samples per block (`framesPerBuffer`). Capture 5 ms: the card's periods differ a little from their nominal length, so
 * period ends drift across the reads, and the rest of a period waits for the next read, a delay that varies up to one
 * block. Blocks of 10 ms cost 5 ms more latency and no less processor time. Playback 10 ms.
 */
const BLOCK_SAMPLES: Readonly<Record<Direction, number>> = { input: 240, output: 480 };

/** Suggested latency, 30 ms. PortAudio adds one block to its buffer. */
const LATENCY_SAMPLES = 1440;

/**
 * Suggested latency over ALSA, where `PaAlsa_SetNumPeriods` keeps periods short, so that a long buffer adds no delay.
 * Capture 150 ms: the card goes on recording while this process stalls, and `Pa_GetStreamReadAvailable` does not count
 * what a sound server keeps back because the buffer is full. Playback 60 ms: one block more holds the longest queue,
 * a frame of 20 ms and 48 ms of underrun reserve.
 */
const LATENCY_SAMPLES_ALSA: Readonly<Record<Direction, number>> = { input: 7200, output: 2880 };

/** The owner of a stream. */
export interface StreamOwner {
  readonly library: Library;
  /** Opens and closes streams one at a time: PortAudio has no locks. */
  readonly queue: SerialQueue;
  /** The stream is closed. */
  readonly onClosed: () => void;
}

/** A running mono stream of one direction at `SAMPLE_RATE`. Its reads and writes never wait. */
export class Stream {
  /** The device's name. */
  readonly name: string;
  readonly #owner: StreamOwner;
  readonly #handle: Deno.PointerValue;
  #closed = false;

  private constructor(owner: StreamOwner, name: string, handle: Deno.PointerValue) {
    this.#owner = owner;
    this.name = name;
    this.#handle = handle;
  }

  /**
   * Opens and starts a stream. To be called from the owner's queue.
   *
   * @throws {AudioError} `device_failed` if it does not open or start.
   */
  static async open(owner: StreamOwner, direction: Direction, device: Device): Promise<Stream> {
    const { library } = owner;
    const { Pa_OpenStream, Pa_StartStream, Pa_CloseStream, PaAlsa_SetNumPeriods } = library.symbols;
    const { name, index, host } = device;
    const blockSamples = BLOCK_SAMPLES[direction];
    const shortPeriods = host === "ALSA" && PaAlsa_SetNumPeriods;
    const latencySamples = shortPeriods ? LATENCY_SAMPLES_ALSA[direction] : LATENCY_SAMPLES;
    // Holds for the next stream opened, which is this one.
    PaAlsa_SetNumPeriods?.(Math.ceil(latencySamples / blockSamples) + 1);
    // One object, so that the parameters that the other thread reads live as long as the handle that it writes.
    const memory = {
      parameters: streamParameters(index, latencySamples / SAMPLE_RATE),
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
    if (opened < 0) throw new AudioError("device_failed", name, errorDetail(library, opened));
    const handle = Deno.UnsafePointer.create(memory.handle[0] as bigint);
    const started = await Pa_StartStream(handle);
    if (started >= 0) return new Stream(owner, name, handle);
    const detail = errorDetail(library, started);
    await Pa_CloseStream(handle);
    throw new AudioError("device_failed", name, detail);
  }

  /** Capture latency of the device itself in samples, at most one block. */
  get captureLatencySamples(): number {
    const latency = readInputLatency(this.#owner.library.symbols.Pa_GetStreamInfo(this.#handle)) ?? Infinity;
    // PortAudio reports the whole buffer as latency, of which the device fills one block at a time.
    return Math.min(Math.round(latency * SAMPLE_RATE), BLOCK_SAMPLES.input);
  }

  /** Samples that {@linkcode Stream.read} can give now. @throws {AudioError} If the device failed. */
  readAvailable(): number {
    return this.#available(this.#owner.library.symbols.Pa_GetStreamReadAvailable(this.#handle));
  }

  /** Samples that {@linkcode Stream.write} can take now. @throws {AudioError} If the device failed. */
  writeAvailable(): number {
    return this.#available(this.#owner.library.symbols.Pa_GetStreamWriteAvailable(this.#handle));
  }

  /** Fills `samples`, at most as many as are available. @throws {AudioError} If the device failed. */
  read(samples: Int16Array<ArrayBuffer>): void {
    const { Pa_ReadStream } = this.#owner.library.symbols;
    this.#check(Pa_ReadStream(this.#handle, samples, BigInt(samples.length)));
  }

  /** Plays `samples`, at most as many as there is room for. @throws {AudioError} If the device failed. */
  write(samples: Int16Array<ArrayBuffer>): void {
    const { Pa_WriteStream } = this.#owner.library.symbols;
    this.#check(Pa_WriteStream(this.#handle, samples, BigInt(samples.length)));
  }

  /** @throws {AudioError} If the stream is closed, or waits for that. */
  assertOpen(): void {
    if (this.#closed) throw new AudioError("device_failed", this.name, { kind: "closed" });
  }

  /** Closes the stream and drops queued samples. Does nothing the second time. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { library, queue, onClosed } = this.#owner;
    await queue.run(async () => {
      await library.symbols.Pa_AbortStream(this.#handle);
      await library.symbols.Pa_CloseStream(this.#handle);
      onClosed();
    });
  }

  #available(result: number | bigint): number {
    const samples = Number(result);
    this.#check(samples);
    return Math.max(0, samples);
  }

  /** @throws {AudioError} For an error code, except those of an overrun or underrun. */
  #check(code: number): void {
    if (code < 0 && code !== INPUT_OVERFLOWED && code !== OUTPUT_UNDERFLOWED) {
      throw new AudioError("device_failed", this.name, errorDetail(this.#owner.library, code));
    }
  }
}
