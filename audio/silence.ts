import { AudioError, type AudioSink, type AudioSource, SAMPLE_RATE } from "./audio.ts";
import { durationMs, Pacer } from "./pacer.ts";

/**
 * Opens a source that is silent for ever, in real time.
 *
 * @param pacer Keeps the time; stopped when the source is closed.
 */
export function openSilence(pacer: Pacer = new Pacer()): AudioSource {
  let closed = false;
  return {
    name: "silence",
    async read(samples: Int16Array<ArrayBuffer>): Promise<void> {
      if (closed) throw new AudioError("device_failed", "silence", "Already closed");
      samples.fill(0);
      await pacer.next(durationMs(samples.length, SAMPLE_RATE));
    },
    [Symbol.asyncDispose](): Promise<void> {
      closed = true;
      pacer.stop();
      return Promise.resolve();
    },
  };
}

/**
 * Opens a sink that throws away what it is given, in real time.
 *
 * @param pacer Keeps the time; stopped when the sink is closed.
 */
export function openNullSink(pacer: Pacer = new Pacer()): AudioSink {
  let closed = false;
  return {
    name: "none",
    async write(samples: Int16Array<ArrayBuffer>): Promise<void> {
      if (closed) throw new AudioError("device_failed", "none", "Already closed");
      await pacer.next(durationMs(samples.length, SAMPLE_RATE));
    },
    [Symbol.asyncDispose](): Promise<void> {
      closed = true;
      pacer.stop();
      return Promise.resolve();
    },
  };
}
