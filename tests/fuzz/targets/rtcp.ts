/** Reports. */

import { assert, assertEquals } from "@std/assert";
import { encodeCompound, parseCompound, type RtcpPacket } from "../../../lib/rtp/rtcp.ts";
import { encodePathProbe, parsePathProbe } from "../../../lib/rtp/path_probe.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const block = {
  ssrc: 7,
  fractionLost: 12,
  cumulativeLost: -3,
  highestSequence: 70_000,
  jitter: 96,
  lastSenderReport: 0x12345678,
  delaySinceLastSenderReport: 65536,
};
const description = { kind: "source_description", ssrc: 1, cname: "abcdefghijklmnop" } as const;

/** Compound packets as they should be. */
export const REPORTS: readonly Uint8Array[] = [
  encodeCompound([{
    kind: "sender_report",
    ssrc: 1,
    ntpTimestamp: 0x0123456789abcdefn,
    rtpTimestamp: 960,
    packetCount: 50,
    octetCount: 8000,
    blocks: [block],
  }, description]),
  encodeCompound([{ kind: "receiver_report", ssrc: 1, blocks: [] }, description]),
  encodeCompound([{ kind: "receiver_report", ssrc: 1, blocks: [block, block] }, description, {
    kind: "bye",
    ssrcs: [1, 2],
  }]),
  encodePathProbe(1, { kind: "challenge", token: 0x0123456789abcdefn }),
];

const encoder = new TextEncoder();

/** What was read can be written, and is read again as the same. */
export const rtcp: FuzzTarget = {
  name: "rtcp",
  seeds: REPORTS,
  maxBytes: 1500,
  run(input) {
    const packets = parseCompound(input);
    const probe = parsePathProbe(input);
    if (probe) assertEquals(parsePathProbe(encodePathProbe(1, probe)), probe);
    if (!packets) return { events: 1, came: "none" };
    // Without packets of other types, which are passed over, the first need not be a report.
    if (isReport(packets) && packets.every(canBeWritten)) {
      assertEquals(parseCompound(encodeCompound(packets)), packets);
    }
    return { events: 1, came: packets.map(({ kind }) => kind).slice(0, 5).join() };
  },
};

function isReport(packets: readonly RtcpPacket[]): packets is Parameters<typeof encodeCompound>[0] {
  assert(packets.length === 0 || packets[0]!.kind !== "bye" || packets.length < 400);
  return packets[0]?.kind === "sender_report" || packets[0]?.kind === "receiver_report";
}

/** A name that is not UTF-8 becomes longer when it is read. */
function canBeWritten(packet: RtcpPacket): boolean {
  return packet.kind !== "source_description" || encoder.encode(packet.cname).length <= 255;
}
