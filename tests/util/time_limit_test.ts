import { assertEquals, assertRejects } from "@std/assert";
import { within, withTimeLimit } from "../../lib/util/time_limit.ts";

/** A promise that never settles. */
const never = (): Promise<never> => new Promise(() => {});

Deno.test("withTimeLimit() settles as the work does", async () => {
  assertEquals(await withTimeLimit(60_000, undefined, () => Promise.resolve(7)), 7);
  const error = await assertRejects(() =>
    withTimeLimit(60_000, undefined, () => Promise.reject(new Error("no")))
  );
  assertEquals((error as Error).message, "no");
});

Deno.test("withTimeLimit() throws a TimeoutError and aborts the work when the time is over", async () => {
  for (const ms of [1, 20]) {
    let told: AbortSignal | undefined;
    const error = await assertRejects(() =>
      withTimeLimit(ms, undefined, (limit) => {
        told = limit;
        return never();
      })
    );
    assertEquals((error as DOMException).name, "TimeoutError");
    assertEquals(told?.aborted, true);
  }
});

Deno.test("withTimeLimit() does not start the work without time or after its signal", async () => {
  const forbidden = (): never => {
    throw new Error("It has begun");
  };
  await assertRejects(() => withTimeLimit(0, undefined, forbidden), DOMException, "The time is over");
  await assertRejects(
    () => withTimeLimit(60_000, AbortSignal.abort(new Error("why")), forbidden),
    Error,
    "why",
  );
});

Deno.test("withTimeLimit() throws the reason of its signal", async () => {
  const controller = new AbortController();
  const work = withTimeLimit(60_000, controller.signal, never);
  controller.abort(new Error("why"));
  await assertRejects(() => work, Error, "why");
});

Deno.test("within() passes on a TimeoutError that is not its own", async () => {
  const inner = withTimeLimit(1, undefined, never);
  await assertRejects(() => within(60_000, inner), DOMException, "The time is over");
});

Deno.test("within() says whether a promise was fulfilled in time, and rejects as it does", async () => {
  assertEquals(await within(60_000, Promise.resolve()), true);
  assertEquals(await within(1, new Promise(() => {})), false);
  await assertRejects(() => within(60_000, Promise.reject(new Error("no"))), Error, "no");
});
