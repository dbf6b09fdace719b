import { assertEquals } from "@std/assert";
import { CaptureGap, MAX_GAP_MS } from "../../../audio/hotplug/capture_gap.ts";
import { MAX_LAG_MS } from "../../../audio/pacer.ts";

/** Milliseconds between two reads of 20 ms, samples queued after the second, samples missing. */
const CASES: [name: string, elapsedMs: number, queued: number, missing: number][] = [
  ["on time", 20, 0, 0],
  ["early", 1, 0, 0],
  ["MAX_LAG_MS late", 20 + MAX_LAG_MS, 0, 0],
  ["1 s late with all of it queued", 1020, 48_000, 0],
  ["1 s late with half of it queued", 1020, 24_000, 24_000],
  ["1 s late with nothing queued", 1020, 0, 48_000],
  ["10 h late", 36_000_000, 0, 48 * MAX_GAP_MS],
];

for (const [name, elapsedMs, queued, missing] of CASES) {
  Deno.test(`CaptureGap.missing() measures a read that is ${name}`, () => {
    const gap = new CaptureGap();
    assertEquals(gap.missing(5000, 960, 0), 0, "the first read");
    assertEquals(gap.missing(5000 + elapsedMs, 960, queued), missing);
    assertEquals(gap.missing(5020 + elapsedMs, 960, 0), 0, "the next read is on time");
  });
}
