import { assertEquals } from "@std/assert";
import { SequenceExtender } from "../../lib/media/sequence.ts";

Deno.test("SequenceExtender goes on past 65535", () => {
  const sequence = new SequenceExtender();
  assertEquals([65534, 65535, 0, 1].map((number) => sequence.extend(number)), [
    131070,
    131071,
    131072,
    131073,
  ]);
});

Deno.test("SequenceExtender takes late numbers for what they are, also over the wrap", () => {
  const sequence = new SequenceExtender();
  assertEquals([0, 65535, 2, 1, 65535].map((number) => sequence.extend(number)), [
    65536,
    65535,
    65538,
    65537,
    65535,
  ]);
});
