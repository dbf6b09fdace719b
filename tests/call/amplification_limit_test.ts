import { assert, assertEquals } from "@std/assert";
import {
  AmplificationLimit,
  MAX_UNVALIDATED_ADDRESSES,
  MAX_UNVALIDATED_DATAGRAMS,
  UNVALIDATED_EXPIRY_MS,
} from "../../lib/call/amplification_limit.ts";

const at = (port: number) => ({ ip: "192.0.2.1", port });

Deno.test("AmplificationLimit allows three datagrams to each unvalidated address", () => {
  const limit = new AmplificationLimit();
  for (const port of [1, 2]) {
    const through = Array.from({ length: 10 }, (_, now) => limit.take(now, at(port))).filter(Boolean);
    assertEquals(through.length, MAX_UNVALIDATED_DATAGRAMS);
  }
});

Deno.test("AmplificationLimit.validated() drops the count of an address", () => {
  const limit = new AmplificationLimit();
  for (let now = 0; now < 10; now++) {
    assert(limit.take(now, at(1)));
    limit.validated(at(1));
  }
});

Deno.test("AmplificationLimit keeps the count of an address until no datagram was asked for in a minute", () => {
  const limit = new AmplificationLimit();
  const through = (now: number) => limit.take(now, at(1));
  for (let now = 0; now < 3; now++) assert(through(now));
  for (let now = 1_000; now < 300_000; now += 1_000) assert(!through(now), `${now}`);
  assert(through(299_000 + UNVALIDATED_EXPIRY_MS));
});

Deno.test("AmplificationLimit allows nothing to further addresses when it counts 64 of them", () => {
  const limit = new AmplificationLimit();
  for (let port = 1; port <= 1_000; port++) {
    assertEquals(limit.take(0, at(port)), port <= MAX_UNVALIDATED_ADDRESSES);
  }
  assert(limit.take(UNVALIDATED_EXPIRY_MS, at(2_000)), "once the others have expired");
});
