import { assertEquals } from "@std/assert";
import { exponentialBackoff } from "../../lib/util/backoff.ts";

Deno.test("exponentialBackoff() doubles up to the longest, however many retries", () => {
  const waitMs = exponentialBackoff(250, 1500);
  assertEquals([0, 1, 2, 3, 4, 5000].map(waitMs), [250, 500, 1000, 1500, 1500, 1500]);
});
