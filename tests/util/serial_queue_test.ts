import { assertEquals, assertRejects } from "@std/assert";
import { SerialQueue } from "../../lib/util/serial_queue.ts";

Deno.test("SerialQueue.run() begins nothing before what came first has ended", async () => {
  const turns = new SerialQueue();
  const steps: string[] = [];
  const first = Promise.withResolvers<void>();
  const one = turns.run(async () => {
    steps.push("one begins");
    await first.promise;
    steps.push("one ends");
  });
  const two = turns.run(() => Promise.resolve(steps.push("two")));
  await Promise.resolve();
  first.resolve();
  assertEquals([await one, await two], [undefined, 3]);
  assertEquals(steps, ["one begins", "one ends", "two"]);
});

Deno.test("SerialQueue.run() fails as its work does, and goes on with the next", async () => {
  const turns = new SerialQueue();
  const failing = turns.run(() => Promise.reject(new Error("no")));
  const next = turns.run(() => Promise.resolve("yes"));
  await assertRejects(() => failing, Error, "no");
  assertEquals(await next, "yes");
});
