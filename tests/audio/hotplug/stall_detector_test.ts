import { assertEquals } from "@std/assert";
import { Stall, STALLED_LOOKS } from "../../../audio/hotplug/stall_detector.ts";

/** Looks so many times in a row. @returns What was seen. */
function looks(stall: Stall, count: number, waiting: boolean): boolean[] {
  return Array.from({ length: count }, () => stall.look(waiting));
}

Deno.test("Stall is seen when nothing moves for some looks although something is waited for", () => {
  const stall = new Stall();
  assertEquals(looks(stall, STALLED_LOOKS, true).includes(true), false);
  assertEquals(stall.look(true), true);
});

Deno.test("Stall is not seen when anything moved, or nothing was waited for", () => {
  const stall = new Stall();
  for (let round = 0; round < 3; round++) {
    assertEquals(looks(stall, STALLED_LOOKS, true).includes(true), false);
    if (round % 2) stall.moved();
    else stall.look(false);
  }
});
