import { assertEquals } from "@std/assert";
import { PeerLiveness } from "../../lib/call/peer_liveness.ts";

Deno.test("PeerLiveness reports a silence once, 3 s after the last packet", () => {
  const liveness = new PeerLiveness();
  liveness.handlePacket(1_000);
  assertEquals(liveness.silentAt, 4_000);
  assertEquals([3_999, 4_000, 4_001].map((now) => liveness.tick(now)), [false, true, false]);
  assertEquals(liveness.silentAt, Infinity);
});

Deno.test("PeerLiveness.handlePacket() tells the packet that ends a silence", () => {
  const liveness = new PeerLiveness();
  liveness.handlePacket(0);
  assertEquals(liveness.handlePacket(2_000), false);
  liveness.tick(5_000);
  assertEquals([liveness.handlePacket(6_000), liveness.handlePacket(6_020)], [true, false]);
  assertEquals(liveness.tick(9_020), true);
});

Deno.test("PeerLiveness counts the peer as lost 10 s after the last packet, silent or not", () => {
  const liveness = new PeerLiveness();
  liveness.handlePacket(1_000);
  assertEquals(liveness.lostAt, 11_000);
  liveness.tick(4_000);
  assertEquals(liveness.lostAt, 11_000);
  liveness.handlePacket(5_000);
  assertEquals(liveness.lostAt, 15_000);
});
