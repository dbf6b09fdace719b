import { assert, assertEquals } from "@std/assert";
import { Admission } from "../../lib/registrar/admission.ts";

Deno.test("Admission counts the connections of each address, up to the limit", () => {
  const admission = new Admission();
  assertEquals(admission.enter(0, "192.0.2.1", 2), { connections: 1, waitMs: 0 });
  assertEquals(admission.enter(0, "192.0.2.1", 2), { connections: 2, waitMs: 0 });
  assertEquals(admission.enter(0, "192.0.2.1", 2), undefined);
  assertEquals(admission.enter(0, "192.0.2.2", 2), { connections: 1, waitMs: 0 });
  admission.leave(0, "192.0.2.1");
  assertEquals(admission.enter(0, "192.0.2.1", 2), { connections: 2, waitMs: 0 });
});

Deno.test("Admission serves 1000 connections at once, then 200 a second, each after 1 s at the latest", () => {
  const admission = new Admission();
  const waits = Array.from({ length: 2000 }, () => admission.enter(0, "192.0.2.1", Infinity)?.waitMs);
  assertEquals(waits.findIndex((wait) => wait !== 0), 1000);
  assertEquals([waits[1000], waits[1099], waits[1999]], [5, 500, 1000]);
  assertEquals(admission.enter(0, "192.0.2.2", Infinity)?.waitMs, 0, "another address");
});

Deno.test("Admission keeps the rate of an address without connections until its bucket is full", () => {
  const admission = new Admission();
  let waited = 0;
  for (let count = 0; count < 1100; count++) {
    waited = admission.enter(0, "192.0.2.1", 1)?.waitMs ?? NaN;
    admission.leave(0, "192.0.2.1");
  }
  assertEquals(waited, 500);
  assertEquals(admission.size, 1);
  admission.enter(60_000, "192.0.2.2", 1);
  assertEquals(admission.size, 1);
  assertEquals(admission.enter(60_000, "192.0.2.1", 1)?.waitMs, 0);
});

Deno.test("Admission needs bounded memory in a flood from many addresses", () => {
  const admission = new Admission();
  let most = 0;
  for (let count = 0; count < 100_000; count++) {
    const ip = `2001:db8::${count.toString(16)}`;
    admission.enter(count, ip, 1);
    admission.leave(count, ip);
    most = Math.max(most, admission.size);
  }
  assert(most < 10_000, `${most} addresses`);
});
