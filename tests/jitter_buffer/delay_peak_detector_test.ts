import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { assertEquals } from "@std/assert";
import { DelayPeakDetector } from "../../lib/jitter_buffer/delay_peak_detector.ts";

const SECOND = 1000 * SAMPLES_PER_MS;

/** Those of a stream that has begun. */
function begun(): DelayPeakDetector {
  const peaks = new DelayPeakDetector();
  begin(peaks);
  return peaks;
}

function begin(peaks: DelayPeakDetector): void {
  for (let packet = 0; packet < 150; packet++) peaks.watch(0, 10 * SAMPLES_PER_MS, 0);
}

/** The height expected after peaks of 60, 61, … ms at some times, in seconds, at the time of the last number. */
function expected(...times: number[]): number {
  const peaks = begun();
  times.forEach((time, index) => {
    const last = index === times.length - 1;
    peaks.watch(last ? 0 : (60 + index) * SAMPLES_PER_MS, 10 * SAMPLES_PER_MS, time * SECOND);
  });
  return peaks.height / SAMPLES_PER_MS;
}

Deno.test("DelayPeakDetector expects peaks again for some seconds when there was more than one", () => {
  assertEquals(expected(1, 2), -Infinity, "only one");
  assertEquals(expected(1, 4, 5), 61);
  assertEquals(expected(1, 4, 9), 61);
  assertEquals(expected(1, 9.6, 10), -Infinity, "too far apart");
  assertEquals(expected(1, 4, 12), 61, "the next one is still expected");
  assertEquals(expected(1, 4, 12.6), -Infinity, "and then no more");
  assertEquals(expected(1, 4, 12, 16, 20), 63, "recurring");
  assertEquals(expected(1, 4, 13, 14), -Infinity, "no longer recurring");
  assertEquals(expected(1, 1.2, 1.3, 3), -Infinity, "all one peak");
  assertEquals(expected(1, 1.2, 1.3, 2, 3), 63, "two, the first as high as its highest");
});

Deno.test("DelayPeakDetector waits for no peak that came once, however high", () => {
  const peaks = begun();
  peaks.watch(300 * SAMPLES_PER_MS, 0, SECOND);
  assertEquals(peaks.height, -Infinity);
});

Deno.test("DelayPeakDetector forgets the height of a peak after 16 s", () => {
  const peaks = begun();
  for (const [height, time] of [[150, 1], [60, 8], [70, 16]] as const) {
    peaks.watch(height * SAMPLES_PER_MS, 10 * SAMPLES_PER_MS, time * SECOND);
  }
  assertEquals(peaks.height, 150 * SAMPLES_PER_MS);
  peaks.watch(0, 10 * SAMPLES_PER_MS, 17.1 * SECOND);
  assertEquals(peaks.height, 70 * SAMPLES_PER_MS);
});

Deno.test("DelayPeakDetector ignores packets that are hardly late", () => {
  const peaks = begun();
  for (let time = 0; time < 10; time++) {
    peaks.watch(49 * SAMPLES_PER_MS, 10 * SAMPLES_PER_MS, time * SECOND);
  }
  assertEquals(peaks.height, -Infinity);
  for (const time of [11, 12]) peaks.watch(51 * SAMPLES_PER_MS, 10 * SAMPLES_PER_MS, time * SECOND);
  assertEquals(peaks.height, 51 * SAMPLES_PER_MS);
});

Deno.test("DelayPeakDetector forgets at reset()", () => {
  const peaks = begun();
  for (const time of [1, 4]) peaks.watch(100 * SAMPLES_PER_MS, 0, time * SECOND);
  assertEquals(peaks.height, 100 * SAMPLES_PER_MS);
  peaks.reset();
  assertEquals(peaks.height, -Infinity);
});

Deno.test("DelayPeakDetector ignores the beginning of a stream", () => {
  const peaks = new DelayPeakDetector();
  for (let packet = 0; packet < 150; packet++) {
    peaks.watch(200 * SAMPLES_PER_MS, 10 * SAMPLES_PER_MS, packet / 50 * SECOND);
  }
  assertEquals(peaks.height, -Infinity);
  for (const time of [4, 5]) peaks.watch(200 * SAMPLES_PER_MS, 10 * SAMPLES_PER_MS, time * SECOND);
  assertEquals(peaks.height, 200 * SAMPLES_PER_MS);
  peaks.reset();
  begin(peaks);
  assertEquals(peaks.height, -Infinity);
});
