/** Other programs hear calls by the commands of protocol.md, section 3.5, as they stand there but for ports and names. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { compare, compareInPieces } from "../../testing/audio/compare.ts";
import { int16Wav } from "../../testing/audio/wav_builder.ts";
import { joinSamples, SAMPLE_RATE, SAMPLES_PER_MS, toInt16 } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { parseRedundant, REDUNDANT_PAYLOAD_TYPE } from "../../lib/rtp/red.ts";
import { isRtcp, isRtpOrRtcp, parseRtp } from "../../lib/rtp/rtp.ts";
import { LOOPBACK, RelaySocket } from "../../testing/netem/relay.ts";
import { SalaRelay } from "../../testing/netem/sala_relay.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, outputOf, Program, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { until } from "../../testing/until.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { EVERYTHING, startPhone, waitForVoice } from "./phones.ts";

const SPEECH = new URL("../../demo/fala.wav", import.meta.url).pathname;
const SECTION = Deno.readTextFileSync(new URL("../../docs/protocol.md", import.meta.url))
  .split("### 3.5 ")[1]!.split("\n### ")[0]!;

/** The fenced block of the section with a text in it, and with others in the place of some of its words. */
function documented(kind: string, text: string, words: Readonly<Record<string, string>> = {}): string {
  const blocks = [...SECTION.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, info, block]) => info === kind && block!.includes(text));
  assertEquals(blocks.length, 1, `one block with ${text}`);
  let block = blocks[0]![2]!;
  for (const [word, other] of Object.entries(words)) {
    assert(block.includes(word), `${word} in ${block}`);
    block = block.replaceAll(word, other);
  }
  return block;
}

/** Whether a program is missing; says so. */
function isMissing(program: string): boolean {
  const missing = !isInstalled(program);
  if (missing) console.log(`skipped: calls heard by ${program}, because ${program} is not installed`);
  return missing;
}

/** Whether GStreamer or one of its elements is missing; says so. */
async function lacksGStreamer(...elements: string[]): Promise<boolean> {
  if (isMissing("gst-launch-1.0")) return true;
  for (const element of elements) {
    if ((await runToEnd(["gst-inspect-1.0", element])).success) continue;
    console.log(
      `skipped: calls heard by GStreamer, because a package of gstreamer1.0-plugins-* lacks (${element})`,
    );
    return true;
  }
  return false;
}

/** Whether tshark is missing, or may not capture; says so. */
async function lacksCaptures(): Promise<boolean> {
  if (isMissing("tshark")) return true;
  const { success } = await runToEnd(["tshark", "-i", "lo", "-L"]);
  if (!success) console.log("skipped: captures of calls, because tshark may not capture here");
  return !success;
}

function samplesOf(path: string): Float32Array<ArrayBuffer> {
  const { samples, sampleRate } = parseWav(Deno.readFileSync(path));
  return resample(samples, sampleRate, SAMPLE_RATE);
}

/** The samples of a WAV file whose header knows its length, as only a finished one's does. */
function finished(path: string): Float32Array<ArrayBuffer> {
  const bytes = Deno.readFileSync(path);
  const size = new DataView(bytes.buffer).getUint32(4, true);
  assertEquals(size, bytes.length - 8, "the header has the length of the file");
  return samplesOf(path);
}

async function isTaken(port: number): Promise<boolean> {
  const { stdout } = await runToEnd(["cat", "/proc/net/udp", "/proc/net/udp6"]);
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return new RegExp(`^ *\\d+: [0-9A-F]+:${hex} `, "m").test(stdout);
}

/** The programs that hear a call live, through the peer in Python. */
const LISTENERS = [
  { command: "ffmpeg ", missing: isMissing("ffmpeg") },
  { command: "ffplay ", missing: isMissing("ffplay") },
  {
    command: "gst-launch-1.0 -e filesrc",
    missing: await lacksGStreamer("sdpdemux", "rtpopusdepay", "opusdec", "audiorate", "wavenc"),
  },
];

/** A listener at a port of its own, in a folder of its own. */
async function startListener(command: string, port: number, folder: string): Promise<Program> {
  await Deno.mkdir(folder);
  await Deno.writeTextFile(
    `${folder}/sala.sdp`,
    documented("sdp", "v=0", { "audio 7000": `audio ${port}` }),
  );
  // SDL's driver of this name writes what it would play to a file.
  const env = { SDL_AUDIODRIVER: "disk", SDL_DISKAUDIOFILE: `${folder}/played.raw` };
  const line = `exec ${documented("sh", command)}`;
  const listener = new Program(["sh", "-c", line], { cwd: folder, env }, command);
  let ended = false;
  listener.status.then(() => ended = true);
  await until(`${command} listens`, async () => ended || await isTaken(port));
  // GStreamer plays later than it opens its port.
  if (command.startsWith("gst")) await listener.waitForText("New clock");
  return listener;
}

/** What a listener heard; ffplay's is 16 bits, stereo. */
function heardIn(folder: string, command: string): Float32Array<ArrayBuffer> {
  if (!command.startsWith("ffplay")) return finished(`${folder}/voz.wav`);
  const stereo = new Int16Array(Deno.readFileSync(`${folder}/played.raw`).slice().buffer);
  return Float32Array.from({ length: stereo.length / 2 }, (_, at) => stereo[2 * at]! / 32_768);
}

const ENDS = ["when the caller hangs up", "when the caller is killed", "when the peer is stopped"] as const;

for (const end of ENDS) {
  Deno.test({
    name: `ffmpeg, ffplay and GStreamer hear the voice that protocol.md's peer forwards, and end ${end}`,
    ignore: isMissing("python3") || LISTENERS.every(({ missing }) => missing) ||
      !EVERYTHING && end !== ENDS[0],
    async fn(t) {
      await using folder = await temporaryFolder();
      await using registry = await startRegistry();
      await using stack = new AsyncDisposableStack();
      const there = LISTENERS.filter(({ missing }) => !missing);
      const listening = there.map(({ command }, index) => ({
        command,
        port: freePorts(2),
        folder: `${folder.path}/${index}`,
      }));
      const startListeners = () =>
        Promise.all(
          listening.map(async ({ command, port, folder }) =>
            stack.use(await startListener(command, port, folder))
          ),
        );
      // What the peer forwards to two ports reaches every listener.
      let forwarded = 0;
      const [base, peerPort] = [freePorts(2), freePorts()];
      for (const offset of [0, 1]) {
        stack.use(
          new RelaySocket(base + offset, (datagram) => {
            forwarded++;
            for (const { port } of listening) sender.send(datagram, { ip: LOOPBACK, port: port + offset });
          }),
        );
      }
      const sender = stack.use(new RelaySocket(0, () => {}));
      const script = documented("python", '"registro"', {
        5000: String(registry.port),
        6100: String(peerPort),
        7000: String(base),
      });
      await using peer = new Program(["python3", "-u", "-c", script], { cwd: folder.path }, "eco");
      await peer.waitForText("registro_confirmado");
      // A call that is heard from its beginning, and others that are heard from their middle.
      let programs = end === ENDS[0] ? await startListeners() : [];
      await using joao = await startPhone(
        registry.port,
        "joão",
        ["--call", "eco", "--mic", SPEECH, "--hang-up-after", end === ENDS[0] ? "file" : "60"],
      );
      if (end !== ENDS[0]) {
        await joao.waitForEvent("status", () => forwarded > 10);
        programs = await startListeners();
      }
      // By itself it hangs up when all of it is said.
      if (end !== ENDS[0]) await waitForVoice(joao, "framesSent", samplesOf(SPEECH));
      if (end === "when the caller is killed") joao.kill("SIGKILL");
      if (end === "when the peer is stopped") peer.kill("SIGINT");
      for (const [index, program] of programs.entries()) {
        const { command, folder } = listening[index]!;
        await t.step(command, async () => {
          assertEquals(await program.exitCode(), 0, program.report());
          const { correlation, coverage } = compareInPieces(samplesOf(SPEECH), heardIn(folder, command));
          assertGreater(correlation, 0.9);
          // GStreamer misses up to a second at the beginning while it sets up its session on a busy machine.
          const whole = command.startsWith("gst") ? 0.7 : 0.9;
          assertGreater(coverage, end === ENDS[0] ? whole : 0.1);
        });
      }
      if (end === ENDS[0]) assertEquals(await joao.exitCode(), 0);
    },
  });
}

/** A call in a capture file, `chamada.pcapng`, with the keys in `chaves.txt`, both in a folder. */
interface CapturedCall {
  readonly folder: string;
  /** The callee's. */
  readonly port: number;
  readonly said: Float32Array<ArrayBuffer>;
  /** Packets of the caller that did not arrive. */
  readonly lost: number;
}

/** Captures a call by the command of protocol.md: the caller speaks, and of its packets 10 % are lost before the capture. */
async function captureCall(
  folder: string,
  said: Float32Array<ArrayBuffer>,
  callArgs: readonly string[] = [],
): Promise<CapturedCall> {
  const samples = new Int16Array(said.length);
  toInt16(said, samples);
  await Deno.writeFile(`${folder}/said.wav`, int16Wav(samples, SAMPLE_RATE));
  await using registry = await startRegistry();
  const port = freePorts();
  const line = `exec ${documented("sh", "tshark -i", { 6050: String(port) })}`;
  await using tshark = new Program(["sh", "-c", line], { cwd: folder }, "tshark");
  const captured = async () =>
    (await Deno.stat(`${folder}/chamada.pcapng`).catch(() => undefined))?.size ?? 0;
  await until("tshark captures", async () => await captured() > 0);
  await using maria = startProcess("phone", [
    ...[`127.0.0.1:${registry.port}`, "maria", String(port), "--json", "--answer", "accept"],
    ...["--mic", "none", "--speaker", "none"],
  ]);
  await maria.waitForEvent("registered");
  const condition = { name: "losses", loss: { kind: "random", probability: 0.1 } } as const;
  await using relay = await SalaRelay.open(registry.port, "fio", port, { condition, seed: "listeners" });
  relay.begin();
  await using joao = await startPhone(registry.port, "joão", [
    ...["--call", "fio", "--mic", `${folder}/said.wav`, "--hang-up-after", "file"],
    ...["--log-keys", `${folder}/chaves.txt`, ...callArgs],
  ]);
  await waitForVoice(joao, "framesSent", said.subarray(0, said.length / 4));
  await joao.status;
  assertEquals(await joao.exitCode(), 0);
  // The kernel hands packets over in batches.
  const call = { folder, port, said, lost: relay.forward.lost };
  await until(
    "the end of the call is in the capture",
    async () => (await shown(call, "json.member_with_value")).includes("ligação_encerrada"),
  );
  tshark.kill("SIGINT");
  assertEquals(await tshark.exitCode(), 0, tshark.report());
  return call;
}

/** What a command of protocol.md shows of a capture. */
async function shown({ folder, port }: CapturedCall, text: string): Promise<string> {
  return (await outputOf(["sh", "-c", documented("sh", text, { 6050: String(port) })], { cwd: folder }))
    .trimEnd();
}

/** The SSRC of the stream to the callee. */
async function ssrcOf(call: CapturedCall): Promise<string> {
  const streams = (await shown(call, "-z rtp,streams")).matchAll(/ (\d+) +\S+ +(\d+) +(0x[0-9A-F]{8}) /g);
  const found = [...streams].filter(([, , to]) => to === String(call.port)).map(([, , , ssrc]) => ssrc!);
  assertEquals(found.length, 1);
  return found[0]!;
}

/** Runs a command that ends in `voz.wav`, and compares that with what was said. */
async function assertHeard(call: CapturedCall, command: string): Promise<void> {
  const { folder, said, lost } = call;
  assertGreater(lost, 10);
  await outputOf(["sh", "-c", command], { cwd: folder });
  const heard = finished(`${folder}/voz.wav`);
  assertGreater(shareHeard(said, heard), 0.9);
}

/**
 * The share of the quarters of a second with speech that are in a recording, each at its time: a lost packet shortens
 * nothing, and silence that was not sent is as long as it was. A change of encoder shifts by 4 ms.
 */
function shareHeard(said: Float32Array, heard: Float32Array): number {
  const startMs = 1000 * compare(said, heard).delaySeconds;
  const [length, reach] = [250 * SAMPLES_PER_MS, 20 * SAMPLES_PER_MS];
  let [all, alike] = [0, 0];
  for (let at = 0; at + length <= said.length; at += length) {
    const piece = said.subarray(at, at + length);
    if (piece.every((sample) => Math.abs(sample) < 0.02)) continue;
    all++;
    const from = Math.max(0, at + Math.round(startMs * SAMPLES_PER_MS) - reach);
    const { correlation, coverage } = compare(piece, heard.subarray(from, from + length + 2 * reach));
    if (correlation > 0.8 && coverage > 0.9) alike++;
  }
  assertGreater(all, 10);
  return alike / all;
}

/** The commands for the sound of a stream. */
const SOUND_ELEMENTS = ["rtpstreamdepay", "rtpreddec", "rtpjitterbuffer", "opusdec", "audiorate", "wavenc"];
const noCaptures = await lacksCaptures() || isMissing("perl");

Deno.test({
  name: "tshark and GStreamer show and play a captured call with losses by the commands of protocol.md",
  ignore: noCaptures || await lacksGStreamer(...SOUND_ELEMENTS) || !EVERYTHING,
  async fn(t) {
    await using folder = await temporaryFolder();
    const call = await captureCall(folder.path, samplesOf(SPEECH), ["--no-encryption"]);
    await t.step("its messages", async () => {
      const rows = (await shown(call, "json.member_with_value")).split("\n").map((row) => row.split("\t"));
      assert(rows.every(([time, port]) => Number(time) >= 0 && Number(port) > 0));
      assertEquals(new Set(rows.map(([, , message]) => message!.split(",")[0])), new Set(TYPES));
    });
    await t.step("its packets, with the copies in them", () => assertPacketsShown(call));
    await t.step("its sound", async () => {
      const words = { "0x67bd1ac9": await ssrcOf(call), 6050: String(call.port) };
      await assertHeard(call, documented("sh", '"application/x-rtp-stream', words));
    });
    await t.step("no keys are logged of a call without", async () => {
      assertEquals(await Deno.readTextFile(`${call.folder}/chaves.txt`).catch(() => ""), "");
    });
  },
});

const TYPES = [
  ...["convite", "tocando", "resposta_ao_convite", "confirmação", "encerrar_ligação", "ligação_encerrada"],
].map((tipo) => `tipo:${tipo}`);

/** Compares what tshark shows of each packet with the packets. */
async function assertPacketsShown(call: CapturedCall): Promise<void> {
  const { folder } = call;
  const payloads = await outputOf(
    ["tshark", "-r", "chamada.pcapng", "-T", "fields", "-e", "udp.payload"],
    { cwd: folder },
  );
  const datagrams = payloads.trimEnd().split("\n").map((hex) => Uint8Array.fromHex(hex));
  const expected = datagrams.filter((bytes) => isRtpOrRtcp(bytes) && !isRtcp(bytes)).map((datagram) => {
    const { payloadType, sequenceNumber, timestamp, payload } = parseRtp(datagram)!;
    const copies = payloadType === REDUNDANT_PAYLOAD_TYPE ? parseRedundant(payload)!.redundant : [];
    return [
      String(sequenceNumber),
      String(timestamp),
      copies.map(({ timestampOffset }) => timestampOffset).join(),
      copies.map((copy) => copy.payload.length).join(),
    ];
  });
  const rows = (await outputOf(
    ["sh", "-c", documented("sh", "rtp.timestamp-offset", { 6050: String(call.port) })],
    { cwd: folder },
  )).replace(/\n$/, "").split("\n").map((row) => row.split("\t"));
  const voice = rows.filter(([types]) => types !== "");
  assertEquals(voice.map(([, , seq, time, , offsets, lengths]) => [seq, time, offsets, lengths]), expected);
  assert(voice.some(([types, , , , , offsets]) => types!.startsWith("63") && offsets === "1920,960"));
}

/** Speech, a pause that is long enough for voice not to be sent, and speech. */
const PAUSED = (speech: Float32Array<ArrayBuffer>) =>
  joinSamples([speech, new Float32Array(9.5 * SAMPLE_RATE), speech]);

for (const pauses of [false, true]) {
  Deno.test({
    name: "GStreamer deciphers a captured call with losses by the commands of protocol.md and the key log" +
      (pauses ? ", with a pause that was not sent" : ""),
    ignore: noCaptures || await lacksGStreamer("srtpdec", ...SOUND_ELEMENTS) || !EVERYTHING,
    async fn() {
      await using folder = await temporaryFolder();
      const speech = samplesOf(SPEECH);
      const call = await captureCall(folder.path, pauses ? PAUSED(speech) : speech);
      const [, chamada = ""] = /chamada:([\w-]+)/.exec(await shown(call, "json.member_with_value")) ?? [];
      const words = {
        q3mZ0b1c2d3e4f5g6h7i8w: chamada,
        "0xf1aa4c9c": await ssrcOf(call),
        6050: String(call.port),
      };
      const command = documented("sh", '"application/x-srtp-stream', words);
      // Keys of another call before, and the other phone's lines after: none of them confuses the command.
      const keys = await Deno.readTextFile(`${call.folder}/chaves.txt`);
      const others = keys.replaceAll(chamada, "x".repeat(22)).replaceAll(/inline:.{8}/g, "inline:AAAAAAAA");
      await Deno.writeTextFile(`${call.folder}/chaves.txt`, others + keys + keys);
      await assertHeard(call, command);
    },
  });
}
