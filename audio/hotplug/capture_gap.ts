import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { MAX_LAG_MS } from "../pacer.ts";

/** Longest gap to fill, 10 s: after a suspend of hours no listener is left who needs the time. */
export const MAX_GAP_MS = 10_000;

/**
 * Measures gaps in a microphone's samples, as after a stall or a reopening. RTP timestamps count samples (RFC 3550,
 * section 5.1: the instant of sampling), so without filling the gap the peer would take all later voice for late.
 */
export class CaptureGap {
  #lastMs: number | undefined;

  /**
   * Counts the samples of one read.
   *
   * @param nowMs Time of the read.
   * @param samples Samples read.
   * @param queued Samples still in the queue.
   * @returns Samples missing before them; 0 for a gap that a queue may have bridged, up to {@linkcode MAX_LAG_MS}.
   */
  missing(nowMs: number, samples: number, queued: number): number {
    const lastMs = this.#lastMs ?? nowMs;
    this.#lastMs = nowMs;
    const perMs = SAMPLE_RATE / 1000;
    const missingMs = nowMs - lastMs - (samples + queued) / perMs;
    return missingMs > MAX_LAG_MS ? Math.round(Math.min(missingMs, MAX_GAP_MS) * perMs) : 0;
  }
}
