import { assertEquals } from "@std/assert";
import { ExpiryQueue } from "../../lib/util/expiry_queue.ts";

Deno.test("ExpiryQueue gives out what is due, in order, and once", () => {
  const deadlines = new ExpiryQueue<string>(100);
  assertEquals(deadlines.nextAt, Infinity);
  deadlines.start(0, "a");
  deadlines.start(10, "b");
  deadlines.start(20, "c");
  assertEquals(deadlines.nextAt, 100);
  assertEquals(deadlines.due(99), []);
  assertEquals(deadlines.due(110), ["a", "b"]);
  assertEquals([deadlines.due(110), deadlines.nextAt], [[], 120]);
});

Deno.test("ExpiryQueue.start() begins anew, and .stop() says whether there was one", () => {
  const deadlines = new ExpiryQueue<string>(100);
  deadlines.start(0, "a");
  deadlines.start(10, "b");
  deadlines.start(20, "a");
  assertEquals(deadlines.nextAt, 110);
  assertEquals([deadlines.stop("b"), deadlines.stop("b"), deadlines.has("b")], [true, false, false]);
  assertEquals([deadlines.nextAt, deadlines.has("a")], [120, true]);
});

Deno.test("ExpiryQueue.startAll() begins everybody's time anew in the same order", () => {
  const deadlines = new ExpiryQueue<string>(100);
  deadlines.start(0, "a");
  deadlines.start(50, "b");
  deadlines.startAll(1000);
  assertEquals([deadlines.due(1099), deadlines.due(1100)], [[], ["a", "b"]]);
});
