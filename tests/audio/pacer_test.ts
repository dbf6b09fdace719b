import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../lib/util/clock.ts";
import { durationMs, MAX_LAG_MS, Pacer, SampleClock } from "../../audio/pacer.ts";
import { FakeClock } from "../../testing/fake_clock.ts";

/** Lets the next 20 ms go by, with a timer that is late by `latenessMs`. */
function next(pacer: Pacer, clock: FakeClock, latenessMs = 0): void {
  const waitMs = pacer.waitMs(20);
  if (waitMs === 0) return;
  clock.nowMs += waitMs + latenessMs;
  assertEquals(pacer.waitMs(20), 0);
}

Deno.test("Pacer.waitMs() does not add up the lateness of timers", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  for (let i = 0; i < 50; i++) next(pacer, clock, 3);
  assertEquals(clock.nowMs, 50 * 20 + 3);
});

Deno.test("Pacer.waitMs() counts the time that its caller takes", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  for (let i = 0; i < 10; i++) {
    next(pacer, clock);
    clock.nowMs += 7;
  }
  assertEquals(clock.nowMs, 10 * 20 + 7);
});

Deno.test("Pacer.waitMs() counts from its first call, not from construction", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  clock.nowMs = 5000;
  next(pacer, clock);
  assertEquals(clock.nowMs, 5020);
});

Deno.test("Pacer.waitMs() moves on only when it returns 0", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  assertEquals([pacer.waitMs(20), pacer.waitMs(20)], [20, 20]);
  clock.nowMs = 15;
  assertEquals([pacer.waitMs(20), pacer.waitMs(30)], [5, 15]);
  clock.nowMs = 20;
  assertEquals([pacer.waitMs(20), pacer.waitMs(20)], [0, 20]);
});

Deno.test("Pacer.waitMs() catches up after a short lag", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  next(pacer, clock);
  clock.nowMs += 100;
  for (let i = 0; i < 5; i++) assertEquals(pacer.waitMs(20), 0);
  assertEquals(pacer.waitMs(20), 20);
});

Deno.test("Pacer.waitMs() skips a lag of more than MAX_LAG_MS", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock);
  next(pacer, clock);
  clock.nowMs += MAX_LAG_MS + 1000;
  assertEquals([pacer.waitMs(20), pacer.waitMs(20)], [0, 20]);
});

Deno.test("systemClock fires no timer early and cancels timers", async () => {
  const cancel = systemClock.setTimer(() => {}, 60_000);
  cancel();
  const startMs = systemClock.now();
  await new Promise<void>((resolve) => systemClock.setTimer(resolve, 1.5));
  assert(systemClock.now() - startMs >= 1.5);
});

Deno.test("durationMs() converts samples to milliseconds", () => {
  assertEquals(durationMs(960, 48_000), 20);
});

Deno.test("SampleClock.due() counts samples from its first call on", () => {
  const clock = new FakeClock();
  clock.nowMs = 1000;
  const samples = new SampleClock(clock);
  assertEquals(samples.due(0, 48_000), 0);
  clock.nowMs += 10;
  assertEquals(samples.due(0, 48_000), 480);
  assertEquals(samples.due(100, 48_000), 380);
  assertEquals(samples.due(1000, 48_000), 0);
});

Deno.test("SampleClock.due() skips what a stopped process missed", () => {
  const clock = new FakeClock();
  const samples = new SampleClock(clock);
  samples.due(0, 48_000);
  clock.nowMs += 3_600_000;
  const written = samples.due(0, 48_000);
  assertEquals(written, MAX_LAG_MS * 48);
  assertEquals(samples.due(written, 48_000), 0);
  clock.nowMs += 20;
  assertEquals(samples.due(written, 48_000), 960);
});
