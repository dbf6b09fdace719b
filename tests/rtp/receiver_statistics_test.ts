import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { ReceiverStatistics } from "../../lib/rtp/receiver_statistics.ts";
import { randomFrom } from "../../testing/netem/network.ts";

const SSRC = 7;

/** Statistics of packets of 20 ms that came with no jitter. */
function received(sequences: readonly number[]): ReceiverStatistics {
  const statistics = new ReceiverStatistics();
  sequences.forEach((sequence, index) => statistics.record(SSRC, sequence, 960 * sequence, 20 * index));
  return statistics;
}

const COUNTS: [name: string, sequences: number[], received: number, lost: number, repeated: number][] = [
  ["nothing", [], 0, 0, 0],
  ["one", [10], 1, 0, 0],
  ["all", [10, 11, 12], 3, 0, 0],
  ["a gap", [10, 11, 14], 3, 2, 0],
  ["a late one", [10, 12, 11, 13], 4, 0, 0],
  ["one from before the first", [10, 9, 11], 3, 0, 0],
  ["a repeated one", [10, 11, 11, 12], 3, 0, 1],
  ["a repeated one beside a lost one", [10, 11, 11, 13], 3, 1, 1],
  ["a late repeated one", [10, 11, 12, 10], 3, 0, 1],
  ["over the end of 16 bits", [65535, 65536, 65538], 3, 1, 0],
  ["a gap of 3000", [0, 3000], 2, 2999, 0],
  ["one from nowhere", [10, 9000, 11, 12], 3, 0, 0],
  ["another count", [10, 11, 9000, 9001, 9003], 2, 1, 0],
  ["a count that went back", [5000, 5001, 10, 11, 12], 2, 0, 0],
];

for (const [name, sequences, count, lost, repeated] of COUNTS) {
  Deno.test(`ReceiverStatistics counts: ${name}`, () => {
    const statistics = received(sequences);
    assertEquals(
      { received: statistics.received, lost: statistics.lost, repeated: statistics.repeated },
      { received: count, lost, repeated },
    );
    assertEquals(statistics.expected, count + lost);
  });
}

Deno.test("ReceiverStatistics.block() is undefined until a packet has come", () => {
  assertEquals(new ReceiverStatistics().block(0), undefined);
});

Deno.test("ReceiverStatistics.block() tells the loss among what was settled since the last one", () => {
  const statistics = received([0, 1, 2, 3]); // Until 60 ms.
  assertEquals(statistics.block(260)?.fractionLost, 0);
  for (const sequence of [4, 7]) statistics.record(SSRC, sequence, 0, 300); // 2 of 4 are missing.
  const early = statistics.block(499);
  assertEquals([early?.fractionLost, early?.cumulativeLost], [0, 2], "and may still come");
  const second = statistics.block(500);
  assertEquals([second?.fractionLost, second?.cumulativeLost], [128, 2]);
  // One of them comes after all, of no use to anybody.
  for (const sequence of [5, 8, 9, 10, 11]) statistics.record(SSRC, sequence, 0, 520);
  const third = statistics.block(720);
  assertEquals([third?.fractionLost, third?.cumulativeLost], [0, 1]);
  // Nothing came and nothing was expected.
  assertEquals(statistics.block(920)?.fractionLost, 0);
  assertEquals(statistics.lossFraction, 1 / 12);
});

for (const lost of [0, 0.1]) {
  Deno.test(`ReceiverStatistics.block() takes no packet for lost that is overtaken, where ${100 * lost} % are`, () => {
    const random = randomFrom(4);
    const statistics = new ReceiverStatistics();
    const packets = Array.from(
      { length: 20_000 },
      (_, sequence) => ({ sequence, at: 20 * sequence + 80 * random() }),
    )
      .filter(() => random() >= lost).toSorted((one, other) => one.at - other.at);
    let fractions = 0;
    let reports = 0;
    let reportAt = 1_500;
    for (const { sequence, at } of packets) {
      for (; at > reportAt; reportAt += 1_500) {
        fractions += statistics.block(reportAt)!.fractionLost / 256;
        reports++;
      }
      statistics.record(SSRC, sequence, 960 * sequence, at);
    }
    // Each is rounded down to a 256th.
    assertAlmostEquals(fractions / reports, lost, lost === 0 ? 0 : 0.005);
  });
}

Deno.test("ReceiverStatistics.block() takes a gap that is longer than what it remembers for lost", () => {
  const statistics = received([0]);
  statistics.record(SSRC, 3000, 0, 100);
  assertEquals(statistics.block(300)?.fractionLost, Math.floor(256 * 2999 / 3000));
});

Deno.test("ReceiverStatistics.block() counts laps of the sequence number from the first", () => {
  // A count that begins one lap up, so that what is older than its first packet stays positive.
  const statistics = received([0x10000 + 65534, 0x10000 + 65535, 0x20000]);
  assertEquals(statistics.block(0)?.highestSequence, 0x10000);
  assertEquals(received([0x10000 + 5]).block(0)?.highestSequence, 5);
});

Deno.test("ReceiverStatistics.block() keeps the loss within 24 bits", () => {
  const statistics = new ReceiverStatistics();
  let sequence = 0;
  for (; sequence < 2 ** 23 + 5000; sequence += 2900) statistics.record(SSRC, sequence, 0, 0);
  assert(statistics.lost > 2 ** 23 - 1);
  assertEquals(statistics.block(0)?.cumulativeLost, 2 ** 23 - 1);
});

Deno.test("ReceiverStatistics.block() refers to the last sender report of the same stream", () => {
  const statistics = received([1]);
  assertEquals(statistics.block(0)?.lastSenderReport, 0);
  statistics.recordSenderReport(SSRC, 0x1234_5678, 1000);
  const block = statistics.block(2500);
  assertEquals(block?.lastSenderReport, 0x1234_5678);
  assertEquals(block?.delaySinceLastSenderReport, 1.5 * 65536);
  statistics.recordSenderReport(SSRC + 1, 1, 2600);
  const other = statistics.block(2700);
  assertEquals([other?.lastSenderReport, other?.delaySinceLastSenderReport], [0, 0]);
});

Deno.test("ReceiverStatistics.record() starts anew with another stream", () => {
  const statistics = received([1, 5, 5]);
  statistics.record(SSRC + 1, 40_000, 0, 1e6);
  assertEquals(statistics.ssrc, SSRC + 1);
  assertEquals([statistics.received, statistics.lost, statistics.repeated], [1, 0, 0]);
  assertEquals(statistics.jitterMs, 0);
  assertEquals(statistics.block(1e6)?.fractionLost, 0);
});

Deno.test("ReceiverStatistics.jitterMs is that of appendix A.8, step by step", () => {
  const statistics = new ReceiverStatistics(8000);
  // Transit times of 0, 16, 16, 0 ms: differences of 16, 0, 16.
  const expected = [0, 1, 1 - 1 / 16, (1 - 1 / 16) * 15 / 16 + 1];
  [0, 36, 56, 60].forEach((arrivalMs, index) => {
    statistics.record(SSRC, index, (2 ** 32 - 160 + 160 * index) % 2 ** 32, arrivalMs);
    assertAlmostEquals(statistics.jitterMs, expected[index]!, 1e-9);
  });
  assertEquals(statistics.block(60)?.jitter, Math.floor(8 * expected[3]!));
});

Deno.test("ReceiverStatistics.jitterMs settles on the mean difference of transit times", () => {
  const random = randomFrom(3);
  const statistics = new ReceiverStatistics();
  let sum = 0;
  let count = 0;
  for (let sequence = 0; sequence < 5000; sequence++) {
    statistics.record(SSRC, sequence, 960 * sequence, 20 * sequence + 12 * random());
    if (sequence < 100) continue;
    sum += statistics.jitterMs;
    count++;
  }
  // Two even chances of 0 to 12 ms differ by 4 ms in the mean.
  assertAlmostEquals(sum / count, 4, 0.15);
});

Deno.test("ReceiverStatistics.jitterMs takes no notice of pauses, repeated packets and clocks that are set", () => {
  const statistics = received([0, 1, 2]);
  statistics.record(SSRC, 3, 960 * 500, 20 * 500); // Silence was not sent.
  statistics.record(SSRC, 3, 960 * 500, 20 * 500 + 300); // Repeated.
  assertEquals(statistics.jitterMs, 0);
  statistics.record(SSRC, 4, 0x7000_0000, 20 * 501); // Timestamps from somewhere else.
  assertEquals(statistics.jitterMs, 0);
});
