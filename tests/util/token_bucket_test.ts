import { assertEquals } from "@std/assert";
import { TokenBucket } from "../../lib/util/token_bucket.ts";

Deno.test("TokenBucket gives what is in it at once, and what is not after a while", () => {
  const bucket = new TokenBucket(0, 10, 5);
  assertEquals([bucket.take(0, 3), bucket.take(0, 2)], [0, 0]);
  assertEquals(bucket.take(0, 1), 100);
  assertEquals(bucket.take(50, 1), 150, "of the wait for the one before, half is left");
});

Deno.test("TokenBucket fills steadily, to the brim", () => {
  const bucket = new TokenBucket(0, 10, 5);
  bucket.take(0, 5);
  assertEquals(bucket.take(300, 3), 0);
  assertEquals(bucket.take(1_000_000, 5), 0);
  assertEquals(bucket.take(1_000_000, 0.5), 50);
});
