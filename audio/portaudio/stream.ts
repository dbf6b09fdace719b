import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import type { SerialQueue } from "../../lib/util/serial_queue.ts";
import { within } from "../../lib/util/time_limit.ts";
import { AudioError } from "../audio_io.ts";
import type { Device, Direction } from "./device.ts";
import { errorDetail, type Library } from "./library.ts";
import type { SoundThread } from "./sound_thread.ts";
import { NO_FLAG, readInputLatency, streamParameters } from "./structs.ts";

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

/** Longest that a stream's end keeps others from opening, in milliseconds. */
const ABORT_MS = 5000;

/** The owner of a stream. */
export interface StreamOwner {
  readonly library: Library;
  /** Opens and closes streams one at a time: PortAudio has no locks. */
  readonly queue: SerialQueue;
  /** Makes the calls while the stream runs. Free for another stream once this one is closed. */
  readonly thread: SoundThread;
  /** The stream is closed. */
  readonly onClosed: () => void;
}

/** A running mono stream of one direction at `SAMPLE_RATE`. Its reads and writes never wait for the device. */
export class Stream {
  /** The device's name. */
  readonly name: string;
  /** Samples that its empty queue takes. */
  readonly capacity: number;
  readonly #owner: StreamOwner;
  readonly #handle: Deno.PointerValue;
  #closed = false;

  private constructor(owner: StreamOwner, name: string, handle: Deno.PointerValue, capacity: number) {
    this.#owner = owner;
    this.name = name;
    this.#handle = handle;
    this.capacity = capacity;
    owner.thread.serve(name, Deno.UnsafePointer.value(handle));
  }

  /**
   * Opens and starts a stream. To be called from the owner's queue.
   *
   * @throws {AudioError} `device_failed` if it does not open or start.
   */
  static async open(owner: StreamOwner, direction: Direction, device: Device): Promise<Stream> {
    const { library } = owner;
    const {
      Pa_OpenStream,
      Pa_StartStream,
      Pa_GetStreamWriteAvailable,
      Pa_CloseStream,
      PaAlsa_SetNumPeriods,
    } = library.symbols;
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
    const capacity = direction === "output" && started >= 0
      ? Number(await Pa_GetStreamWriteAvailable(handle))
      : 0;
    const code = Math.min(started, capacity);
    if (code >= 0) return new Stream(owner, name, handle, capacity);
    const detail = errorDetail(library, code);
    await Pa_CloseStream(handle);
    throw new AudioError("device_failed", name, detail);
  }

  /** Capture latency of the device itself in samples, at most one block. */
  get captureLatencySamples(): number {
    const latency = readInputLatency(this.#owner.library.symbols.Pa_GetStreamInfo(this.#handle)) ?? Infinity;
    // PortAudio reports the whole buffer as latency, of which the device fills one block at a time.
    return Math.min(Math.round(latency * SAMPLE_RATE), BLOCK_SAMPLES.input);
  }

  /**
   * Fills `samples` if as many are there.
   *
   * @returns How many were there; undefined if the device does not answer yet.
   * @throws {AudioError} If the device failed.
   */
  read(samples: Int16Array<ArrayBuffer>): number | undefined {
    return this.#check(this.#owner.thread.read(samples));
  }

  /**
   * Samples that {@linkcode Stream.write} can take now; undefined if the device does not answer yet.
   *
   * @throws {AudioError} If the device failed, also in the last write.
   */
  writeAvailable(): number | undefined {
    return this.#check(this.#owner.thread.room());
  }

  /** Plays `samples`, at most as many as there is room for. */
  write(samples: Int16Array<ArrayBuffer>): void {
    this.#owner.thread.write(samples);
  }

  /** @throws {AudioError} If the stream is closed, or waits for that. */
  assertOpen(): void {
    if (this.#closed) throw new AudioError("device_failed", this.name, { kind: "closed" });
  }

  /**
   * Closes the stream and drops queued samples. Does nothing the second time. Settles when it is closed, and never if a
   * call stands still; others can be opened all the same.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { library: { symbols }, queue, thread, onClosed } = this.#owner;
    await thread.leave();
    const aborted = symbols.Pa_AbortStream(this.#handle);
    await queue.run(() => within(ABORT_MS, aborted));
    await aborted;
    await queue.run(async () => {
      await symbols.Pa_CloseStream(this.#handle);
      onClosed();
    });
  }

  /** @throws {AudioError} For an error code. */
  #check(result: number | undefined): number | undefined {
    if (result === undefined || result >= 0) return result;
    throw new AudioError("device_failed", this.name, errorDetail(this.#owner.library, result));
  }
}
