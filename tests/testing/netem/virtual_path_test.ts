import { assertEquals } from "@std/assert";
import type { Condition } from "../../../testing/netem/impairment.ts";
import { Timeline, VirtualPath } from "../../../testing/netem/virtual_path.ts";

Deno.test("Timeline runs events by their times, and those of one time in the order in which they were added", () => {
  const timeline = new Timeline();
  const ran: string[] = [];
  timeline.at(20, (now) => {
    ran.push(`c at ${now}`);
    // A time that has passed counts as now.
    timeline.at(5, (now) => ran.push(`d at ${now}`));
  });
  timeline.at(10, () => ran.push("a"));
  timeline.at(10, () => ran.push("b"));
  while (timeline.next < Infinity) timeline.step();
  assertEquals([...ran, timeline.now], ["a", "b", "c at 20", "d at 20", 20]);
});

/** Arrival times of three datagrams, sent at 0, 10 and 20 ms. */
function arrivals(condition: Condition, later: Condition = condition): number[] {
  const timeline = new Timeline();
  const path = new VirtualPath(timeline, condition, "1");
  const arrived: number[] = [];
  for (const at of [0, 10, 20]) {
    timeline.at(at, () => {
      if (at === 20) path.change(later);
      path.send((now) => arrived.push(now));
    });
  }
  while (timeline.next < Infinity) timeline.step();
  return arrived;
}

Deno.test("VirtualPath delivers each datagram at the times that the impairment decides", () => {
  assertEquals(arrivals({ name: "late", baseDelayMs: 15 }), [15, 25, 35]);
  assertEquals(arrivals({ name: "twice", duplication: { probability: 1 } }), [0, 0, 10, 10, 20, 20]);
});

Deno.test("VirtualPath.change() affects datagrams sent afterwards", () => {
  const dead: Condition = { name: "dead", loss: { kind: "random", probability: 1 } };
  assertEquals(arrivals({ name: "late", baseDelayMs: 15 }, dead), [15, 25]);
});
