import { assertEquals, assertRejects } from "@std/assert";
import { within } from "../../lib/util/within.ts";

Deno.test("within() says whether something settled in time, and fails as it does", async () => {
  assertEquals(await within(60_000, Promise.resolve()), true);
  assertEquals(await within(1, new Promise(() => {})), false);
  await assertRejects(() => within(60_000, Promise.reject(new Error("no"))), Error, "no");
});
