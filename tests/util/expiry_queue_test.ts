import { assertEquals } from "@std/assert";
import { ExpiryQueue } from "../../lib/util/expiry_queue.ts";

Deno.test("ExpiryQueue.due() removes what has expired, in order", () => {
  const queue = new ExpiryQueue<string>(100);
  assertEquals(queue.nextAt, Infinity);
  queue.start(0, "a");
  queue.start(10, "b");
  queue.start(20, "c");
  assertEquals(queue.nextAt, 100);
  assertEquals(queue.due(99), []);
  assertEquals(queue.due(110), ["a", "b"]);
  assertEquals([queue.due(110), queue.nextAt], [[], 120]);
});

Deno.test("ExpiryQueue.start() restarts an item, and .stop() says whether there was one", () => {
  const queue = new ExpiryQueue<string>(100);
  queue.start(0, "a");
  queue.start(10, "b");
  queue.start(20, "a");
  assertEquals(queue.nextAt, 110);
  assertEquals([queue.stop("b"), queue.stop("b"), queue.has("b")], [true, false, false]);
  assertEquals([queue.nextAt, queue.has("a")], [120, true]);
});

Deno.test("ExpiryQueue.startAll() restarts all items in the same order", () => {
  const queue = new ExpiryQueue<string>(100);
  queue.start(0, "a");
  queue.start(50, "b");
  queue.startAll(1000);
  assertEquals([queue.due(1099), queue.due(1100)], [[], ["a", "b"]]);
});
