import { assertEquals } from "@std/assert";
import { RateLimit } from "../../lib/util/rate_limit.ts";

/** How many of those that come at the given times go through. */
function through(limit: RateLimit, times: readonly number[]): number {
  return times.filter((now) => limit.take(now)).length;
}

Deno.test("RateLimit lets a burst through at once, and then so many a second", () => {
  const limit = new RateLimit(10, 5);
  assertEquals(through(limit, new Array(100).fill(0)), 5);
  const tenSeconds = Array.from({ length: 10_000 }, (_, now) => now);
  assertEquals(through(limit, tenSeconds), 99);
});

Deno.test("RateLimit saves up no more than a burst in a pause", () => {
  const limit = new RateLimit(10, 5);
  through(limit, [0]);
  assertEquals(through(limit, new Array(100).fill(1e9)), 5);
});
