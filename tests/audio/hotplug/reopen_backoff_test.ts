import { assertEquals } from "@std/assert";
import {
  type DeviceSide,
  LOSS_GATHER_MS,
  MAX_PAUSE_MS,
  ReopenBackoff,
  type ReopenStep,
} from "../../../audio/hotplug/reopen_backoff.ts";

const BOTH: DeviceSide[] = ["microphone", "speaker"];

function stepsAt(backoff: ReopenBackoff, now: number): ReopenStep[] {
  backoff.tick(now);
  return backoff.drain();
}

/** Runs until `endMs`; attempts succeed from `backAt` on. @returns Time and content of each step. */
function run(backoff: ReopenBackoff, endMs: number, backAt: number = Infinity): string[] {
  const log: string[] = [];
  for (let now = backoff.wakeAt ?? Infinity; now <= endMs; now = backoff.wakeAt ?? Infinity) {
    const steps = stepsAt(backoff, now);
    for (let step = steps.shift(); step; step = steps.shift()) {
      log.push(`${now} ${step.kind} ${step.sides.join("+")}`);
      if (step.kind !== "attempt") continue;
      if (now >= backAt) { for (const side of step.sides) backoff.handleReturned(now, side); }
      backoff.handleAttempted(now);
      steps.push(...backoff.drain());
    }
  }
  return log;
}

Deno.test("ReopenBackoff reports both losses at once, and attempts with pauses that double up to 5 s", () => {
  const backoff = new ReopenBackoff();
  backoff.handleLost(0, "speaker");
  backoff.handleLost(LOSS_GATHER_MS - 1, "microphone");
  assertEquals(run(backoff, 30_000, 20_000), [
    "500 lost speaker+microphone",
    "999 attempt speaker+microphone",
    "1999 attempt speaker+microphone",
    "3999 attempt speaker+microphone",
    "7999 attempt speaker+microphone",
    "12999 attempt speaker+microphone",
    "17999 attempt speaker+microphone",
    "22999 attempt speaker+microphone",
    "22999 back speaker+microphone",
  ]);
  assertEquals(backoff.wakeAt, undefined, "nothing left to do");
});

Deno.test("ReopenBackoff starts again with short pauses at each loss", () => {
  const backoff = new ReopenBackoff();
  backoff.handleLost(0, "microphone");
  run(backoff, 10 * MAX_PAUSE_MS);
  backoff.handleLost(60_000, "speaker");
  assertEquals(run(backoff, 62_000, 61_000), [
    "60500 lost speaker",
    "60500 attempt microphone+speaker",
    "61500 attempt microphone+speaker",
    "61500 back microphone+speaker",
  ]);
});

Deno.test("ReopenBackoff reports the return of one device after 2 s, and goes on attempting the other", () => {
  const backoff = new ReopenBackoff();
  for (const side of BOTH) backoff.handleLost(0, side);
  assertEquals(stepsAt(backoff, 500).map(({ kind }) => kind), ["lost", "attempt"]);
  backoff.handleReturned(500, "speaker");
  backoff.handleAttempted(500);
  assertEquals(run(backoff, 10_000, 5000), [
    "1500 attempt microphone",
    "2500 back speaker",
    "3500 attempt microphone",
    "7500 attempt microphone",
    "7500 back microphone",
  ]);
});

Deno.test("ReopenBackoff reports both returns at once if they come within 2 s", () => {
  const backoff = new ReopenBackoff();
  for (const side of BOTH) backoff.handleLost(0, side);
  stepsAt(backoff, 500);
  backoff.handleReturned(500, "speaker");
  backoff.handleAttempted(500);
  assertEquals([stepsAt(backoff, 1499), backoff.wakeAt], [[], 1500]);
  backoff.handleReturned(1499, "microphone");
  assertEquals(stepsAt(backoff, 1499), [{ kind: "back", sides: BOTH.toReversed() }]);
  assertEquals(backoff.wakeAt, undefined);
});

Deno.test("ReopenBackoff reports nothing if a device is lost again before its return was reported", () => {
  const backoff = new ReopenBackoff();
  for (const side of BOTH) backoff.handleLost(0, side);
  stepsAt(backoff, 500);
  backoff.handleReturned(500, "speaker");
  backoff.handleAttempted(500);
  backoff.handleLost(600, "speaker");
  assertEquals(run(backoff, 2000, 2000), ["1100 attempt microphone+speaker"]);
  assertEquals(run(backoff, 3000, 2000), ["2100 attempt microphone+speaker", "2100 back microphone+speaker"]);
});

Deno.test("ReopenBackoff reports a loss while an attempt hangs, and starts no other attempt", () => {
  const backoff = new ReopenBackoff();
  backoff.handleLost(0, "microphone");
  assertEquals(stepsAt(backoff, 500).map(({ kind }) => kind), ["lost", "attempt"]);
  backoff.handleLost(1000, "speaker");
  assertEquals(run(backoff, 100_000), ["1500 lost speaker"]);
  backoff.handleAttempted(100_000);
  assertEquals(run(backoff, 102_000, 101_000), [
    "101000 attempt microphone+speaker",
    "101000 back microphone+speaker",
  ]);
});

Deno.test("ReopenBackoff reports nothing if a device returns before its loss was reported", () => {
  const backoff = new ReopenBackoff();
  backoff.handleLost(0, "microphone");
  backoff.handleReturned(499, "microphone");
  assertEquals([stepsAt(backoff, 10_000), backoff.wakeAt], [[], undefined]);
});

Deno.test("ReopenBackoff leaves released devices alone", () => {
  const backoff = new ReopenBackoff();
  for (const side of BOTH) backoff.handleLost(0, side);
  assertEquals(run(backoff, 600).length, 2);
  backoff.handleReleased(600, "microphone");
  assertEquals(run(backoff, 2000), ["1500 attempt speaker"]);
  backoff.handleReleased(2000, "speaker");
  assertEquals(backoff.wakeAt, undefined);
  backoff.handleLost(5000, "speaker");
  backoff.handleReleased(5000, "speaker");
  assertEquals([stepsAt(backoff, 10_000), backoff.wakeAt], [[], undefined]);
});

Deno.test("ReopenBackoff attempts at once where something says that devices may be back, and then as after a loss", () => {
  const backoff = new ReopenBackoff();
  backoff.handleHope(0);
  assertEquals(backoff.wakeAt, undefined, "nothing is missing");
  backoff.handleLost(0, "microphone");
  run(backoff, 20_000);
  backoff.handleHope(20_100);
  const steps = backoff.drain();
  assertEquals(steps, [{ kind: "attempt", sides: ["microphone"] }]);
  backoff.handleHope(20_200);
  assertEquals(backoff.drain(), [], "one attempt at a time");
  backoff.handleAttempted(20_300);
  assertEquals(run(backoff, 24_000, 22_000), [
    "21300 attempt microphone",
    "23300 attempt microphone",
    "23300 back microphone",
  ]);
});
