import { assert, assertEquals } from "@std/assert";
import { REPLAY_WINDOW_PACKETS, ReplayWindow } from "../../lib/srtp/replay_window.ts";

Deno.test("ReplayWindow accepts each packet once, in any order", () => {
  const window = new ReplayWindow();
  for (const index of [5, 7, 6, 0, 130, 131, 3]) {
    // 3 is older than the window after 131.
    const expected = index !== 3;
    assertEquals(window.isNew(index), expected, `${index}`);
    if (expected) window.add(index);
    assert(!window.isNew(index), `${index} again`);
  }
  assertEquals(window.highest, 131);
});

Deno.test("ReplayWindow refuses packets older than its size", () => {
  const window = new ReplayWindow();
  window.add(1000);
  assert(window.isNew(1000 - REPLAY_WINDOW_PACKETS + 1));
  assert(!window.isNew(1000 - REPLAY_WINDOW_PACKETS));
  assert(window.isNew(2 ** 40));
});

Deno.test("ReplayWindow accepts a new index in a slot that is taken", () => {
  const window = new ReplayWindow();
  window.add(3);
  assert(window.isNew(3 + REPLAY_WINDOW_PACKETS));
  window.add(3 + REPLAY_WINDOW_PACKETS);
  assert(!window.isNew(3), "too old by now");
});
