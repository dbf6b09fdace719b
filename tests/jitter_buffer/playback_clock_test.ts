import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { PlaybackClock } from "../../lib/jitter_buffer/playback_clock.ts";

/** A clock after requests that showed the loudspeaker neither ahead nor behind. */
function steady(requests = 1_000): PlaybackClock {
  const clock = new PlaybackClock();
  clock.start(0);
  for (let request = 0; request < requests; request++) clock.follow(0, false);
  return clock;
}

/** Follows offsets, in milliseconds, one request each; the first may find the loudspeaker dry. */
function follow(clock: PlaybackClock, offsetsMs: readonly number[], dry = false): void {
  offsetsMs.forEach((offsetMs, index) => clock.follow(offsetMs * SAMPLES_PER_MS, dry && index === 0));
}

Deno.test("PlaybackClock knows nothing before it is started, and is started once", () => {
  const clock = new PlaybackClock();
  assertEquals(clock.offset, NaN);
  clock.start(5 * SAMPLES_PER_MS);
  clock.start(7 * SAMPLES_PER_MS);
  assertEquals(clock.offset, 5 * SAMPLES_PER_MS);
  clock.reset();
  assertEquals(clock.offset, NaN);
  clock.follow(9 * SAMPLES_PER_MS, false);
  assertEquals(clock.offset, 9 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock follows at once when the loudspeaker is ahead, but not a single time", () => {
  const once = steady();
  follow(once, [15, 0, 0, 0, 0, 0, 0, 0, 0, 15]);
  assertLess(once.offset, 0.1 * SAMPLES_PER_MS);
  const lasting = steady();
  follow(lasting, [15, 15]);
  assertEquals(lasting.offset, 15 * SAMPLES_PER_MS);
  const everyOther = steady();
  follow(everyOther, [15, -15, 15]);
  assertEquals(everyOther.offset, 15 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock follows slowly when the loudspeaker is behind", () => {
  const behind = steady();
  follow(behind, Array(50).fill(-10));
  assertLess(behind.offset, -1 * SAMPLES_PER_MS);
  assertGreater(behind.offset, -3 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock soon forgets how a loudspeaker starts", () => {
  const started = steady(0);
  started.start(0);
  follow(started, Array(50).fill(-10));
  assertLess(started.offset, -9 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock detects a stall when the loudspeaker is far behind for a while", () => {
  const still = steady();
  follow(still, Array(9).fill(-60));
  assertGreater(still.offset, -5 * SAMPLES_PER_MS);
  follow(still, [-60]);
  assertEquals(still.offset, -60 * SAMPLES_PER_MS);
});

Deno.test("PlaybackClock detects a stall at once when the queue ran dry", () => {
  const dry = steady();
  follow(dry, [-12], true);
  assertEquals(dry.offset, -12 * SAMPLES_PER_MS);
});
