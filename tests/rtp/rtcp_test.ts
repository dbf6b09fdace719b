import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  encodeCompound,
  middle32,
  ntpFromUnixMs,
  parseCompound,
  type ReceiverReport,
  type ReportBlock,
  type SenderReport,
} from "../../lib/rtp/rtcp.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const BLOCK: ReportBlock = {
  ssrc: 0xcafebabe,
  fractionLost: 0x40,
  cumulativeLost: 0x000102,
  highestSequence: 0x00011234,
  jitter: 0x60,
  lastSenderReport: 0x89abcdef,
  delaySinceLastSenderReport: 0x00018000,
};
const BLOCK_HEX = "cafebabe 40000102 00011234 00000060 89abcdef 00018000";

const SENDER_REPORT: SenderReport = {
  kind: "sender_report",
  ssrc: 0xdeadbeef,
  ntpTimestamp: 0xe1234567_89abcdefn,
  rtpTimestamp: 0xfffffff0,
  packetCount: 500,
  octetCount: 60_000,
  blocks: [BLOCK],
};
const SENDER_REPORT_HEX = `81c8000c deadbeef e1234567 89abcdef fffffff0 000001f4 0000ea60 ${BLOCK_HEX}`;

const RECEIVER_REPORT: ReceiverReport = { kind: "receiver_report", ssrc: 0xdeadbeef, blocks: [] };
const RECEIVER_REPORT_HEX = "80c90001 deadbeef";

const NAME = { kind: "source_description", ssrc: 0xdeadbeef, cname: "ana" } as const;
// The item "ana" has 5 bytes with its header, so 3 zero bytes end the chunk.
const NAME_HEX = "81ca0003 deadbeef 0103616e 61000000";

const APPLICATION = {
  kind: "application",
  ssrc: 0xdeadbeef,
  name: "SALA",
  data: Uint8Array.of(63, 2, 0, 0),
} as const;
const APPLICATION_HEX = "80cc0003 deadbeef 53414c41 3f020000";

const BYE = { kind: "bye", ssrcs: [0xdeadbeef] } as const;
const BYE_HEX = "81cb0001 deadbeef";

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}

Deno.test("encodeCompound() has the layout of RFC 3550", () => {
  assertEquals(
    encodeCompound([SENDER_REPORT, NAME, BYE]),
    hex(SENDER_REPORT_HEX + NAME_HEX + BYE_HEX),
  );
  assertEquals(encodeCompound([RECEIVER_REPORT]), hex(RECEIVER_REPORT_HEX));
  assertEquals(encodeCompound([RECEIVER_REPORT, APPLICATION]), hex(RECEIVER_REPORT_HEX + APPLICATION_HEX));
});

Deno.test("encodeCompound() ends a CNAME with one to four zero bytes", () => {
  for (const cname of ["", "a", "ab", "abc", "abcd", "ação"]) {
    const bytes = encodeCompound([RECEIVER_REPORT, { ...NAME, cname }]);
    assertEquals(bytes.length % 4, 0);
    assertEquals(bytes.at(-1), 0);
    assertEquals(parseCompound(bytes), [RECEIVER_REPORT, { ...NAME, cname }]);
  }
});

Deno.test("encodeCompound() throws for counts and names that do not fit", () => {
  assertThrows(() => encodeCompound([{ ...RECEIVER_REPORT, blocks: Array(32).fill(BLOCK) }]), RangeError);
  assertThrows(() => encodeCompound([RECEIVER_REPORT, { ...NAME, cname: "a".repeat(256) }]), RangeError);
});

Deno.test("encodeCompound() encodes a negative cumulative loss", () => {
  const report = { ...RECEIVER_REPORT, blocks: [{ ...BLOCK, cumulativeLost: -2, fractionLost: 255 }] };
  assertEquals(parseCompound(encodeCompound([report])), [report]);
});

const GOOD: [name: string, bytes: string, packets: ReturnType<typeof parseCompound>][] = [
  ["sender report", SENDER_REPORT_HEX, [SENDER_REPORT]],
  ["receiver report without a block", RECEIVER_REPORT_HEX, [RECEIVER_REPORT]],
  ["receiver report with a block", `81c90007 deadbeef ${BLOCK_HEX}`, [{
    ...RECEIVER_REPORT,
    blocks: [BLOCK],
  }]],
  ["two blocks", `82c9000d deadbeef ${BLOCK_HEX + BLOCK_HEX}`, [{
    ...RECEIVER_REPORT,
    blocks: [BLOCK, BLOCK],
  }]],
  ["report, name, goodbye", SENDER_REPORT_HEX + NAME_HEX + BYE_HEX, [SENDER_REPORT, NAME, BYE]],
  ["report with an extension", "80c90002 deadbeef 01020304", [RECEIVER_REPORT]],
  ["unknown type between", `${RECEIVER_REPORT_HEX} 81cd0002 deadbeef 01020304 ${BYE_HEX}`, [
    RECEIVER_REPORT,
    BYE,
  ]],
  ["application", `${RECEIVER_REPORT_HEX} ${APPLICATION_HEX}`, [RECEIVER_REPORT, APPLICATION]],
  ["padding in the last", `${RECEIVER_REPORT_HEX} a1cb0002 deadbeef 00000004`, [RECEIVER_REPORT, BYE]],
  ["goodbye with a reason", `${RECEIVER_REPORT_HEX} 81cb0002 deadbeef 03627965`, [RECEIVER_REPORT, BYE]],
  ["goodbye of nobody", `${RECEIVER_REPORT_HEX} 80cb0000`, [RECEIVER_REPORT, { ...BYE, ssrcs: [] }]],
  ["no chunk", `${RECEIVER_REPORT_HEX} 80ca0000`, [RECEIVER_REPORT]],
  // NOTE (7) before CNAME.
  ["other items", `${RECEIVER_REPORT_HEX} 81ca0004 deadbeef 07026869 0103616e 61000000`, [
    RECEIVER_REPORT,
    NAME,
  ]],
  [
    "two chunks",
    `${RECEIVER_REPORT_HEX} 82ca0006 deadbeef 0103616e 61000000 cafebabe 0103616e 61000000`,
    [RECEIVER_REPORT, NAME, { ...NAME, ssrc: 0xcafebabe }],
  ],
];

for (const [name, bytes, packets] of GOOD) {
  Deno.test(`parseCompound() accepts: ${name}`, () => {
    assertEquals(parseCompound(hex(bytes)), packets);
  });
}

const BAD: [name: string, bytes: string][] = [
  ["nothing", ""],
  ["half a header", "80c9"],
  ["version 1", "40c90001 deadbeef"],
  ["version 1 in the second", `${RECEIVER_REPORT_HEX} 41cb0001 deadbeef`],
  ["a name first", NAME_HEX],
  ["a goodbye first", BYE_HEX],
  ["voice", "80ef0001 deadbeef"],
  ["padding in the first", "a0c90002 deadbeef 00000004"],
  ["padding in the middle", `${RECEIVER_REPORT_HEX} a1cb0002 deadbeef 00000004 ${BYE_HEX}`],
  ["padding of nothing", `${RECEIVER_REPORT_HEX} a1cb0002 deadbeef 00000000`],
  ["padding of half a word", `${RECEIVER_REPORT_HEX} a1cb0002 deadbeef 00000002`],
  ["padding over the header", `${RECEIVER_REPORT_HEX} a1cb0002 deadbeef 0000000c`],
  ["padding that covers the counted blocks", `${RECEIVER_REPORT_HEX} a1cb0001 00000004`],
  ["length beyond the datagram", "80c90002 deadbeef"],
  ["length short of the datagram", `80c90001 deadbeef 00`],
  ["a report without its sender", "80c90000"],
  ["a sender report without sender information", "80c80001 deadbeef"],
  ["a block that is missing", "81c90001 deadbeef"],
  ["a block that is cut off", "81c90006 deadbeef cafebabe 40000102 00011234 00000060 89abcdef"],
  ["an application without a name", `${RECEIVER_REPORT_HEX} 80cc0001 deadbeef`],
  ["31 blocks announced", `9fc90007 deadbeef ${BLOCK_HEX}`],
  ["a chunk that is missing", `${RECEIVER_REPORT_HEX} 81ca0000`],
  ["a chunk without an end", `${RECEIVER_REPORT_HEX} 81ca0002 deadbeef 0102616e`],
  ["an item that is cut off", `${RECEIVER_REPORT_HEX} 81ca0002 deadbeef 01ff616e`],
  ["an item without its length", `${RECEIVER_REPORT_HEX} 81ca0002 deadbeef 01016101`],
  ["goodbyes that are missing", `${RECEIVER_REPORT_HEX} 82cb0001 deadbeef`],
];

for (const [name, bytes] of BAD) {
  Deno.test(`parseCompound() refuses: ${name}`, () => {
    assertEquals(parseCompound(hex(bytes)), undefined);
  });
}

Deno.test("parseCompound() accepts a truncated datagram only at the end of a packet", () => {
  const bytes = encodeCompound([SENDER_REPORT, NAME, BYE]);
  const ends = Array.from({ length: bytes.length + 1 }, (_, length) => length)
    .filter((length) => parseCompound(bytes.subarray(0, length)) !== undefined);
  assertEquals(ends, [52, 68, 76]);
});

Deno.test("parseCompound() accepts a view into a larger buffer", () => {
  const bytes = encodeCompound([SENDER_REPORT, NAME]);
  const larger = new Uint8Array(bytes.length + 7).fill(0xff);
  larger.set(bytes, 3);
  assertEquals(parseCompound(larger.subarray(3, 3 + bytes.length)), [SENDER_REPORT, NAME]);
});

Deno.test("parseCompound() never throws, whatever the bytes", () => {
  const random = seededRandom(2);
  const valid = encodeCompound([SENDER_REPORT, NAME, BYE]);
  let read = 0;
  for (let round = 0; round < 30_000; round++) {
    const bytes = valid.slice(0, 4 * Math.ceil(random() * valid.length / 4));
    for (let changes = random() * 6; changes > 0; changes--) {
      bytes[Math.floor(random() * bytes.length)] = random() * 256;
    }
    const packets = parseCompound(bytes);
    if (!packets) continue;
    read++;
    assert(packets[0]!.kind === "sender_report" || packets[0]!.kind === "receiver_report");
    for (const packet of packets) {
      if ("blocks" in packet) assert(24 * packet.blocks.length < bytes.length);
    }
  }
  assert(read > 1000, `only ${read} of the datagrams got past the first checks`);
});

Deno.test("ntpFromUnixMs() counts from 1900, and wraps in 2036", () => {
  assertEquals(ntpFromUnixMs(0), 2_208_988_800n << 32n);
  assertEquals(ntpFromUnixMs(1500), 2_208_988_801n << 32n | 0x8000_0000n);
  // 7 February 2036, 06:28:16: the first second of era 1.
  assertEquals(ntpFromUnixMs(Date.UTC(2036, 1, 7, 6, 28, 16)), 0n);
  assertEquals(ntpFromUnixMs(Date.UTC(2036, 1, 7, 6, 28, 15)) >> 32n, 0xffff_ffffn);
});

Deno.test("middle32() agrees with RFC 3550, figure 2", () => {
  // 10 Nov 1995, 11:33:25.125 UTC: NTP b44d:b705:2000:0000, LSR b705:2000.
  const ntp = ntpFromUnixMs(Date.UTC(1995, 10, 10, 11, 33, 25, 125));
  assertEquals(ntp, 0xb44db705_20000000n);
  assertEquals(middle32(ntp), 0xb705_2000);
});
