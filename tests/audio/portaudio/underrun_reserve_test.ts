import { SAMPLES_PER_MS } from "../../../lib/dsp/pcm.ts";
import { assertEquals } from "@std/assert";
import { UnderrunReserve } from "../../../audio/portaudio/underrun_reserve.ts";

const LEAST = 16 * SAMPLES_PER_MS;

/** A queue takes so many seconds of sound, a frame at a time. */
function take(reserve: UnderrunReserve, seconds: number): void {
  for (let count = 0; count < 50 * seconds; count++) reserve.took(20 * SAMPLES_PER_MS);
}

/** One that is past its start. */
function started(): UnderrunReserve {
  const reserve = new UnderrunReserve(LEAST);
  take(reserve, 3);
  return reserve;
}

Deno.test("a reserve grows each time that its queue ran dry again, up to a limit", () => {
  const reserve = started();
  const reserves = Array.from({ length: 7 }, () => {
    reserve.ranDry();
    return reserve.samples / SAMPLES_PER_MS;
  });
  assertEquals(reserves, [16, 24, 32, 40, 48, 48, 48]);
});

Deno.test("a reserve takes it for an accident when its queue ran dry once in 5 s", () => {
  const reserve = started();
  for (let count = 0; count < 3; count++) {
    reserve.ranDry();
    take(reserve, 5.1);
  }
  assertEquals(reserve.samples, LEAST);
  reserve.ranDry();
  take(reserve, 4.9);
  reserve.ranDry();
  assertEquals(reserve.samples / SAMPLES_PER_MS, 24);
});

Deno.test("a reserve shrinks by a millisecond every 6 s without that, and never below what it was", () => {
  const reserve = started();
  for (let count = 0; count < 2; count++) reserve.ranDry();
  take(reserve, 5.9);
  assertEquals(reserve.samples / SAMPLES_PER_MS, 24);
  take(reserve, 0.1);
  assertEquals(reserve.samples / SAMPLES_PER_MS, 23);
  take(reserve, 7 * 6);
  assertEquals(reserve.samples, LEAST);
  take(reserve, 60);
  assertEquals(reserve.samples, LEAST);
});

Deno.test("each time that it ran dry, the 6 s begin anew", () => {
  const reserve = started();
  for (let count = 0; count < 5; count++) {
    reserve.ranDry();
    take(reserve, 4);
  }
  assertEquals(reserve.samples / SAMPLES_PER_MS, 48);
});

Deno.test("a reserve takes no notice of the first 3 s, in which devices start", () => {
  const reserve = new UnderrunReserve(LEAST);
  reserve.ranDry();
  take(reserve, 2.9);
  reserve.ranDry();
  assertEquals(reserve.samples, LEAST);
  take(reserve, 0.1);
  reserve.ranDry();
  assertEquals(reserve.samples, LEAST);
  reserve.ranDry();
  assertEquals(reserve.samples / SAMPLES_PER_MS, 24);
});
