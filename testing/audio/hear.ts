import type { AudioSource } from "../../audio/audio_io.ts";
import { type Clock, systemClock } from "../../lib/util/clock.ts";

/** Reads samples from a source, and waits until there are enough. */
export async function hear(
  source: AudioSource,
  samples: Int16Array<ArrayBuffer>,
  clock: Clock = systemClock,
): Promise<void> {
  for (;;) {
    const waitMs = source.read(samples);
    if (waitMs === 0) return;
    await new Promise<void>((resolve) => clock.setTimer(resolve, waitMs));
  }
}
