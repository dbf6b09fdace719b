import { assertAlmostEquals, assertEquals } from "@std/assert";
import { convolution } from "../../../testing/audio/convolution.ts";
import { noise } from "../../../testing/audio/signals.ts";

Deno.test("convolution() is the sum that defines it, then zeros", () => {
  for (const [lengthA, lengthB] of [[1, 1], [3, 20], [100, 29]] as const) {
    const [a, b] = [noise(lengthA, 1), noise(lengthB, 2)];
    const result = convolution(a, b);
    result.forEach((value, n) => {
      const expected = a.reduce((sum, factor, k) => sum + factor * (b[n - k] ?? 0), 0);
      assertAlmostEquals(value, expected, 1e-12);
    });
    assertEquals(Math.log2(result.length) % 1, 0);
  }
});
