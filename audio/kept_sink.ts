import type { AudioSink } from "./audio.ts";
import { KeptDevice, type KeptDeviceOptions } from "./kept_device.ts";
import { openNullSink } from "./silence.ts";

/** A loudspeaker that never fails: while it is away, samples are let go of at the pace at which they would be heard. */
export class KeptSink extends KeptDevice<AudioSink> implements AudioSink {
  #asked = false;

  constructor(options: Pick<KeptDeviceOptions<AudioSink>, "name" | "openDevice" | "listener">) {
    super({ ...options, side: "speaker", openSubstitute: openNullSink });
  }

  wanted(): number {
    const sink = this.present;
    this.#asked = true;
    try {
      const wanted = sink.wanted();
      if (wanted > 0) this.moved();
      return wanted;
    } catch (error) {
      this.failed(sink, error);
      return this.present.wanted();
    }
  }

  async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
    const sink = this.present;
    try {
      await sink.write(samples);
    } catch (error) {
      this.failed(sink, error);
    }
  }

  protected override takeWaiting(): boolean {
    const asked = this.#asked;
    this.#asked = false;
    return asked;
  }
}
