import { assert, assertEquals } from "@std/assert";
import { type Clock, durationMs, MAX_LAG_MS, Pacer, SampleClock, systemClock } from "../../audio/pacer.ts";
import { FakeClock } from "./fake_clock.ts";

Deno.test("Pacer.next() does not add up the lateness of timers", async () => {
  const clock = new FakeClock(3);
  const pacer = new Pacer(clock);
  for (let i = 0; i < 50; i++) await pacer.next(20);
  assertEquals(clock.nowMs, 50 * 20 + 3);
});

Deno.test("Pacer.next() counts the time that the caller takes as gone by", async () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  for (let i = 0; i < 10; i++) {
    await pacer.next(20);
    clock.nowMs += 7;
  }
  assertEquals(clock.nowMs, 10 * 20 + 7);
});

Deno.test("Pacer.next() counts from its first call, not from when it was made", async () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  clock.nowMs = 5000;
  await pacer.next(20);
  assertEquals(clock.nowMs, 5020);
});

Deno.test("Pacer.next() makes a short delay good without waiting", async () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  await pacer.next(20);
  clock.nowMs += 100;
  const timersBefore = clock.timers;
  for (let i = 0; i < 5; i++) await pacer.next(20);
  assertEquals([clock.nowMs, clock.timers - timersBefore], [120, 0]);
  await pacer.next(20);
  assertEquals(clock.nowMs, 140);
});

Deno.test("Pacer.next() gives a long delay up instead of bursting", async () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  await pacer.next(20);
  clock.nowMs += MAX_LAG_MS + 1000;
  const resumedMs = clock.nowMs;
  await pacer.next(20);
  assertEquals(clock.nowMs, resumedMs + 20);
  await pacer.next(20);
  assertEquals(clock.nowMs, resumedMs + 40);
});

Deno.test("Pacer.stop() settles the waits and takes their timers back", async () => {
  let timers = 0;
  const stoppedClock: Clock = {
    now: () => 0,
    setTimer: () => {
      timers++;
      return () => timers--;
    },
  };
  const pacer = new Pacer(stoppedClock);
  const waits = [pacer.next(20), pacer.next(20)];
  assertEquals(timers, 2);
  pacer.stop();
  await Promise.all(waits);
  await pacer.next(20);
  assertEquals(timers, 0);
});

Deno.test("systemClock fires no timer early and takes timers back", async () => {
  const takenBack = systemClock.setTimer(() => {}, 60_000);
  takenBack();
  const startMs = systemClock.now();
  await new Promise<void>((resolve) => systemClock.setTimer(resolve, 1.5));
  assert(systemClock.now() - startMs >= 1.5);
});

Deno.test("durationMs() says how long samples last", () => {
  assertEquals(durationMs(960, 48_000), 20);
});

Deno.test("SampleClock counts what is due from its first call on", () => {
  const clock = new FakeClock();
  clock.nowMs = 1000;
  const samples = new SampleClock(clock);
  assertEquals(samples.due(0, 48_000), 0);
  clock.nowMs += 10;
  assertEquals(samples.due(0, 48_000), 480);
  assertEquals(samples.due(100, 48_000), 380);
  assertEquals(samples.due(1000, 48_000), 0);
});

Deno.test("SampleClock leaves out what a paused process missed", () => {
  const clock = new FakeClock();
  const samples = new SampleClock(clock);
  samples.due(0, 48_000);
  clock.nowMs += 3_600_000;
  const taken = samples.due(0, 48_000);
  assertEquals(taken, MAX_LAG_MS * 48);
  assertEquals(samples.due(taken, 48_000), 0);
  clock.nowMs += 20;
  assertEquals(samples.due(taken, 48_000), 960);
});
