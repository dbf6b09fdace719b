import type { AudioSource } from "./audio.ts";
import { KeptDevice, type KeptDeviceOptions } from "./kept_device.ts";
import { openSilence } from "./silence.ts";

/** A microphone that never fails: while it is away there is silence, in real time. */
export class KeptSource extends KeptDevice<AudioSource> implements AudioSource {
  #reading = false;

  constructor(options: Pick<KeptDeviceOptions<AudioSource>, "name" | "openDevice" | "listener">) {
    super({ ...options, side: "microphone", openSubstitute: openSilence });
  }

  async read(samples: Int16Array<ArrayBuffer>): Promise<void> {
    const source = this.present;
    this.#reading = true;
    try {
      await source.read(samples);
      this.moved();
    } catch (error) {
      this.failed(source, error);
      samples.fill(0);
    } finally {
      this.#reading = false;
    }
  }

  protected override takeWaiting(): boolean {
    return this.#reading;
  }
}
