import { AudioError, type AudioSource, SAMPLE_RATE } from "./audio_io.ts";
import { durationMs, Pacer } from "./pacer.ts";

/** Peak of the tone in 16-bit steps: a quarter of full scale, -12 dBFS, clear but not loud in a headset. */
const TONE_PEAK = 8192;

/**
 * Opens a source that is an endless sine, in real time.
 *
 * @param frequency Pitch in Hz.
 * @param pacer Keeps the time.
 */
export function openTone(frequency = 440, pacer: Pacer = new Pacer()): AudioSource {
  const cyclesPerSample = frequency / SAMPLE_RATE;
  let phaseCycles = 0;
  let closed = false;
  return {
    name: "tone",
    delaySamples: 0,
    read(samples: Int16Array<ArrayBuffer>): number {
      if (closed) throw new AudioError("device_failed", "tone", "Already closed");
      const waitMs = pacer.waitMs(durationMs(samples.length, SAMPLE_RATE));
      if (waitMs > 0) return waitMs;
      for (let i = 0; i < samples.length; i++) {
        samples[i] = Math.round(TONE_PEAK * Math.sin(2 * Math.PI * phaseCycles));
        phaseCycles = (phaseCycles + cyclesPerSample) % 1;
      }
      return 0;
    },
    [Symbol.asyncDispose](): Promise<void> {
      closed = true;
      return Promise.resolve();
    },
  };
}
