import { assert, assertEquals } from "@std/assert";
import { CAPACITY, PacketBuffer, type VoicePacket } from "../../lib/jitter_buffer/packet_buffer.ts";

const FRAME = 960;

/** The packet of a frame, whose payload is its number. */
function packet(frame: number, payload = Uint8Array.of(frame)): VoicePacket {
  return { sequenceNumber: 100 + frame, timestamp: FRAME * frame, payload };
}

/** A stream that began with packet 0, before anything is decoded. */
function started(...frames: number[]): PacketBuffer {
  const packets = new PacketBuffer();
  packets.start(100);
  for (const frame of frames) packets.insert(packet(frame), 0);
  return packets;
}

Deno.test("PacketBuffer gives packets by number, in any order of arrival", () => {
  const packets = started(0, 2, 1);
  assertEquals([packets.size, packets.next, packets.newest], [3, 100, 102]);
  const taken = [0, 1, 2].map((frame) => packets.take(100 + frame).timestamp);
  assertEquals(taken, [0, FRAME, 2 * FRAME]);
  assertEquals([packets.size, packets.next], [0, 103]);
});

Deno.test("PacketBuffer tells late, duplicate and reordered packets", () => {
  const packets = started(0);
  assertEquals(packets.insert(packet(2), 0), undefined);
  assertEquals(packets.insert(packet(1), 0), "reordered");
  assertEquals(packets.insert(packet(1), 0), "repeated");
  packets.take(100);
  assertEquals(packets.insert(packet(0), FRAME), "repeated");
  packets.take(102);
  assertEquals(packets.insert(packet(-1), 3 * FRAME), "late");
});

Deno.test("PacketBuffer takes a packet for late whose part of a gap was concealed", () => {
  const packets = started(0, 3);
  packets.take(100);
  assertEquals(packets.insert(packet(1), 2 * FRAME), "late");
  assertEquals(packets.insert(packet(2), 2 * FRAME), "reordered");
  assertEquals(packets.first, 102);
});

Deno.test("PacketBuffer has a redundant frame until the packet itself comes", () => {
  const packets = started(0, 2);
  packets.insertRedundant(packet(1, Uint8Array.of(77)), 0);
  packets.insertRedundant(packet(0, Uint8Array.of(78)), 0);
  assertEquals(packets.payloadOf(100), Uint8Array.of(0), "what came itself stays");
  packets.take(100);
  const { redundant, payload } = packets.take(101);
  assertEquals([redundant, payload], [true, Uint8Array.of(77)]);
  assertEquals(packets.insert(packet(1), 2 * FRAME), "late");
  packets.insert(packet(4), 2 * FRAME);
  packets.insertRedundant(packet(3), 2 * FRAME);
  assertEquals(packets.insert(packet(3), 2 * FRAME), "reordered");
});

Deno.test("PacketBuffer refuses redundant frames of no use", () => {
  const packets = started(0, 200 - CAPACITY);
  packets.take(100);
  for (
    const [frame, end, payload] of [
      [5, 0, new Uint8Array()],
      [-1, 0, Uint8Array.of(1)],
      [200 - CAPACITY, 0, Uint8Array.of(1)],
      [200 - 2 * CAPACITY, 0, Uint8Array.of(1)],
      [5, 6 * FRAME, Uint8Array.of(1)],
    ] as const
  ) packets.insertRedundant(packet(frame, payload), end);
  assertEquals(packets.size, 1);
});

Deno.test("PacketBuffer keeps a packet whose slot a late one would take", () => {
  const packets = started(0, CAPACITY - 1);
  assert(!packets.hasRoomFor(99));
  packets.take(100);
  assertEquals(packets.insert(packet(-1), FRAME), "late");
  assert(packets.has(100 + CAPACITY - 1));
});

Deno.test("PacketBuffer drops the oldest and counts those that were there", () => {
  const packets = started(0, 1, 3, 4, 6, 7);
  assertEquals(packets.dropOldest(3), 3);
  assertEquals([packets.first, packets.next, packets.size], [104, 104, 3]);
});

Deno.test("PacketBuffer gives up missing packets before one that waits", () => {
  const packets = started(3);
  assertEquals(packets.giveUpBefore(103), 3);
  assertEquals(packets.giveUpBefore(103), 0);
  assertEquals(packets.next, 103);
  packets.reset();
  assertEquals([packets.size, packets.has(103)], [0, false]);
});
