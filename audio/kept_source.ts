import type { AudioSource } from "./audio.ts";
import { CaptureGap } from "./capture_gap.ts";
import { KeptDevice, type KeptDeviceOptions } from "./kept_device.ts";
import { openSilence } from "./silence.ts";

/**
 * A microphone that never fails: while it is away there is silence, in real time. What it left out when it stood still
 * is made up for with silence, too, as fast as it is read, so that its samples go on telling the time.
 */
export class KeptSource extends KeptDevice<AudioSource> implements AudioSource {
  readonly #gap = new CaptureGap();
  /** Samples of silence that come before the next ones of the microphone. */
  #owed = 0;
  #reading = false;

  constructor(options: Pick<KeptDeviceOptions<AudioSource>, "name" | "openDevice" | "listener">) {
    super({ ...options, side: "microphone", openSubstitute: openSilence });
  }

  async read(samples: Int16Array<ArrayBuffer>): Promise<void> {
    if (this.#owed >= samples.length) {
      this.#owed -= samples.length;
      samples.fill(0);
      // In the next turn, so that others have theirs.
      return await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const source = this.present;
    this.#reading = true;
    try {
      await source.read(samples);
      this.moved();
      if (source === this.present) this.works();
      else samples.fill(0);
    } catch (error) {
      this.failed(source, error);
      samples.fill(0);
    } finally {
      this.#reading = false;
    }
    this.#owed = this.#gap.missing(performance.now(), samples.length, source.delaySamples);
    // These belong behind what is missing.
    if (this.#owed > 0) samples.fill(0);
  }

  protected override takeWaiting(): boolean {
    return this.#reading;
  }
}
