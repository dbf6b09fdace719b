import { SAMPLES_PER_MS } from "../../../lib/dsp/pcm.ts";
import { assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { CapturePoll } from "../../../audio/portaudio/capture_poll.ts";
import { seededRandom } from "../../../testing/audio/signals.ts";

interface Microphone {
  readonly readSamples: number;
  /** Samples that come at once. */
  readonly chunkSamples: number;
  /** Milliseconds by which they are late at the most. */
  readonly jitterMs?: number;
  /** What has gathered before it is first looked at. */
  readonly backlogMs?: number;
  /** When it gives nothing, in milliseconds; what it owes then comes all at once. */
  readonly still?: readonly [from: number, to: number];
}

interface Reading {
  readonly atMs: number;
  /** What was there and not read yet, in milliseconds of sound, the frame that was read left out. */
  readonly behindMs: number;
}

/**
 * Reads a made-up microphone for ten seconds. As with PulseAudio's plugin for ALSA, what it shows is less than two reads,
 * however much there is. Timers are whole milliseconds and late.
 */
function readOn({ readSamples, chunkSamples, jitterMs = 0, backlogMs = 0, still = [0, 0] }: Microphone) {
  const random = seededRandom(5);
  const lateness = Array.from({ length: 10_000 }, () => jitterMs * random());
  const given = (nowMs: number) => {
    const untilMs = nowMs > still[0] && nowMs < still[1] ? still[0] : nowMs;
    let chunks = Math.floor(untilMs * SAMPLES_PER_MS / chunkSamples);
    while (chunks > 0 && chunks * chunkSamples / SAMPLES_PER_MS + lateness[chunks]! > untilMs) chunks--;
    return chunks * chunkSamples + backlogMs * SAMPLES_PER_MS;
  };
  const schedule = new CapturePoll(readSamples);
  const readings: Reading[] = [];
  let nowMs = 5;
  let taken = 0;
  let left = 0;
  let looks = 0;
  while (nowMs < 10_000) {
    while (left < readSamples) {
      const waitMs = schedule.waitMs(nowMs, left);
      if (waitMs > 0) nowMs += Math.ceil(waitMs) + 0.3 * random();
      nowMs += 0.01;
      looks++;
      left = Math.min(given(nowMs) - taken, 2 * readSamples - 1);
    }
    taken += readSamples;
    left -= readSamples;
    schedule.read(nowMs, left);
    readings.push({ atMs: nowMs, behindMs: (given(nowMs) - taken) / SAMPLES_PER_MS });
  }
  return { readings, looksPerRead: looks / readings.length };
}

for (const readMs of [10, 20]) {
  for (const chunkMs of [2.5, 5, 10, 20]) {
    Deno.test(`CapturePoll reads ${readMs} ms soon after they came in pieces of ${chunkMs} ms, one by one`, () => {
      const readSamples = readMs * SAMPLES_PER_MS;
      const { readings, looksPerRead } = readOn({
        readSamples,
        chunkSamples: chunkMs * SAMPLES_PER_MS,
        jitterMs: 1,
      });
      const settled = readings.filter(({ atMs }) => atMs > 3_000);
      assertGreater(settled.length, 7_000 / readMs - 3);
      for (const [index, { atMs, behindMs }] of settled.entries()) {
        assertLess(behindMs, chunkMs + 2, `${atMs}`);
        // Larger pieces than are read at once come by twos, and are looked for in between.
        if (chunkMs > readMs) continue;
        const sinceMs = index > 0 ? atMs - settled[index - 1]!.atMs : readMs;
        assertGreater(sinceMs, readMs / 2 - 3, `${atMs}`);
      }
      if (chunkMs <= readMs) assertLessOrEqual(looksPerRead, 1.5);
    });
  }
}

Deno.test("CapturePoll looks no more often where pieces are not as long as what is read", () => {
  for (const [readMs, chunkMs] of [[20, 20.08], [20, 10.04], [20, 19.9], [10, 10.04]] as const) {
    const { readings, looksPerRead } = readOn({
      readSamples: readMs * SAMPLES_PER_MS,
      chunkSamples: chunkMs * SAMPLES_PER_MS,
    });
    assertLessOrEqual(looksPerRead, 1.2, `${chunkMs} ms`);
    for (const { atMs, behindMs } of readings) if (atMs > 3_000) assertLess(behindMs, chunkMs + 2, `${atMs}`);
  }
});

Deno.test("CapturePoll leaves no backlog behind that the queue does not show", () => {
  for (const readSamples of [10 * SAMPLES_PER_MS, 20 * SAMPLES_PER_MS]) {
    const { readings } = readOn({ readSamples, chunkSamples: 10 * SAMPLES_PER_MS, backlogMs: 500 });
    for (const { atMs, behindMs } of readings) if (atMs > 500) assertLess(behindMs, 12, `${atMs}`);
  }
});

Deno.test("CapturePoll catches up with a microphone that stood still", () => {
  const { readings } = readOn({
    readSamples: 20 * SAMPLES_PER_MS,
    chunkSamples: 10 * SAMPLES_PER_MS,
    still: [4_000, 4_600],
  });
  for (const { atMs, behindMs } of readings) if (atMs > 5_000) assertLess(behindMs, 12, `${atMs}`);
});
