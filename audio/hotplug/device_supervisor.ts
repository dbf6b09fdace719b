import { type AudioDetail, AudioError, type AudioSink, type AudioSource } from "../audio_io.ts";
import type { SupervisedDevice, SupervisedDeviceListener } from "./supervised_device.ts";
import { SupervisedSink } from "./supervised_sink.ts";
import { SupervisedSource } from "./supervised_source.ts";
import { type Clock, systemClock } from "../../lib/util/clock.ts";
import { type DeviceSide, ReopenBackoff, type ReopenStep } from "./reopen_backoff.ts";
import { within } from "../../lib/util/time_limit.ts";

/** Time between two checks for stalled devices, in milliseconds. */
const STALL_CHECK_MS = 1000;

/** Longest wait of a call for its devices, in milliseconds: under a sound server that hangs they never open. */
const OPEN_TIMEOUT_MS = 2000;

/** A device in a report to the person. */
export interface DeviceNotice {
  readonly side: DeviceSide;
  readonly name: string;
}

/** Receives reports of lost and returned devices. */
export interface DeviceListener {
  /** These are lost until they return; calls go on. `detail` is the error of one of them. */
  readonly lost: (devices: readonly DeviceNotice[], detail: AudioDetail) => void;
  /** These are in use again. */
  readonly back: (devices: readonly DeviceNotice[]) => void;
}

/** Opens devices. */
export interface DeviceOpener {
  /** Opens the microphone, the same one each time. @throws {AudioError} If it is missing. */
  readonly openSource: (readSamples: number) => Promise<AudioSource>;
  /** Opens the loudspeaker, the same one each time. @throws {AudioError} If it is missing. */
  readonly openSink: (servedSamples: number) => Promise<AudioSink>;
  /** Enumerates devices anew, unless that would disturb one in use. */
  readonly refresh: () => Promise<void>;
}

/**
 * Keeps calls going while sound devices are lost (hot plug, a dead sound server): substitutes silence and reopens them.
 * {@linkcode ReopenBackoff} decides when.
 */
export class DeviceSupervisor {
  readonly #opener: DeviceOpener;
  readonly #listener: DeviceListener;
  readonly #clock: Clock;
  readonly #backoff = new ReopenBackoff();
  readonly #devices = new Set<SupervisedDevice>();
  /** Openings and closings in progress. */
  readonly #pending = new Set<Promise<unknown>>();
  /** Openings in progress, by device. */
  readonly #opening = new Map<SupervisedDevice, Promise<AudioError | undefined>>();
  readonly #deviceListener: SupervisedDeviceListener;
  /** Of the latest failure. */
  #detail: AudioDetail = { kind: "not_responding" };
  #cancelWake: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;

  constructor(opener: DeviceOpener, listener: DeviceListener, clock: Clock = systemClock) {
    this.#opener = opener;
    this.#listener = listener;
    this.#clock = clock;
    this.#deviceListener = {
      lost: (device, error) => this.#lost(device, error),
      works: (device) => this.#works(device),
      closing: (end) => this.#track(end),
      released: (device) => this.#released(device),
    };
  }

  /** Tries at once to open devices that are lost: something says that they may be back. */
  retry(): void {
    this.#backoff.handleHope(this.#clock.now());
    this.#drain();
  }

  /** Settles when no device is opening or closing; under a sound server that hangs, never. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled([...this.#pending]);
  }

  /**
   * Opens the microphone, or silence until it opens.
   *
   * @param readSamples Samples per read.
   * @param name Name until the device first opens.
   */
  openSource(readSamples: number, name: string): Promise<AudioSource> {
    const openDevice = () => this.#opener.openSource(readSamples);
    return this.#supervise(new SupervisedSource({ name, openDevice, listener: this.#deviceListener }));
  }

  /**
   * Opens the loudspeaker, or a null sink until it opens.
   *
   * @param servedSamples Samples that play from one write to the next.
   * @param name Name until the device first opens.
   */
  openSink(servedSamples: number, name: string): Promise<AudioSink> {
    const openDevice = () => this.#opener.openSink(servedSamples);
    return this.#supervise(new SupervisedSink({ name, openDevice, listener: this.#deviceListener }));
  }

  async #supervise<Device extends SupervisedDevice>(device: Device): Promise<Device> {
    this.#devices.add(device);
    this.#cancelCheck ??= this.#clock.setTimer(() => this.#checkForStalls(), STALL_CHECK_MS);
    const opening = this.#open(device);
    const error = await within(OPEN_TIMEOUT_MS, opening)
      ? await opening
      : new AudioError("device_failed", device.name, { kind: "not_responding" });
    if (error) this.#lost(device, error);
    return device;
  }

  /** Opens a device, joining an opening in progress. Resolves to the error if it does not open. */
  #open(device: SupervisedDevice): Promise<AudioError | undefined> {
    const inProgress = this.#opening.get(device);
    if (inProgress) return inProgress;
    const opening = device.open().then(() => undefined, (error: AudioError) => error);
    this.#opening.set(device, opening);
    this.#track(opening.then(() => this.#opening.delete(device)));
    return opening;
  }

  async #attempt(sides: readonly DeviceSide[]): Promise<void> {
    const devices = [...this.#devices].filter(({ side }) => sides.includes(side));
    const openAll = () =>
      Promise.all(devices.filter(({ missing }) => missing).map((device) => this.#open(device)));
    await openAll();
    if (devices.some(({ missing }) => missing)) {
      await this.#opener.refresh();
      await openAll();
    }
    this.#backoff.handleAttempted(this.#clock.now());
    this.#drain();
  }

  #lost(device: SupervisedDevice, error: AudioError): void {
    if (!this.#devices.has(device)) return;
    this.#detail = error.detail;
    this.#backoff.handleLost(this.#clock.now(), device.side);
    this.#drain();
  }

  #works(device: SupervisedDevice): void {
    this.#backoff.handleReturned(this.#clock.now(), device.side);
    this.#drain();
  }

  #released(device: SupervisedDevice): void {
    this.#devices.delete(device);
    // The device of one call may close after that of the next has opened.
    if (![...this.#devices].some(({ side }) => side === device.side)) {
      this.#backoff.handleReleased(this.#clock.now(), device.side);
    }
    if (this.#devices.size === 0) {
      this.#cancelCheck?.();
      this.#cancelCheck = undefined;
    }
    this.#drain();
  }

  #checkForStalls(): void {
    this.#cancelCheck = this.#clock.setTimer(() => this.#checkForStalls(), STALL_CHECK_MS);
    for (const device of this.#devices) device.checkForStall();
  }

  #wake(): void {
    this.#backoff.tick(this.#clock.now());
    this.#drain();
  }

  #drain(): void {
    for (const step of this.#backoff.drain()) this.#do(step);
    this.#cancelWake?.();
    const { wakeAt } = this.#backoff;
    this.#cancelWake = wakeAt === undefined
      ? undefined
      : this.#clock.setTimer(() => this.#wake(), Math.max(0, wakeAt - this.#clock.now()));
  }

  #do({ kind, sides }: ReopenStep): void {
    const notices = [...this.#devices].filter(({ side }) => sides.includes(side))
      .map(({ side, name }) => ({ side, name }));
    if (kind === "attempt") this.#track(this.#attempt(sides));
    else if (kind === "lost") this.#listener.lost(notices, this.#detail);
    else this.#listener.back(notices);
  }

  #track(work: Promise<unknown>): void {
    this.#pending.add(work);
    const remove = () => this.#pending.delete(work);
    work.then(remove, remove);
  }
}
