import { assert, assertEquals } from "@std/assert";
import { ROOM_INTERVAL_MS, RoomMembers } from "../../lib/call/room_members.ts";

/** When questions are asked, of one wanted every 100 ms. */
function questions(members: RoomMembers, fromMs: number, untilMs: number): number[] {
  const asked: number[] = [];
  for (let now = fromMs; now < untilMs; now += 100) {
    members.want();
    if (members.takeQuestion(now)) asked.push(now);
  }
  return asked;
}

Deno.test("RoomMembers asks at once, then at most every 5 s, and less often in a large room", () => {
  const members = new RoomMembers();
  assertEquals(members.askAt, Infinity);
  assert(!members.takeQuestion(0));
  assertEquals(questions(members, 0, 12_000), [0, ROOM_INTERVAL_MS, 2 * ROOM_INTERVAL_MS]);
  assertEquals(members.askAt, 3 * ROOM_INTERVAL_MS);
  const room = Array.from({ length: 1_000 }, (_, index) => ({ nome: `n${index}`, ip: "192.0.2.1" }));
  members.handleList(room, 10_000);
  assertEquals(questions(members, 15_000, 26_000), [15_000, 25_000]);
});

Deno.test("RoomMembers knows a person by name and address, by the latest list", () => {
  const members = new RoomMembers();
  assert(!members.isSince(0));
  members.handleList([{ nome: "João", ip: "2001:DB8:0::1" }, { nome: "Maria", ip: "192.0.2.2" }], 5);
  assert(members.isSince(5) && !members.isSince(6));
  assert(members.has("joão", "2001:db8::1"));
  assert(!members.has("joão", "2001:db8::2"));
  assert(!members.has("pedro", "192.0.2.2"));
  members.handleList([], 9);
  assert(!members.has("maria", "192.0.2.2"));
});
