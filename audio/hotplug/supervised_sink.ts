import type { AudioSink } from "../audio_io.ts";
import { SupervisedDevice, type SupervisedDeviceOptions } from "./supervised_device.ts";
import { openNullSink } from "../synthetic.ts";

/** A loudspeaker that has taken so many samples, 0.2 s, plays them: no queue is as long. */
export const WORKING_SAMPLES = 9600;

/** A loudspeaker that never fails: while it is away, samples are let go of at the pace at which they would be heard. */
export class SupervisedSink extends SupervisedDevice<AudioSink> implements AudioSink {
  #asked = false;
  /** Samples that it has taken since it was opened. */
  #taken = 0;
  /** Samples that it wants if it played none since it was last asked. */
  #lack = 0;

  constructor(options: Pick<SupervisedDeviceOptions<AudioSink>, "name" | "openDevice" | "listener">) {
    super({ ...options, side: "speaker", openSubstitute: openNullSink });
  }

  wanted(): number {
    const sink = this.present;
    this.#asked = true;
    try {
      const wanted = sink.wanted();
      if (wanted > 0 || wanted > this.#lack) this.moved();
      this.#lack = wanted;
      return wanted;
    } catch (error) {
      this.failed(sink, error);
      return 0;
    }
  }

  get roomSamples(): number {
    return this.present.roomSamples;
  }

  override async open(): Promise<void> {
    await super.open();
    this.#taken = 0;
    this.#lack = 0;
  }

  async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
    const sink = this.present;
    this.#taken += samples.length;
    this.#lack -= samples.length;
    if (this.#taken >= WORKING_SAMPLES) this.works();
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
