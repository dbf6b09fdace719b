import { assertEquals } from "@std/assert";
import { toFloat32, toInt16 } from "../../lib/dsp/pcm.ts";

Deno.test("toInt16() rounds to the nearest and clips", () => {
  const step = 1 / 32_768;
  const rows: [number, number][] = [
    [0, 0],
    [0.4 * step, 0],
    [0.6 * step, 1],
    [-0.6 * step, -1],
    [0.5, 16_384],
    [-1, -32_768],
    [1, 32_767],
    [3, 32_767],
    [-3, -32_768],
    [Infinity, 32_767],
    [NaN, 0],
  ];
  const output = new Int16Array(rows.length);
  toInt16(Float32Array.from(rows, ([input]) => input), output);
  assertEquals([...output], rows.map(([, expected]) => expected));
});

Deno.test("toInt16() inverts toFloat32() for every 16-bit sample", () => {
  const all = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
  const back = new Int16Array(all.length);
  toInt16(toFloat32(all), back);
  assertEquals(back.findIndex((sample, i) => sample !== all[i]), -1);
});
