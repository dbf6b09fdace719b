import { assert, assertEquals } from "@std/assert";
import { REPLAY_WINDOW, ReplayWindow } from "../../lib/srtp/replay_window.ts";

Deno.test("ReplayWindow takes each packet once, in any order", () => {
  const window = new ReplayWindow();
  for (const index of [5, 7, 6, 0, 130, 131, 3]) {
    // 3 is older than 131 by a whole window by then.
    const expected = index !== 3;
    assertEquals(window.isNew(index), expected, `${index}`);
    if (expected) window.add(index);
    assert(!window.isNew(index), `${index} again`);
  }
  assertEquals(window.newest, 131);
});

Deno.test("ReplayWindow ends where it says", () => {
  const window = new ReplayWindow();
  window.add(1000);
  assert(window.isNew(1000 - REPLAY_WINDOW + 1));
  assert(!window.isNew(1000 - REPLAY_WINDOW));
  assert(window.isNew(2 ** 40));
});

Deno.test("ReplayWindow takes what was never seen in the place of what was, a lap later", () => {
  const window = new ReplayWindow();
  window.add(3);
  assert(window.isNew(3 + REPLAY_WINDOW));
  window.add(3 + REPLAY_WINDOW);
  assert(!window.isNew(3), "too old by now");
});
