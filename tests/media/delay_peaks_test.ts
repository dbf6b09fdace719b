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

Deno.test("DelayPeaks expects what has come twice within some seconds, for some seconds", () => {
  assertEquals(expected(1), -Infinity);
  assertEquals(expected(1, 2), -Infinity, "once is no habit");
  assertEquals(expected(1, 4, 5), 101);
  assertEquals(expected(1, 4, 11.9), 101);
  assertEquals(expected(1, 4, 12.1), -Infinity, "a habit that ended");
  assertEquals(expected(1, 10, 11), -Infinity, "too far apart");
  assertEquals(expected(1, 1.3, 1.6, 3), -Infinity, "all one peak");
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
