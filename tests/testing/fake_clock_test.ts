import { assertEquals } from "@std/assert";
import { FakeClock } from "../../testing/fake_clock.ts";

Deno.test("FakeClock jumps to each timer as soon as one is set", async () => {
  const clock = new FakeClock();
  for (let hour = 0; hour < 3; hour++) {
    await new Promise<void>((resolve) => clock.setTimer(resolve, 3_600_000));
  }
  assertEquals([clock.now(), clock.timers], [3 * 3_600_000, 0]);
});

Deno.test("FakeClock.advance() runs timers at their times, with those that they set, and no cancelled ones", async () => {
  const clock = new FakeClock("by advance");
  const ran: number[] = [];
  const tick = () => {
    ran.push(clock.now());
    clock.setTimer(tick, 100);
  };
  clock.setTimer(tick, 100);
  clock.setTimer(() => ran.push(NaN), 50)();
  assertEquals(ran, []);
  await clock.advance(350);
  assertEquals([ran, clock.now(), clock.timers], [[100, 200, 300], 350, 1]);
});
