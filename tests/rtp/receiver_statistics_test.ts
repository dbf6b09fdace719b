import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { ReceiverStatistics } from "../../lib/rtp/receiver_statistics.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const SSRC = 7;

/** Statistics of packets that came every 20 ms. */
function received(sequences: readonly number[]): ReceiverStatistics {
  const statistics = new ReceiverStatistics();
  sequences.forEach((sequence, index) => statistics.record(SSRC, sequence, 960 * sequence, 20 * index));
  return statistics;
}

const COUNTS: [name: string, sequences: number[], received: number, lost: number, duplicates: number][] = [
  ["nothing", [], 0, 0, 0],
  ["one", [10], 1, 0, 0],
  ["all", [10, 11, 12], 3, 0, 0],
  ["a gap", [10, 11, 14], 3, 2, 0],
  ["a late one", [10, 12, 11, 13], 4, 0, 0],
  ["one from before the first", [10, 9, 11], 3, 0, 0],
  ["a duplicate", [10, 11, 11, 12], 3, 0, 1],
  ["a duplicate and a loss", [10, 11, 11, 13], 3, 1, 1],
  ["a late duplicate", [10, 11, 12, 10], 3, 0, 1],
  ["a wrap of 16 bits", [65535, 65536, 65538], 3, 1, 0],
  ["a gap of 3000", [0, 3000], 2, 2999, 0],
  ["one number out of range", [10, 9000, 11, 12], 3, 0, 0],
  ["a restart further ahead", [10, 11, 9000, 9001, 9003], 2, 1, 0],
  ["a restart further back", [5000, 5001, 10, 11, 12], 2, 0, 0],
];

for (const [name, sequences, count, lost, duplicates] of COUNTS) {
  Deno.test(`ReceiverStatistics counts: ${name}`, () => {
    const statistics = received(sequences);
    assertEquals(
      { received: statistics.received, lost: statistics.lost, duplicates: statistics.duplicates },
      { received: count, lost, duplicates },
    );
    assertEquals(statistics.expected, count + lost);
  });
}

Deno.test("ReceiverStatistics.block() is undefined until a packet has come", () => {
  assertEquals(new ReceiverStatistics().block(0), undefined);
});

Deno.test("ReceiverStatistics.block() has the loss since the last block, without packets that may be reordered", () => {
  const statistics = received([0, 1, 2, 3]); // Until 60 ms.
  assertEquals(statistics.block(260)?.fractionLost, 0);
  for (const sequence of [4, 7]) statistics.record(SSRC, sequence, 0, 300); // 2 of 4 are lost.
  const early = statistics.block(499);
  assertEquals([early?.fractionLost, early?.cumulativeLost], [0, 2], "they may be reordered");
  const second = statistics.block(500);
  assertEquals([second?.fractionLost, second?.cumulativeLost], [128, 2]);
  // One of them comes too late.
  for (const sequence of [5, 8, 9, 10, 11]) statistics.record(SSRC, sequence, 0, 520);
  const third = statistics.block(720);
  assertEquals([third?.fractionLost, third?.cumulativeLost], [0, 1]);
  // Nothing expected, nothing lost.
  assertEquals(statistics.block(920)?.fractionLost, 0);
  assertEquals(statistics.lossFraction, 1 / 12);
});

for (const lost of [0, 0.1]) {
  Deno.test(`ReceiverStatistics.block() reports no loss for reordered packets, at ${100 * lost} % of loss`, () => {
    const random = seededRandom(4);
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
    // Each fraction is rounded down to 1/256.
    assertAlmostEquals(fractions / reports, lost, lost === 0 ? 0 : 0.005);
  });
}

Deno.test("ReceiverStatistics.block() counts a gap longer than its window as lost", () => {
  const statistics = received([0]);
  statistics.record(SSRC, 3000, 0, 100);
  assertEquals(statistics.block(300)?.fractionLost, Math.floor(256 * 2999 / 3000));
});

Deno.test("ReceiverStatistics.block() counts cycles of the sequence number from the first packet", () => {
  // SequenceUnwrapper starts one cycle up.
  const statistics = received([0x10000 + 65534, 0x10000 + 65535, 0x20000]);
  assertEquals(statistics.block(0)?.highestSequence, 0x10000);
  assertEquals(received([0x10000 + 5]).block(0)?.highestSequence, 5);
});

Deno.test("ReceiverStatistics.block() limits the cumulative loss to 24 bits", () => {
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
  assertEquals(statistics.block(2500), block, "a report of another stream");
  statistics.record(SSRC + 1, 1, 0, 2700);
  const other = statistics.block(2700);
  assertEquals([other?.lastSenderReport, other?.delaySinceLastSenderReport], [0, 0]);
});

Deno.test("ReceiverStatistics.block() refers to a sender report from before the first packet", () => {
  const statistics = new ReceiverStatistics();
  statistics.recordSenderReport(SSRC, 0x1234_5678, 1000);
  statistics.record(SSRC, 1, 0, 1020);
  assertEquals(statistics.block(2000)?.lastSenderReport, 0x1234_5678);
});

Deno.test("ReceiverStatistics.record() restarts with another SSRC", () => {
  const statistics = received([1, 5, 5]);
  statistics.record(SSRC + 1, 40_000, 0, 1e6);
  assertEquals(statistics.ssrc, SSRC + 1);
  assertEquals([statistics.received, statistics.lost, statistics.duplicates], [1, 0, 0]);
  assertEquals(statistics.jitterMs, 0);
  assertEquals(statistics.block(1e6)?.fractionLost, 0);
});

Deno.test("ReceiverStatistics.jitterMs follows appendix A.8 step by step", () => {
  const statistics = new ReceiverStatistics(8000);
  // Transit times of 0, 16, 16, 0 ms: differences of 16, 0, 16.
  const expected = [0, 1, 1 - 1 / 16, (1 - 1 / 16) * 15 / 16 + 1];
  [0, 36, 56, 60].forEach((arrivalMs, index) => {
    statistics.record(SSRC, index, (2 ** 32 - 160 + 160 * index) % 2 ** 32, arrivalMs);
    assertAlmostEquals(statistics.jitterMs, expected[index]!, 1e-9);
  });
  assertEquals(statistics.block(60)?.jitter, Math.floor(8 * expected[3]!));
});

Deno.test("ReceiverStatistics.jitterMs converges to the mean difference of transit times", () => {
  const random = seededRandom(3);
  const statistics = new ReceiverStatistics();
  let sum = 0;
  let count = 0;
  for (let sequence = 0; sequence < 5000; sequence++) {
    statistics.record(SSRC, sequence, 960 * sequence, 20 * sequence + 12 * random());
    if (sequence < 100) continue;
    sum += statistics.jitterMs;
    count++;
  }
  // Two uniform times of 0 to 12 ms differ by 4 ms on average.
  assertAlmostEquals(sum / count, 4, 0.15);
});

Deno.test("ReceiverStatistics.jitterMs ignores silence, duplicates and clock steps", () => {
  const statistics = received([0, 1, 2]);
  statistics.record(SSRC, 3, 960 * 500, 20 * 500); // After silence.
  statistics.record(SSRC, 3, 960 * 500, 20 * 500 + 300); // A duplicate.
  assertEquals(statistics.jitterMs, 0);
  statistics.record(SSRC, 4, 0x7000_0000, 20 * 501); // A clock step.
  assertEquals(statistics.jitterMs, 0);
});
