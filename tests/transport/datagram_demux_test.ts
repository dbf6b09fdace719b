import { assert, assertEquals } from "@std/assert";
import { DatagramDemux } from "../../lib/transport/datagram_demux.ts";
import { MAX_DATAGRAM_BYTES } from "../../lib/protocol/call_messages.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const CALL = "q3mZ0b1c2d3e4f5g6h7i8w";
const [PEER, STRANGER] = ["192.0.2.1", "192.0.2.66"] as const;
const OWN = { id: CALL, peer: { ip: PEER } };
const goodbye = (chamada: string) => bytes(`{"tipo":"encerrar_ligação","chamada":"${chamada}"}`);

const FIRST_LOOKS: [what: string, datagram: Uint8Array, kind: string][] = [
  ["nothing", new Uint8Array(0), "ignored"],
  ["a message", goodbye(CALL), "signalling"],
  ["voice", Uint8Array.of(0x80, 111, 0, 0), "voice"],
  ["a report", Uint8Array.of(0x81, 200, 0, 0), "voice"],
  ["one byte of voice", Uint8Array.of(0x80), "ignored"],
  ["STUN", Uint8Array.of(0, 1, 0, 0), "ignored"],
  ["DTLS", Uint8Array.of(22, 254, 253), "ignored"],
  ["a message with a blank before it", bytes(' {"tipo":"tocando"}'), "ignored"],
  ["a message that is too large", bytes("{".padEnd(MAX_DATAGRAM_BYTES + 1)), "ignored"],
  ["voice that is too large", new Uint8Array(MAX_DATAGRAM_BYTES + 1).fill(0x80), "ignored"],
];

for (const [what, datagram, kind] of FIRST_LOOKS) {
  Deno.test(`DatagramDemux takes ${what} for ${kind}`, () => {
    assertEquals(new DatagramDemux().judge(0, datagram, OWN, PEER), kind);
  });
}

Deno.test("DatagramDemux reads few messages of a flood, and all of the current call", () => {
  const demux = new DatagramDemux();
  const random = seededRandom(1);
  let read = 0;
  let own = 0;
  // 50,000 datagrams a second for ten seconds; the peer sends a message each second.
  for (let count = 0; count < 500_000; count++) {
    const now = count / 50;
    const stranger = goodbye(String(random()).padEnd(22, "0").slice(-22));
    if (demux.judge(now, stranger, OWN, STRANGER) === "signalling") read++;
    if (count % 50_000 === 49_999 && demux.judge(now, goodbye(CALL), OWN, PEER) === "signalling") own++;
  }
  assert(read < 5_600, `${read}`);
  assertEquals(own, 10);
});

Deno.test("DatagramDemux limits messages with the call's id, too", () => {
  const demux = new DatagramDemux();
  let read = 0;
  for (let count = 0; count < 50_000; count++) {
    if (demux.judge(count / 50, goodbye(CALL), OWN, PEER) === "signalling") read++;
  }
  assert(read <= 100, `${read}`);
});

Deno.test("DatagramDemux reads all of the peer's messages while a listener floods with the call's id", () => {
  const demux = new DatagramDemux();
  let [own, elsewhere] = [0, 0];
  for (let now = 0; now < 10_000; now++) {
    if (demux.judge(now, goodbye(CALL), OWN, STRANGER) === "signalling") elsewhere++;
    if (now % 250 === 0 && demux.judge(now, goodbye(CALL), OWN, PEER) === "signalling") own++;
  }
  assertEquals(own, 40);
  assert(elsewhere < 260, `${elsewhere}`);
});

Deno.test("DatagramDemux reports a flood every ten seconds, and no stray datagrams", () => {
  const flooded = new DatagramDemux();
  const reports: number[] = [];
  for (let now = 0; now < 30_500; now++) {
    const count = flooded.ignored(now);
    if (count !== undefined) reports.push(count);
  }
  assertEquals(reports, [10_001, 10_000, 10_000]);
  const quiet = new DatagramDemux();
  for (let now = 0; now < 600_000; now += 1_000) assertEquals(quiet.ignored(now), undefined);
});

Deno.test("DatagramDemux lets a peer that has moved be tried in a flood that does not know its stream", () => {
  const demux = new DatagramDemux();
  let [strangers, peers] = [0, 0];
  for (let count = 0; count < 500_000; count++) {
    const now = count / 50;
    if (demux.mayTry(now, false)) strangers++;
    if (count % 1_000 === 0 && demux.mayTry(now, true)) peers++;
  }
  assertEquals(peers, 500);
  assert(strangers < 1_100, `${strangers}`);
  for (let count = 0; count < 500_000; count++) if (demux.mayTry(10_000 + count / 50, true)) peers++;
  assert(peers < 500 + 4_100, `${peers}`);
});

Deno.test("DatagramDemux reads the messages of others while one address floods, and half of them in a flood from everywhere", () => {
  for (
    const [from, least] of [[() => STRANGER, 1], [
      (count: number) => `10.${count >> 16}.${count >> 8 & 255}.${count & 255}`,
      0.4,
    ], [
      (count: number) => `2001:db8::${(count & 0xffff).toString(16)}`,
      1,
    ]] as const
  ) {
    const demux = new DatagramDemux(seededRandom(2));
    let [read, sent, honest] = [0, 0, 0];
    for (let now = 0; now < 10_000; now++) {
      if (demux.judge(now, goodbye("b".repeat(22)), undefined, from(now)) === "signalling") read++;
      if (now % 250 !== 0) continue;
      sent++;
      if (demux.judge(now, goodbye(CALL), undefined, PEER) === "signalling") honest++;
    }
    assert(read < 5_600, `${read}`);
    assert(honest >= least * sent, `${honest} of ${sent}`);
  }
});

Deno.test("DatagramDemux reads nearly half of the messages of an address that an attacker shares, and all of others", () => {
  const demux = new DatagramDemux(seededRandom(3));
  const sent = 400;
  let [shared, others] = [0, 0];
  for (let now = 0; now < 100_000; now++) {
    demux.judge(now, goodbye("b".repeat(22)), undefined, STRANGER);
    if (now % 250 !== 0) continue;
    if (demux.judge(now, goodbye(CALL), undefined, STRANGER) === "signalling") shared++;
    if (demux.judge(now, goodbye(CALL), undefined, PEER) === "signalling") others++;
  }
  assert(shared > 0.4 * sent, `${shared} of ${sent}`);
  assertEquals(others, sent);
});
