import { assert, assertGreater } from "@std/assert";
import { compareInPieces } from "../../testing/audio/compare.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { encodeCallMessage, parseCallMessage } from "../../lib/protocol/call_messages.ts";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { pause } from "../../lib/util/pause.ts";
import { freePorts } from "../../testing/free_ports.ts";

const SPEECH = new URL("../../demo/fala.wav", import.meta.url).pathname;

const ignore = !isInstalled("ffmpeg");
if (ignore) console.log("skipped: a call heard by ffmpeg, because ffmpeg is not installed");

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
  ignore,
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
      if (datagram[0] !== 0x7b) {
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
