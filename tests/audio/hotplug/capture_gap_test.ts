import { assertEquals } from "@std/assert";
import { CaptureGap, LONGEST_GAP_MS } from "../../../audio/hotplug/capture_gap.ts";
import { MAX_LAG_MS } from "../../../audio/pacer.ts";

/** Milliseconds between two reads of 20 ms, samples left in the queue after the second, samples missing. */
const CASES: [name: string, elapsedMs: number, queued: number, missing: number][] = [
  ["as usual", 20, 0, 0],
  ["early", 1, 0, 0],
  ["as late as a queue may bridge", 20 + MAX_LAG_MS, 0, 0],
  ["a second late, with all of it in the queue", 1020, 48_000, 0],
  ["a second late, with half of it in the queue", 1020, 24_000, 24_000],
  ["a second late, with nothing in the queue", 1020, 0, 48_000],
  ["a night late", 36_000_000, 0, 48 * LONGEST_GAP_MS],
];

for (const [name, elapsedMs, queued, missing] of CASES) {
  Deno.test(`CaptureGap.missing() of a read that is ${name}`, () => {
    const gap = new CaptureGap();
    assertEquals(gap.missing(5000, 960, 0), 0, "the first one follows nothing");
    assertEquals(gap.missing(5000 + elapsedMs, 960, queued), missing);
    assertEquals(gap.missing(5020 + elapsedMs, 960, 0), 0, "and the next is as usual");
  });
}
