/**
 * Delay from mouth to ear: bursts of tone go into the microphone's cable, and what comes out of that cable and of the
 * loudspeaker's is recorded at the same moment, by the same means, outside the phones.
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
  /** Bursts that were said, and of them those that were heard. */
  readonly said: number;
  readonly heard: number;
}

/**
 * A burst may be heard this long after it was said, in milliseconds, which is less than from one to the next. A
 * little before is the error of the two recordings' clocks.
 */
const EARLIEST_MS = -20;
const LATEST_MS = 520;

/** The first bursts find the playout still settling. */
const SETTLING_BURSTS = 3;

/**
 * Measures the delay from one cable to another.
 *
 * @param seconds How long bursts are sent, a little less than two a second.
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
 * Pairs what was said with what was heard.
 *
 * @param saidMs When bursts were said.
 * @param heardMs When bursts were heard, on the same clock, in order; some may be missing.
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
