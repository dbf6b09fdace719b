import type { AudioSink } from "../audio_io.ts";
import { SupervisedDevice, type SupervisedDeviceOptions } from "./supervised_device.ts";
import { openNullSink } from "../synthetic.ts";

/** Samples after which an opened loudspeaker counts as working, 0.2 s: more than any queue holds. */
export const WORKING_SAMPLES = 9600;

/** A loudspeaker that never fails: while it is missing, a null sink takes samples in real time. */
export class SupervisedSink extends SupervisedDevice<AudioSink> implements AudioSink {
  #asked = false;
  /** Samples written since it was opened. */
  #written = 0;
  /** What it will want if it plays nothing meanwhile. */
  #wantedIfStalled = 0;

  constructor(options: Pick<SupervisedDeviceOptions<AudioSink>, "name" | "openDevice" | "listener">) {
    super({ ...options, side: "speaker", openSubstitute: openNullSink });
  }

  wanted(): number {
    const sink = this.active;
    this.#asked = true;
    try {
      const wanted = sink.wanted();
      if (wanted > 0 || wanted > this.#wantedIfStalled) this.progressed();
      this.#wantedIfStalled = wanted;
      return wanted;
    } catch (error) {
      this.failed(sink, error);
      return 0;
    }
  }

  get roomSamples(): number {
    return this.active.roomSamples;
  }

  override async open(): Promise<void> {
    await super.open();
    this.#written = 0;
    this.#wantedIfStalled = 0;
  }

  async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
    const sink = this.active;
    this.#written += samples.length;
    this.#wantedIfStalled -= samples.length;
    if (this.#written >= WORKING_SAMPLES) this.works();
    try {
      await sink.write(samples);
    } catch (error) {
      this.failed(sink, error);
    }
  }

  protected override takePending(): boolean {
    const asked = this.#asked;
    this.#asked = false;
    return asked;
  }
}
