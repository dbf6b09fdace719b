import { assert, assertEquals } from "@std/assert";
import { encodeRtp } from "../../lib/rtp/rtp.ts";
import { REPLAY_WINDOW_PACKETS } from "../../lib/srtp/replay_window.ts";
import { SrtpReceiver, SrtpSender } from "../../lib/srtp/context.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const bytes = (length: number, first: number) => Uint8Array.from({ length }, (_, place) => first + place);
const MASTER = { key: bytes(16, 1), salt: bytes(12, 101) };
const OTHER = { key: bytes(16, 2), salt: bytes(12, 101) };

const voice = (sequenceNumber: number, ssrc = 1) =>
  encodeRtp({
    payloadType: 111,
    marker: false,
    sequenceNumber: sequenceNumber & 0xffff,
    timestamp: 960 * sequenceNumber >>> 0,
    ssrc,
    payload: Uint8Array.of(sequenceNumber, sequenceNumber >> 8, sequenceNumber >> 16),
  });

/** A receiver report without blocks; `mark` tells it from others. */
const report = (mark: number) => Uint8Array.of(0x80, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, mark);

Deno.test("SrtpReceiver decrypts voice and reports of the SrtpSender with the same master key only", () => {
  const sender = new SrtpSender(MASTER);
  const receiver = new SrtpReceiver(MASTER);
  const stranger = new SrtpReceiver(OTHER);
  for (let mark = 0; mark < 5; mark++) {
    for (const packet of [voice(mark), report(mark)]) {
      const datagram = sender.protect(packet);
      assertEquals(stranger.unprotect(datagram), undefined);
      assertEquals(receiver.unprotect(datagram), packet);
    }
  }
});

Deno.test("SrtpSender encrypts the payload, and the same payload differently each time", () => {
  const sender = new SrtpSender(MASTER);
  const payload = new Uint8Array(100);
  const packets = [1, 2].map((sequenceNumber) =>
    sender.protect(
      encodeRtp({ payloadType: 111, marker: false, sequenceNumber, timestamp: 0, ssrc: 1, payload }),
    )
  );
  const [first, second] = packets.map((packet) => packet.subarray(12, 112).toHex());
  assert(first !== second);
  assert(!first!.includes("00000000"));
});

Deno.test("SrtpReceiver refuses replays of voice and reports, in the window and older", () => {
  const sender = new SrtpSender(MASTER);
  const receiver = new SrtpReceiver(MASTER);
  const sent: Uint8Array[] = [];
  for (let mark = 0; mark < 2 * REPLAY_WINDOW_PACKETS; mark++) {
    sent.push(sender.protect(voice(mark)), sender.protect(report(mark & 0xff)));
  }
  for (const datagram of sent) assert(receiver.unprotect(datagram));
  for (const datagram of sent) assertEquals(receiver.unprotect(datagram), undefined);
});

Deno.test("SrtpReceiver accepts reordered packets and gaps", () => {
  const sender = new SrtpSender(MASTER);
  const receiver = new SrtpReceiver(MASTER);
  const sent = Array.from({ length: 1000 }, (_, mark) => sender.protect(voice(mark)));
  for (const mark of [3, 1, 2, 0, 900, 850, 999, 898]) {
    assertEquals(receiver.unprotect(sent[mark]!), voice(mark), `${mark}`);
  }
  assertEquals(receiver.unprotect(sent[700]!), undefined, "older than the window");
});

Deno.test("SrtpReceiver follows the rollover counter on a network that loses and reorders", () => {
  const random = seededRandom(1);
  const sender = new SrtpSender(MASTER);
  const receiver = new SrtpReceiver(MASTER);
  let late: { mark: number; datagram: Uint8Array }[] = [];
  let taken = 0;
  // Four cycles, with gaps as after many losses.
  for (let mark = 30_000; mark < 4 * 65_536; mark += 1 + Math.floor(random() * 40)) {
    late.push({ mark, datagram: sender.protect(voice(mark)) });
    if (late.length < 4) continue;
    late.sort(() => random() - 0.5);
    for (const { mark, datagram } of late) {
      if (random() < 0.3) continue;
      const packet = receiver.unprotect(datagram);
      // Older than the replay window now and then.
      if (packet) assertEquals(packet, voice(mark));
      if (packet) taken++;
    }
    late = [];
  }
  assert(taken > 5_000, `${taken}`);
});

Deno.test("SrtpReceiver takes any first number of voice, as one of the first cycle, and any first index of reports", () => {
  for (const first of [0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff]) {
    for (const missed of [0, 1, 3, 500]) {
      const sender = new SrtpSender(MASTER);
      const receiver = new SrtpReceiver(MASTER);
      const sent = Array.from(
        { length: 600 },
        (_, mark) => [voice(first + mark), report(mark & 0xff)] as const,
      )
        .map((packets) => packets.map((packet) => [packet, sender.protect(packet)] as const));
      const heard = sent.slice(missed).flat().filter(([packet, datagram]) => {
        const opened = receiver.unprotect(datagram);
        if (opened) assertEquals(opened, packet);
        return opened;
      }).map(([packet]) => packet[1]);
      // A sender that begins in the upper half makes itself unheard where a rollover is missed.
      const missesRollover = first + missed > 0xffff;
      assertEquals(
        heard.filter((type) => type === 111).length,
        missesRollover ? 0 : 600 - missed,
        `${first}`,
      );
      assertEquals(heard.filter((type) => type === 201).length, 600 - missed);
    }
  }
});

Deno.test("SrtpReceiver takes packets from before the first one, but none from before the first cycle", () => {
  const sender = new SrtpSender(MASTER);
  const sent = Array.from({ length: 10 }, (_, mark) => sender.protect(voice(mark)));
  const receiver = new SrtpReceiver(MASTER);
  for (const mark of [4, 0, 3]) assert(receiver.unprotect(sent[mark]!));
  const before = new SrtpSender(MASTER).protect(voice(0xffff));
  assertEquals(receiver.unprotect(before), undefined);
});

Deno.test("SrtpReceiver keeps eight streams apart, and refuses others", () => {
  const receiver = new SrtpReceiver(MASTER);
  const taken = Array.from(
    { length: 20 },
    (_, ssrc) => receiver.unprotect(new SrtpSender(MASTER).protect(voice(7, ssrc))),
  ).filter((packet) => packet !== undefined);
  assertEquals(taken.length, 8);
});

Deno.test("SrtpReceiver accepts authentic packets between forged ones", () => {
  const random = seededRandom(2);
  const sender = new SrtpSender(MASTER);
  const receiver = new SrtpReceiver(MASTER);
  for (let mark = 0; mark < 500; mark++) {
    const datagram = sender.protect(mark % 10 === 0 ? report(mark & 0xff) : voice(mark));
    for (let forged = 0; forged < 5; forged++) {
      // Truncated or changed copies.
      const copy = datagram.slice(0, random() < 0.5 ? undefined : Math.floor(random() * datagram.length));
      for (let change = 0; change < 3; change++) {
        copy[Math.floor(random() * copy.length)] = Math.floor(256 * random());
      }
      const same = copy.length === datagram.length && copy.every((byte, place) => byte === datagram[place]);
      if (!same && copy.length > 1) assertEquals(receiver.unprotect(copy), undefined);
    }
    assert(receiver.unprotect(datagram), `the authentic packet ${mark}`);
  }
});

Deno.test("SrtpReceiver refuses random bytes", () => {
  const random = seededRandom(3);
  const receiver = new SrtpReceiver(MASTER);
  for (let round = 0; round < 1000; round++) {
    const noise = Uint8Array.from(
      { length: 2 + Math.floor(random() * 200) },
      () => Math.floor(256 * random()),
    );
    noise[0] = 0x80 | noise[0]! & 0x3f;
    assertEquals(receiver.unprotect(noise), undefined);
  }
});

Deno.test("SrtpReceiver tells the newest packet of a stream, voice and reports apart, also across a rollover", () => {
  const sender = new SrtpSender(MASTER);
  const receiver = new SrtpReceiver(MASTER);
  const first = sender.protect(voice(0x7ff0));
  assertEquals([receiver.knows(first), receiver.isNewest(first), receiver.streams], [false, true, []]);
  assert(receiver.unprotect(first));
  assertEquals([receiver.knows(first), receiver.isNewest(first)], [true, false]);
  assertEquals(receiver.streams.length, 1);
  const early = sender.protect(voice(0xbffe));
  const aReport = sender.protect(report(1));
  for (const mark of [0xbfff, 0xfffe, 0x10003]) {
    const later = sender.protect(voice(mark & 0xffff));
    assert(receiver.isNewest(later), `${mark}`);
    assert(receiver.unprotect(later));
  }
  assert(receiver.isNewest(aReport));
  assert(receiver.unprotect(aReport));
  assertEquals(receiver.isNewest(aReport), false);
  assertEquals([receiver.isNewest(early), receiver.knows(early)], [false, true]);
  for (const bytes of [0, 1, 11, 20]) {
    const short = first.slice(0, bytes);
    assertEquals([receiver.knows(short), receiver.isNewest(short)], [false, false]);
  }
});
