import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { encodeCompound, parseCompound } from "../../lib/rtp/rtcp.ts";
import { encodeRtp, parseRtp } from "../../lib/rtp/rtp.ts";
import { SequenceUnwrapper } from "../../lib/rtp/sequence_unwrapper.ts";
import { ReceiverStatistics } from "../../lib/rtp/receiver_statistics.ts";
import { holds } from "../../testing/property.ts";

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });

const anyBlock = fc.record({
  ssrc: uint(32),
  fractionLost: uint(8),
  cumulativeLost: fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 }),
  highestSequence: uint(32),
  jitter: uint(32),
  lastSenderReport: uint(32),
  delaySinceLastSenderReport: uint(32),
});
const anyBlocks = fc.array(anyBlock, { maxLength: 31 });

const anyReport = fc.oneof(
  fc.record({ kind: fc.constant("receiver_report" as const), ssrc: uint(32), blocks: anyBlocks }),
  fc.record({
    kind: fc.constant("sender_report" as const),
    ssrc: uint(32),
    ntpTimestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    rtpTimestamp: uint(32),
    packetCount: uint(32),
    octetCount: uint(32),
    blocks: anyBlocks,
  }),
);

const anyFurther = fc.oneof(
  anyReport,
  fc.record({
    kind: fc.constant("source_description" as const),
    ssrc: uint(32),
    // At most 255 bytes, and no byte order mark, which the decoder removes.
    cname: fc.string({ unit: "grapheme-ascii", maxLength: 255 }),
  }),
  fc.record({ kind: fc.constant("bye" as const), ssrcs: fc.array(uint(32), { maxLength: 31 }) }),
);

Deno.test("parseRtp() reverses encodeRtp() for any packet", () => {
  const anyPacket = fc.record({
    payloadType: uint(7),
    marker: fc.boolean(),
    sequenceNumber: uint(16),
    timestamp: uint(32),
    ssrc: uint(32),
    payload: fc.uint8Array({ maxLength: 300 }),
  });
  holds(fc.property(anyPacket, (packet) => assertEquals(parseRtp(encodeRtp(packet)), packet)));
});

Deno.test("parseRtp() and parseCompound() never throw, whatever the bytes or the truncation", () => {
  holds(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    assert((parseRtp(bytes)?.payload.length ?? 0) <= bytes.length);
    parseCompound(bytes);
  }));
  holds(fc.property(anyReport, fc.nat(), (report, length) => {
    const datagram = encodeCompound([report]);
    const part = datagram.subarray(0, length % datagram.length);
    assertEquals(parseCompound(part), undefined);
  }));
});

Deno.test("parseCompound() reverses encodeCompound() for any compound packet", () => {
  holds(
    fc.property(anyReport, fc.array(anyFurther, { maxLength: 5 }), (report, further) => {
      const packets: Parameters<typeof encodeCompound>[0] = [report, ...further];
      assertEquals<unknown>(parseCompound(encodeCompound(packets)), packets);
    }),
    100,
  );
});

for (const bits of [16, 32] as const) {
  Deno.test(`SequenceUnwrapper extends numbers of ${bits} bits that are less than half a cycle from the highest`, () => {
    const half = 2 ** (bits - 1);
    const steps = fc.array(fc.integer({ min: -half + 1, max: half - 1 }));
    holds(fc.property(uint(bits), steps, (first, steps) => {
      const unwrapper = new SequenceUnwrapper(bits);
      const cycle = 2 ** bits;
      let highest = first + cycle;
      assertEquals(unwrapper.extend(first), highest);
      for (const step of steps) {
        const number = highest + step;
        assertEquals(unwrapper.extend(((number % cycle) + cycle) % cycle), number);
        highest = Math.max(highest, number);
      }
    }));
  });
}

Deno.test("ReceiverStatistics counts packets in any order, with duplicates", () => {
  const numbers = fc.array(fc.integer({ min: 70_000, max: 70_900 }), { minLength: 1, maxLength: 400 });
  holds(fc.property(numbers, (numbers) => {
    const statistics = new ReceiverStatistics();
    numbers.forEach((number, index) => statistics.record(1, number, 960 * number, 20 * index));
    const different = new Set(numbers);
    assertEquals(statistics.received, different.size);
    assertEquals(statistics.duplicates, numbers.length - different.size);
    assertEquals(statistics.expected, Math.max(...numbers) - Math.min(...numbers) + 1);
  }));
});
