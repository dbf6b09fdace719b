import { assertEquals } from "@std/assert";
import { CHALLENGE_BYTES } from "../../lib/call/peer_paths.ts";
import { encodePathProbe, parsePathProbe } from "../../lib/rtp/path_probe.ts";
import { encodeCompound } from "../../lib/rtp/rtcp.ts";
import { RtcpSession } from "../../lib/rtp/rtcp_session.ts";
import { ReceiverStatistics } from "../../lib/rtp/receiver_statistics.ts";
import { SrtpSender } from "../../lib/srtp/context.ts";

const TOKEN = 0xfedc_ba98_7654_3210n;

for (const kind of ["challenge", "response"] as const) {
  Deno.test(`parsePathProbe() reads the ${kind} that encodePathProbe() writes`, () => {
    assertEquals(parsePathProbe(encodePathProbe(1, { kind, token: TOKEN })), { kind, token: TOKEN });
  });

  Deno.test(`A phone that knows no probes takes a ${kind} for an empty report`, () => {
    const statistics = new ReceiverStatistics();
    const session = new RtcpSession({ ssrc: 1, statistics, now: 0, unixMs: 0 });
    assertEquals(session.handlePacket(0, encodePathProbe(2, { kind, token: 0x3f02_0000_0000_0000n })), true);
    assertEquals(session.figures.peerRedundancy, 0);
    assertEquals(session.figures.peer, undefined);
  });
}

Deno.test("parsePathProbe() finds none in other reports, and in damaged ones", () => {
  const probe = encodePathProbe(1, { kind: "challenge", token: TOKEN });
  const report = { kind: "receiver_report", ssrc: 1, blocks: [] } as const;
  const data = new Uint8Array(8);
  const others = [
    encodeCompound([report]),
    encodeCompound([report, { kind: "application", ssrc: 1, name: "SALA", data }]),
    encodeCompound([report, { kind: "application", ssrc: 1, name: "SALD", data: data.subarray(4) }]),
    probe.slice(0, -1),
    probe.slice(8),
    new Uint8Array(0),
  ];
  for (const other of others) assertEquals(parsePathProbe(other), undefined);
});

Deno.test("An encrypted challenge has CHALLENGE_BYTES, which the smallest packet of voice allows", () => {
  const sender = new SrtpSender({ key: new Uint8Array(16), salt: new Uint8Array(12) });
  const challenge = sender.protect(encodePathProbe(1, { kind: "challenge", token: TOKEN }));
  assertEquals(challenge.length, CHALLENGE_BYTES);
});
