import { assert, assertEquals } from "@std/assert";
import {
  MAX_UNANSWERED_ADDRESSES,
  MAX_UNANSWERED_DATAGRAMS,
  UNANSWERED_MEMORY_MS,
  UnansweredLimit,
} from "../../lib/call/amplification_limit.ts";

const at = (port: number) => ({ ip: "192.0.2.1", port });

Deno.test("UnansweredLimit lets three datagrams through to each address", () => {
  const limit = new UnansweredLimit();
  for (const port of [1, 2]) {
    const through = Array.from({ length: 10 }, (_, now) => limit.take(now, at(port))).filter(Boolean);
    assertEquals(through.length, MAX_UNANSWERED_DATAGRAMS);
  }
});

Deno.test("UnansweredLimit does not count what went to an address that has answered", () => {
  const limit = new UnansweredLimit();
  for (let now = 0; now < 10; now++) {
    assert(limit.take(now, at(1)));
    limit.answered(at(1));
  }
});

Deno.test("UnansweredLimit forgets an address only when nothing was to go there for a minute", () => {
  const limit = new UnansweredLimit();
  const through = (now: number) => limit.take(now, at(1));
  for (let now = 0; now < 3; now++) assert(through(now));
  for (let now = 1_000; now < 300_000; now += 1_000) assert(!through(now), `${now}`);
  assert(through(299_000 + UNANSWERED_MEMORY_MS));
});

Deno.test("UnansweredLimit knows a bounded number of addresses, and answers no more of them", () => {
  const limit = new UnansweredLimit();
  for (let port = 1; port <= 1_000; port++) {
    assertEquals(limit.take(0, at(port)), port <= MAX_UNANSWERED_ADDRESSES);
  }
  assert(limit.take(UNANSWERED_MEMORY_MS, at(2_000)), "when those are forgotten");
});
