import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { MAX_LAG_MS } from "../pacer.ts";

/** Longest gap that is made up for. After a night's sleep there is nobody left to whom time should be kept. */
export const LONGEST_GAP_MS = 10_000;

/**
 * Notices that a microphone gave nothing for a while, as one that stood still or was opened anew. Whoever hears it goes
 * by the number of samples (RFC 3550, section 5.1: a timestamp is the instant of sampling): without those that are
 * missing, all that follows would seem to be late by as much.
 */
export class CaptureGap {
  #lastMs: number | undefined;

  /**
   * The microphone gave samples.
   *
   * @param nowMs When.
   * @param samples How many.
   * @param queued How many more it has that were not read yet.
   * @returns How many are missing before them; none for a gap that a queue may have bridged, up to
   * {@linkcode MAX_LAG_MS}.
   */
  missing(nowMs: number, samples: number, queued: number): number {
    const lastMs = this.#lastMs ?? nowMs;
    this.#lastMs = nowMs;
    const perMs = SAMPLE_RATE / 1000;
    const missingMs = nowMs - lastMs - (samples + queued) / perMs;
    return missingMs > MAX_LAG_MS ? Math.round(Math.min(missingMs, LONGEST_GAP_MS) * perMs) : 0;
  }
}
