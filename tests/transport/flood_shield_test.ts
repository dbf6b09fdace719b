import { assertEquals } from "@std/assert";
import type { Call } from "../../lib/call/call.ts";
import { floodFilter } from "../../lib/transport/bpf_filter.ts";
import { type FilteredSocket, FloodShield } from "../../lib/transport/flood_shield.ts";
import { FakeClock } from "../../testing/fake_clock.ts";

const ENDPOINT = { ip: "192.0.2.1", port: 6000 };
const PEER = { endpoints: [ENDPOINT], streams: [7] };
const MAPPED = { endpoints: [{ ip: "::ffff:192.0.2.1", port: 6000 }], streams: [7] };

function setUp() {
  const done: unknown[] = [];
  const clock = new FakeClock("by advance");
  const socket: FilteredSocket = {
    attachFilter: (instructions) => done.push(instructions),
    detachFilter: () => done.push("detached"),
  };
  const call = { state: "talking" };
  return { done, clock, socket, call, talking: call as Call, shield: new FloodShield(clock) };
}

Deno.test("FloodShield attaches a filter once, for addresses in their one text form", () => {
  const { done, socket, talking, shield } = setUp();
  shield.raise(talking, socket, MAPPED);
  shield.raise(talking, socket, PEER);
  assertEquals(done, [floodFilter([ENDPOINT], [7])]);
});

Deno.test("FloodShield is lowered after 5 s, and can be raised again", async () => {
  const { done, clock, socket, talking, shield } = setUp();
  shield.raise(talking, socket, PEER);
  await clock.advance(4_999);
  assertEquals(done.length, 1);
  await clock.advance(1);
  assertEquals(done[1], "detached");
  shield.raise(talking, socket, PEER);
  assertEquals(done[2], floodFilter([ENDPOINT], [7]));
});

Deno.test("FloodShield.update() lowers it once its call is over, and not before", async () => {
  const { done, clock, socket, call, talking, shield } = setUp();
  shield.raise(talking, socket, PEER);
  shield.update();
  assertEquals(done.length, 1);
  call.state = "closing";
  shield.update();
  shield.update();
  await clock.advance(10_000);
  assertEquals(done.slice(1), ["detached"]);
});

Deno.test("FloodShield.follow() lets another endpoint of the same call through, while raised", () => {
  const { done, socket, talking, shield } = setUp();
  const moved = { endpoints: [ENDPOINT, { ip: "192.0.2.2", port: 6000 }], streams: [7] };
  shield.follow(talking, moved);
  assertEquals(done, []);
  shield.raise(talking, socket, PEER);
  shield.follow({ ...talking } as Call, moved);
  assertEquals(done.length, 1);
  shield.follow(talking, moved);
  assertEquals(done[1], floodFilter(moved.endpoints, [7]));
});
