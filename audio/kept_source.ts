import type { AudioSource } from "./audio.ts";
import { CaptureGap } from "./capture_gap.ts";
import { KeptDevice, type KeptDeviceOptions } from "./kept_device.ts";
import { openSilence } from "./silence.ts";

/**
 * A microphone that never fails: while it is away, or stands still for more than a second or two, there is silence, in
 * real time. What it left out is made up for with silence, too, as fast as it is read, so that its samples go on telling
 * the time.
 *
 * All reads are to be of the same length.
 */
export class KeptSource extends KeptDevice<AudioSource> implements AudioSource {
  readonly #gap = new CaptureGap();
  /** Samples of silence that come before the next ones of the microphone. */
  #owed = 0;
  /** What the microphone gives, which may be long after the read that asked for it. */
  #buffer = new Int16Array(0);
  #reading = false;
  #ready = false;
  /** Ends the waiting for it. */
  #wake = (): void => {};
  /** Stands in for a microphone that stands still. */
  #silence: AudioSource | undefined;
  #reads = 0;
  #readsAtLook = 0;

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
    if (!this.#reading && !this.#ready) this.#beginToRead(samples.length);
    if (this.#silence) await this.#silence.read(samples);
    else if (!this.#ready) await new Promise<void>((resolve) => this.#wake = resolve);
    if (this.#ready) await this.#take(samples);
    else samples.fill(0);
    this.#owed = this.#gap.missing(performance.now(), samples.length, this.delaySamples);
    // These belong behind what is missing.
    if (this.#owed > 0) samples.fill(0);
  }

  override look(): void {
    const standsStill = this.#reading && this.#reads === this.#readsAtLook;
    this.#readsAtLook = this.#reads;
    if (standsStill && !this.#silence) {
      this.#silence = openSilence();
      this.#wake();
    }
    super.look();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#silence?.[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }

  protected override takeWaiting(): boolean {
    return this.#reading;
  }

  async #beginToRead(length: number): Promise<void> {
    const source = this.present;
    if (this.#buffer.length !== length) this.#buffer = new Int16Array(length);
    this.#reading = true;
    this.#reads++;
    try {
      await source.read(this.#buffer);
      this.moved();
      if (source === this.present) this.works();
      else this.#buffer.fill(0);
    } catch (error) {
      this.#buffer.fill(0);
      this.failed(source, error);
    } finally {
      this.#reading = false;
      this.#ready = true;
      this.#wake();
    }
  }

  async #take(samples: Int16Array<ArrayBuffer>): Promise<void> {
    samples.set(this.#buffer);
    this.#ready = false;
    await this.#silence?.[Symbol.asyncDispose]();
    this.#silence = undefined;
  }
}
