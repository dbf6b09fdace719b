import { assert, assertEquals } from "@std/assert";
import { Addresses } from "../../lib/registrar/admission.ts";

Deno.test("Addresses counts the connections of each address, up to the limit", () => {
  const addresses = new Addresses();
  assertEquals(addresses.enter(0, "192.0.2.1", 2), { connections: 1, waitMs: 0 });
  assertEquals(addresses.enter(0, "192.0.2.1", 2), { connections: 2, waitMs: 0 });
  assertEquals(addresses.enter(0, "192.0.2.1", 2), undefined);
  assertEquals(addresses.enter(0, "192.0.2.2", 2), { connections: 1, waitMs: 0 });
  addresses.leave(0, "192.0.2.1");
  assertEquals(addresses.enter(0, "192.0.2.1", 2), { connections: 2, waitMs: 0 });
});

Deno.test("Addresses lets a thousand in at once, and then 200 a second, but nobody waits more than a second", () => {
  const addresses = new Addresses();
  const waits = Array.from({ length: 2000 }, () => addresses.enter(0, "192.0.2.1", Infinity)?.waitMs);
  assertEquals(waits.findIndex((wait) => wait !== 0), 1000);
  assertEquals([waits[1000], waits[1099], waits[1999]], [5, 500, 1000]);
  assertEquals(addresses.enter(0, "192.0.2.2", Infinity)?.waitMs, 0, "another address");
});

Deno.test("Addresses remembers who left how often they came, until it no longer matters", () => {
  const addresses = new Addresses();
  let waited = 0;
  for (let count = 0; count < 1100; count++) {
    waited = addresses.enter(0, "192.0.2.1", 1)?.waitMs ?? NaN;
    addresses.leave(0, "192.0.2.1");
  }
  assertEquals(waited, 500);
  assertEquals(addresses.size, 1);
  addresses.enter(60_000, "192.0.2.2", 1);
  assertEquals(addresses.size, 1);
  assertEquals(addresses.enter(60_000, "192.0.2.1", 1)?.waitMs, 0);
});

Deno.test("Addresses holds little of a flood from many addresses", () => {
  const addresses = new Addresses();
  let most = 0;
  for (let count = 0; count < 100_000; count++) {
    const ip = `2001:db8::${count.toString(16)}`;
    addresses.enter(count, ip, 1);
    addresses.leave(count, ip);
    most = Math.max(most, addresses.size);
  }
  assert(most < 10_000, `${most} addresses`);
});
