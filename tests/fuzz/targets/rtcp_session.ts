/** Reports in and out: any datagram, at any time. */

import { assert, assertEquals } from "@std/assert";
import { ReceiverStatistics } from "../../../lib/rtp/receiver_statistics.ts";
import { RtcpSession } from "../../../lib/rtp/rtcp_session.ts";
import { parseCompound } from "../../../lib/rtp/rtcp.ts";
import { seededRandom } from "../../../testing/netem/random.ts";
import { ByteReader } from "../byte_reader.ts";
import type { FuzzTarget } from "../fuzz_target.ts";
import { REPORTS } from "./rtcp.ts";

const SSRC = 7;
const PEER_SSRC = 1;

/** Bytes of a report with one block, a name and a goodbye. */
const LONGEST_REPORT_BYTES = 120;

/** Time between two reports, at most, and what is lost by waking up late. */
const LONGEST_PAUSE_MS = 2250;

function received(datagram: Uint8Array): number[] {
  return [0, datagram.length, ...datagram];
}

/** Steps: a datagram of some length, a packet of ours, one of theirs, time. */
export const rtcpSession: FuzzTarget = {
  name: "rtcp_session",
  seeds: [
    Uint8Array.from([
      1,
      1,
      2,
      0,
      2,
      1,
      3,
      200,
      3,
      200,
      3,
      200,
      ...received(REPORTS[0]!),
      3,
      255,
      3,
      255,
      3,
      255,
    ]),
    Uint8Array.from([
      2,
      0,
      2,
      0,
      2,
      200,
      3,
      255,
      ...received(REPORTS[1]!),
      1,
      ...received(REPORTS[2]!),
      3,
      255,
    ]),
  ],
  maxBytes: 500,
  run(input) {
    const reader = new ByteReader(input);
    const statistics = new ReceiverStatistics();
    const random = seededRandom(1);
    let now = 5_000;
    const rtcpSession = new RtcpSession({
      ssrc: SSRC,
      statistics,
      now,
      unixMs: 1.7e12,
      cname: "x".repeat(16),
      random,
    });
    let sequence = 70_000;
    let timestamp = 0;
    let events = 0;
    while (!reader.ended) {
      events++;
      switch (reader.below(5)) {
        case 0: {
          const datagram = reader.take(reader.byte());
          assertEquals(rtcpSession.handlePacket(now, datagram), parseCompound(datagram) !== undefined);
          break;
        }
        case 1:
          rtcpSession.sent(timestamp, reader.byte(), now);
          break;
        case 2: // One of theirs; any number, and any time of day.
          sequence += reader.byte() - 8;
          timestamp = (timestamp + 960 * reader.byte()) >>> 0;
          statistics.record(PEER_SSRC, Math.max(0, sequence), timestamp, now);
          break;
        case 3:
          now += 8 * reader.byte();
          tick();
          break;
        case 4: // Another stream of theirs, far away.
          statistics.record(reader.byte(), reader.uint(3), reader.uint(4), now);
      }
      check();
    }
    const last = rtcpSession.bye(now);
    assert(last.length <= LONGEST_REPORT_BYTES && parseCompound(last)?.at(-1)?.kind === "bye");
    assertEquals(rtcpSession.wakeAt, Infinity, "nothing comes after the goodbye");
    const { reportsSent, reportsReceived, roundTripMs } = rtcpSession.figures;
    return {
      events,
      came: `${Math.min(4, reportsSent)} ${Math.min(4, reportsReceived)} ${roundTripMs === undefined}`,
    };

    function tick(): void {
      const report = rtcpSession.tick(now);
      assert(
        rtcpSession.wakeAt > now && rtcpSession.wakeAt <= now + LONGEST_PAUSE_MS,
        "the next report is in reach",
      );
      if (!report) return;
      assert(report.length <= LONGEST_REPORT_BYTES, "a small datagram");
      assert(parseCompound(report), "a report that can be read");
      assertEquals(rtcpSession.tick(now), undefined, "one report at a time");
    }

    function check(): void {
      const { roundTripMs, meanRoundTripMs, peer } = rtcpSession.figures;
      for (const value of [roundTripMs, meanRoundTripMs]) {
        assert(value === undefined || value >= 0 && value <= 10_000, `a round trip of ${value} ms`);
      }
      if (peer) {
        assert(peer.lossFraction >= 0 && peer.lossFraction < 1);
        assert(peer.totalLossFraction >= 0 && peer.totalLossFraction <= 1);
        assert(Number.isFinite(peer.jitterMs));
      }
    }
  },
};
