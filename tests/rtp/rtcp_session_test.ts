import { assert, assertAlmostEquals, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { ReceiverStatistics } from "../../lib/rtp/receiver_statistics.ts";
import { randomCname, REPORT_INTERVAL_MS, RtcpSession } from "../../lib/rtp/rtcp_session.ts";
import {
  encodeCompound,
  ntpFromUnixMs,
  parseCompound,
  type ReportBlock,
  type SenderReport,
} from "../../lib/rtp/rtcp.ts";
import type { Condition } from "../../testing/netem/impairment.ts";
import { Timeline, VirtualPath } from "../../testing/netem/virtual_path.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const UNIX_MS = Date.UTC(2024, 4, 1);

/** A network: a fixed delay, a uniform jitter and a share of loss. */
interface Path {
  readonly delayMs: number;
  /** Additional delay: uniform from 0 to this. */
  readonly jitterMs: number;
  readonly loss: number;
}

function conditionOf({ delayMs, jitterMs, loss }: Path): Condition {
  return {
    name: "",
    baseDelayMs: delayMs,
    jitter: { kind: "uniform", maximumMs: jitterMs, keepsOrder: false },
    loss: { kind: "random", probability: loss },
  };
}

/** One side of an emulated call: a voice packet every 20 ms, reports, and a clock of its own. */
class Phone {
  readonly statistics = new ReceiverStatistics();
  readonly rtcpSession: RtcpSession;
  sent = 0;
  delivered = 0;
  readonly #timeline: Timeline;
  readonly #path: VirtualPath;
  /** Offset and drift of this phone's clock. */
  readonly #startMs: number;
  readonly #ppm: number;
  peer!: Phone;

  constructor(
    timeline: Timeline,
    random: () => number,
    path: Path,
    readonly ssrc: number,
    startMs: number,
    ppm: number,
  ) {
    this.#timeline = timeline;
    this.#path = new VirtualPath(timeline, conditionOf(path), `${random()}`);
    this.#startMs = startMs;
    this.#ppm = ppm;
    this.rtcpSession = new RtcpSession({
      ssrc,
      statistics: this.statistics,
      now: this.clock(0),
      unixMs: UNIX_MS + 1000 * startMs,
      random,
    });
  }

  clock(time: number): number {
    return this.#startMs + time * (1 + this.#ppm / 1e6);
  }

  /** Sends voice until some time. Sequence numbers and timestamps wrap soon. */
  speak(untilMs: number): void {
    const send = (now: number) => {
      if (now >= untilMs) return;
      const sequence = 0x6ff00 + this.sent;
      const timestamp = (0xffff_0000 + 960 * this.sent) >>> 0;
      this.sent++;
      this.rtcpSession.sent(timestamp, 120, this.clock(now));
      this.#path.send((arrival) => {
        this.delivered++;
        this.peer.statistics.record(this.ssrc, sequence, timestamp, this.peer.clock(arrival));
      });
      this.#timeline.at(now + 20, send);
    };
    this.#timeline.at(0, send);
  }

  report(): void {
    const send = (now: number) => {
      const datagram = this.rtcpSession.tick(this.clock(now));
      if (datagram) {
        this.#path.send((at) => void this.peer.rtcpSession.handlePacket(this.peer.clock(at), datagram));
      }
      const pause = Math.max(0.01, this.rtcpSession.wakeAt - this.clock(now));
      this.#timeline.at(now + pause, send);
    };
    this.#timeline.at(0, send);
  }
}

function callBetween(
  there: Path,
  back: Path,
  seed: number,
): { timeline: Timeline; ana: Phone; rui: Phone } {
  const timeline = new Timeline();
  const random = seededRandom(seed);
  const ana = new Phone(timeline, random, there, 0xaaaa, 5_000, 100);
  const rui = new Phone(timeline, random, back, 0xbbbb, 800_000, -100);
  ana.peer = rui;
  rui.peer = ana;
  return { timeline, ana, rui };
}

function run(timeline: Timeline, untilMs: number): void {
  while (timeline.next <= untilMs) timeline.step();
}

const CLEAN = { delayMs: 3, jitterMs: 0, loss: 0 };

// The clocks drift by 200 ppm. That adds 0.45 ms to a round-trip time that refers to a sender report 2.25 s ago, and
// twice that if one was lost.
const NETWORKS: [name: string, there: Path, back: Path, roundTripTolerance: number][] = [
  ["a quiet LAN", CLEAN, CLEAN, 0.5],
  ["an asymmetric path", { ...CLEAN, delayMs: 10 }, { ...CLEAN, delayMs: 190 }, 0.5],
  ["loss one way", { ...CLEAN, loss: 0.1 }, CLEAN, 1],
  ["loss and jitter", { delayMs: 40, jitterMs: 15, loss: 0.2 }, { delayMs: 20, jitterMs: 6, loss: 0.05 }, 2],
];

for (const [name, there, back, roundTripTolerance] of NETWORKS) {
  Deno.test(`RtcpSession measures delay, loss and jitter of ${name}`, () => {
    const { timeline, ana, rui } = callBetween(there, back, 11);
    for (const phone of [ana, rui]) {
      phone.speak(120_000);
      phone.report();
    }
    run(timeline, 120_000);
    const roundTripMs = there.delayMs + there.jitterMs / 2 + back.delayMs + back.jitterMs / 2;
    for (const [phone, path] of [[ana, there], [rui, back]] as const) {
      const { figures } = phone.rtcpSession;
      assertAlmostEquals(figures.meanRoundTripMs!, roundTripMs, roundTripTolerance);
      assertAlmostEquals(figures.roundTripMs!, roundTripMs, (there.jitterMs + back.jitterMs) / 2 + 1);
      // The peer's reports.
      const lost = 1 - phone.delivered / phone.sent;
      assertAlmostEquals(figures.peer!.totalLossFraction, lost, 0.01);
      assertAlmostEquals(figures.peer!.lossFraction, path.loss, path.loss === 0 ? 0 : 0.12);
      assertAlmostEquals(figures.peer!.jitterMs, path.jitterMs / 3, 0.35 * path.jitterMs / 3 + 0.05);
      // Its own statistics. The last packets are still under way.
      assertAlmostEquals(phone.peer.statistics.lossFraction, lost, 0.002);
      assert(figures.reportsReceived > 50);
    }
  });
}

Deno.test("RtcpSession knows the round-trip time within 3 s", () => {
  for (let seed = 0; seed < 30; seed++) {
    const { timeline, ana, rui } = callBetween(CLEAN, CLEAN, seed);
    for (const phone of [ana, rui]) {
      phone.speak(5000);
      phone.report();
    }
    run(timeline, 3500);
    assert(ana.rtcpSession.figures.roundTripMs !== undefined, `seed ${seed}`);
    assert(rui.rtcpSession.figures.roundTripMs !== undefined, `seed ${seed}`);
  }
});

Deno.test("RtcpSession sends receiver reports while its side sends no voice", () => {
  const { timeline, ana, rui } = callBetween(CLEAN, CLEAN, 4);
  ana.speak(60_000);
  rui.speak(2_000);
  for (const phone of [ana, rui]) phone.report();
  run(timeline, 60_000);
  assertAlmostEquals(ana.rtcpSession.figures.roundTripMs!, 6, 0.5);
  assertEquals(ana.rtcpSession.figures.peer!.lost, 0);
  // The last sender report is too old for a new round-trip time; the former figure stays.
  assertAlmostEquals(rui.rtcpSession.figures.meanRoundTripMs!, 6, 1);
  const kinds = parseCompound(rui.rtcpSession.tick(Infinity)!)!.map(({ kind }) => kind);
  assertEquals(kinds, ["receiver_report", "source_description", "application"]);
});

Deno.test("RtcpSession announces how many redundant frames it takes, and learns the peer's number", () => {
  const rtcpSession = () =>
    new RtcpSession({ ssrc: 1, statistics: new ReceiverStatistics(), now: 0, unixMs: UNIX_MS });
  const ours = rtcpSession();
  assertEquals(ours.figures.peerRedundancy, 0);
  ours.handlePacket(10_000, rtcpSession().tick(10_000)!);
  assertEquals(ours.figures.peerRedundancy, 2);
  const report = { kind: "receiver_report", ssrc: 2, blocks: [] } as const;
  const application = (name: string, ...data: number[]) =>
    ({ kind: "application", ssrc: 2, name, data: Uint8Array.from(data) }) as const;
  const announced = (name: string, ...data: number[]) => {
    const ours = rtcpSession();
    ours.handlePacket(0, encodeCompound([report, application(name, ...data)]));
    return ours.figures.peerRedundancy;
  };
  assertEquals(announced("SALA", 63, 1, 0, 0), 1);
  assertEquals(announced("SALA", 63, 200, 0, 0), 2, "2 at most");
  assertEquals(announced("SALA", 64, 2, 0, 0), 0, "another payload type");
  assertEquals(announced("NONE", 63, 2, 0, 0), 0, "another program");
  assertEquals(announced("SALA"), 0, "without data");
  assertEquals(announced("SALA", 63, 2, 9, 9, 1, 2, 3, 4), 2, "of a later version");
  const handle = (...packets: Parameters<typeof application>[]) =>
    ours.handlePacket(0, encodeCompound([report, ...packets.map((packet) => application(...packet))]));
  handle(["SALA", 63, 1, 0, 0]);
  handle();
  handle(["SALA"], ["SALA", 99, 2, 0, 0]);
  assertEquals(ours.figures.peerRedundancy, 1, "the last one stays");
  const subtype = encodeCompound([report, application("SALA", 63, 2, 0, 0)]);
  subtype[8] = 0x9f;
  ours.handlePacket(0, subtype);
  assertEquals(ours.figures.peerRedundancy, 2, "with any subtype");
  handle(["SALA", 63, 2, 0, 0], ["SALA", 63, 0, 0, 0]);
  assertEquals(ours.figures.peerRedundancy, 0, "the last of a compound packet");
});

Deno.test("RtcpSession.tick() sends reports at 0.5 to 1.5 times the interval, the first at half of that", () => {
  const random = seededRandom(5);
  const rtcpSession = new RtcpSession({
    ssrc: 1,
    statistics: new ReceiverStatistics(),
    now: 100,
    unixMs: UNIX_MS,
    random,
  });
  assert(
    rtcpSession.wakeAt - 100 >= REPORT_INTERVAL_MS / 4 &&
      rtcpSession.wakeAt - 100 <= REPORT_INTERVAL_MS * 3 / 4,
  );
  const intervals = [];
  for (let count = 0; count < 200; count++) {
    const now = rtcpSession.wakeAt;
    assertEquals(rtcpSession.tick(now - 0.001), undefined);
    assert(rtcpSession.tick(now) !== undefined);
    intervals.push(rtcpSession.wakeAt - now);
  }
  assert(
    Math.min(...intervals) >= REPORT_INTERVAL_MS / 2 && Math.max(...intervals) <= REPORT_INTERVAL_MS * 3 / 2,
  );
  // A peer is silent after 3 s.
  assert(Math.max(...intervals) < 2500);
  assert(Math.max(...intervals) - Math.min(...intervals) > REPORT_INTERVAL_MS * 0.9, "randomized");
  assertEquals(rtcpSession.figures.reportsSent, 200);
});

Deno.test("RtcpSession.tick() sends a sender report if voice was sent since the report before last", () => {
  const rtcpSession = new RtcpSession({
    ssrc: 0x1234,
    statistics: new ReceiverStatistics(),
    now: 1000,
    unixMs: UNIX_MS,
    cname: "x",
  });
  const reportAt = (now: number) => parseCompound(rtcpSession.tick(now)!)![0]!;
  assertEquals(reportAt(3000).kind, "receiver_report");
  rtcpSession.sent(4_294_967_200, 100, 5990);
  assertEquals(reportAt(6000), {
    kind: "sender_report",
    ssrc: 0x1234,
    ntpTimestamp: ntpFromUnixMs(UNIX_MS + 5000),
    rtpTimestamp: 384, // 480 after the last packet, wrapped.
    packetCount: 1,
    octetCount: 100,
    blocks: [],
  });
  assertEquals(reportAt(9000).kind, "sender_report");
  assertEquals(reportAt(12_000).kind, "receiver_report");
});

Deno.test("RtcpSession.bye() ends the stream, and the peer learns it", () => {
  const { timeline, ana, rui } = callBetween(CLEAN, CLEAN, 6);
  ana.speak(1000);
  run(timeline, 1000);
  const datagram = ana.rtcpSession.bye(ana.clock(1000));
  assertEquals(parseCompound(datagram)!.map(({ kind }) => kind), [
    "sender_report",
    "source_description",
    "bye",
  ]);
  assertEquals(ana.rtcpSession.wakeAt, Infinity);
  assertEquals(rui.rtcpSession.figures.peerLeft, false);
  assert(rui.rtcpSession.handlePacket(rui.clock(1003), datagram));
  assertEquals(rui.rtcpSession.figures.peerLeft, true);
});

const FORGED: ReportBlock = {
  ssrc: 0xaaaa,
  fractionLost: 10,
  cumulativeLost: 3,
  highestSequence: 0,
  jitter: 480,
  lastSenderReport: 0,
  delaySinceLastSenderReport: 0,
};

Deno.test("RtcpSession.handlePacket() takes no round-trip time from an implausible report", () => {
  const { timeline, ana, rui } = callBetween(CLEAN, CLEAN, 7);
  for (const phone of [ana, rui]) {
    phone.speak(10_000);
    phone.report();
  }
  run(timeline, 10_000);
  const { roundTripMs } = ana.rtcpSession.figures;
  const forged: Partial<ReportBlock>[] = [
    { lastSenderReport: 0 },
    { lastSenderReport: 1 },
    { lastSenderReport: 0xffff_ffff },
    { lastSenderReport: 1, delaySinceLastSenderReport: 0xffff_ffff },
  ];
  for (const fields of forged) {
    const datagram = encodeCompound([{
      kind: "receiver_report",
      ssrc: 1,
      blocks: [{ ...FORGED, ...fields }],
    }]);
    assert(ana.rtcpSession.handlePacket(ana.clock(10_000), datagram));
    assertEquals(ana.rtcpSession.figures.roundTripMs, roundTripMs);
  }
  assertEquals(ana.rtcpSession.figures.peer?.jitterMs, 10);
});

Deno.test("RtcpSession.handlePacket() ignores blocks of other streams, and invalid datagrams", () => {
  const rtcpSession = new RtcpSession({
    ssrc: 0xbbbb,
    statistics: new ReceiverStatistics(),
    now: 0,
    unixMs: UNIX_MS,
  });
  const report: SenderReport = {
    kind: "sender_report",
    ssrc: 1,
    ntpTimestamp: 0n,
    rtpTimestamp: 0,
    packetCount: 0,
    octetCount: 0,
    blocks: [FORGED],
  };
  assert(rtcpSession.handlePacket(10, encodeCompound([report, { kind: "bye", ssrcs: [2] }])));
  assertEquals(rtcpSession.figures.peer, undefined);
  assertEquals(rtcpSession.figures.peerLeft, false);
  assertEquals(rtcpSession.handlePacket(10, Uint8Array.of(0x80, 200, 0, 9)), false);
  assertEquals(rtcpSession.figures.reportsReceived, 1);
});

Deno.test("RtcpSession.handlePacket() takes the highest loss of several blocks on its own stream", () => {
  const rtcpSession = new RtcpSession({
    ssrc: 9,
    statistics: new ReceiverStatistics(),
    now: 0,
    unixMs: UNIX_MS,
  });
  const block = (ssrc: number, fractionLost: number) => ({ ...FORGED, ssrc, fractionLost });
  const report = (ssrc: number, ...blocks: ReportBlock[]) =>
    ({ kind: "receiver_report", ssrc, blocks }) as const;
  const handle = (...packets: [ReturnType<typeof report>, ...ReturnType<typeof report>[]]) => {
    assert(rtcpSession.handlePacket(10, encodeCompound(packets)));
    return rtcpSession.figures.peer;
  };
  assertEquals(handle(report(1, block(8, 200))), undefined);
  assertEquals(handle(report(1, block(9, 16), block(9, 64), block(9, 32)))?.lossFraction, 1 / 4);
  assertEquals(handle(report(1, block(8, 200), block(9, 32)), report(2, block(9, 16)))?.lossFraction, 1 / 8);
  const { peer } = rtcpSession.figures;
  assertEquals(handle(report(1)) === peer, true, "without a block nothing new is known");
  assertEquals(handle(report(1, block(9, 32))) === peer, false);
});

Deno.test("randomCname() is 96 random bits in base64", () => {
  assertMatch(randomCname(), /^[A-Za-z0-9+/]{16}$/);
  assertNotEquals(randomCname(), randomCname());
});
