import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { CONDITIONS, describe } from "../../../bench/voice/conditions.ts";
import { type Condition, Impairment } from "../../../testing/netem/impairment.ts";
import { seededRandom } from "../../../testing/netem/random.ts";

const PACKETS = 20_000;
const PACKET_MS = 20;

/** Delays of each packet's arrivals, for a packet every 20 ms. */
function delays(condition: Omit<Condition, "name">, seed = "1", packets = PACKETS): number[][] {
  const impairment = new Impairment({ name: "test", ...condition }, seed);
  return Array.from({ length: packets }, (_, k) => {
    const nowMs = 1000 + k * PACKET_MS;
    return impairment.decide(nowMs).map((dueMs) => dueMs - nowMs);
  });
}

function shareLost(result: readonly number[][]): number {
  return result.filter((deliveries) => deliveries.length === 0).length / result.length;
}

/** Lengths of the runs of lost packets. */
function bursts(result: readonly number[][]): number[] {
  const lengths: number[] = [];
  let length = 0;
  for (const deliveries of result) {
    if (deliveries.length === 0) length++;
    else if (length > 0) {
      lengths.push(length);
      length = 0;
    }
  }
  return lengths;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

Deno.test("seededRandom() depends on the seed alone and is uniform", () => {
  const take = (seed: string) => Array.from({ length: 10_000 }, seededRandom(seed));
  assertEquals(take("1 loss"), take("1 loss"));
  for (const seed of ["1 loss", "2 loss", "1 jitter", ""]) {
    const numbers = take(seed);
    assert(numbers.every((number) => number >= 0 && number < 1));
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / numbers.length;
      assertAlmostEquals(share, 0.1, 0.015, `the part from ${tenth / 10} of "${seed}"`);
    }
    // Successive numbers are uncorrelated.
    assertAlmostEquals(mean(numbers.map((number, i) => number * (numbers[i + 1] ?? 0))), 0.25, 0.01);
  }
  const [a, b] = [take("1 loss"), take("2 loss")];
  assertAlmostEquals(mean(a.map((number, i) => (number - 0.5) * (b[i]! - 0.5))), 0, 0.005);
});

Deno.test("Impairment without any impairment delivers each packet once and at once", () => {
  assert(delays({}).every((deliveries) => deliveries.length === 1 && deliveries[0] === 0));
  assert(delays({ baseDelayMs: 25 }).every((deliveries) => deliveries[0] === 25));
});

Deno.test("Impairment depends on the seed and not on the time", () => {
  const condition: Condition = {
    name: "test",
    loss: { kind: "bursts", probability: 0.1, meanBurst: 3 },
    jitter: { kind: "gamma", maximumMs: 50, keepsOrder: false },
    reordering: { probability: 0.02, holdMs: 50 },
    duplication: { probability: 0.01 },
  };
  const decide = (startMs: number) => {
    const impairment = new Impairment(condition, "7");
    return Array.from(
      { length: 500 },
      (_, k) => impairment.decide(startMs + k).map((dueMs) => Math.round((dueMs - startMs - k) * 1000)),
    );
  };
  assertEquals(decide(0), decide(123_456));
  assert(JSON.stringify(delays(condition, "7")) !== JSON.stringify(delays(condition, "8")));
});

Deno.test("Impairment loses the same packets with other impairments and without", () => {
  const loss = { kind: "random", probability: 0.1 } as const;
  const lost = (condition: Omit<Condition, "name">) => delays(condition).map(({ length }) => length === 0);
  assertEquals(
    lost({ loss }),
    lost({ loss, jitter: { kind: "uniform", maximumMs: 30, keepsOrder: false }, baseDelayMs: 9 }),
  );
});

for (const probability of [0.01, 0.05, 0.2]) {
  Deno.test(`Impairment loses ${100 * probability} % of the packets independently`, () => {
    const result = delays({ loss: { kind: "random", probability } });
    assertAlmostEquals(shareLost(result), probability, 0.01);
    assertAlmostEquals(mean(bursts(result)), 1 / (1 - probability), 0.1);
  });
}

for (const [probability, meanBurst] of [[0.1, 3], [0.05, 5], [0.2, 2]] as const) {
  Deno.test(`Impairment loses ${100 * probability} % in bursts of ${meanBurst} on average`, () => {
    const result = delays({ loss: { kind: "bursts", probability, meanBurst } });
    assertAlmostEquals(shareLost(result), probability, 0.15 * probability);
    assertAlmostEquals(mean(bursts(result)), meanBurst, 0.1 * meanBurst);
  });
}

for (
  const [kind, meanMs] of [
    ["uniform", 30],
    // The mean of a half-normal distribution is its standard deviation times √(2/π).
    ["half_normal", 20 * Math.sqrt(2 / Math.PI)],
    ["gamma", 15],
  ] as const
) {
  Deno.test(`Impairment delays by 0 to 60 ms, ${kind}`, () => {
    const result = delays({ jitter: { kind, maximumMs: 60, keepsOrder: false } }).flat();
    assertEquals(result.length, PACKETS);
    const highest = result.reduce((most, value) => Math.max(most, value), 0);
    const lowest = result.reduce((least, value) => Math.min(least, value), Infinity);
    assertGreater(lowest, -1e-6);
    assertLess(highest, 60 + 1e-6);
    assertGreater(highest, 57);
    assertAlmostEquals(mean(result), meanMs, 0.7);
  });
}

/** Number of packets that arrive before an earlier one. */
function overtakings(result: readonly number[][]): number {
  const due = result.map(([delayMs], k) => k * PACKET_MS + delayMs!);
  return due.filter((dueMs, k) => k > 0 && dueMs < due[k - 1]!).length;
}

Deno.test("Impairment reorders packets unless they keep their order", () => {
  const jitter = { kind: "uniform", maximumMs: 80 } as const;
  assertGreater(overtakings(delays({ jitter: { ...jitter, keepsOrder: false } })), PACKETS / 10);
  assertEquals(overtakings(delays({ jitter: { ...jitter, keepsOrder: true } })), 0);
});

Deno.test("Impairment holds 2 % back until two others have overtaken them", () => {
  const result = delays({ reordering: { probability: 0.02, holdMs: 50 } });
  assertAlmostEquals(result.filter(([delayMs]) => delayMs === 50).length / PACKETS, 0.02, 0.005);
  assert(result.every(([delayMs]) => delayMs === 0 || delayMs === 50));
});

Deno.test("Impairment delivers some packets twice", () => {
  const result = delays({ duplication: { probability: 0.05 } });
  assertAlmostEquals(result.filter(({ length }) => length === 2).length / PACKETS, 0.05, 0.01);
  assertEquals(shareLost(result), 0);
});

Deno.test("Impairment delivers copies up to a time after their packets", () => {
  const copies = delays({ duplication: { probability: 1, laterMs: 50 } });
  const laterMs = copies.map(([first, second]) => second! - first!);
  assert(laterMs.every((ms) => ms >= 0 && ms <= 50));
  assertAlmostEquals(laterMs.reduce((sum, ms) => sum + ms, 0) / laterMs.length, 25, 1);
});

Deno.test("Impairment stalls for a while and then delivers all at once and in order", () => {
  const result = delays({ stalls: { gapMs: [1000, 4000], lengthMs: [50, 150] } });
  const held = result.map(([delayMs]) => delayMs!).filter((delayMs) => delayMs > 0);
  assertLess(Math.max(...held), 150);
  assertGreater(Math.max(...held), 130);
  // 100 ms of every 2600 on average.
  assertAlmostEquals(held.length / PACKETS, 100 / 2600, 0.01);
  assertEquals(overtakings(result), 0);
});

Deno.test("CONDITIONS are the networks of the comparison, and describe() puts them in words", () => {
  assertEquals(CONDITIONS.map(({ name }) => name), [
    "clean",
    "5 % loss",
    "10 % loss",
    "20 % loss",
    "10 % loss in bursts of 3",
    "30 ms jitter",
    "80 ms jitter",
    "10 % loss, 30 ms jitter",
    "2 % reordering",
    "like Wi-Fi",
  ]);
  assertEquals(new Set(CONDITIONS.map(describe)).size, CONDITIONS.length);
  assertEquals(
    describe(CONDITIONS[4]!),
    "10 % lost, 3 in a row on average (Gilbert-Elliott)",
  );
});
