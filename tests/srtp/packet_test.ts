import { assertEquals } from "@std/assert";
import { openRtcp, openRtp, rtcpId, rtpId, sealRtcp, sealRtp } from "../../lib/srtp/packet.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));

/** The examples of RFC 7714, sections 16 and 17. The SRTCP packet is that of the subsections of 17. */
const KEYS = { key: hex("000102030405060708090a0b0c0d0e0f"), salt: hex("517569642070726f2071756f") };
const RTP = hex(`
  8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
  69736120 696e2070 61727465 73207472 6573`);
const SRTP = hex(`
  8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f
  42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce`);
const RTCP = hex(`
  81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
  deadbeef deadbeef deadbeef deadbeef deadbeef`);
const SRTCP = hex(`
  81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d
  c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4`);
const INDEX = 0x5d4;

Deno.test("sealRtp() and openRtp() agree with RFC 7714, section 16.1", () => {
  assertEquals(sealRtp(KEYS, RTP, 0), SRTP);
  assertEquals(openRtp(KEYS, SRTP, 0), RTP);
  assertEquals(rtpId(SRTP), { ssrc: 0x5501a0b2, number: 0xf17b });
});

Deno.test("sealRtcp() and openRtcp() agree with RFC 7714, section 17.1", () => {
  assertEquals(sealRtcp(KEYS, RTCP, INDEX), SRTCP);
  assertEquals(openRtcp(KEYS, SRTCP), RTCP);
  assertEquals(rtcpId(SRTCP), { ssrc: 0x4d617273, number: INDEX });
});

Deno.test("openRtp() and openRtcp() refuse a packet with any bit changed", () => {
  for (
    const [packet, open] of [
      [SRTP, (changed: Uint8Array) => openRtp(KEYS, changed, 0)],
      // Without the E flag, the packet is not SRTCP.
      [SRTCP, (changed: Uint8Array) => rtcpId(changed) && openRtcp(KEYS, changed)],
    ] as const
  ) {
    for (let bit = 0; bit < 8 * packet.length; bit++) {
      const changed = packet.slice();
      changed[bit >> 3]! ^= 0x80 >> (bit & 7);
      assertEquals(open(changed), undefined, `bit ${bit}`);
    }
  }
});

Deno.test("openRtp() needs the right rollover counter", () => {
  assertEquals(openRtp(KEYS, SRTP, 1), undefined);
  assertEquals(openRtp(KEYS, sealRtp(KEYS, RTP, 70_000), 70_000), RTP);
});

Deno.test("sealRtp() leaves contributing sources and header extension in the clear, and authenticates them", () => {
  const head = hex("b142f17b 8041f8d3 5501a0b2 00000007 bede0001 10aa0000");
  head[0] = 0x91; // one source, an extension of one word
  const packet = new Uint8Array([...head, 1, 2, 3]);
  const sealed = sealRtp(KEYS, packet, 3);
  assertEquals(sealed.subarray(0, head.length), head);
  assertEquals(openRtp(KEYS, sealed, 3), packet);
  for (let place = 0; place < head.length; place++) {
    const changed = sealed.slice();
    changed[place]! ^= 1;
    assertEquals(openRtp(KEYS, changed, 3), undefined, `byte ${place}`);
  }
});

Deno.test("rtpId() and rtcpId() refuse packets that are too short or not encrypted", () => {
  for (let length = 0; length < 28; length++) {
    assertEquals(rtpId(SRTP.subarray(0, length)), undefined);
    assertEquals(rtcpId(SRTCP.subarray(SRTCP.length - length)), undefined);
  }
  const clear = SRTCP.slice();
  clear[clear.length - 4] = 0;
  assertEquals(rtcpId(clear), undefined);
});

Deno.test("openRtp() refuses a header that is longer than the packet", () => {
  for (const first of [0x8f, 0x90, 0x9f]) {
    const packet = new Uint8Array(28).fill(0xff);
    packet[0] = first;
    assertEquals(openRtp(KEYS, packet, 0), undefined);
  }
});
