import { assert, assertEquals } from "@std/assert";
import { CallTone, type ToneKind } from "../../lib/dsp/call_tones.ts";
import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";

function samples(kind: ToneKind, ms: number, tone = new CallTone(kind)): Int16Array {
  const all = new Int16Array(ms * SAMPLES_PER_MS);
  // In pieces as a loudspeaker asks for them.
  for (let at = 0; at < all.length; at += 700) tone.fill(all.subarray(at, at + 700));
  return all;
}

/** Frequency by the zero crossings of a part. */
function hz(part: Int16Array): number {
  let crossings = 0;
  for (let index = 1; index < part.length; index++) {
    if (part[index - 1]! < 0 !== part[index]! < 0) crossings++;
  }
  return crossings / 2 / (part.length / 48_000);
}

const at = (all: Int16Array, fromMs: number, toMs: number): Int16Array =>
  all.subarray(fromMs * SAMPLES_PER_MS, toMs * SAMPLES_PER_MS);

const isSilent = (part: Int16Array): boolean => part.every((sample) => sample === 0);

for (
  const [kind, onMs, offMs, frequency] of [
    ["ringback", 1000, 4000, 425],
    ["busy", 250, 250, 425],
  ] as const
) {
  Deno.test(`CallTone ${kind} is ${frequency} Hz in Brazil's cadence`, () => {
    const all = samples(kind, 2 * (onMs + offMs));
    for (const start of [0, onMs + offMs]) {
      assert(Math.abs(hz(at(all, start + 10, start + onMs - 10)) - frequency) < 8);
      assert(isSilent(at(all, start + onMs, start + onMs + offMs)));
    }
  });
}

Deno.test("CallTone ring is loud, takes turns between two tones, and clips never", () => {
  const all = samples("ring", 5000);
  assert(Math.abs(hz(at(all, 5, 45)) - 660) < 30);
  assert(Math.abs(hz(at(all, 55, 95)) - 880) < 30);
  assert(isSilent(at(all, 1000, 5000)));
  const peak = all.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  assert(peak > 8000 && peak < 16_000, String(peak));
});

Deno.test("CallTone begins and ends without a click", () => {
  const tone = new CallTone("ring");
  const before = samples("ring", 20, tone);
  tone.end();
  const all = [...before, ...samples("ring", 100, tone)];
  assertEquals(all[0], 0);
  assert(all.slice(25 * SAMPLES_PER_MS).every((sample) => sample === 0));
  for (let index = 1; index < all.length; index++) assert(Math.abs(all[index]! - all[index - 1]!) < 1400);
});
