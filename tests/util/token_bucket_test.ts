import { assertEquals } from "@std/assert";
import { TokenBucket } from "../../lib/util/token_bucket.ts";

Deno.test("TokenBucket.take() grants a full bucket at once and says when credit is paid back", () => {
  const bucket = new TokenBucket(10, 5);
  assertEquals([bucket.take(0, 3), bucket.take(0, 2)], [0, 0]);
  assertEquals(bucket.take(0, 1), 100);
  assertEquals(bucket.take(50, 1), 150, "half of the first credit is left");
});

Deno.test("TokenBucket fills steadily up to its burst", () => {
  const bucket = new TokenBucket(10, 5);
  bucket.take(0, 5);
  assertEquals(bucket.take(300, 3), 0);
  assertEquals(bucket.take(1_000_000, 5), 0);
  assertEquals(bucket.take(1_000_000, 0.5), 50);
});

/** How many tries at these times succeed. */
function granted(bucket: TokenBucket, times: readonly number[]): number {
  return times.filter((now) => bucket.tryTake(now)).length;
}

Deno.test("TokenBucket.tryTake() grants a burst, then the rate", () => {
  const bucket = new TokenBucket(10, 5);
  assertEquals(granted(bucket, new Array(100).fill(0)), 5);
  const tenSeconds = Array.from({ length: 10_000 }, (_, now) => now);
  assertEquals(granted(bucket, tenSeconds), 99);
});

Deno.test("TokenBucket.tryTake() saves up no more than a burst in a pause", () => {
  const bucket = new TokenBucket(10, 5);
  granted(bucket, [0]);
  assertEquals(granted(bucket, new Array(100).fill(1e9)), 5);
});
