import { assertEquals } from "@std/assert";
import { StallDetector, STALLED_LOOKS } from "../../../audio/hotplug/stall_detector.ts";

/** Looks so many times in a row. @returns What was seen. */
function looks(detector: StallDetector, count: number, waiting: boolean): boolean[] {
  return Array.from({ length: count }, () => detector.look(waiting));
}

Deno.test("StallDetector is seen when nothing moves for some looks although something is waited for", () => {
  const detector = new StallDetector();
  assertEquals(looks(detector, STALLED_LOOKS, true).includes(true), false);
  assertEquals(detector.look(true), true);
});

Deno.test("StallDetector is not seen when anything moved, or nothing was waited for", () => {
  const detector = new StallDetector();
  for (let round = 0; round < 3; round++) {
    assertEquals(looks(detector, STALLED_LOOKS, true).includes(true), false);
    if (round % 2) detector.moved();
    else detector.look(false);
  }
});
