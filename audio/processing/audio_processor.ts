/** What a microphone's sound goes through before it is sent: echo cancelling, noise reduction, automatic gain. */

import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { EchoDelayEstimator, LONGEST_DELAY_SAMPLES } from "./echo_delay_estimator.ts";
import { ECHO_BLOCK_SAMPLES, ECHO_HEADROOM_SAMPLES, EchoCanceller } from "./echo_canceller.ts";
import { RenderBuffer } from "./render_buffer.ts";
import { GainControl } from "./gain_control.ts";
import { NoiseSuppressor, SUPPRESSOR_DELAY_SAMPLES } from "./noise_suppressor.ts";

/** Samples that are processed at once: 10 ms. */
const BLOCK_SAMPLES = ECHO_BLOCK_SAMPLES;

/** Delay that is reckoned with when nobody says, in samples: 60 ms, a usual sum of both devices' queues. */
const USUAL_DELAY_SAMPLES = 2880;

/** Where in the filter the direct sound may lie without need to move it: 1 to 12 ms from its beginning. */
const EARLIEST_DIRECT = SAMPLES_PER_MS;
const LATEST_DIRECT = 576;

/** Delays found one after the other that differ less than this, 2 ms, are the same one. */
const SAME_DELAY_SAMPLES = 96;

/** Blocks of nothing, a second, after which there is no rest of an earlier sound, and no noise that is still known. */
const MUTED_BLOCKS = 100;

/** What is done; each is on unless it is said to be off. */
export interface AudioProcessorOptions {
  readonly echoCancel?: boolean;
  readonly noiseReduction?: boolean;
  readonly gain?: boolean;
}

/** What the processor has found out and does now. */
export interface AudioProcessorFigures {
  /** From a sample's being given to `played` to its echo in `capture`, in samples; `undefined` until it is known. */
  readonly delaySamples: number | undefined;
  /** How much faster the loudspeaker's clock is than the microphone's. */
  readonly driftPpm: number;
  /** How much less sound leaves the echo filter than came in, where something was played lately, in dB. */
  readonly echoReductionDb: number;
  /** Gain of the automatic gain control, in dB. */
  readonly gainDb: number;
}

/**
 * Makes of a microphone's sound what the other side likes to hear.
 *
 * All is counted in samples: it has no clock, and it does not matter in which bursts blocks are played and captured.
 * It finds the delay between loudspeaker and microphone, up to 500 ms, and the difference of their clocks by itself,
 * also when they change.
 *
 * @example
 * ```ts
 * const processor = new AudioProcessor({ gain: false });
 * const block = new Int16Array(480);
 * processor.played(block); // right before it is given to the loudspeaker
 * processor.capture(block); // right after the microphone gave it
 * ```
 */
export class AudioProcessor {
  #filter: EchoCanceller | undefined;
  readonly #suppressor: NoiseSuppressor | undefined;
  readonly #gain: GainControl | undefined;
  #delay = new EchoDelayEstimator();
  #reference = new RenderBuffer();
  readonly #played = new Float64Array(BLOCK_SAMPLES);
  readonly #block = new Float64Array(BLOCK_SAMPLES);
  readonly #captured = new Float64Array(BLOCK_SAMPLES);
  #capturedCount = 0;
  /** Blocks in a row in which the microphone gave nothing, not even noise. */
  #mutedBlocks = 0;
  /** The sample that the loudspeaker was playing when it was last given some, as far as its queue tells. */
  #sounding = 0;
  /** Sample played less sample captured that belong together, each counted from the start. */
  #offset: number | undefined;
  /** The last one found, which counts when the next one is the same. */
  #candidate: number | undefined;

  constructor(options: AudioProcessorOptions = {}) {
    const { echoCancel = true, noiseReduction = true, gain = true } = options;
    if (echoCancel) this.#filter = new EchoCanceller();
    if (echoCancel || noiseReduction) this.#suppressor = new NoiseSuppressor({ noise: noiseReduction });
    if (gain) this.#gain = new GainControl();
  }

  /** How many samples later sound leaves {@linkcode AudioProcessor.capture} than it came in: 144, 3 ms, or none. */
  get latencySamples(): number {
    return this.#suppressor ? SUPPRESSOR_DELAY_SAMPLES : 0;
  }

  get figures(): AudioProcessorFigures {
    return {
      delaySamples: this.#offset === undefined
        ? undefined
        : this.#reference.written - this.#capturedCount - this.#offset,
      driftPpm: this.#reference.driftPpm,
      echoReductionDb: this.#filter?.reductionDb ?? 0,
      gainDb: this.#gain?.gainDb ?? 0,
    };
  }

  /** Forgets the echo's way and delay and the devices' clocks: a device was opened anew, and maybe another one. */
  devicesChanged(): void {
    if (!this.#filter) return;
    this.#filter = new EchoCanceller();
    this.#delay = new EchoDelayEstimator();
    this.#reference = new RenderBuffer();
    this.#capturedCount = 0;
    this.#sounding = 0;
    this.#offset = undefined;
    this.#candidate = undefined;
  }

  /**
   * Takes what is given to the loudspeaker, silence too, right before it is.
   *
   * @param samples Any number of samples. Not kept.
   * @param delaySamples How many samples are still played before them, as far as is known. With it the echo is looked
   *   for in the right place from the first word on; without, it is found within a second.
   */
  played(samples: Int16Array, delaySamples: number = USUAL_DELAY_SAMPLES): void {
    if (!this.#filter) return;
    this.#sounding = this.#reference.written - Math.min(LONGEST_DELAY_SAMPLES, delaySamples);
    this.#reference.write(samples);
    this.#delay.played(samples);
  }

  /**
   * Processes what the microphone gave, in place.
   *
   * @param samples A whole number of blocks of 480 samples, 10 ms.
   * @param delaySamples How long ago the last of them was heard, as far as is known.
   * @throws {RangeError} When it is another number.
   */
  capture(samples: Int16Array, delaySamples = 0): void {
    if (samples.length % BLOCK_SAMPLES !== 0) {
      throw new RangeError(`Cannot process ${samples.length} samples: not a multiple of ${BLOCK_SAMPLES}`);
    }
    if (this.#filter) this.#align(this.#filter, samples, delaySamples);
    for (let start = 0; start < samples.length; start += BLOCK_SAMPLES) this.#process(samples, start);
  }

  #process(samples: Int16Array, start: number): void {
    const block = this.#block;
    const filter = this.#filter;
    for (let i = 0; i < BLOCK_SAMPLES; i++) block[i] = samples[start + i]!;
    this.#mutedBlocks = block.every((sample) => sample === 0) ? this.#mutedBlocks + 1 : 0;
    let voice = true;
    if (filter) {
      this.#captured.set(block);
      this.#reference.read(this.#played);
      filter.cancel(this.#played, this.#captured, block);
      this.#reference.follow(filter.slip);
      voice = filter.voiceHere;
    }
    // A microphone that the system or a switch has muted: there is nothing to do, and nothing to learn.
    if (this.#mutedBlocks > MUTED_BLOCKS) return;
    this.#suppressor?.process(block, filter?.residual);
    this.#gain?.process(block, voice);
    // Assigning to an Int16Array would wrap what does not fit.
    for (let i = 0; i < BLOCK_SAMPLES; i++) {
      samples[start + i] = Math.round(Math.max(-32_768, Math.min(32_767, block[i]!)));
    }
  }

  /** Sets where the reference is read, before these samples are processed. */
  #align(filter: EchoCanceller, samples: Int16Array, delaySamples: number): void {
    const first = this.#capturedCount;
    this.#capturedCount += samples.length;
    const found = this.#delay.captured(samples);
    // As long as there was no echo to tell, what the devices tell has to do. It is a block or so off, as nobody knows
    // when exactly it was asked for; so it does not count any more once there is something to learn.
    if (this.#offset === undefined && filter.idle) {
      this.#reference.place = this.#sounding - delaySamples + ECHO_HEADROOM_SAMPLES;
    }
    if (found === undefined) return;
    const confirmed = this.#offset === undefined ||
      (this.#candidate !== undefined && Math.abs(found - this.#candidate) < SAME_DELAY_SAMPLES);
    this.#candidate = found;
    if (!confirmed) return;
    this.#offset = found;
    const direct = this.#reference.place - first - found;
    if (direct >= EARLIEST_DIRECT && direct <= LATEST_DIRECT) return;
    this.#reference.place = first + found + ECHO_HEADROOM_SAMPLES;
    filter.forget();
  }
}
