import type { AudioSource } from "../audio_io.ts";
import { CaptureGap } from "./capture_gap.ts";
import { SupervisedDevice, type SupervisedDeviceOptions } from "./supervised_device.ts";
import { openSilence } from "../synthetic.ts";

/**
 * A microphone that never fails: it gives silence in real time while it is missing or has stalled for 1 to 2 s. Silence
 * also fills gaps in its samples, at once, so that counting samples goes on telling the time.
 *
 * All reads must have the same length.
 */
export class SupervisedSource extends SupervisedDevice<AudioSource> implements AudioSource {
  readonly #gap = new CaptureGap();
  /** Samples of silence to give before the next ones of the microphone. */
  #gapSamples = 0;
  /** Stands in for a stalled microphone. */
  #silence: AudioSource | undefined;
  /** Whether the last read found too few samples. */
  #pending = false;
  #reads = 0;
  #readsAtCheck = 0;

  constructor(options: Pick<SupervisedDeviceOptions<AudioSource>, "name" | "openDevice" | "listener">) {
    super({ ...options, side: "microphone", openSubstitute: openSilence });
  }

  read(samples: Int16Array<ArrayBuffer>): number {
    if (this.#gapSamples >= samples.length) {
      this.#gapSamples -= samples.length;
      samples.fill(0);
      return 0;
    }
    let waitMs = this.#readDevice(samples);
    if (waitMs > 0 && this.#silence) waitMs = Math.min(waitMs, this.#silence.read(samples));
    if (waitMs > 0) return waitMs;
    this.#gapSamples = this.#gap.missing(performance.now(), samples.length, this.delaySamples);
    // Silence in place of these samples, which belong after the gap.
    if (this.#gapSamples > 0) samples.fill(0);
    return 0;
  }

  override checkForStall(): void {
    const stalled = this.#pending && this.#reads === this.#readsAtCheck;
    this.#readsAtCheck = this.#reads;
    if (stalled) this.#silence ??= openSilence();
    super.checkForStall();
  }

  protected override takePending(): boolean {
    return this.#pending;
  }

  #readDevice(samples: Int16Array<ArrayBuffer>): number {
    const source = this.active;
    try {
      const waitMs = source.read(samples);
      this.#pending = waitMs > 0;
      if (waitMs > 0) return waitMs;
      this.progressed();
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
