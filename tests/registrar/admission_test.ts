import { assert, assertEquals } from "@std/assert";
import { Admission } from "../../lib/registrar/admission.ts";

Deno.test("Admission counts the connections of each address, up to the limit", () => {
  const addresses = new Admission();
  assertEquals(addresses.enter(0, "192.0.2.1", 2), { connections: 1, waitMs: 0 });
  assertEquals(addresses.enter(0, "192.0.2.1", 2), { connections: 2, waitMs: 0 });
  assertEquals(addresses.enter(0, "192.0.2.1", 2), undefined);
  assertEquals(addresses.enter(0, "192.0.2.2", 2), { connections: 1, waitMs: 0 });
  addresses.leave(0, "192.0.2.1");
  assertEquals(addresses.enter(0, "192.0.2.1", 2), { connections: 2, waitMs: 0 });
});

Deno.test("Admission lets a thousand in at once, and then 200 a second, but nobody waits more than a second", () => {
  const addresses = new Admission();
  const waits = Array.from({ length: 2000 }, () => addresses.enter(0, "192.0.2.1", Infinity)?.waitMs);
  assertEquals(waits.findIndex((wait) => wait !== 0), 1000);
  assertEquals([waits[1000], waits[1099], waits[1999]], [5, 500, 1000]);
  assertEquals(addresses.enter(0, "192.0.2.2", Infinity)?.waitMs, 0, "another address");
});

Deno.test("Admission remembers who left how often they came, until it no longer matters", () => {
  const addresses = new Admission();
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

Deno.test("Admission holds little of a flood from many addresses", () => {
  const addresses = new Admission();
  let most = 0;
  for (let count = 0; count < 100_000; count++) {
    const ip = `2001:db8::${count.toString(16)}`;
    addresses.enter(count, ip, 1);
    addresses.leave(count, ip);
    most = Math.max(most, addresses.size);
  }
  assert(most < 10_000, `${most} addresses`);
});
