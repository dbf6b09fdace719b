import { assertEquals } from "@std/assert";
import { DelayPeaks } from "../../lib/media/delay_peaks.ts";

const MS = 48;
const SECOND = 1000 * MS;

/** What is expected after peaks of 100, 101, … ms at some times, in seconds, at the time of the last number. */
function expected(...times: number[]): number {
  const peaks = new DelayPeaks();
  times.forEach((time, index) => {
    const last = index === times.length - 1;
    peaks.watch(last ? 0 : (100 + index) * MS, 10 * MS, time * SECOND);
  });
  return peaks.height / MS;
}

Deno.test("DelayPeaks expects a peak again for some seconds, and longer when it came again", () => {
  assertEquals(expected(1, 2), 100);
  assertEquals(expected(1, 5.4), 100);
  assertEquals(expected(1, 5.6), -Infinity, "it was the only one");
  assertEquals(expected(1, 4, 5), 101);
  assertEquals(expected(1, 4, 9), 101);
  assertEquals(expected(1, 4, 9.6), -Infinity, "of two only one is left");
  assertEquals(expected(1, 4, 7, 12), 102, "a habit");
  assertEquals(expected(1, 1.3, 1.6, 3), 102, "all one peak, as high as its highest");
  assertEquals(expected(1, 1.3, 1.6, 5.6), -Infinity, "all one peak");
});

Deno.test("DelayPeaks expects the highest peak of late", () => {
  const peaks = new DelayPeaks();
  for (const [height, time] of [[150, 1], [60, 3], [70, 5]] as const) {
    peaks.watch(height * MS, 10 * MS, time * SECOND);
  }
  assertEquals(peaks.height, 150 * MS);
  peaks.watch(80 * MS, 10 * MS, 10 * SECOND);
  assertEquals(peaks.height, 80 * MS);
});

Deno.test("DelayPeaks takes no notice of packets that are hardly late", () => {
  const peaks = new DelayPeaks();
  for (let time = 0; time < 10; time++) peaks.watch(45 * MS, 10 * MS, time * SECOND);
  assertEquals(peaks.height, -Infinity);
});

Deno.test("DelayPeaks forgets at reset()", () => {
  const peaks = new DelayPeaks();
  for (const time of [1, 4]) peaks.watch(100 * MS, 0, time * SECOND);
  assertEquals(peaks.height, 100 * MS);
  peaks.reset();
  assertEquals(peaks.height, -Infinity);
});
