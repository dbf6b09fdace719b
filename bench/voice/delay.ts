/**
 * Mouth-to-ear delay: plays tone bursts into the microphone's cable and records that cable and the loudspeaker's
 * concurrently, outside the phones.
 */

import { SAMPLE_RATE, toFloat32 } from "../../lib/dsp/pcm.ts";
import type { Cable, Pulse, Recording } from "../../testing/pulse.ts";
import { findBursts, makeBursts } from "./bursts.ts";
import { pause } from "../../lib/util/pause.ts";
import { quantile } from "../../testing/quantile.ts";
import { writeTempWav } from "../measure/wav_file.ts";

/** Delays in milliseconds. */
export interface Delays {
  readonly medianMs: number;
  readonly p5Ms: number;
  readonly p95Ms: number;
  /** Bursts played, and those of them heard. */
  readonly said: number;
  readonly heard: number;
}

/** Possible delays in milliseconds: negative ones from timing errors of the recordings, and less than from burst to burst. */
const EARLIEST_MS = -20;
const LATEST_MS = 520;

/** Bursts at the start that do not count, while the jitter buffer settles. */
const SETTLING_BURSTS = 3;

/**
 * Measures the delay from one cable to another.
 *
 * @param seconds Duration of the bursts, of which there are a little less than two a second.
 */
export async function measureDelay(pulse: Pulse, mouth: Cable, ear: Cable, seconds: number): Promise<Delays> {
  await using bursts = await writeTempWav(makeBursts(seconds));
  await using atMouth = pulse.record(mouth);
  await using atEar = pulse.record(ear);
  await Promise.all([atMouth.started, atEar.started]);
  await pulse.speak(bursts.path, mouth);
  await pause(LATEST_MS);
  return delaysBetween(burstTimes(await atMouth.stop()), burstTimes(await atEar.stop()));
}

function burstTimes({ samples, startMs }: Recording): number[] {
  return findBursts(toFloat32(samples)).map((sample) => startMs + 1000 * sample / SAMPLE_RATE);
}

/**
 * Matches bursts played with bursts heard.
 *
 * @param saidMs Times of the bursts played.
 * @param heardMs Times of the bursts heard, on the same clock, in order; some may be missing.
 */
export function delaysBetween(saidMs: readonly number[], heardMs: readonly number[]): Delays {
  const counted = saidMs.slice(SETTLING_BURSTS);
  const delays = counted
    .map((said) => heardMs.map((heard) => heard - said).find((ms) => ms >= EARLIEST_MS && ms <= LATEST_MS))
    .filter((delay) => delay !== undefined);
  return {
    medianMs: quantile(delays, 0.5),
    p5Ms: quantile(delays, 0.05),
    p95Ms: quantile(delays, 0.95),
    said: counted.length,
    heard: delays.length,
  };
}
