import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { PlaybackClock } from "../../lib/jitter_buffer/playback_clock.ts";

/** A clock that has been told so many times, every 20 ms, that the loudspeaker is neither ahead nor behind. */
function steady(requests = 1_000): { clock: PlaybackClock; nowMs: number } {
  const clock = new PlaybackClock();
  clock.start(0);
  for (let request = 0; request < requests; request++) clock.follow(0, 20 * request, false);
  return { clock, nowMs: 20 * requests };
}

/** Follows offsets, in milliseconds, one request each; the first may find the loudspeaker dry. Returns what stood still. */
function follow(
  { clock, nowMs }: { clock: PlaybackClock; nowMs: number },
  offsetsMs: readonly number[],
  dry = false,
): number {
  let stoodStill = 0;
  offsetsMs.forEach((offsetMs, index) => {
    stoodStill += clock.follow(offsetMs * SAMPLES_PER_MS, nowMs + 20 * index, dry && index === 0);
  });
  return stoodStill / SAMPLES_PER_MS;
}

Deno.test("PlaybackClock knows nothing before it is started, and is started once", () => {
  const clock = new PlaybackClock();
  assertEquals(clock.offset, NaN);
  clock.start(5 * SAMPLES_PER_MS);
  clock.start(7 * SAMPLES_PER_MS);
  assertEquals(clock.offset, 5 * SAMPLES_PER_MS);
  clock.reset();
  assertEquals(clock.offset, NaN);
  clock.follow(9 * SAMPLES_PER_MS, 0, false);
  assertEquals(clock.offset, 9 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock follows at once when the loudspeaker is ahead, but not for once", () => {
  const once = steady();
  follow(once, [15, 0, 0, 0, 0, 0, 0, 0, 0, 15]);
  assertLess(once.clock.offset, 0.1 * SAMPLES_PER_MS);
  const lasting = steady();
  follow(lasting, [15, 15]);
  assertEquals(lasting.clock.offset, 15 * SAMPLES_PER_MS);
  const everyOther = steady();
  follow(everyOther, [15, -15, 15]);
  assertEquals(everyOther.clock.offset, 15 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock takes what is asked several times at once for one request", () => {
  const { clock, nowMs } = steady();
  for (let count = 0; count < 5; count++) clock.follow(15 * SAMPLES_PER_MS, nowMs, false);
  assertLess(clock.offset, 0.1 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock follows slowly when the loudspeaker is behind", () => {
  const behind = steady();
  assertEquals(follow(behind, Array(50).fill(-10)), 0);
  assertLess(behind.clock.offset, -1 * SAMPLES_PER_MS);
  assertGreater(behind.clock.offset, -3 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock soon forgets how a loudspeaker starts", () => {
  const started = steady(0);
  started.clock.start(0);
  follow(started, Array(50).fill(-10));
  assertLess(started.clock.offset, -9 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock knows that a loudspeaker stood still when it is far behind for a while", () => {
  const still = steady();
  assertEquals(follow(still, Array(9).fill(-60)), 0);
  const more = { clock: still.clock, nowMs: still.nowMs + 180 };
  assertAlmostEquals(follow(more, [-60]), 60, 3);
  assertEquals(still.clock.offset, -60 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock knows how far a loudspeaker that ran dry has fallen back, when it goes evenly again", () => {
  const dry = steady();
  // It takes its blocks of 10 ms at other times than it did.
  const offsetsMs = Array.from(
    { length: 40 },
    (_, request) => request === 0 ? -12 : -20 - 10 * (request % 2),
  );
  assertAlmostEquals(follow(dry, offsetsMs, true), 20, 0.5);
  assertAlmostEquals(dry.clock.offset / SAMPLES_PER_MS, -20, 0.5);
});

Deno.test("PlaybackClock takes it for nothing when a loudspeaker that ran dry catches up", () => {
  const dry = steady();
  assertEquals(follow(dry, [-30, -20, -10, ...Array(40).fill(0)], true), 0);
  assertAlmostEquals(dry.clock.offset / SAMPLES_PER_MS, 0, 0.5);
});
