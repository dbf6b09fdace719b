import { assertEquals, assertRejects } from "@std/assert";
import { OneAtATime } from "../../lib/util/serial_queue.ts";

Deno.test("OneAtATime.run() begins nothing before what came first has ended", async () => {
  const turns = new OneAtATime();
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

Deno.test("OneAtATime.run() fails as its work does, and goes on with the next", async () => {
  const turns = new OneAtATime();
  const failing = turns.run(() => Promise.reject(new Error("no")));
  const next = turns.run(() => Promise.resolve("yes"));
  await assertRejects(() => failing, Error, "no");
  assertEquals(await next, "yes");
});
