import type { AudioSource } from "../audio_io.ts";
import { CaptureGap } from "./capture_gap.ts";
import { SupervisedDevice, type SupervisedDeviceOptions } from "./supervised_device.ts";
import { openSilence } from "../synthetic.ts";

/**
 * A microphone that never fails: while it is away, or stands still for more than a second or two, there is silence, in
 * real time. What it left out is made up for with silence, too, as fast as it is read, so that its samples go on telling
 * the time.
 *
 * All reads are to be of the same length.
 */
export class SupervisedSource extends SupervisedDevice<AudioSource> implements AudioSource {
  readonly #gap = new CaptureGap();
  /** Samples of silence that come before the next ones of the microphone. */
  #owed = 0;
  /** Stands in for a microphone that stands still. */
  #silence: AudioSource | undefined;
  /** Whether samples are wanted that are not there yet. */
  #waiting = false;
  #reads = 0;
  #readsAtLook = 0;

  constructor(options: Pick<SupervisedDeviceOptions<AudioSource>, "name" | "openDevice" | "listener">) {
    super({ ...options, side: "microphone", openSubstitute: openSilence });
  }

  read(samples: Int16Array<ArrayBuffer>): number {
    if (this.#owed >= samples.length) {
      this.#owed -= samples.length;
      samples.fill(0);
      return 0;
    }
    let waitMs = this.#readDevice(samples);
    if (waitMs > 0 && this.#silence) waitMs = Math.min(waitMs, this.#silence.read(samples));
    if (waitMs > 0) return waitMs;
    this.#owed = this.#gap.missing(performance.now(), samples.length, this.delaySamples);
    // These belong behind what is missing.
    if (this.#owed > 0) samples.fill(0);
    return 0;
  }

  override look(): void {
    const standsStill = this.#waiting && this.#reads === this.#readsAtLook;
    this.#readsAtLook = this.#reads;
    if (standsStill) this.#silence ??= openSilence();
    super.look();
  }

  protected override takeWaiting(): boolean {
    return this.#waiting;
  }

  #readDevice(samples: Int16Array<ArrayBuffer>): number {
    const source = this.present;
    try {
      const waitMs = source.read(samples);
      this.#waiting = waitMs > 0;
      if (waitMs > 0) return waitMs;
      this.moved();
      this.works();
    } catch (error) {
      samples.fill(0);
      this.failed(source, error);
    }
    this.#reads++;
    this.#silence = undefined;
    return 0;
  }
}
