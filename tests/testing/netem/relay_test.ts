import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import type { Condition } from "../../../testing/netem/impairment.ts";
import { ImpairedPath, LOOPBACK } from "../../../testing/netem/relay.ts";
import { RelayThread } from "../../../testing/netem/relay_thread.ts";
import { redirected, SalaRelay } from "../../../testing/netem/sala_relay.ts";
import { SipRelay, withMediaPort } from "../../../testing/netem/sip_relay.ts";
import { encodeCallMessage } from "../../../lib/protocol/call_messages.ts";
import { RegistryClient } from "../../../lib/registration/registry_client.ts";
import { startRegistry } from "../../../lib/registrar/server.ts";
import { Mailbox } from "./mailbox.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

/** The start of an RTP packet of payload type 111, or of an RTCP sender report. The last byte identifies it. */
const voice = (mark: number) => Uint8Array.of(0x80, 111, 0, mark, 0, 0, 0, 0, 0, 0, 0, 0, mark);
const report = (mark: number) => Uint8Array.of(0x80, 200, 0, 0, 0, 0, 0, mark);

const LOSES_ALL: Condition = { name: "loses all", loss: { kind: "random", probability: 1 } };

Deno.test("ImpairedPath passes everything at once before begin()", () => {
  using path = new ImpairedPath({ condition: LOSES_ALL, seed: "1" }, "forward");
  const delivered: Uint8Array[] = [];
  path.pass(voice(1), (datagram) => delivered.push(datagram));
  assertEquals(delivered, [voice(1)]);
  assertEquals(path.counts, { received: 0, lost: 0 });
  path.begin();
  path.pass(voice(2), (datagram) => delivered.push(datagram));
  assertEquals(delivered, [voice(1)]);
  assertEquals(path.counts, { received: 1, lost: 1 });
});

Deno.test("ImpairedPath delivers delayed packets in the order of their due times", async () => {
  const condition: Condition = { name: "late", baseDelayMs: 300 };
  using path = new ImpairedPath({ condition, seed: "1" }, "forward");
  path.begin();
  const startMs = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  const delivered: number[] = [];
  const deliver = (datagram: Uint8Array) => {
    delivered.push(datagram.at(-1)!);
    if (delivered.length === 5) resolve();
  };
  for (let mark = 0; mark < 5; mark++) path.pass(voice(mark), deliver);
  assertEquals(delivered, []);
  await promise;
  assertGreater(performance.now() - startMs, 299.9);
  assertEquals(delivered, [0, 1, 2, 3, 4]);
});

Deno.test("ImpairedPath lets a packet with less delay overtake", async () => {
  const condition: Condition = { name: "odd", reordering: { probability: 0.5, holdMs: 20 } };
  using path = new ImpairedPath({ condition, seed: "1" }, "forward");
  path.begin();
  const { promise, resolve } = Promise.withResolvers<void>();
  const delivered: number[] = [];
  for (let mark = 0; mark < 20; mark++) {
    path.pass(voice(mark), (datagram) => {
      delivered.push(datagram.at(-1)!);
      if (delivered.length === 20) resolve();
    });
  }
  const atOnce = delivered.length;
  assertGreater(atOnce, 3);
  assertLess(atOnce, 17);
  await promise;
  const ascending = (marks: number[]) => marks.toSorted((a, b) => a - b);
  assertEquals(delivered, [
    ...ascending(delivered.slice(0, atOnce)),
    ...ascending(delivered.slice(atOnce)),
  ]);
});

Deno.test("ImpairedPath loses the same voice packets with and without reports between them", () => {
  const condition: Condition = { name: "lossy", loss: { kind: "random", probability: 0.5 } };
  const lost = (withReports: boolean) => {
    using path = new ImpairedPath({ condition, seed: "3" }, "forward");
    path.begin();
    const delivered: number[] = [];
    for (let mark = 0; mark < 100; mark++) {
      path.pass(voice(mark), (datagram) => delivered.push(datagram.at(-1)!));
      if (withReports) path.pass(report(mark), () => {});
    }
    assertEquals(path.counts, { received: 100, lost: 100 - delivered.length });
    return delivered;
  };
  assertEquals(lost(true), lost(false));
});

Deno.test("redirected() replaces the address of an invitation and nothing else", () => {
  const invitation = bytes(JSON.stringify({
    tipo: "convite",
    chamada: "a".repeat(22),
    nome: "joão",
    ip: "192.0.2.1",
    porta: 6000,
    midia: "opus/48000/1",
    future: [1],
  }));
  assertEquals(JSON.parse(text(redirected(invitation, { ip: LOOPBACK, port: 7000 }))), {
    ...JSON.parse(text(invitation)),
    ip: LOOPBACK,
    porta: 7000,
  });
  const other = encodeCallMessage({ tipo: "tocando", chamada: "a".repeat(22) });
  assertEquals(redirected(other, { ip: LOOPBACK, port: 7000 }), other);
  assertEquals(redirected(bytes("{"), { ip: LOOPBACK, port: 7000 }), bytes("{"));
});

Deno.test("SalaRelay passes signalling and impairs voice", async () => {
  const registry = startRegistry({ host: LOOPBACK, port: 0 });
  await using caller = new Mailbox();
  await using callee = new Mailbox();
  await using relay = await SalaRelay.open(registry.port, "relay", callee.port, {
    condition: LOSES_ALL,
    seed: "1",
  });
  const connected = await RegistryClient.connect(LOOPBACK, registry.port);
  assert(connected.kind === "connected");
  await using client = connected.client;
  await client.register("joão", LOOPBACK, caller.port);
  const found = await client.lookUp("relay");
  assert(found.kind === "found");
  const port = found.person.porta;

  const chamada = "a".repeat(22);
  caller.send(
    encodeCallMessage({
      tipo: "convite",
      chamada,
      nome: "joão",
      ip: LOOPBACK,
      porta: caller.port,
      midia: "opus/48000/1",
    }),
    port,
  );
  const { bytes: invitation, from } = await callee.next();
  const { ip, porta } = JSON.parse(text(invitation));
  assertEquals({ ip, port: porta }, from, "the callee is to answer to where it comes from");
  const answer = encodeCallMessage({ tipo: "resposta_ao_convite", chamada, resposta: "aceito" });
  callee.send(answer, porta);
  assertEquals(await caller.next(), { bytes: answer, from: { ip: LOOPBACK, port } });

  caller.send(voice(1), port);
  assertEquals((await callee.next()).bytes, voice(1));
  callee.send(voice(2), porta);
  assertEquals(await caller.next(), { bytes: voice(2), from: { ip: LOOPBACK, port } });

  relay.begin();
  const goodbye = encodeCallMessage({ tipo: "encerrar_ligação", chamada });
  caller.send(voice(3), port);
  caller.send(goodbye, port);
  assertEquals((await callee.next()).bytes, goodbye, "the voice before it was lost");
  assertEquals(relay.forward, { received: 1, lost: 1 });
  await client.close();
  await registry.close();
});

function sip(firstLine: string, mediaPort: number): string {
  const body =
    `v=0\r\nc=IN IP4 ${LOOPBACK}\r\nm=audio ${mediaPort} RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n`;
  return `${firstLine}\r\nCSeq: 1 INVITE\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

for (
  const [name, message, expected, mediaPort] of [
    ["an offer", sip("INVITE sip:a@b SIP/2.0", 20_000), sip("INVITE sip:a@b SIP/2.0", 8000), 20_000],
    ["no body", "ACK sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n", undefined, undefined],
    ["no SIP at all", "keep-alive", undefined, undefined],
    [
      "an offer with a place for RTCP",
      "SIP/2.0 200 OK\r\nl: 44\r\n\r\nm=audio 20000 RTP/AVP 96\r\na=rtcp:20001\r\na=x\r\n",
      "SIP/2.0 200 OK\r\nContent-Length: 30\r\n\r\nm=audio 8000 RTP/AVP 96\r\na=x\r\n",
      20_000,
    ],
  ] as const
) {
  Deno.test(`withMediaPort() changes only the voice port: ${name}`, () => {
    const result = withMediaPort(bytes(message), 8000);
    assertEquals(text(result.message), expected ?? message);
    assertEquals(result.mediaPort, mediaPort);
  });
}

/** A socket at an even port, and one at the next. */
function mediaBoxes(): readonly [Mailbox, Mailbox] {
  for (;;) {
    const rtp = new Mailbox();
    try {
      if (rtp.port % 2 === 0) return [rtp, new Mailbox(rtp.port + 1)];
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
    rtp[Symbol.asyncDispose]();
  }
}

Deno.test("SipRelay passes SIP and impairs voice", async () => {
  await using caller = new Mailbox();
  await using callee = new Mailbox();
  const [callerRtp, callerRtcp] = mediaBoxes();
  const [calleeRtp, calleeRtcp] = mediaBoxes();
  await using boxes = new AsyncDisposableStack();
  for (const box of [callerRtp, callerRtcp, calleeRtp, calleeRtcp]) boxes.use(box);
  await using relay = new SipRelay(callee.port, { condition: LOSES_ALL, seed: "1" });
  const portIn = (message: Uint8Array) => Number(/m=audio (\d+)/.exec(text(message))![1]);

  caller.send(bytes(sip("INVITE sip:a@b SIP/2.0", callerRtp.port)), relay.port);
  const offer = await callee.next();
  const towardsCaller = portIn(offer.bytes);
  callee.send(bytes(sip("SIP/2.0 200 OK", calleeRtp.port)), offer.from.port);
  const answer = await caller.next();
  assertEquals(answer.from.port, relay.port);
  const towardsCallee = portIn(answer.bytes);

  callerRtp.send(voice(1), towardsCallee);
  assertEquals(await calleeRtp.next(), { bytes: voice(1), from: { ip: LOOPBACK, port: towardsCaller } });
  calleeRtp.send(voice(2), towardsCaller);
  assertEquals(await callerRtp.next(), { bytes: voice(2), from: { ip: LOOPBACK, port: towardsCallee } });
  callerRtcp.send(report(3), towardsCallee + 1);
  assertEquals((await calleeRtcp.next()).bytes, report(3));
  calleeRtcp.send(report(4), towardsCaller + 1);
  assertEquals((await callerRtcp.next()).bytes, report(4));

  relay.begin();
  callerRtp.send(voice(5), towardsCallee);
  caller.send(bytes("BYE sip:a@b SIP/2.0\r\n\r\n"), relay.port);
  assertEquals(text((await callee.next()).bytes), "BYE sip:a@b SIP/2.0\r\n\r\n");
  assertEquals(relay.forward, { received: 1, lost: 1 });
});

Deno.test("RelayThread relays, and counts lost packets", async () => {
  const registry = startRegistry({ host: LOOPBACK, port: 0 });
  await using _registry = registry;
  await using callee = new Mailbox();
  await using caller = new Mailbox();
  const network = { condition: LOSES_ALL, seed: "1" };
  using relay = await RelayThread.open({
    kind: "sala",
    registryPort: registry.port,
    name: "relay",
    calleePort: callee.port,
    network,
  });
  const connected = await RegistryClient.connect(LOOPBACK, registry.port);
  assert(connected.kind === "connected");
  await using client = connected.client;
  await client.register("caller", LOOPBACK, caller.port);
  const found = await client.lookUp("relay");
  assert(found.kind === "found");
  caller.send(voice(1), found.person.porta);
  assertEquals((await callee.next()).bytes, voice(1));
  relay.begin();
  assertEquals(await relay.forward(), { received: 0, lost: 0 });
  caller.send(voice(2), found.person.porta);
  // Signalling passes, behind the voice.
  const goodbye = encodeCallMessage({
    tipo: "encerrar_ligação",
    chamada: "0123456789abcdef0123456789abcdef",
  });
  caller.send(goodbye, found.person.porta);
  assertEquals((await callee.next()).bytes, goodbye);
  assertEquals(await relay.forward(), { received: 1, lost: 1 });
});

Deno.test("RelayThread says why a relay cannot be opened", async () => {
  const registry = startRegistry({ host: LOOPBACK, port: 0 });
  const { port } = registry;
  await registry.close();
  const network = { condition: LOSES_ALL, seed: "1" };
  await assertRejects(
    () => RelayThread.open({ kind: "sala", registryPort: port, name: "relay", calleePort: 1, network }),
    Error,
    "Cannot register the relay as relay",
  );
});
