import { assertEquals } from "@std/assert";
import { SequenceUnwrapper } from "../../lib/rtp/sequence_unwrapper.ts";

Deno.test("SequenceUnwrapper continues past the largest number", () => {
  const sequence = new SequenceUnwrapper(16);
  assertEquals([65534, 65535, 0, 1].map((number) => sequence.extend(number)), [
    131070,
    131071,
    131072,
    131073,
  ]);
  const timestamp = new SequenceUnwrapper(32);
  const cycle = 2 ** 32;
  assertEquals([cycle - 960, 0, 960].map((number) => timestamp.extend(number) - cycle), [
    cycle - 960,
    cycle,
    cycle + 960,
  ]);
});

Deno.test("SequenceUnwrapper recognises late numbers, also across the wrap", () => {
  const sequence = new SequenceUnwrapper(16);
  const extended = [0, 65535, 2, 1, 65535].map((number) => sequence.extend(number));
  assertEquals(extended, [65536, 65535, 65538, 65537, 65535]);
});
