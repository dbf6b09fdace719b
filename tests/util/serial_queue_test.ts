import { assertEquals, assertRejects } from "@std/assert";
import { SerialQueue } from "../../lib/util/serial_queue.ts";

Deno.test("SerialQueue.run() starts work when all earlier work has ended", async () => {
  const queue = new SerialQueue();
  const steps: string[] = [];
  const first = Promise.withResolvers<void>();
  const one = queue.run(async () => {
    steps.push("one begins");
    await first.promise;
    steps.push("one ends");
  });
  const two = queue.run(() => Promise.resolve(steps.push("two")));
  await Promise.resolve();
  first.resolve();
  assertEquals([await one, await two], [undefined, 3]);
  assertEquals(steps, ["one begins", "one ends", "two"]);
});

Deno.test("SerialQueue.run() rejects as its work does, and runs the next", async () => {
  const queue = new SerialQueue();
  const failing = queue.run(() => Promise.reject(new Error("no")));
  const next = queue.run(() => Promise.resolve("yes"));
  await assertRejects(() => failing, Error, "no");
  assertEquals(await next, "yes");
});
