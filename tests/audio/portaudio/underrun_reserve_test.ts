import { SAMPLES_PER_MS } from "../../../lib/dsp/pcm.ts";
import { assertEquals } from "@std/assert";
import { UnderrunReserve } from "../../../audio/portaudio/underrun_reserve.ts";

const LEAST = 16 * SAMPLES_PER_MS;

/** Writes seconds of sound in frames of 20 ms. */
function play(reserve: UnderrunReserve, seconds: number): void {
  for (let count = 0; count < 50 * seconds; count++) reserve.wrote(20 * SAMPLES_PER_MS);
}

/** A reserve after its startup. */
function started(): UnderrunReserve {
  const reserve = new UnderrunReserve(LEAST);
  play(reserve, 3);
  return reserve;
}

Deno.test("UnderrunReserve grows by 8 ms at each repeated underrun, up to 32 ms more", () => {
  const reserve = started();
  const reserves = Array.from({ length: 7 }, () => {
    reserve.underrun();
    return reserve.samples / SAMPLES_PER_MS;
  });
  assertEquals(reserves, [16, 24, 32, 40, 48, 48, 48]);
});

Deno.test("UnderrunReserve stays as it is at one underrun in 5 s", () => {
  const reserve = started();
  for (let count = 0; count < 3; count++) {
    reserve.underrun();
    play(reserve, 5.1);
  }
  assertEquals(reserve.samples, LEAST);
  reserve.underrun();
  play(reserve, 4.9);
  reserve.underrun();
  assertEquals(reserve.samples / SAMPLES_PER_MS, 24);
});

Deno.test("UnderrunReserve shrinks by 1 ms per 6 s without underrun, down to the least", () => {
  const reserve = started();
  for (let count = 0; count < 2; count++) reserve.underrun();
  play(reserve, 5.9);
  assertEquals(reserve.samples / SAMPLES_PER_MS, 24);
  play(reserve, 0.1);
  assertEquals(reserve.samples / SAMPLES_PER_MS, 23);
  play(reserve, 7 * 6);
  assertEquals(reserve.samples, LEAST);
  play(reserve, 60);
  assertEquals(reserve.samples, LEAST);
});

Deno.test("UnderrunReserve counts the 6 s from the last underrun", () => {
  const reserve = started();
  for (let count = 0; count < 5; count++) {
    reserve.underrun();
    play(reserve, 4);
  }
  assertEquals(reserve.samples / SAMPLES_PER_MS, 48);
});

Deno.test("UnderrunReserve ignores underruns in the first 3 s, the startup", () => {
  const reserve = new UnderrunReserve(LEAST);
  reserve.underrun();
  play(reserve, 2.9);
  reserve.underrun();
  assertEquals(reserve.samples, LEAST);
  play(reserve, 0.1);
  reserve.underrun();
  assertEquals(reserve.samples, LEAST);
  reserve.underrun();
  assertEquals(reserve.samples / SAMPLES_PER_MS, 24);
});
