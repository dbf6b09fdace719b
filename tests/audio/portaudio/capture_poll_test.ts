import { SAMPLES_PER_MS } from "../../../lib/dsp/pcm.ts";
import { assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { CapturePoll } from "../../../audio/portaudio/capture_poll.ts";
import { seededRandom } from "../../../testing/netem/random.ts";

interface Microphone {
  readonly readSamples: number;
  /** Samples per period. */
  readonly periodSamples: number;
  /** Most lateness of a period in milliseconds. */
  readonly jitterMs?: number;
  /** Sound captured before the first poll, in milliseconds. */
  readonly backlogMs?: number;
  /** When the microphone stalls, in milliseconds; afterwards the missing periods arrive at once. */
  readonly stall?: readonly [from: number, to: number];
}

interface Reading {
  readonly atMs: number;
  /** Captured and not read after this read, in milliseconds of sound. */
  readonly backlogMs: number;
}

/**
 * Reads a simulated microphone for 10 s. Its queue shows fewer samples than two reads take, as PulseAudio's plugin for
 * ALSA does. Timers round up to whole milliseconds and fire up to 0.3 ms late.
 */
function readOn({ readSamples, periodSamples, jitterMs = 0, backlogMs = 0, stall = [0, 0] }: Microphone) {
  const random = seededRandom(5);
  const lateness = Array.from({ length: 10_000 }, () => jitterMs * random());
  const captured = (nowMs: number) => {
    const untilMs = nowMs > stall[0] && nowMs < stall[1] ? stall[0] : nowMs;
    let periods = Math.floor(untilMs * SAMPLES_PER_MS / periodSamples);
    while (periods > 0 && periods * periodSamples / SAMPLES_PER_MS + lateness[periods]! > untilMs) periods--;
    return periods * periodSamples + backlogMs * SAMPLES_PER_MS;
  };
  const poll = new CapturePoll(readSamples);
  const readings: Reading[] = [];
  let nowMs = 5;
  let read = 0;
  let queued = 0;
  let polls = 0;
  while (nowMs < 10_000) {
    while (queued < readSamples) {
      const waitMs = poll.waitMs(nowMs, queued);
      if (waitMs > 0) nowMs += Math.ceil(waitMs) + 0.3 * random();
      nowMs += 0.01;
      polls++;
      queued = Math.min(captured(nowMs) - read, 2 * readSamples - 1);
    }
    read += readSamples;
    queued -= readSamples;
    poll.read(nowMs, queued);
    readings.push({ atMs: nowMs, backlogMs: (captured(nowMs) - read) / SAMPLES_PER_MS });
  }
  return { readings, pollsPerRead: polls / readings.length };
}

for (const readMs of [10, 20]) {
  for (const periodMs of [2.5, 5, 10, 20]) {
    Deno.test(`CapturePoll reads frames of ${readMs} ms soon after their periods of ${periodMs} ms, one at a time`, () => {
      const readSamples = readMs * SAMPLES_PER_MS;
      const { readings, pollsPerRead } = readOn({
        readSamples,
        periodSamples: periodMs * SAMPLES_PER_MS,
        jitterMs: 1,
      });
      const settled = readings.filter(({ atMs }) => atMs > 3_000);
      assertGreater(settled.length, 7_000 / readMs - 3);
      for (const [index, { atMs, backlogMs }] of settled.entries()) {
        assertLess(backlogMs, periodMs + 2, `${atMs}`);
        // A period longer than a read gives two frames at once.
        if (periodMs > readMs) continue;
        const sinceMs = index > 0 ? atMs - settled[index - 1]!.atMs : readMs;
        assertGreater(sinceMs, readMs / 2 - 3, `${atMs}`);
      }
      if (periodMs <= readMs) assertLessOrEqual(pollsPerRead, 1.5);
    });
  }
}

Deno.test("CapturePoll polls about once per read when periods and reads differ in length", () => {
  for (const [readMs, periodMs] of [[20, 20.08], [20, 10.04], [20, 19.9], [10, 10.04]] as const) {
    const { readings, pollsPerRead } = readOn({
      readSamples: readMs * SAMPLES_PER_MS,
      periodSamples: periodMs * SAMPLES_PER_MS,
    });
    assertLessOrEqual(pollsPerRead, 1.2, `${periodMs} ms`);
    for (const { atMs, backlogMs } of readings) {
      if (atMs > 3_000) assertLess(backlogMs, periodMs + 2, `${atMs}`);
    }
  }
});

Deno.test("CapturePoll drains a backlog that the queue does not show", () => {
  for (const readSamples of [10 * SAMPLES_PER_MS, 20 * SAMPLES_PER_MS]) {
    const { readings } = readOn({ readSamples, periodSamples: 10 * SAMPLES_PER_MS, backlogMs: 500 });
    for (const { atMs, backlogMs } of readings) if (atMs > 500) assertLess(backlogMs, 12, `${atMs}`);
  }
});

Deno.test("CapturePoll catches up after a stall of the microphone", () => {
  const { readings } = readOn({
    readSamples: 20 * SAMPLES_PER_MS,
    periodSamples: 10 * SAMPLES_PER_MS,
    stall: [4_000, 4_600],
  });
  for (const { atMs, backlogMs } of readings) if (atMs > 5_000) assertLess(backlogMs, 12, `${atMs}`);
});
