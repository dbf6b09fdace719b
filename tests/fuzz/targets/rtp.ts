/** Packets of voice. */

import { assert, assertEquals } from "@std/assert";
import { encodeRtp, isRtcp, isRtpOrRtcp, parseRtp, RTP_HEADER_BYTES } from "../../../lib/rtp/rtp.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const packet = {
  payloadType: 111,
  marker: true,
  sequenceNumber: 65535,
  timestamp: 2 ** 32 - 960,
  ssrc: 0x12345678,
};
const voice = encodeRtp({ ...packet, payload: Uint8Array.of(0x78, 1, 2, 3) });
/** Two contributing sources, an extension of one word, three bytes of padding. */
const ornate = Uint8Array.from([
  ...[0xb2, 111, 0, 1, 0, 0, 3, 0xc0, 1, 2, 3, 4],
  ...[9, 9, 9, 9, 8, 8, 8, 8],
  ...[0xbe, 0xde, 0, 1, 5, 5, 5, 5],
  ...[0x78, 1, 2, 0, 0, 3],
]);

/** A packet that was read is read again as the same when it is written without its ornaments. */
export const rtp: FuzzTarget = {
  name: "rtp",
  seeds: [voice, ornate, encodeRtp({ ...packet, payload: new Uint8Array(0) })],
  maxBytes: 1500,
  run(input) {
    const parsed = parseRtp(input);
    if (!parsed) return { events: 1, came: `none ${isRtpOrRtcp(input)} ${isRtcp(input)}` };
    assert(isRtpOrRtcp(input));
    assert(parsed.payload.length <= input.length - RTP_HEADER_BYTES);
    const again = parseRtp(encodeRtp(parsed));
    assertEquals(again, { ...parsed, payload: again!.payload });
    assert(again!.payload.length === parsed.payload.length);
    assert(parsed.payload.every((byte, index) => byte === again!.payload[index]));
    return { events: 1, came: `${(input[0] ?? 0) >> 4} ${parsed.payload.length === 0}` };
  },
};
