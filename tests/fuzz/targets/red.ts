/** Packets with copies of earlier frames. */

import { assert, assertEquals } from "@std/assert";
import { encodeRedundant, parseRedundant } from "../../../lib/rtp/red.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const frame = Uint8Array.of(0x78, 1, 2, 3);
const copy = (earlierSamples: number) => ({ earlierSamples, payload: frame });

/** What was read is written again as the same bytes, and no byte is read twice or left out. */
export const redundancy: FuzzTarget = {
  name: "red",
  seeds: [[], [copy(960)], [copy(1920), copy(960)]].map((copies) =>
    encodeRedundant({ copies, payload: frame })
  ),
  maxBytes: 1500,
  run(input) {
    const parsed = parseRedundant(input);
    if (!parsed) return { events: 1, came: "none" };
    const again = encodeRedundant(parsed);
    assert(again.length === input.length);
    assertEquals(parseRedundant(again)!.copies.length, parsed.copies.length);
    assert(again.every((byte, index) => byte === input[index]));
    return { events: 1, came: `${parsed.copies.length} ${parsed.payload.length === 0}` };
  },
};
