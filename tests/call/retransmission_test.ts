import { assertEquals } from "@std/assert";
import { TRANSACTION_TIMEOUT_MS } from "../../lib/call/call.ts";
import { Retransmission } from "../../lib/call/retransmission.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";

const message = (prova = ""): CallMessage => ({ tipo: "tocando", chamada: "A".repeat(22), prova });

/** When a message is sent from 1000 ms on, until some time. */
function transmissions(retransmission: Retransmission, untilMs: number): number[] {
  retransmission.start(1_000, message);
  const times = [1_000];
  while (retransmission.wakeAt < untilMs) {
    const now = retransmission.wakeAt;
    if (retransmission.tick(now)) times.push(now);
  }
  return times;
}

Deno.test("Retransmission doubles its interval up to 2 s, and sends 8 times before the transaction times out", () => {
  const times = transmissions(new Retransmission(), 1_000 + TRANSACTION_TIMEOUT_MS);
  assertEquals(times.map((time) => time - 1_000), [0, 250, 750, 1750, 3750, 5750, 7750, 9750]);
});

Deno.test("Retransmission.tick() gives nothing early, after stop(), and before start()", () => {
  const retransmission = new Retransmission();
  assertEquals([retransmission.tick(1e9), retransmission.wakeAt], [undefined, Infinity]);
  assertEquals(retransmission.start(0, message), message());
  assertEquals(retransmission.tick(249), undefined);
  retransmission.stop();
  assertEquals([retransmission.tick(1e9), retransmission.wakeAt], [undefined, Infinity]);
});

Deno.test("Retransmission.start() begins again with the first interval", () => {
  const retransmission = new Retransmission();
  transmissions(retransmission, 9_000);
  retransmission.start(9_000, message);
  assertEquals(retransmission.wakeAt, 9_250);
});

Deno.test("Retransmission builds its message anew each time", () => {
  let prova = "A";
  const retransmission = new Retransmission();
  assertEquals(retransmission.start(0, () => message(prova)), message("A"));
  prova = "B";
  assertEquals(retransmission.tick(250), message("B"));
});

Deno.test("Retransmission measures each interval from the moment when it really sent", () => {
  const retransmission = new Retransmission();
  retransmission.start(0, message);
  retransmission.tick(900);
  assertEquals(retransmission.wakeAt, 1_400);
});
