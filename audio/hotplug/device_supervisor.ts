import { AudioError, type AudioSink, type AudioSource } from "../audio_io.ts";
import type { SupervisedDevice, SupervisedDeviceListener } from "./supervised_device.ts";
import { SupervisedSink } from "./supervised_sink.ts";
import { SupervisedSource } from "./supervised_source.ts";
import { type Clock, systemClock } from "../../lib/util/clock.ts";
import { type DeviceSide, ReopenBackoff, type ReopenStep } from "./reopen_backoff.ts";
import { within } from "../../lib/util/time_limit.ts";

/** How often devices that stand still are looked for. */
const LOOK_MS = 1000;

/** How long a call waits for its devices. Under a sound server that hangs they never open. */
const OPENING_MS = 2000;

/** What is said of a device that takes longer. */
const DOES_NOT_OPEN = "The device does not answer";

/** A device as the person is told of it. */
export interface DeviceNotice {
  readonly side: DeviceSide;
  readonly name: string;
}

/** Who is told of devices that come and go. */
export interface DeviceListener {
  /** These have gone; calls go on, and use them again when they are back. `detail` says what one of them did. */
  readonly lost: (devices: readonly DeviceNotice[], detail: string) => void;
  /** These are in use again. */
  readonly back: (devices: readonly DeviceNotice[]) => void;
}

/** Where the devices come from. */
export interface DeviceOpener {
  /** Opens the microphone, the same one each time. @throws {AudioError} When it is not there. */
  readonly openSource: (readSamples: number) => Promise<AudioSource>;
  /** Opens the loudspeaker, the same one each time. @throws {AudioError} When it is not there. */
  readonly openSink: (servedSamples: number) => Promise<AudioSink>;
  /** Looks for devices that have come since it was last done. Does nothing where that would disturb one in use. */
  readonly refresh: () => Promise<void>;
}

/**
 * Keeps calls in sound devices: one that goes away is replaced by silence, looked for, and used again when it is back.
 * {@linkcode ReopenBackoff} decides when.
 */
export class DeviceSupervisor {
  readonly #opener: DeviceOpener;
  readonly #listener: DeviceListener;
  readonly #clock: Clock;
  readonly #plan = new ReopenBackoff();
  readonly #devices = new Set<SupervisedDevice>();
  /** What is being opened or closed. */
  readonly #pending = new Set<Promise<unknown>>();
  /** Devices that are being opened. */
  readonly #opening = new Map<SupervisedDevice, Promise<AudioError | undefined>>();
  readonly #kept: SupervisedDeviceListener;
  #detail = "";
  #cancelWake: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;

  constructor(opener: DeviceOpener, listener: DeviceListener, clock: Clock = systemClock) {
    this.#opener = opener;
    this.#listener = listener;
    this.#clock = clock;
    this.#kept = {
      lost: (device, error) => this.#lost(device, error),
      works: (device) => this.#works(device),
      closing: (end) => this.#track(end),
      released: (device) => this.#released(device),
    };
  }

  /** Settles when nothing is being opened or closed. Never does under a sound server that hangs. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled([...this.#pending]);
  }

  /**
   * Opens the microphone, or silence until it is there.
   *
   * @param readSamples Samples that will be read at once.
   * @param name What to call it before it was ever there.
   */
  openSource(readSamples: number, name: string): Promise<AudioSource> {
    const openDevice = () => this.#opener.openSource(readSamples);
    return this.#keep(new SupervisedSource({ name, openDevice, listener: this.#kept }));
  }

  /**
   * Opens the loudspeaker, or nothing that is heard until it is there.
   *
   * @param servedSamples Samples that go by between two times that it is served.
   * @param name What to call it before it was ever there.
   */
  openSink(servedSamples: number, name: string): Promise<AudioSink> {
    const openDevice = () => this.#opener.openSink(servedSamples);
    return this.#keep(new SupervisedSink({ name, openDevice, listener: this.#kept }));
  }

  async #keep<Kept extends SupervisedDevice>(device: Kept): Promise<Kept> {
    this.#devices.add(device);
    this.#cancelLook ??= this.#clock.setTimer(() => this.#look(), LOOK_MS);
    const opening = this.#open(device);
    const error = await within(OPENING_MS, opening)
      ? await opening
      : new AudioError("device_failed", device.name, DOES_NOT_OPEN);
    if (error) this.#lost(device, error);
    return device;
  }

  /** Opens a device, once however often it is called meanwhile. Gives the reason where it does not open. */
  #open(device: SupervisedDevice): Promise<AudioError | undefined> {
    const already = this.#opening.get(device);
    if (already) return already;
    const opening = device.open().then(() => undefined, (error: AudioError) => error);
    this.#opening.set(device, opening);
    this.#track(opening.then(() => this.#opening.delete(device)));
    return opening;
  }

  async #attempt(sides: readonly DeviceSide[]): Promise<void> {
    const devices = [...this.#devices].filter(({ side }) => sides.includes(side));
    const openAll = () => Promise.all(devices.filter(({ away }) => away).map((device) => this.#open(device)));
    await openAll();
    if (devices.some(({ away }) => away)) {
      await this.#opener.refresh();
      await openAll();
    }
    this.#plan.attempted(this.#clock.now());
    this.#act();
  }

  #lost(device: SupervisedDevice, error: AudioError): void {
    if (!this.#devices.has(device)) return;
    this.#detail = error.detail;
    this.#plan.lost(device.side, this.#clock.now());
    this.#act();
  }

  #works(device: SupervisedDevice): void {
    this.#plan.returned(device.side, this.#clock.now());
    this.#act();
  }

  #released(device: SupervisedDevice): void {
    this.#devices.delete(device);
    // The device of the last call may be closed after that of the next was opened.
    if (![...this.#devices].some(({ side }) => side === device.side)) this.#plan.released(device.side);
    if (this.#devices.size === 0) {
      this.#cancelLook?.();
      this.#cancelLook = undefined;
    }
    this.#act();
  }

  #look(): void {
    this.#cancelLook = this.#clock.setTimer(() => this.#look(), LOOK_MS);
    for (const device of this.#devices) device.look();
  }

  #act(): void {
    for (const step of this.#plan.poll(this.#clock.now())) this.#do(step);
    this.#cancelWake?.();
    const { wakeAt } = this.#plan;
    this.#cancelWake = wakeAt === undefined
      ? undefined
      : this.#clock.setTimer(() => this.#act(), Math.max(0, wakeAt - this.#clock.now()));
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
    const end = () => this.#pending.delete(work);
    work.then(end, end);
  }
}
