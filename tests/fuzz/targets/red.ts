/** Packets with redundant frames. */

import { assert, assertEquals } from "@std/assert";
import { encodeRedundant, parseRedundant } from "../../../lib/rtp/red.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const frame = Uint8Array.of(0x78, 1, 2, 3);
const earlier = (timestampOffset: number) => ({ timestampOffset, payload: frame });

/** What was read is written again as the same bytes, and no byte is read twice, or left out but for blocks that are not Opus. */
export const redundancy: FuzzTarget = {
  name: "red",
  seeds: [[], [earlier(960)], [earlier(1920), earlier(960)]].map((redundant) =>
    encodeRedundant({ redundant, payload: frame })
  ),
  maxBytes: 1500,
  run(input) {
    const parsed = parseRedundant(input);
    if (!parsed) return { events: 1, came: "none" };
    const again = encodeRedundant(parsed);
    assertEquals(parseRedundant(again)!.redundant.length, parsed.redundant.length);
    let left = -4 * parsed.redundant.length;
    for (let header = 0; input[header]! >= 0x80; header += 4) left += 4;
    assert(left > 0 || again.length === input.length);
    const headers = 4 * parsed.redundant.length + 1;
    assert(again.subarray(0, headers).every((byte, index) => byte === input[left + index]));
    const rest = again.subarray(headers);
    assert(rest.every((byte, index) => byte === input[input.length - rest.length + index]));
    return { events: 1, came: `${parsed.redundant.length} ${parsed.payload.length === 0}` };
  },
};
