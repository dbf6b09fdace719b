import { assert, assertEquals } from "@std/assert";
import { encodeRtp, isRtcp, isRtpOrRtcp, parseRtp } from "../../lib/rtp/rtp.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const PACKET = {
  payloadType: 111,
  marker: true,
  sequenceNumber: 0x1234,
  timestamp: 0x89abcdef,
  ssrc: 0xdeadbeef,
  payload: Uint8Array.of(1, 2, 3),
};
const BYTES = hex("80 ef 1234 89abcdef deadbeef 010203");

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}

Deno.test("encodeRtp() has the layout of RFC 3550", () => {
  assertEquals(encodeRtp(PACKET), BYTES);
  assertEquals(encodeRtp({ ...PACKET, marker: false })[1], 111);
});

const ROWS: [name: string, bytes: string, payload: string | undefined][] = [
  ["plain", "80 ef 1234 89abcdef deadbeef 010203", "010203"],
  ["empty payload", "80 ef 1234 89abcdef deadbeef", ""],
  ["one contributing source", "81 ef 1234 89abcdef deadbeef 00000001 010203", "010203"],
  ["fifteen contributing sources, cut off", "8f ef 1234 89abcdef deadbeef 00000001", undefined],
  ["extension of one word", "90 ef 1234 89abcdef deadbeef bede 0001 11223344 010203", "010203"],
  ["empty extension", "90 ef 1234 89abcdef deadbeef bede 0000 010203", "010203"],
  ["extension cut off in its header", "90 ef 1234 89abcdef deadbeef bede", undefined],
  ["extension longer than the packet", "90 ef 1234 89abcdef deadbeef bede ffff 010203", undefined],
  ["padding", "a0 ef 1234 89abcdef deadbeef 010203 000003", "010203"],
  ["padding of nothing", "a0 ef 1234 89abcdef deadbeef 010200", undefined],
  ["padding over the header", "a0 ef 1234 89abcdef deadbeef 010210", undefined],
  ["padding that is all", "a0 ef 1234 89abcdef deadbeef 000003", ""],
  ["too short", "80 ef 1234 89abcdef deadbe", undefined],
  ["nothing", "", undefined],
  ["version 1", "40 ef 1234 89abcdef deadbeef 010203", undefined],
];

for (const [name, bytes, payload] of ROWS) {
  Deno.test(`parseRtp(): ${name}`, () => {
    const packet = parseRtp(hex(bytes));
    assertEquals(packet?.payload.toHex(), payload);
    if (packet) assertEquals({ ...packet, payload: PACKET.payload }, PACKET);
  });
}

Deno.test("parseRtp() never throws, whatever the bytes", () => {
  const random = seededRandom(1);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: random() * 40 }, () => random() * 256);
    if (bytes.length > 0) bytes[0] = 0x80 | bytes[0]! & 0x3f;
    const packet = parseRtp(bytes);
    if (packet) assert(packet.payload.length <= bytes.length - 12);
  }
});

Deno.test("isRtpOrRtcp() and isRtcp() classify datagrams as RFC 5761 does", () => {
  assert(!isRtpOrRtcp(new TextEncoder().encode('{"tipo":"ping"}')));
  assert(isRtpOrRtcp(BYTES));
  assert(!isRtcp(BYTES));
  assert(isRtcp(hex("80 c8 0006")));
  assert(isRtcp(hex("80 c9 0001")));
});
