/** Numbers that wrap, made into ones that do not. */

import { assert, assertEquals } from "@std/assert";
import { SequenceUnwrapper } from "../../../lib/rtp/sequence_unwrapper.ts";
import { ByteReader } from "../byte_reader.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** The first byte says how wide the numbers are, each further two or four are a number. */
export const sequence: FuzzTarget = {
  name: "sequence_unwrapper",
  seeds: [
    Uint8Array.of(0, 0xff, 0xfe, 0xff, 0xff, 0, 0, 0, 1),
    Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 0, 0, 3, 0xc0, 0x80, 0, 0, 0),
    Uint8Array.of(0, 0, 0, 0x80, 0, 0x7f, 0xff, 0, 1),
  ],
  maxBytes: 400,
  run(input) {
    const reader = new ByteReader(input);
    const bytes = reader.byte() % 2 === 0 ? 2 : 4;
    const lap = 2 ** (8 * bytes);
    const extender = new SequenceUnwrapper(bytes === 2 ? 16 : 32);
    let newest = -Infinity;
    let events = 0;
    while (!reader.ended) {
      const number = reader.uint(bytes);
      const extended = extender.extend(number);
      assertEquals(extended % lap, number, "the same number in its lap");
      assert(Number.isSafeInteger(extended) && extended > 0);
      if (newest > -Infinity) assert(Math.abs(extended - newest) <= lap / 2, "the nearest one");
      newest = Math.max(newest, extended);
      events++;
    }
    return { events, came: `${bytes} ${Math.floor(newest / lap)}` };
  },
};
