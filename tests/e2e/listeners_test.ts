import { assert, assertEquals, assertGreater } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { compareInPieces } from "../../testing/audio/compare.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import {
  encodeCallMessage,
  parseCallMessage,
  SIGNALLING_FIRST_BYTE,
} from "../../lib/protocol/call_messages.ts";
import { parseRedundant, REDUNDANT_PAYLOAD_TYPE } from "../../lib/rtp/red.ts";
import { encodeCompound } from "../../lib/rtp/rtcp.ts";
import { isRtcp, OPUS_PAYLOAD_TYPE, parseRtp } from "../../lib/rtp/rtp.ts";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import { ImpairedPath, RelaySocket } from "../../testing/netem/relay.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, outputOf, Program, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { pause } from "../../lib/util/pause.ts";
import { freePorts } from "../../testing/free_ports.ts";

const SPEECH = new URL("../../demo/fala.wav", import.meta.url).pathname;

/** Whether a program is missing; says so. */
function isMissing(program: string): boolean {
  const missing = !isInstalled(program);
  if (missing) console.log(`skipped: a call heard by ${program}, because ${program} is not installed`);
  return missing;
}

/** GStreamer's program, and whether its packages with RTP and Opus are there. */
const GST = "gst-launch-1.0";
async function lacksGStreamer(): Promise<boolean> {
  if (isMissing(GST)) return true;
  const { success } = await runToEnd(["gst-inspect-1.0", "rtpreddec"]);
  const opus = await runToEnd(["gst-inspect-1.0", "opusdec"]);
  if (success && opus.success) return false;
  console.log(
    "skipped: a call heard by GStreamer, because gstreamer1.0-plugins-base or -good is not installed",
  );
  return true;
}

/** The command of protocol.md, 3.5, that begins with a word. */
function documented(word: string): string {
  const text = Deno.readTextFileSync(new URL("../../docs/protocol.md", import.meta.url));
  const [, command] = new RegExp(`^\`\`\`sh\n(${word} [^]*?)^\`\`\`$`, "m").exec(text) ?? [];
  assert(command, `${word} is documented`);
  return command;
}

/** Session description by which another program listens to a call (RFC 8866, RFC 7587). */
function sdp(port: number): string {
  return [
    "v=0",
    "o=- 0 0 IN IP4 127.0.0.1",
    "s=Sala",
    "c=IN IP4 127.0.0.1",
    "t=0 0",
    `m=audio ${port} RTP/AVP 111`,
    "a=rtpmap:111 opus/48000/2",
    "",
  ].join("\r\n");
}

Deno.test({
  name: "ffmpeg hears a call's voice from an SDP file as the speech that was said",
  ignore: isMissing("ffmpeg"),
  async fn() {
    await using folder = await temporaryFolder();
    await using registry = await startRegistry();
    const connected = await RegistryClient.connect("127.0.0.1", registry.port, {});
    assert(connected.kind === "connected");
    await using client = connected.client;
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const port = freePorts(2);
    await client.register("ffmpeg", "127.0.0.1", (socket.addr as Deno.NetAddr).port);
    await Deno.writeTextFile(`${folder.path}/call.sdp`, sdp(port));
    const ffmpeg = new Deno.Command("ffmpeg", {
      args: [
        ...["-loglevel", "warning", "-protocol_whitelist", "file,udp,rtp", "-i", `${folder.path}/call.sdp`],
        ...["-ac", "1", "-ar", "48000", "-y", `${folder.path}/heard.wav`],
      ],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const complaint = new Response(ffmpeg.stderr).text();
    let ended = false;
    ffmpeg.status.then(() => ended = true);
    // It listens when its port is taken.
    while (!ended && !await isTaken(port)) await pause(20);
    await using joao = startProcess("phone", [
      `127.0.0.1:${registry.port}`,
      "joão",
      "0",
      "--json",
      ...["--mic", SPEECH, "--speaker", "none", "--call", "ffmpeg", "--hang-up-after", "7"],
    ]);
    const answering = answer(socket, port);
    await joao.exitCode();
    socket.close();
    await answering;
    const keys = ffmpeg.stdin.getWriter();
    await keys.write(new TextEncoder().encode("q")).catch(() => {});
    await keys.close().catch(() => {});
    const { success } = await ffmpeg.status;
    assert(success, `ffmpeg says ${await complaint}`);
    const heard = parseWav(await Deno.readFile(`${folder.path}/heard.wav`));
    const said = parseWav(await Deno.readFile(SPEECH));
    const { correlation, coverage } = compareInPieces(
      resample(said.samples, said.sampleRate, SAMPLE_RATE),
      heard.samples,
    );
    assertGreater(correlation, 0.9);
    assertGreater(coverage, 0.9);
  },
});

async function isTaken(port: number): Promise<boolean> {
  const { success, stdout } = await runToEnd(["cat", "/proc/net/udp", "/proc/net/udp6"]);
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const own = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} `, "m");
  return !success || own.test(stdout);
}

/** Takes the call, and hands its voice on. */
async function answer(socket: Deno.DatagramConn, voicePort: number): Promise<void> {
  try {
    for await (const [datagram, from] of socket) {
      if (datagram[0] !== SIGNALLING_FIRST_BYTE) {
        const second = datagram[1] ?? 0;
        const to = second >= 192 && second <= 223 ? voicePort + 1 : voicePort;
        await socket.send(datagram, { transport: "udp", hostname: "127.0.0.1", port: to });
        // A sign of life for each report: one with nothing in it.
        if (to !== voicePort) await socket.send(Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 9), from);
        continue;
      }
      const parsed = parseCallMessage(datagram);
      if (!("message" in parsed)) continue;
      const { tipo, chamada } = parsed.message;
      if (tipo === "convite") {
        await socket.send(
          encodeCallMessage({ tipo: "resposta_ao_convite", chamada, resposta: "aceito" }),
          from,
        );
      } else if (tipo === "encerrar_ligação") {
        await socket.send(encodeCallMessage({ tipo: "ligação_encerrada", chamada }), from);
      }
    }
  } catch {
    // The test has closed the socket.
  }
}

/** What was said to a listener, and what came through of it. */
interface LossyCall {
  /** Every datagram of voice that arrived. */
  readonly arrived: readonly Uint8Array[];
  /** The frames in them, copies included, by their timestamps. */
  readonly frames: ReadonlyMap<number, Uint8Array>;
  readonly lost: number;
}

/** A call to a peer that has 10 % of losses and reports them, so that the phone sends copies. */
async function lossyCall(seconds: number, onArrived: (datagram: Uint8Array) => void): Promise<LossyCall> {
  await using registry = await startRegistry();
  const connected = await RegistryClient.connect("127.0.0.1", registry.port, {});
  assert(connected.kind === "connected");
  await using client = connected.client;
  const condition = { name: "losses", loss: { kind: "random", probability: 0.1 } } as const;
  using path = new ImpairedPath({ condition, seed: "listeners" }, "forward");
  path.begin();
  const arrived: Uint8Array[] = [];
  const frames = new Map<number, Uint8Array>();
  let reported = 0;
  await using peer = new RelaySocket(0, (datagram, from) => {
    const parsed = datagram[0] === SIGNALLING_FIRST_BYTE ? parseCallMessage(datagram) : undefined;
    if (parsed && "message" in parsed) {
      const { tipo, chamada } = parsed.message;
      if (tipo === "convite") {
        peer.send(encodeCallMessage({ tipo: "resposta_ao_convite", chamada, resposta: "aceito" }), from);
      } else if (tipo === "encerrar_ligação") {
        peer.send(encodeCallMessage({ tipo: "ligação_encerrada", chamada }), from);
      }
    }
    const packet = isRtcp(datagram) ? undefined : parseRtp(datagram);
    if (!packet) return;
    if (reported++ % 50 === 0) peer.send(lossReport(packet.ssrc), from);
    path.pass(datagram, () => {
      arrived.push(datagram);
      const { payloadType, timestamp, payload } = packet;
      const inside = payloadType === OPUS_PAYLOAD_TYPE
        ? { redundant: [], payload }
        : parseRedundant(payload)!;
      frames.set(timestamp, inside.payload);
      for (const copy of inside.redundant) frames.set((timestamp - copy.timestampOffset) >>> 0, copy.payload);
      onArrived(datagram);
    });
  });
  await client.register("ouvinte", "127.0.0.1", peer.port);
  await using joao = startProcess("phone", [
    `127.0.0.1:${registry.port}`,
    "joão",
    "0",
    "--json",
    ...["--mic", SPEECH, "--speaker", "none", "--call", "ouvinte", "--hang-up-after", String(seconds)],
  ]);
  assertEquals(await joao.exitCode(), 0);
  const { lost } = path.counts;
  assertGreater(lost, 5);
  return { arrived, frames, lost };
}

/** A report of 10 % of loss, from a peer that takes two copies (protocol.md, 3.3). */
function lossReport(ssrc: number): Uint8Array<ArrayBuffer> {
  const block = {
    ...{ ssrc, fractionLost: 26, cumulativeLost: 0, highestSequence: 0, jitter: 0 },
    ...{ lastSenderReport: 0, delaySinceLastSenderReport: 0 },
  };
  return encodeCompound([
    { kind: "receiver_report", ssrc: 9, blocks: [block] },
    { kind: "application", ssrc: 9, name: "SALA", data: Uint8Array.of(63, 2, 0, 0) },
  ]);
}

Deno.test({
  name: "GStreamer hears a call with losses whole, from copies, by the command of protocol.md",
  ignore: await lacksGStreamer(),
  async fn() {
    await using folder = await temporaryFolder();
    const port = freePorts(2);
    const command = `exec ${documented(GST).replace("port=7000", `port=${port}`)}`;
    await using gst = new Program(["sh", "-c", command], { cwd: folder.path }, "gst-launch");
    let ended = false;
    gst.status.then(() => ended = true);
    while (!ended && !await isTaken(port)) await pause(20);
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
    const { frames, arrived, lost } = await lossyCall(7, (datagram) => socket.send(datagram, to));
    socket.close();
    gst.kill("SIGINT");
    assertEquals(await gst.exitCode(), 0, gst.report());
    const heard = parseWav(await Deno.readFile(`${folder.path}/voz.wav`));
    const heardFrames = heard.samples.length / (heard.sampleRate / 50);
    assertGreater(frames.size, arrived.length + lost / 2, "copies hold most of what was lost");
    assertGreater(heardFrames, 0.98 * frames.size);
    const said = parseWav(await Deno.readFile(SPEECH));
    const { correlation, coverage } = compareInPieces(
      resample(said.samples, said.sampleRate, SAMPLE_RATE),
      resample(heard.samples, heard.sampleRate, SAMPLE_RATE),
    );
    assertGreater(correlation, 0.9);
    assertGreater(coverage, 0.9);
  },
});

Deno.test({
  name: "tshark shows the copies of a call with losses, by the command of protocol.md",
  ignore: isMissing("tshark"),
  async fn() {
    await using folder = await temporaryFolder();
    const { arrived } = await lossyCall(2, () => {});
    await Deno.writeFile(`${folder.path}/call.pcap`, pcap(arrived, 6050));
    const command = documented("tshark").replace('-i lo -f "udp port 6050"', "-r call.pcap");
    const shown = await outputOf(["sh", "-c", command], { cwd: folder.path });
    const rows = shown.trimEnd().split("\n").map((line) => line.split("\t"));
    const expected = arrived.map((datagram) => {
      const { payloadType, sequenceNumber, timestamp, payload } = parseRtp(datagram)!;
      const copies = payloadType === REDUNDANT_PAYLOAD_TYPE ? parseRedundant(payload)!.redundant : [];
      return [
        String(sequenceNumber),
        String(timestamp),
        copies.map(({ timestampOffset }) => timestampOffset).join(),
        copies.map((copy) => copy.payload.length).join(),
      ];
    });
    assertEquals(rows.map(([, , seq, time, , offsets, lengths]) => [seq, time, offsets, lengths]), expected);
    assert(rows.some(([types, , , , , offsets]) => types!.startsWith("63") && offsets === "1920,960"));
  },
});

/** A capture file of datagrams on this machine: link type 101, bare packets of IP (draft-ietf-opsawg-pcap). */
function pcap(datagrams: readonly Uint8Array[], port: number): Uint8Array {
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, 0xa1b2c3d4);
  header.setUint32(4, 2 << 16 | 4);
  header.setUint32(16, 65_535);
  header.setUint32(20, 101);
  const packets = datagrams.map((datagram, index) => {
    const length = 28 + datagram.length;
    // A record: seconds and microseconds, length twice. Then the headers of IPv4 (RFC 791) and UDP (RFC 768).
    const packet = new DataView(new ArrayBuffer(16 + length));
    for (const [at, value] of [0, 20_000 * index, length, length].entries()) packet.setUint32(4 * at, value);
    packet.setUint16(16, 0x4500);
    packet.setUint16(18, length);
    packet.setUint16(24, 64 << 8 | 17);
    packet.setUint32(28, 0x7f00_0001);
    packet.setUint32(32, 0x7f00_0001);
    packet.setUint16(36, 40_000);
    packet.setUint16(38, port);
    packet.setUint16(40, length - 20);
    const bytes = new Uint8Array(packet.buffer);
    bytes.set(datagram, 16 + 28);
    return bytes;
  });
  return concat([new Uint8Array(header.buffer), ...packets]);
}
