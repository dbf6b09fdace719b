/** Processing of the capture signal before it is sent: echo cancellation, noise suppression, automatic gain control. */

import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { EchoDelayEstimator, MAX_DELAY_SAMPLES } from "./echo_delay_estimator.ts";
import { ECHO_BLOCK_SAMPLES, ECHO_HEADROOM_SAMPLES, EchoCanceller } from "./echo_canceller.ts";
import { RenderBuffer } from "./render_buffer.ts";
import { GainControl } from "./gain_control.ts";
import { NoiseSuppressor, SUPPRESSOR_DELAY_SAMPLES } from "./noise_suppressor.ts";

/** Samples per block, 10 ms. */
const BLOCK_SAMPLES = ECHO_BLOCK_SAMPLES;

/** Default of the render delay, in samples: 60 ms, a typical sum of playback and capture latency. */
const DEFAULT_DELAY_SAMPLES = 2880;

/** Range of the direct sound's position in the filter, 1 to 12 ms; the alignment moves only outside of it. */
const MIN_DIRECT_SAMPLES = SAMPLES_PER_MS;
const MAX_DIRECT_SAMPLES = 576;

/** Largest difference of two estimates that confirm each other, 2 ms. */
const CONFIRM_SAMPLES = 96;

/** Blocks of zeros, 1 s, after which the microphone counts as muted: suppressor and gain control pause. */
const MUTED_BLOCKS = 100;

/** Stages of processing, all on by default. */
export interface AudioProcessorOptions {
  readonly echoCancel?: boolean;
  readonly noiseReduction?: boolean;
  readonly gain?: boolean;
}

/** Present estimates and gains. */
export interface AudioProcessorFigures {
  /** Echo delay from `played` to `capture` in samples; undefined until it is estimated. */
  readonly delaySamples: number | undefined;
  /** Drift of the loudspeaker's clock against the microphone's; positive if it is faster. */
  readonly driftPpm: number;
  /** Echo return loss enhancement of the echo canceller over the last second of adaptation, in dB. */
  readonly echoReductionDb: number;
  /** Gain of the automatic gain control, limiter included, in dB. */
  readonly gainDb: number;
}

/**
 * Cancels echo, suppresses noise and residual echo, and controls the gain of the capture signal.
 *
 * Counts samples and reads no clock, so the order and bursts in which blocks are played and captured do not matter.
 * Estimates the echo delay, up to 500 ms, and the drift of the two clocks, and follows both.
 *
 * @example
 * ```ts
 * const processor = new AudioProcessor({ gain: false });
 * const block = new Int16Array(480);
 * processor.played(block); // right before the loudspeaker takes it
 * processor.capture(block); // right after the microphone gave it
 * ```
 */
export class AudioProcessor {
  #canceller: EchoCanceller | undefined;
  readonly #suppressor: NoiseSuppressor | undefined;
  readonly #gainControl: GainControl | undefined;
  #delayEstimator = new EchoDelayEstimator();
  #renderBuffer = new RenderBuffer();
  readonly #render = new Float64Array(BLOCK_SAMPLES);
  readonly #block = new Float64Array(BLOCK_SAMPLES);
  readonly #capture = new Float64Array(BLOCK_SAMPLES);
  #capturedSamples = 0;
  /** Blocks of zeros in a row. */
  #mutedBlocks = 0;
  /** Index of the render sample that was playing at the last call of `played`, as its queue tells. */
  #playingSample = 0;
  /** Index of a render sample less index of the capture sample that holds its echo, once estimated. */
  #offset: number | undefined;
  /** Last estimate, which counts once the next one confirms it. */
  #candidate: number | undefined;

  constructor(options: AudioProcessorOptions = {}) {
    const { echoCancel = true, noiseReduction = true, gain = true } = options;
    if (echoCancel) this.#canceller = new EchoCanceller();
    if (echoCancel || noiseReduction) this.#suppressor = new NoiseSuppressor({ noise: noiseReduction });
    if (gain) this.#gainControl = new GainControl();
  }

  /** Latency that {@linkcode AudioProcessor.capture} adds: 144 samples, 3 ms, with the suppressor; else 0. */
  get latencySamples(): number {
    return this.#suppressor ? SUPPRESSOR_DELAY_SAMPLES : 0;
  }

  get figures(): AudioProcessorFigures {
    return {
      delaySamples: this.#offset === undefined
        ? undefined
        : this.#renderBuffer.written - this.#capturedSamples - this.#offset,
      driftPpm: this.#renderBuffer.driftPpm,
      echoReductionDb: this.#canceller?.erleDb ?? 0,
      gainDb: this.#gainControl?.gainDb ?? 0,
    };
  }

  /** Forgets echo path, delay and drift, as after a device was opened. */
  devicesChanged(): void {
    if (!this.#canceller) return;
    this.#canceller = new EchoCanceller();
    this.#delayEstimator = new EchoDelayEstimator();
    this.#renderBuffer = new RenderBuffer();
    this.#capturedSamples = 0;
    this.#playingSample = 0;
    this.#offset = undefined;
    this.#candidate = undefined;
  }

  /**
   * Takes the render signal, silence too, right before the loudspeaker does.
   *
   * @param samples Any number of samples. Not kept.
   * @param delaySamples Playback latency, as far as known. With it the canceller aligns from the first word on; without,
   *   once the delay is estimated, within a second.
   */
  played(samples: Int16Array, delaySamples: number = DEFAULT_DELAY_SAMPLES): void {
    if (!this.#canceller) return;
    this.#playingSample = this.#renderBuffer.written - Math.min(MAX_DELAY_SAMPLES, delaySamples);
    this.#renderBuffer.write(samples);
    this.#delayEstimator.render(samples);
  }

  /**
   * Processes the capture signal in place.
   *
   * @param samples A whole number of blocks of 480 samples, 10 ms.
   * @param delaySamples Capture latency, as far as known.
   * @throws {RangeError} For another number of samples.
   */
  capture(samples: Int16Array, delaySamples = 0): void {
    if (samples.length % BLOCK_SAMPLES !== 0) {
      throw new RangeError(`Cannot process ${samples.length} samples: not a multiple of ${BLOCK_SAMPLES}`);
    }
    if (this.#canceller) this.#align(this.#canceller, samples, delaySamples);
    for (let start = 0; start < samples.length; start += BLOCK_SAMPLES) this.#process(samples, start);
  }

  #process(samples: Int16Array, start: number): void {
    const block = this.#block;
    const canceller = this.#canceller;
    for (let i = 0; i < BLOCK_SAMPLES; i++) block[i] = samples[start + i]!;
    this.#mutedBlocks = block.every((sample) => sample === 0) ? this.#mutedBlocks + 1 : 0;
    let nearEnd = true;
    if (canceller) {
      this.#capture.set(block);
      this.#renderBuffer.read(this.#render);
      canceller.cancel(this.#render, this.#capture, block);
      this.#renderBuffer.correct(canceller.timingError);
      nearEnd = canceller.nearEndActive;
    }
    // A muted microphone must not teach the suppressor silence as noise floor.
    if (this.#mutedBlocks > MUTED_BLOCKS) return;
    this.#suppressor?.process(block, canceller?.residual);
    this.#gainControl?.process(block, nearEnd);
    // An Int16Array would wrap out-of-range values.
    for (let i = 0; i < BLOCK_SAMPLES; i++) {
      samples[start + i] = Math.round(Math.max(-32_768, Math.min(32_767, block[i]!)));
    }
  }

  /** Aligns the render buffer with capture samples before they are processed. */
  #align(canceller: EchoCanceller, samples: Int16Array, delaySamples: number): void {
    const first = this.#capturedSamples;
    this.#capturedSamples += samples.length;
    const estimate = this.#delayEstimator.capture(samples);
    // Until there is an echo to estimate, the reported latencies set the alignment. They are off by about one block, so
    // the alignment stays once the canceller adapts.
    if (this.#offset === undefined && canceller.idle) {
      this.#renderBuffer.position = this.#playingSample - delaySamples + ECHO_HEADROOM_SAMPLES;
    }
    if (estimate === undefined) return;
    const confirmed = this.#offset === undefined ||
      (this.#candidate !== undefined && Math.abs(estimate - this.#candidate) < CONFIRM_SAMPLES);
    this.#candidate = estimate;
    if (!confirmed) return;
    this.#offset = estimate;
    const direct = this.#renderBuffer.position - first - estimate;
    if (direct >= MIN_DIRECT_SAMPLES && direct <= MAX_DIRECT_SAMPLES) return;
    this.#renderBuffer.position = first + estimate + ECHO_HEADROOM_SAMPLES;
    canceller.reset();
  }
}
