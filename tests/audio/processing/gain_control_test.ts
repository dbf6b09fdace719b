import { assert } from "@std/assert";
import { GainControl } from "../../../audio/processing/gain_control.ts";
import { noise } from "../../../testing/audio/signals.ts";

/** Sends noise through a gain control, its level in dBFS given by time in seconds. @returns The output's peak. */
function play(
  control: GainControl,
  seconds: number,
  level: (second: number) => number,
  nearEnd = true,
): number {
  let highest = 0;
  for (let start = 0; start < seconds * 100; start++) {
    const peak = 32_768 * Math.sqrt(3) * 10 ** (level(start / 100) / 20);
    const block = Float64Array.from(noise(480, start + 1, peak));
    control.process(block, nearEnd);
    for (const sample of block) highest = Math.max(highest, Math.abs(sample));
  }
  return highest;
}

/** Level of made-up words: 0.5 s on, 0.25 s off. */
const words = (speechDb: number) => (second: number) => second % 0.75 < 0.5 ? speechDb : -75;

Deno.test("GainControl keeps its gain during residual echo", () => {
  const control = new GainControl();
  play(control, 3, words(-40), false);
  assert(control.gainDb === 0, `${control.gainDb} dB`);
});

Deno.test("GainControl keeps its gain in a pause", () => {
  const control = new GainControl();
  play(control, 3, words(-40));
  const before = control.gainDb;
  assert(Math.abs(before - 20) < 2, `${before} dB`);
  play(control, 5, () => -75);
  assert(Math.abs(control.gainDb - before) < 0.5, `${before} dB before, ${control.gainDb} dB after`);
});

Deno.test("GainControl limits a shout after a whisper", () => {
  const control = new GainControl();
  play(control, 3, words(-45));
  const highest = play(control, 1, () => -8);
  assert(highest < 32_768 * 0.9, `${highest}`);
});
