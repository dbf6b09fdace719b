import { AudioError, type AudioSink, type AudioSource } from "./audio_io.ts";
import { SAMPLE_RATE } from "../lib/dsp/pcm.ts";
import { durationMs, Pacer, SampleClock } from "./pacer.ts";

/**
 * Opens a source of endless silence, in real time.
 *
 * @param pacer Keeps the time.
 */
export function openSilence(pacer: Pacer = new Pacer()): AudioSource {
  let closed = false;
  return {
    name: "silence",
    delaySamples: 0,
    read(samples: Int16Array<ArrayBuffer>): number {
      if (closed) throw new AudioError("device_failed", "silence", { kind: "closed" });
      const waitMs = pacer.waitMs(durationMs(samples.length, SAMPLE_RATE));
      if (waitMs === 0) samples.fill(0);
      return waitMs;
    },
    [Symbol.asyncDispose](): Promise<void> {
      closed = true;
      return Promise.resolve();
    },
  };
}

/**
 * A null loudspeaker: takes samples in real time and drops them.
 *
 * @param clock Keeps the time; a fake one in tests.
 */
export function openNullSink(clock: SampleClock = new SampleClock()): AudioSink {
  let taken = 0;
  let closed = false;
  return {
    name: "none",
    delaySamples: 0,
    wanted: () => clock.due(taken, SAMPLE_RATE),
    roomSamples: 0,
    write(samples: Int16Array<ArrayBuffer>): Promise<void> {
      if (closed) return Promise.reject(new AudioError("device_failed", "none", { kind: "closed" }));
      taken += samples.length;
      return Promise.resolve();
    },
    [Symbol.asyncDispose](): Promise<void> {
      closed = true;
      return Promise.resolve();
    },
  };
}

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
      if (closed) throw new AudioError("device_failed", "tone", { kind: "closed" });
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
