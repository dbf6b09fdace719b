import { AudioError, type AudioSink, type AudioSource } from "../audio_io.ts";
import type { DeviceSide } from "./reopen_backoff.ts";
import { StallDetector } from "./stall_detector.ts";
import { within } from "../../lib/util/time_limit.ts";

/** Longest wait for a device to close, in milliseconds: under a sound server that hangs it never does. */
const CLOSE_TIMEOUT_MS = 1000;

/** The supervisor of a device. */
export interface SupervisedDeviceListener {
  /** The device failed, and a substitute stands in for it. */
  readonly lost: (device: SupervisedDevice, error: AudioError) => void;
  /** The device works, for the first time since it was opened. */
  readonly works: (device: SupervisedDevice) => void;
  /** A device or substitute is closing; the promise may never settle. */
  readonly closing: (end: Promise<void>) => void;
  /** No call uses the device any more. */
  readonly released: (device: SupervisedDevice) => void;
}

/** Options of a {@linkcode SupervisedDevice}. */
export interface SupervisedDeviceOptions<Device> {
  readonly side: DeviceSide;
  /** Name until the device first opens. */
  readonly name: string;
  /** Opens the device, the same one each time. @throws {AudioError} If it does not open. */
  readonly openDevice: () => Promise<Device>;
  /** Opens the substitute while the device is missing. */
  readonly openSubstitute: () => Device;
  readonly listener: SupervisedDeviceListener;
}

/** A device that may be lost and reopened during a call. While it is missing, a substitute stands in for it. */
export abstract class SupervisedDevice<Device extends AudioSource | AudioSink = AudioSource | AudioSink>
  implements AsyncDisposable {
  readonly side: DeviceSide;
  readonly #options: SupervisedDeviceOptions<Device>;
  readonly #stallDetector = new StallDetector();
  #active: Device;
  #name: string;
  #missing = true;
  #works = false;
  #closed = false;

  constructor(options: SupervisedDeviceOptions<Device>) {
    this.#options = options;
    this.side = options.side;
    this.#name = options.name;
    this.#active = options.openSubstitute();
  }

  /** Device name, for people; kept while the device is missing. */
  get name(): string {
    return this.#name;
  }

  /** Whether a substitute stands in for the device. */
  get missing(): boolean {
    return this.#missing;
  }

  get delaySamples(): number {
    return this.#active.delaySamples;
  }

  /** Opens the device and uses it from then on. @throws {AudioError} If it does not open. */
  async open(): Promise<void> {
    const device = await this.#options.openDevice();
    if (this.#closed) return void this.#close(device);
    this.#close(this.#active);
    this.#active = device;
    this.#name = device.name;
    this.#missing = false;
    this.#works = false;
    this.#stallDetector.progressed();
  }

  /** To be called once a second: treats a stalled device as lost. */
  checkForStall(): void {
    if (!this.#stallDetector.check(this.takePending())) return;
    this.failed(this.#active, new AudioError("device_failed", this.#name, { kind: "stalled" }));
  }

  /** Closes the device; waits for that at most a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.listener.released(this);
    await within(CLOSE_TIMEOUT_MS, this.#close(this.#active));
  }

  /** The device or its substitute. */
  protected get active(): Device {
    return this.#active;
  }

  /** Whether the device was asked for samples or room since the last call. */
  protected abstract takePending(): boolean;

  /** The device or its substitute gave or wants samples. */
  protected progressed(): void {
    this.#stallDetector.progressed();
  }

  /** The device has shown that it works. */
  protected works(): void {
    if (this.#works || this.#missing) return;
    this.#works = true;
    this.#options.listener.works(this);
  }

  /** A device has failed. Ignored unless it is the active one and a call still uses it. */
  protected failed(device: Device, error: unknown): void {
    if (device !== this.#active || this.#closed) return;
    this.#active = this.#options.openSubstitute();
    this.#missing = true;
    this.#close(device);
    this.#options.listener.lost(this, error as AudioError);
  }

  #close(device: Device): Promise<void> {
    const end = Promise.resolve(device[Symbol.asyncDispose]());
    this.#options.listener.closing(end);
    return end;
  }
}
