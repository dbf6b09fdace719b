import { createHash, createHmac, hkdfSync } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { RINGING_TIMEOUT_MS, TIME_WAIT_MS, TRANSACTION_TIMEOUT_MS } from "../../lib/call/call.ts";
import { PEER_LOST_MS, PEER_SILENT_MS } from "../../lib/call/peer_liveness.ts";
import { INITIAL_RETRANSMIT_INTERVAL_MS, MAX_RETRANSMIT_INTERVAL_MS } from "../../lib/call/retransmission.ts";
import { MAX_KNOWN_CALLS } from "../../lib/call/call_manager.ts";
import {
  MAX_UNVALIDATED_ADDRESSES,
  MAX_UNVALIDATED_DATAGRAMS,
  MAX_UNVALIDATED_FROM_ELSEWHERE,
  UNVALIDATED_EXPIRY_MS,
  UNVALIDATED_SPACING_MS,
} from "../../lib/call/amplification_limit.ts";
import { CROSSING_PATIENCE_MS, crossingProof, MAX_CROSSING } from "../../lib/call/crossing.ts";
import { ROOM_INTERVAL_MS } from "../../lib/call/room_members.ts";
import { MAX_WAITING_CALLERS, MAX_WAITING_OF_ADDRESS } from "../../lib/call/waiting_callers.ts";
import { KeyExchange, KeyPair } from "../../lib/call/key_exchange.ts";
import { AMPLIFICATION_FACTOR, MAX_PATHS, PATH_SILENT_MS } from "../../lib/call/peer_paths.ts";
import { REPLAY_WINDOW_PACKETS } from "../../lib/srtp/replay_window.ts";
import { DEFAULT_PHONE_PORT } from "../../lib/phone/options.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { FRAME_SAMPLES } from "../../lib/codec/opus.ts";
import { encodePathProbe } from "../../lib/rtp/path_probe.ts";
import { encodeRedundant, MOST_REDUNDANT_FRAMES, REDUNDANT_PAYLOAD_TYPE } from "../../lib/rtp/red.ts";
import { ReceiverStatistics } from "../../lib/rtp/receiver_statistics.ts";
import { REPORT_INTERVAL_MS, RtcpSession } from "../../lib/rtp/rtcp_session.ts";
import { encodeRtp, OPUS_PAYLOAD_TYPE } from "../../lib/rtp/rtp.ts";
import { MAX_STREAMS, SrtpSender } from "../../lib/srtp/context.ts";
import { sessionKeys } from "../../lib/srtp/key_derivation.ts";
import { MAX_DATAGRAM_BYTES, parseCallMessage } from "../../lib/protocol/call_messages.ts";
import { LineSplitter, MAX_LINE_BYTES } from "../../lib/protocol/line_splitter.ts";
import { MAX_NAME_LENGTH } from "../../lib/protocol/name.ts";
import { DEFAULT_REGISTRY_PORT, parseReply, parseRequest } from "../../lib/protocol/registry_messages.ts";
import { RoomPassword } from "../../lib/protocol/password_challenge.ts";
import { redactCallMessage } from "../../lib/trace/redact.ts";
import { copyFields, parseTraceLine, sampleFields } from "../../lib/trace/trace_line.ts";
import { startRegistry } from "../../testing/processes.ts";

const DOCUMENT = await Deno.readTextFile(new URL("../../docs/protocol.md", import.meta.url));
const encoder = new TextEncoder();

/** The lines of each fenced block whose info string is `info`. */
function blocks(info: string): string[][] {
  return [...DOCUMENT.matchAll(/^```(.*)\n([^]*?)^```$/gm)]
    .filter(([, given]) => given === info)
    .map(([, , text = ""]) => text.trimEnd().split("\n"));
}

/** The cells of each row of the tables whose header is `header`, without code marks. */
function rows(header: string): string[][] {
  const cells = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""));
  return DOCUMENT.split(`${header}\n`).slice(1).flatMap((after) => {
    const lines = after.split("\n").slice(1);
    return lines.slice(0, lines.findIndex((line) => !line.startsWith("|"))).map(cells);
  });
}

const PARSERS: Record<string, (line: string) => { message: object } | { problem: string }> = {
  request: parseRequest,
  reply: parseReply,
  call: (line) => parseCallMessage(encoder.encode(line)),
};

Deno.test("docs/protocol.md has an example of every message, and the parsers read each as it stands", () => {
  const types = new Set<string>();
  for (const [kind, parse] of Object.entries(PARSERS)) {
    for (const line of blocks(`json ${kind}`).flat()) {
      const parsed = parse(line);
      assert("message" in parsed, line);
      assertEquals(parsed.message, JSON.parse(line));
      types.add(`${kind} ${JSON.parse(line).tipo}`);
    }
  }
  assertEquals(types.size, 8 + 8 + 6, [...types].join(", "));
});

Deno.test("docs/protocol.md has a proof of the password that the code reproduces", async () => {
  const find = (kind: string, tipo: string) =>
    blocks(`json ${kind}`).flat().map((line) => JSON.parse(line)).find((message) => message.tipo === tipo);
  const [, password = ""] = /with the password `([^`]+)`/.exec(DOCUMENT) ?? [];
  const { tipo: _, nome, ip, porta } = find("request", "registro");
  const { nonce, prova } = find("request", "resposta_desafio");
  const answer = await new RoomPassword(password).answer(
    find("reply", "desafio"),
    { nome, ip, porta },
    nonce,
  );
  assertEquals(answer, { nonce, prova });
});

Deno.test("docs/protocol.md has copies for the panel that the code makes of its other examples", () => {
  const lines = blocks("json trace").flat();
  const copies = lines.map((line) => {
    const parsed = parseTraceLine(line);
    assert(parsed && parsed.leftOut === (JSON.parse(line).omitidas ?? 0), line);
    const again = {
      tipo: "rastro",
      ...(parsed.messages.length > 0 && { mensagens: parsed.messages.map(copyFields) }),
      ...(parsed.samples.length > 0 && { medidas: parsed.samples.map(sampleFields) }),
      ...(parsed.leftOut > 0 && { omitidas: parsed.leftOut }),
    };
    assertEquals(JSON.stringify(again), line);
    return parsed.messages;
  }).flat();
  assertEquals(copies.length, 2);
  const made = blocks("json call").flat().map(redactCallMessage).map((copy) => JSON.stringify(copy?.fields));
  for (const { fields } of copies) assert(made.includes(JSON.stringify(fields)), JSON.stringify(fields));
});

Deno.test("docs/protocol.md has a proof of crossing that the code reproduces", () => {
  const invitations = blocks("json call").flat().map((line) => JSON.parse(line)).filter(({ tipo }) =>
    tipo === "convite"
  );
  const crossing = invitations.find(({ cruzamento }) => cruzamento !== undefined);
  assertEquals(crossing.cruzamento, crossingProof(crossing, invitations[1]));
});

const NUMBERS: [what: string, value: string][] = [
  ["Registry's port", `${DEFAULT_REGISTRY_PORT}`],
  ["Phone's port", `${DEFAULT_PHONE_PORT}`],
  ["Longest name", `${MAX_NAME_LENGTH} code points`],
  ["Longest line (TCP)", `${MAX_LINE_BYTES} bytes`],
  ["Longest datagram (UDP)", `${MAX_DATAGRAM_BYTES} bytes`],
  ["First retransmission interval", `${INITIAL_RETRANSMIT_INTERVAL_MS} ms`],
  ["Longest retransmission interval", `${MAX_RETRANSMIT_INTERVAL_MS} ms`],
  ["Timeout of a message that is not answered", `${TRANSACTION_TIMEOUT_MS} ms`],
  ["Timeout of ringing", `${RINGING_TIMEOUT_MS} ms`],
  ["Callers who wait at most", `${MAX_WAITING_CALLERS}`],
  ["Of these of one address at most", `${MAX_WAITING_OF_ADDRESS}`],
  ["Patience with an invitation that may cross", `${CROSSING_PATIENCE_MS} ms`],
  ["Invitations that may cross at most", `${MAX_CROSSING}`],
  ["Silence until the person is told", `${PEER_SILENT_MS} ms`],
  ["Silence until the call ends", `${PEER_LOST_MS} ms`],
  ["Time-wait of an ended call", `${TIME_WAIT_MS} ms`],
  ["Known calls at most", `${MAX_KNOWN_CALLS}`],
  ["Datagrams to an unvalidated address", `${MAX_UNVALIDATED_DATAGRAMS}`],
  ["Least time from the first of them to each", `${UNVALIDATED_SPACING_MS.join(", ")} ms`],
  ["Of these in response to datagrams from elsewhere at most", `${MAX_UNVALIDATED_FROM_ELSEWHERE}`],
  ["Expiry of its count", `${UNVALIDATED_EXPIRY_MS} ms`],
  ["Least time between two questions who is in the room", `${ROOM_INTERVAL_MS} ms`],
  ["Unvalidated addresses at most", `${MAX_UNVALIDATED_ADDRESSES}`],
  ["Bytes to a new address of a call's peer, for each byte from it", `${AMPLIFICATION_FACTOR}`],
  ["Silence until an old address of a peer gets nothing more", `${PATH_SILENT_MS} ms`],
  ["Addresses of a call's peer at most", `${MAX_PATHS}`],
  ["Replay window", `${REPLAY_WINDOW_PACKETS} packets`],
  ["Streams of a peer in a call with keys at most", `${MAX_STREAMS}`],
  ["Mean time between reports", `${REPORT_INTERVAL_MS} ms`],
  ["Payload type of voice", `${OPUS_PAYLOAD_TYPE}`],
  ["Payload type of voice with copies", `${REDUNDANT_PAYLOAD_TYPE}`],
  ["Copies in a packet at most", `${MOST_REDUNDANT_FRAMES}`],
  ["Clock of voice", `${SAMPLE_RATE} Hz`],
  ["Samples in a packet", `${FRAME_SAMPLES}`],
];

Deno.test("docs/protocol.md has the numbers of the code", () => {
  assertEquals(rows("| what | value |"), NUMBERS);
});

/** Names of events in the document, where they differ from the state machine's test. */
const EVENTS: Record<string, string> = {
  "(accept)": "person accepts",
  "(hang up)": "person hangs up",
  "(withdraw)": "loses the glare",
  "(soon)": "retransmission due",
  "(silence)": "3 s of silence",
  "(late)": "timeout",
};

Deno.test("docs/protocol.md has the state machine's table, without what changes nothing", async () => {
  const source = await Deno.readTextFile(new URL("../call/call_test.ts", import.meta.url));
  const table = /const TABLE = `\n([^]*?)\n`;/.exec(source)?.[1] ?? "";
  const expected: string[] = [];
  for (const line of table.split("\n")) {
    const [state = "", event = "", next, output = ""] = line.split("|").map((cell) => cell.trim());
    // The document describes the security fields in words.
    if (/\+|elsewhere/.test(event) || /token|validated/.test(state)) continue;
    const plain = state.replace(/ \(.*/, "");
    if (next === plain && output === "") continue;
    if (event === "(silence)" && plain !== "talking") continue; // Only another retransmission.
    const bare = output.replaceAll("+prova", "");
    const shown = event === "rejeitado" ? bare.replace("rejected: ocupado", "rejected: *motivo*") : bare;
    expected.push([plain, EVENTS[event] ?? event, next, shown].join(" | "));
  }
  const documented = rows("| state | what happens | next state | sent | the person is told |")
    .map(([state = "", event, next, sent, told]) => {
      const output = [sent, told && `[${told}]`].filter(Boolean);
      // A notice may come before or after the message that is sent with it.
      return [state.replace(/ \(.*/, ""), event, next, output.join(" ")].join(" | ");
    });
  const inOneOrder = (row: string) => row.replace(/\| (\[.*\]) (\S+)$/, "| $2 $1");
  assertEquals(documented, expected.map(inOneOrder));
});

Deno.test("docs/protocol.md has an example whose keys are those of the code", () => {
  const documented = new Map(
    rows("| value | in the example |").map(([what = "", value = ""]) => [what, value]),
  );
  const value = (what: string) => documented.get(what) ?? "";
  const [joao, maria] = ["João's", "Maria's"].map((whose) =>
    KeyPair.from(Uint8Array.fromHex(value(`${whose} private key`)))
  ) as [KeyPair, KeyPair];
  const { chamada, nome, midia } = JSON.parse(blocks("json call")[0]![0]!);
  const offer = KeyExchange.offer({ chamada, nome, midia }, joao);
  const keys = offer.complete(maria.publicKey)!;
  const marias = KeyExchange.answer({ chamada, nome, midia }, offer.commitment, maria).complete(
    joao.publicKey,
  )!;
  const computed: [what: string, value: string][] = [
    ["João's chave", joao.publicKey],
    ["Maria's chave", maria.publicKey],
    ["compromisso", offer.commitment],
    ["secret", joao.agree(maria.publicKey)!.toHex()],
    ["master key, João's voice", keys.outgoing.key.toHex()],
    ["master salt, João's voice", keys.outgoing.salt.toHex()],
    ["master key, Maria's voice", keys.incoming.key.toHex()],
    ["master salt, Maria's voice", keys.incoming.salt.toHex()],
    ["João's selo of confirmação", keys.mac("confirmação")],
    ["João's selo of encerrar_ligação", keys.mac("encerrar_ligação")],
    ["Maria's selo of encerrar_ligação", marias.mac("encerrar_ligação")],
    ["Maria's selo of ligação_encerrada", marias.mac("ligação_encerrada")],
    ["code", marias.code],
  ];
  for (const [what, expected] of computed) assertEquals(value(what), expected, what);
  // Intermediate values stay inside the code: the test computes them by the document.
  const transcript = sha256(
    ["sala 1 chaves", chamada, nome, midia, offer.commitment, maria.publicKey, joao.publicKey].join("\n"),
  );
  assertEquals(value("transcript"), transcript.toHex());
  const secret = Uint8Array.fromHex(value("secret"));
  const expand = (info: string, length: number) =>
    new Uint8Array(hkdfSync("sha256", secret, transcript, info, length)).toHex();
  assertEquals(value("HKDF's pseudorandom key"), hmac(transcript, secret).toHex());
  assertEquals(value("key of João's MACs"), expand("sala 1 selo chamador", 32));
  assertEquals(value("key of Maria's MACs"), expand("sala 1 selo chamado", 32));
  assertEquals(value("bytes of the code"), expand("sala 1 codigo", 16));
  // The messages of 2.3 are those of this call.
  for (const line of blocks("json call").flat()) {
    const { compromisso, chave, selo } = JSON.parse(line);
    for (const field of [compromisso, chave, selo]) {
      if (field !== undefined) assert([...documented.values()].includes(field), line);
    }
  }
});

Deno.test("docs/protocol.md has packets that the code makes", async () => {
  const bytesOf = new Map(rows("| value | in the example |").map(([what = "", value = ""]) => [what, value]));
  const [key, salt] = ["key", "salt"].map((what) =>
    Uint8Array.fromHex(bytesOf.get(`master ${what}, João's voice`)!)
  ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  const frame = (hex: string) => Uint8Array.fromHex(hex);
  const ssrc = 0x5a1a0001;
  const payload = encodeRedundant({
    redundant: [
      { timestampOffset: 2 * FRAME_SAMPLES, payload: frame("f80102") },
      { timestampOffset: FRAME_SAMPLES, payload: frame("f80304") },
    ],
    payload: frame("f80506"),
  });
  const voice = encodeRtp({
    payloadType: REDUNDANT_PAYLOAD_TYPE,
    marker: false,
    sequenceNumber: 32767,
    timestamp: 96000,
    ssrc,
    payload,
  });
  const session = new RtcpSession({
    ssrc,
    statistics: new ReceiverStatistics(),
    now: 0,
    unixMs: 0,
    cname: "AAECAwQFBgcICQoL",
  });
  const report = session.tick(2 * REPORT_INTERVAL_MS)!;
  const sender = new SrtpSender({ key, salt });
  const [srtp, srtcp] = [sender.protect(voice), sender.protect(report)];
  const [rtpKeys, rtcpKeys] = (["rtp", "rtcp"] as const).map((kind) => sessionKeys({ key, salt }, kind));
  const block = new Uint8Array(16);
  block.set(salt);
  block[7]! ^= 2;
  // As the document says it, with another cipher than the code's.
  const master = await crypto.subtle.importKey("raw", key, "AES-CTR", false, ["encrypt"]);
  const counting = { name: "AES-CTR", counter: block, length: 32 };
  const stream = new Uint8Array(await crypto.subtle.encrypt(counting, master, new Uint8Array(12)));
  assertEquals(stream.toHex(), rtpKeys!.salt.toHex());
  const probe = encodePathProbe(ssrc, { kind: "challenge", token: 0x0011_2233_4455_6677n });
  assertEquals(rows("| value | bytes |"), [
    ["counter block of label 2", block.toHex()],
    ["session key of SRTP", rtpKeys!.key.toHex()],
    ["session salt of SRTP", rtpKeys!.salt.toHex()],
    ["session key of SRTCP", rtcpKeys!.key.toHex()],
    ["session salt of SRTCP", rtcpKeys!.salt.toHex()],
    ["payload with copies f80102 and f80304, frame f80506", payload.toHex()],
    ["RTP packet", voice.toHex()],
    ["SRTP packet", srtp.toHex()],
    ["report: receiver report, CNAME, SALA", report.toHex()],
    ["SRTCP packet", srtcp.toHex()],
    ["challenge 0011223344556677 (3.7)", probe.toHex()],
  ]);
});

function sha256(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text, "utf8").digest());
}

function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(message).digest());
}

/** A raw connection to the registry, as `nc` is one. */
class Terminal implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #splitter = new LineSplitter();
  readonly #answers: string[] = [];

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Types a line. @returns The next line that comes. */
  async type(line: string): Promise<string | undefined> {
    await this.#connection.write(encoder.encode(`${line}\n`));
    const buffer = new Uint8Array(4096);
    while (this.#answers.length === 0) {
      const count = await this.#connection.read(buffer);
      if (count === null) return undefined;
      for (const answer of this.#splitter.push(buffer.subarray(0, count))) {
        this.#answers.push("text" in answer ? answer.text : answer.problem);
      }
    }
    return this.#answers.shift();
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

Deno.test("docs/protocol.md has a session by hand that the registry reproduces", async () => {
  await using registry = await startRegistry(["--quiet"]);
  using first = new Terminal(await Deno.connect({ port: registry.port }));
  using second = new Terminal(await Deno.connect({ port: registry.port }));
  const [opening = [], end = []] = blocks("text session 1");
  const [middle = []] = blocks("text session 2");
  for (const [terminal, lines] of [[first, opening], [second, middle], [first, end]] as const) {
    const typed = lines.filter((line) => !line.startsWith("$"));
    assert(typed.length > 0 && typed.length % 2 === 0);
    for (let i = 0; i < typed.length; i += 2) {
      assertEquals(await terminal.type(typed[i] as string), typed[i + 1]);
    }
  }
});
