import { assertEquals, assertRejects } from "@std/assert";
import { within, withTimeLimit } from "../../lib/util/time_limit.ts";

/** Something that never comes to an end by itself. */
const never = (): Promise<never> => new Promise(() => {});

Deno.test("withTimeLimit() gives what the work gives", async () => {
  assertEquals(await withTimeLimit(60_000, undefined, () => Promise.resolve(7)), 7);
  const error = await assertRejects(() =>
    withTimeLimit(60_000, undefined, () => Promise.reject(new Error("no")))
  );
  assertEquals((error as Error).message, "no");
});

Deno.test("withTimeLimit() throws a TimeoutError when the time is over, and tells the work", async () => {
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

Deno.test("withTimeLimit() does not begin without any time or after its signal", async () => {
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

Deno.test("withTimeLimit() ends when its signal fires, for its reason", async () => {
  const controller = new AbortController();
  const work = withTimeLimit(60_000, controller.signal, never);
  controller.abort(new Error("why"));
  await assertRejects(() => work, Error, "why");
});

Deno.test("within() passes on a TimeoutError that is not its own", async () => {
  const inner = withTimeLimit(1, undefined, never);
  await assertRejects(() => within(60_000, inner), DOMException, "The time is over");
});

Deno.test("within() says whether something settled in time, and fails as it does", async () => {
  assertEquals(await within(60_000, Promise.resolve()), true);
  assertEquals(await within(1, new Promise(() => {})), false);
  await assertRejects(() => within(60_000, Promise.reject(new Error("no"))), Error, "no");
});
