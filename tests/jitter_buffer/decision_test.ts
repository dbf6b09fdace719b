import { assertAlmostEquals, assertEquals } from "@std/assert";
import { DEFAULT_CONFIG } from "../../lib/jitter_buffer/config.ts";
import { correctionOf, decide, type Operation, type State } from "../../lib/jitter_buffer/decision.ts";
import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";

const MS = SAMPLES_PER_MS;

/** A stream in order whose delay is at its target. */
const IN_ORDER: State = {
  enough: false,
  streaming: true,
  packets: 1,
  backlog: 20 * MS,
  missing: 0,
  gap: 0,
  frameSamples: 20 * MS,
  carriesCopy: false,
  silent: false,
  expanded: 0,
  scalable: true,
  excess: 5 * MS,
  spread: 20 * MS,
  quiet: 0,
  sinceCorrection: 10_000 * MS,
};

const ENOUGH = { enough: true };
const NOTHING_CAME = { packets: 0, backlog: 0 };

const ROWS: readonly (readonly [string, Partial<State>, Operation])[] = [
  ["the next packet is there", {}, "normal"],
  ["enough is decoded", ENOUGH, "play"],
  ["there is no stream", { streaming: false }, "silence"],
  ["nothing has come", NOTHING_CAME, "conceal"],
  ["nothing has come after a packet of silence", { ...NOTHING_CAME, silent: true }, "comfort_noise"],
  ["nothing has come for 490 ms", { ...NOTHING_CAME, expanded: 490 * MS }, "conceal"],
  ["nothing has come for 500 ms", { ...NOTHING_CAME, expanded: 500 * MS }, "restart"],
  ["one is missing", { missing: 1, gap: 20 * MS }, "conceal"],
  ["one is missing, and the next carries a copy", { missing: 1, gap: 20 * MS, carriesCopy: true }, "recover"],
  ["a part of one is missing", { missing: 1, gap: 8 * MS, carriesCopy: true }, "recover"],
  [
    "two are missing, and the next carries a copy",
    { missing: 2, gap: 40 * MS, carriesCopy: true },
    "conceal",
  ],
  ["a missing one's time was made up", { missing: 1, gap: 0, carriesCopy: true }, "normal"],
  ["silence was not sent", { silent: true, gap: 400 * MS - 1 }, "comfort_noise"],
  ["one is missing after silence", { silent: true, missing: 1, gap: 20 * MS }, "conceal"],
  ["timestamps jump within the stream", { gap: 400 * MS }, "normal"],
  ["timestamps go back", { gap: -960 }, "normal"],
  ["much has come at once", { packets: 4, backlog: 401 * MS }, "skip"],
  ["it is skipped before anything is played", { ...ENOUGH, packets: 4, backlog: 401 * MS }, "skip"],
  ["a few long packets have come", { packets: 3, backlog: 401 * MS }, "normal"],
  ["delay lacks", { ...ENOUGH, excess: -1 }, "slow_down"],
  ["delay lacks, and not enough is decoded", { excess: -1 }, "normal"],
  ["there is some excess in speech", { ...ENOUGH, excess: 40 * MS }, "play"],
  ["there is much excess in speech", { ...ENOUGH, excess: 41 * MS }, "accelerate"],
  ["there is some excess in a pause", { ...ENOUGH, excess: 10 * MS, quiet: 200 * MS }, "accelerate"],
  ["there is some excess in silence", { ...ENOUGH, excess: 10 * MS, silent: true }, "accelerate"],
  ["one correction has just been made", { ...ENOUGH, excess: -1, sinceCorrection: 39 * MS }, "play"],
  ["concealment is under way", { ...ENOUGH, excess: -50 * MS, expanded: 480 }, "play"],
  ["sound may not be scaled", { ...ENOUGH, excess: -50 * MS, scalable: false }, "play"],
];

for (const [state, change, operation] of ROWS) {
  Deno.test(`decide() says ${operation} where ${state}`, () => {
    assertEquals(decide({ ...IN_ORDER, ...change }, DEFAULT_CONFIG), operation);
  });
}

Deno.test("correctionOf() leaves a reserve beyond the target", () => {
  const samples = (change: Partial<State>) =>
    correctionOf({ ...IN_ORDER, ...change }, DEFAULT_CONFIG).samples / MS;
  assertEquals(samples({}), 0);
  assertEquals(samples({ excess: -2 * MS }), 2 + 6);
  assertEquals(samples({ excess: 50 * MS }), 6 - 50);
  // A quarter of a long target.
  assertEquals(samples({ excess: -2 * MS, spread: 80 * MS }), 2 + 20);
  assertEquals(samples({ excess: 170 * MS, spread: 80 * MS }), 20 - 170);
});

Deno.test("correctionOf() is the more urgent the further the delay is off, a lack more than an excess", () => {
  const urgency = (excess: number) => correctionOf({ ...IN_ORDER, excess }, DEFAULT_CONFIG).urgency;
  assertAlmostEquals(urgency(-10 * MS), 0.2);
  assertEquals(urgency(-70 * MS), 1);
  assertAlmostEquals(urgency(150 * MS), 0.5);
  assertEquals(urgency(300 * MS), 1);
});
