import { assert, assertEquals } from "@std/assert";
import { concat } from "../../lib/offline_std/concat.ts";

Deno.test("concat() joins byte arrays in order", () => {
  const rows: { buffers: number[][]; expected: number[] }[] = [
    { buffers: [], expected: [] },
    { buffers: [[]], expected: [] },
    { buffers: [[1, 2]], expected: [1, 2] },
    { buffers: [[1, 2], [], [3], [255, 0]], expected: [1, 2, 3, 255, 0] },
  ];
  for (const { buffers, expected } of rows) {
    assertEquals(concat(buffers.map((bytes) => Uint8Array.from(bytes))), Uint8Array.from(expected));
  }
});

Deno.test("concat() copies, also a single array and a part of a buffer", () => {
  const whole = Uint8Array.of(1, 2, 3, 4);
  const part = whole.subarray(1, 3);
  const joined = concat([part]);
  whole.fill(9);
  assertEquals(joined, Uint8Array.of(2, 3));
  assert(joined.buffer !== whole.buffer);
});
