/** The codec itself, which takes what strangers send: any bytes as a packet. */

import { assert } from "@std/assert";
import { FRAME_SAMPLES, openDecoder, openEncoder } from "../../../lib/codec/opus.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** The longest packet, 120 ms. */
const LONGEST_PACKET = 5_760;

async function packets(): Promise<Uint8Array[]> {
  using encoder = await openEncoder();
  const said = Int16Array.from(
    { length: FRAME_SAMPLES },
    (_, index) => 9_000 * Math.sin(index * index / 900),
  );
  const clear = encoder.encode(said).slice();
  await encoder.expectLoss(0.2);
  return [clear, ...[1, 2, 3].map(() => encoder.encode(said).slice())];
}

// One for all inputs, since opening one takes longer than decoding a packet.
const decoder = await openDecoder();

/** Each input is a packet: it is decoded, the frame before it recovered, and the gap behind it concealed. */
export const opus: FuzzTarget = {
  name: "opus",
  seeds: [
    ...await packets(),
    Uint8Array.of(0x78),
    Uint8Array.of(0x7b, 0x03, 1, 2, 3),
    Uint8Array.of(0xff, 0x81, 0),
  ],
  maxBytes: 1300,
  run(input) {
    const samples = decoder.decode(input);
    assert(samples === undefined || samples.length > 0 && samples.length <= LONGEST_PACKET);
    const gap = 1 + (input[0] ?? 0) * 8;
    const recovered = decoder.recover(input, gap);
    assert(recovered === undefined || recovered.length <= gap);
    const concealed = input.length % 8 === 0 ? decoder.conceal(gap) : undefined;
    assert(concealed === undefined || concealed.length <= gap);
    return { events: 1, came: `${samples?.length} ${decoder.carriesCopy(input)} ${recovered !== undefined}` };
  },
};
