import { assertEquals, assertLessOrEqual } from "@std/assert";
import { AMPLIFICATION_FACTOR, CHALLENGE_BYTES, MAX_PATHS, PeerPaths } from "../../lib/call/peer_paths.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const OLD = { ip: "192.0.2.1", port: 6000 };
const NEW = { ip: "192.0.2.7", port: 6000 };
const OTHER_PORT = { ip: "192.0.2.1", port: 6001 };
const COPIER = { ip: "192.0.2.66", port: 666 };

/** Paths whose tokens count from 1, and what they put out. */
function setUp() {
  let last = 0n;
  const paths = new PeerPaths(OLD, () => ++last);
  const challenges: (readonly [Endpoint, bigint])[] = [];
  const moves: Endpoint[] = [];
  /** An authentic packet, newer than all before unless told otherwise. */
  const packet = (now: number, from: Endpoint, bytes = 200, newest = true) => {
    paths.handleSource(now, from);
    paths.handlePacket(now, from, bytes, newest);
    for (const output of paths.drain()) {
      if (output.kind === "moved") moves.push(output.to);
      else challenges.push([output.to, output.token]);
    }
  };
  return { paths, packet, challenges, moves };
}

Deno.test("PeerPaths sends to the agreed address until the peer sends from another", () => {
  const { paths, packet, challenges, moves } = setUp();
  assertEquals(paths.destinations(0, 200), [OLD]);
  for (let now = 0; now < 5000; now += 20) packet(now, OLD);
  assertEquals(paths.destinations(9000, 200), [OLD]);
  assertEquals([challenges, moves], [[], []]);
});

for (const [what, to] of [["address", NEW], ["port", OTHER_PORT]] as const) {
  Deno.test(`PeerPaths follows a peer that has another ${what}, and leaves the old one after 1 s`, () => {
    const { paths, packet, challenges, moves } = setUp();
    packet(0, OLD);
    packet(20, to);
    assertEquals(challenges, [[to, 1n]]);
    paths.handleResponse(1n);
    assertEquals(paths.destinations(21, 1000), [OLD, to], "both for a moment");
    assertEquals(moves, []);
    for (let now = 40; now <= 1000; now += 20) packet(now, to);
    assertEquals(paths.destinations(1000, 1000), [to]);
    assertEquals(moves, [to], "told once");
    for (let now = 1020; now <= 3000; now += 20) packet(now, to);
    assertEquals(moves, [to]);
    assertEquals(challenges.length, 1);
  });
}

Deno.test("PeerPaths follows a peer there and back", () => {
  const { paths, packet, moves } = setUp();
  for (const [second, from] of [OLD, NEW, OLD, NEW, OLD].entries()) {
    for (let now = 2000 * second; now < 2000 * (second + 1); now += 20) packet(now, from);
    paths.handleResponse(1n);
    assertEquals(paths.destinations(2000 * second + 1999, 1000), [from]);
  }
  assertEquals(moves, [NEW, OLD, NEW, OLD]);
});

Deno.test("PeerPaths is not moved by reordered packets, nor by datagrams that are not authentic or came before", () => {
  const { paths, packet } = setUp();
  packet(0, OLD);
  packet(20, NEW, 200, false);
  assertEquals(paths.handleSource(20, COPIER), "unknown");
  assertEquals(paths.destinations(20, 200), [OLD]);
  packet(40, NEW);
  packet(41, OLD, 200, false);
  assertEquals(paths.handleSource(42, NEW), "current");
  assertEquals(paths.handleSource(42, OLD), "known");
});

Deno.test("PeerPaths sends an unvalidated address at most three times its bytes, challenges included", () => {
  const random = seededRandom(1);
  const { paths, packet, challenges } = setUp();
  let [got, sent] = [0, 0];
  packet(0, OLD);
  for (let now = 2000; now < 60_000; now += 20) {
    if (random() < 0.3) {
      const bytes = 29 + Math.floor(300 * random());
      packet(now, NEW, bytes);
      got += bytes;
    }
    const bytes = 40 + Math.floor(1000 * random());
    for (const to of paths.destinations(now, bytes, 300)) if (to === NEW) sent += bytes;
    assertLessOrEqual(sent + CHALLENGE_BYTES * challenges.length, AMPLIFICATION_FACTOR * got);
  }
  // 0.25 s apart at first, then at least 2 s.
  assertLessOrEqual(challenges.length, 33);
  const before = sent;
  paths.handleResponse(challenges[0]![1]);
  for (let now = 60_000; now < 70_000; now += 20) {
    assertEquals(paths.destinations(now, 1000, 300), [NEW]);
  }
  assertEquals(before > 0, true);
});

Deno.test("PeerPaths leaves a reserve of an unvalidated address's bytes", () => {
  const { paths, packet } = setUp();
  packet(0, OLD);
  packet(2000, NEW, 200);
  assertEquals(paths.destinations(2000, 300, 300), []);
  assertEquals(paths.destinations(2000, 250, 300), [NEW]);
  assertEquals(paths.destinations(2000, 250), [NEW]);
  assertEquals(paths.destinations(2000, 250), []);
});

Deno.test("PeerPaths takes a response for the address that its token went to, and no other token", () => {
  const { paths, packet } = setUp();
  packet(0, OLD);
  packet(2000, NEW, 29);
  paths.handleResponse(0n);
  paths.handleResponse(2n);
  assertEquals(paths.destinations(2000, 1000), []);
  paths.handleResponse(1n);
  assertEquals(paths.destinations(2000, 1000), [NEW]);
});

Deno.test("PeerPaths keeps a peer's address while copies of its packets come from elsewhere, faster", () => {
  for (const forwards of [false, true]) {
    const { paths, packet, moves } = setUp();
    packet(0, OLD);
    for (let now = 400; now < 60_000; now += 400) {
      // The copy comes first; the original is a duplicate then. A muted phone sends no more often.
      packet(now, COPIER, 29);
      // Who copies can also pass the challenge on to the peer, which answers it.
      if (forwards) paths.handleResponse(1n);
      assertEquals(paths.handleSource(now + 1, OLD), "known");
      for (const at of [now + 2, now + 399]) {
        assertEquals(paths.destinations(at, 500).includes(OLD), true, `${at}`);
      }
    }
    assertEquals(moves, []);
    // It stops.
    for (let now = 60_000; now < 62_000; now += 20) packet(now, OLD);
    assertEquals(paths.destinations(62_000, 500), [OLD]);
    assertEquals(moves, []);
  }
});

Deno.test("PeerPaths keeps a peer's address among copies from many addresses, and few of those", () => {
  const { paths, packet, moves } = setUp();
  packet(0, OLD);
  for (let now = 20; now < 60_000; now += 20) {
    const copier = { ip: `192.0.2.${100 + now / 20 % 100}`, port: 666 };
    packet(now, copier);
    for (let token = 1n; token <= 200n; token++) paths.handleResponse(token);
    paths.handleSource(now + 1, OLD);
    assertEquals(paths.destinations(now + 2, 500).includes(OLD), true);
    assertLessOrEqual(paths.endpoints.length, MAX_PATHS);
  }
  assertEquals(moves, []);
  for (let now = 60_000; now < 62_000; now += 20) packet(now, NEW);
  assertEquals(paths.destinations(62_000, 500).at(-1), NEW, "and it can still move");
});

Deno.test("PeerPaths sends to the agreed address of a peer that never sends from there, until another is validated", () => {
  const { paths, packet, moves, challenges } = setUp();
  packet(0, NEW, 29);
  assertEquals(paths.destinations(20, 1000), [OLD], "an older phone with several addresses");
  paths.handleResponse(challenges[0]![1]);
  assertEquals(paths.destinations(20, 1000), [NEW]);
  packet(40, NEW);
  assertEquals(moves, [], "it has not moved");
});
