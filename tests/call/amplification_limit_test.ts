import { assert, assertEquals } from "@std/assert";
import {
  AmplificationLimit,
  MAX_UNVALIDATED_ADDRESSES,
  MAX_UNVALIDATED_DATAGRAMS,
  MAX_UNVALIDATED_FROM_ELSEWHERE,
  UNVALIDATED_EXPIRY_MS,
  UNVALIDATED_SPACING_MS,
} from "../../lib/call/amplification_limit.ts";

const at = (port: number, ip = "192.0.2.1") => ({ ip, port });

/** When datagrams go through, of one every 100 ms to any port. */
function times(limit: AmplificationLimit, ip: string, untilMs: number, back = true): number[] {
  const asked = Array.from({ length: untilMs / 100 }, (_, index) => index * 100);
  return asked.filter((now) => limit.take(now, at(1 + now, ip), back));
}

Deno.test("AmplificationLimit allows three datagrams to an unvalidated address, spread over the caller's patience", () => {
  for (const ip of ["192.0.2.1", "2001:db8::1", "fe80::1%eth0"]) {
    const limit = new AmplificationLimit();
    const through = times(limit, ip, 10_000);
    assertEquals(through, UNVALIDATED_SPACING_MS);
    assertEquals(through.length, MAX_UNVALIDATED_DATAGRAMS);
    assert(limit.take(0, at(1, "192.0.2.99")), "another one has its own");
  }
});

Deno.test("AmplificationLimit counts all addresses of an IPv6 /64 as one, but not those of a link", () => {
  const limit = new AmplificationLimit();
  assert(limit.take(0, at(1, "2001:db8::1")));
  for (const ip of ["2001:db8::2", "2001:db8::ffff:1:2:3", "2001:db8:0:0:1::", "2001:0db8:0:0:0::9"]) {
    assert(!limit.take(0, at(1, ip)), ip);
  }
  for (const ip of ["2001:db8:0:1::1", "2001:db8:1::1", "::1", "fe80::1", "fe80::2", "fe80::2%eth1"]) {
    assert(limit.take(0, at(1, ip)), ip);
  }
});

Deno.test("AmplificationLimit leaves an address the last datagram, and without delay", () => {
  const limit = new AmplificationLimit();
  assertEquals(times(limit, "192.0.2.1", 10_000, false).length, MAX_UNVALIDATED_FROM_ELSEWHERE);
  assert(limit.take(10_000, at(1)));
  assert(!limit.take(20_000, at(1)));

  const early = new AmplificationLimit();
  assert(early.take(0, at(1), false));
  assert(early.take(1, at(2)));
  assert(!early.take(2, at(2)));
});

Deno.test("AmplificationLimit.validated() drops the count of an address", () => {
  const limit = new AmplificationLimit();
  for (let now = 0; now < 10; now++) {
    assert(limit.take(now, at(1)));
    limit.validated(at(2), "");
  }
});

Deno.test("AmplificationLimit keeps the count of an address until no datagram was asked for in a minute", () => {
  const limit = new AmplificationLimit();
  const through = (now: number) => limit.take(now, at(1));
  for (const now of UNVALIDATED_SPACING_MS) assert(through(now));
  for (let now = 6_000; now < 300_000; now += 1_000) assert(!through(now), `${now}`);
  assert(through(299_000 + UNVALIDATED_EXPIRY_MS));
});

Deno.test("AmplificationLimit has three datagrams a minute for a person in the room, also for one who keeps trying", () => {
  const limit = new AmplificationLimit();
  const times = Array.from({ length: 130 }, (_, second) => 1_000 * second);
  const through = times.filter((now) => limit.takeForMember(now, "joão"));
  assertEquals(through, [0, 2_000, 5_000, 60_000, 62_000, 65_000, 120_000, 122_000, 125_000]);
  assert(limit.takeForMember(126_000, "pedro"), "another one has their own");
  limit.validated(at(1), "joão");
  assert(limit.takeForMember(126_000, "joão"));
});

Deno.test("AmplificationLimit forgets the address that was used longest ago when it counts too many", () => {
  const limit = new AmplificationLimit();
  const nth = (index: number) => at(1, `10.0.${index >> 8}.${index & 255}`);
  for (let index = 0; index < MAX_UNVALIDATED_ADDRESSES; index++) assert(limit.take(0, nth(index)));
  assert(!limit.take(1, nth(0)), "known, and used again");
  assert(limit.take(2, nth(MAX_UNVALIDATED_ADDRESSES)), "a new one is answered");
  assert(!limit.take(3, nth(0)));
  assert(limit.take(3, nth(1)), "forgotten");
});
