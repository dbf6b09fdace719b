import { assert } from "@std/assert";
import { pause } from "../../lib/util/pause.ts";

Deno.test("pause() lets the time pass", async () => {
  const started = performance.now();
  await pause(20);
  // Timers count whole milliseconds on another clock.
  assert(performance.now() - started >= 19);
});

Deno.test("pause() ends when its signal fires, before or during it", async () => {
  const controller = new AbortController();
  const day = pause(86_400_000, controller.signal);
  controller.abort();
  await day;
  await pause(86_400_000, controller.signal);
});
