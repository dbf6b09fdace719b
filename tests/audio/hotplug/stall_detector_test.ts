import { assertEquals } from "@std/assert";
import { STALL_CHECKS, StallDetector } from "../../../audio/hotplug/stall_detector.ts";

/** Checks `count` times in a row. @returns The results. */
function checks(detector: StallDetector, count: number, pending: boolean): boolean[] {
  return Array.from({ length: count }, () => detector.check(pending));
}

Deno.test("StallDetector reports a stall after STALL_CHECKS pending checks without progress", () => {
  const detector = new StallDetector();
  assertEquals(checks(detector, STALL_CHECKS, true).includes(true), false);
  assertEquals(detector.check(true), true);
});

Deno.test("StallDetector reports no stall after progress, or while nothing is pending", () => {
  const detector = new StallDetector();
  for (let round = 0; round < 3; round++) {
    assertEquals(checks(detector, STALL_CHECKS, true).includes(true), false);
    if (round % 2) detector.progressed();
    else detector.check(false);
  }
});
