import { assertEquals } from "@std/assert";
import {
  type DeviceSide,
  GATHER_MS,
  LONGEST_PAUSE_MS,
  ReopenBackoff,
} from "../../../audio/hotplug/reopen_backoff.ts";

const BOTH: DeviceSide[] = ["microphone", "speaker"];

/** Goes on until `endMs`, with devices that are there from `backAt` on. @returns What was done, and when. */
function follow(plan: ReopenBackoff, endMs: number, backAt: number = Infinity): string[] {
  const done: string[] = [];
  for (let now = plan.wakeAt ?? Infinity; now <= endMs; now = plan.wakeAt ?? Infinity) {
    const steps = plan.poll(now);
    for (let step = steps.shift(); step; step = steps.shift()) {
      done.push(`${now} ${step.kind} ${step.sides.join("+")}`);
      if (step.kind !== "attempt") continue;
      if (now >= backAt) { for (const side of step.sides) plan.returned(side, now); }
      plan.attempted(now);
      steps.push(...plan.poll(now));
    }
  }
  return done;
}

Deno.test("ReopenBackoff tells both losses in one sentence, and looks with pauses that double up to 5 s", () => {
  const plan = new ReopenBackoff();
  plan.lost("speaker", 0);
  plan.lost("microphone", GATHER_MS - 1);
  assertEquals(follow(plan, 30_000, 20_000), [
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
  assertEquals(plan.wakeAt, undefined, "there is nothing left to do");
});

Deno.test("ReopenBackoff begins with short pauses again at each loss", () => {
  const plan = new ReopenBackoff();
  plan.lost("microphone", 0);
  follow(plan, 10 * LONGEST_PAUSE_MS);
  plan.lost("speaker", 60_000);
  assertEquals(follow(plan, 62_000, 61_000), [
    "60500 lost speaker",
    "60500 attempt microphone+speaker",
    "61500 attempt microphone+speaker",
    "61500 back microphone+speaker",
  ]);
});

Deno.test("ReopenBackoff tells a device that is back alone after 2 s, and goes on to look for the other", () => {
  const plan = new ReopenBackoff();
  for (const side of BOTH) plan.lost(side, 0);
  assertEquals(plan.poll(500).map(({ kind }) => kind), ["lost", "attempt"]);
  plan.returned("speaker", 500);
  plan.attempted(500);
  assertEquals(follow(plan, 10_000, 5000), [
    "1500 attempt microphone",
    "2500 back speaker",
    "3500 attempt microphone",
    "7500 attempt microphone",
    "7500 back microphone",
  ]);
});

Deno.test("ReopenBackoff tells devices in one sentence that come back soon after each other", () => {
  const plan = new ReopenBackoff();
  for (const side of BOTH) plan.lost(side, 0);
  plan.poll(500);
  plan.returned("speaker", 500);
  plan.attempted(500);
  assertEquals([plan.poll(1499), plan.wakeAt], [[], 1500]);
  plan.returned("microphone", 1499);
  assertEquals(plan.poll(1499), [{ kind: "back", sides: BOTH.toReversed() }]);
  assertEquals(plan.wakeAt, undefined);
});

Deno.test("ReopenBackoff says nothing of a device that goes again before its return was told", () => {
  const plan = new ReopenBackoff();
  for (const side of BOTH) plan.lost(side, 0);
  plan.poll(500);
  plan.returned("speaker", 500);
  plan.attempted(500);
  plan.lost("speaker", 600);
  assertEquals(follow(plan, 2000, 2000), ["1100 attempt microphone+speaker"]);
  assertEquals(follow(plan, 3000, 2000), ["2100 attempt microphone+speaker", "2100 back microphone+speaker"]);
});

Deno.test("ReopenBackoff tells a loss also while an attempt hangs, and begins no other", () => {
  const plan = new ReopenBackoff();
  plan.lost("microphone", 0);
  assertEquals(plan.poll(500).map(({ kind }) => kind), ["lost", "attempt"]);
  plan.lost("speaker", 1000);
  assertEquals(follow(plan, 100_000), ["1500 lost speaker"]);
  plan.attempted(100_000);
  assertEquals(follow(plan, 102_000, 101_000), [
    "101000 attempt microphone+speaker",
    "101000 back microphone+speaker",
  ]);
});

Deno.test("ReopenBackoff says nothing of a device that is back before anybody was told", () => {
  const plan = new ReopenBackoff();
  plan.lost("microphone", 0);
  plan.returned("microphone", 499);
  assertEquals([plan.poll(10_000), plan.wakeAt], [[], undefined]);
});

Deno.test("ReopenBackoff leaves devices alone that nobody needs any more", () => {
  const plan = new ReopenBackoff();
  for (const side of BOTH) plan.lost(side, 0);
  assertEquals(follow(plan, 600).length, 2);
  plan.released("microphone");
  assertEquals(follow(plan, 2000), ["1500 attempt speaker"]);
  plan.released("speaker");
  assertEquals(plan.wakeAt, undefined);
  plan.lost("speaker", 5000);
  plan.released("speaker");
  assertEquals([plan.poll(10_000), plan.wakeAt], [[], undefined]);
});
