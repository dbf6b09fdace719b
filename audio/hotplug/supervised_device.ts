import { AudioError, type AudioSink, type AudioSource } from "../audio_io.ts";
import type { DeviceSide } from "./reopen_backoff.ts";
import { StallDetector } from "./stall_detector.ts";
import { within } from "../../lib/util/time_limit.ts";

/** What is said of a device that stands still, in English as PortAudio's own words are. */
export const STANDS_STILL = "The device stands still";

/** How long whoever closes a device waits for it: under a sound server that hangs it never is closed. */
const CLOSING_MS = 1000;

/** What a kept device tells its keeper. */
export interface SupervisedDeviceListener {
  /** It has failed, and a substitute stands in for it. */
  readonly lost: (device: SupervisedDevice, error: AudioError) => void;
  /** It works, for the first time since it was opened. */
  readonly works: (device: SupervisedDevice) => void;
  /** Something is being closed, which may take as long as the system likes. */
  readonly closing: (end: Promise<void>) => void;
  /** Nobody uses it any more. */
  readonly released: (device: SupervisedDevice) => void;
}

/** What {@linkcode SupervisedDevice} needs to know of its kind. */
export interface SupervisedDeviceOptions<Device> {
  readonly side: DeviceSide;
  /** What to call it before it was ever there. */
  readonly name: string;
  /** Opens it, the same one each time. @throws {AudioError} */
  readonly openDevice: () => Promise<Device>;
  /** Opens what stands in for it. */
  readonly openSubstitute: () => Device;
  readonly listener: SupervisedDeviceListener;
}

/** A device that may go and come back while a call has it: while it is away, a substitute stands in for it. */
export abstract class SupervisedDevice<Device extends AudioSource | AudioSink = AudioSource | AudioSink>
  implements AsyncDisposable {
  readonly side: DeviceSide;
  readonly #options: SupervisedDeviceOptions<Device>;
  readonly #stallDetector = new StallDetector();
  #present: Device;
  #name: string;
  #away = true;
  #works = false;
  #closed = false;

  constructor(options: SupervisedDeviceOptions<Device>) {
    this.#options = options;
    this.side = options.side;
    this.#name = options.name;
    this.#present = options.openSubstitute();
  }

  /** What a person calls it, also while it is away. */
  get name(): string {
    return this.#name;
  }

  /** Whether a substitute stands in for it. */
  get away(): boolean {
    return this.#away;
  }

  get delaySamples(): number {
    return this.#present.delaySamples;
  }

  /** Opens the device and uses it from now on. @throws {AudioError} When it cannot be opened. */
  async open(): Promise<void> {
    const device = await this.#options.openDevice();
    if (this.#closed) return void this.#close(device);
    this.#close(this.#present);
    this.#present = device;
    this.#name = device.name;
    this.#away = false;
    this.#works = false;
    this.#stallDetector.moved();
  }

  /** To be called once a second: notices that the device stands still. */
  look(): void {
    if (!this.#stallDetector.look(this.takeWaiting())) return;
    this.failed(this.#present, new AudioError("device_failed", this.#name, STANDS_STILL));
  }

  /** Waits for the device to be closed, or for a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.listener.released(this);
    await within(CLOSING_MS, this.#close(this.#present));
  }

  /** The device, or its substitute. */
  protected get present(): Device {
    return this.#present;
  }

  /** Whether anything was wanted of the device since this was last asked. */
  protected abstract takeWaiting(): boolean;

  /** The device, or its substitute, gave or wants samples. */
  protected moved(): void {
    this.#stallDetector.moved();
  }

  /** The device has done what it does not do unless it works. */
  protected works(): void {
    if (this.#works || this.#away) return;
    this.#works = true;
    this.#options.listener.works(this);
  }

  /** The device has failed. Does nothing where it is one of before, or nobody uses it any more. */
  protected failed(device: Device, error: unknown): void {
    if (device !== this.#present || this.#closed) return;
    this.#present = this.#options.openSubstitute();
    this.#away = true;
    this.#close(device);
    this.#options.listener.lost(this, error as AudioError);
  }

  #close(device: Device): Promise<void> {
    const end = Promise.resolve(device[Symbol.asyncDispose]());
    this.#options.listener.closing(end);
    return end;
  }
}
