import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { compare } from "../../testing/audio/compare.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { KeyExchange, KeyPair } from "../../lib/call/key_exchange.ts";
import { FRAME_SAMPLES, openDecoder } from "../../lib/codec/opus.ts";
import { isRtcp, isRtpOrRtcp, parseRtp } from "../../lib/rtp/rtp.ts";
import { callTest, startPhone, waitForVoice } from "./phones.ts";
import { startProcess, startRegistry, type ToolProcess } from "../../testing/processes.ts";
import { type Datagram, Wire } from "./wire.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

const SPEECH = new URL("../../demo/fala.wav", import.meta.url).pathname;

/** The part of werift-rtp in use here: another program's SRTP to compare with. */
interface WeriftRtp {
  readonly SrtpSession: new (options: object) => { decrypt(datagram: Buffer): Buffer };
  readonly SrtcpSession: new (options: object) => { decrypt(datagram: Buffer): Buffer };
}
const WERIFT_RTP = "npm:werift-rtp@0.8.9";
/** AEAD_AES_128_GCM (RFC 7714, section 14.2). */
const PROFILE = 7;

/**
 * werift-rtp derives its session keys by AES in ECB mode, with null for the initialization vector. Deno up to 2.6 takes
 * only an empty one.
 */
function withNullVectors(): Disposable {
  const { createCipheriv } = crypto;
  crypto.createCipheriv =
    ((name: string, key: Uint8Array, vector: Uint8Array | null) =>
      createCipheriv(name, key, vector ?? new Uint8Array())) as typeof createCipheriv;
  return {
    [Symbol.dispose]() {
      crypto.createCipheriv = createCipheriv;
    },
  };
}

function portOf(phone: ToolProcess): number {
  return phone.events("registered")[0]?.port as number;
}

callTest(
  "two phones show the same code, and a forged goodbye does nothing",
  async (startPhone) => {
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept"]);
    await using joao = await startPhone(registry.port, "joão", ["--call", "maria"]);
    const started = [await joao.waitForEvent("call_started"), await maria.waitForEvent("call_started")];
    assertEquals(started[0]?.code, started[1]?.code);
    assert(/^\d{5}$/.test(started[0]?.code as string));
    // An attacker who has seen every message says goodbye to both, in either's name.
    const invitation = joao.events("message").map(({ text }) => JSON.parse(text as string))
      .find(({ tipo }) => tipo === "convite");
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const { chamada, porta } = invitation;
    // In her output it comes before the call's start, in his perhaps after.
    const shown = maria.events("message").map(({ text }) => JSON.parse(text as string)).find((
      { chave, tipo },
    ) => chave && tipo === "confirmação");
    for (const fields of [{}, { selo: shown.selo }, { chave: shown.chave, selo: shown.selo }]) {
      const goodbye = new TextEncoder().encode(
        JSON.stringify({ tipo: "encerrar_ligação", chamada, ...fields }),
      );
      for (const port of [porta, portOf(maria)]) {
        await socket.send(goodbye, { transport: "udp", hostname: "127.0.0.1", port });
      }
    }
    for (const phone of [joao, maria]) {
      for (let count = 0; count < 3; count++) {
        await phone.waitForEvent(
          "message",
          ({ direction, text }) => direction === "received" && (text as string).includes("encerrar_ligação"),
        );
      }
      await phone.waitForEvent("status", ({ seconds }) => seconds as number > 1);
    }
    socket.close();
    for (const phone of [joao, maria]) assertEquals(phone.events("call_ended"), []);
    await joao.type("desligar");
    await maria.waitForEvent("call_ended", ({ end }) => end === "peer_hung_up");
    assertEquals(await joao.exitCode(), 0);
  },
);

Deno.test("a relay between two phones changes nothing, and the code reveals one with keys of its own", async () => {
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria", ["--answer", "accept"]);
  const codes = async () => [
    (await joao.waitForEvent("call_started")).code,
    (await maria.waitForEvent("call_started")).code,
  ];
  await using honest = await Wire.open(registry.port, "fio", portOf(maria));
  await using joao = await startPhone(registry.port, "joão");
  await joao.type("ligar fio");
  const [callers, callees] = await codes();
  assertEquals(callers, callees);
  assertGreater(honest.datagrams.length, 3);
  await joao.type("desligar");
  await maria.waitForEvent("call_ended");
  await joao.waitForEvent("call_ended");

  const [forCaller, forCallee] = [KeyPair.generate(), KeyPair.generate()];
  let towardsCallee: KeyExchange | undefined;
  let confirmation: Record<string, unknown> = {};
  await using evil = await Wire.open(registry.port, "meio", portOf(maria), (from, fields) => {
    const { tipo, chamada, nome, midia, chave } = fields as Record<string, string>;
    if (tipo === "convite") {
      towardsCallee = KeyExchange.offer({ chamada: chamada!, nome: nome!, midia: midia! }, forCallee);
      return { ...fields, compromisso: towardsCallee.commitment };
    }
    if (from === "callee" && chave !== undefined) {
      const keys = towardsCallee!.complete(chave)!;
      confirmation = { chave: forCallee.publicKey, selo: keys.mac("confirmação") };
      return { ...fields, chave: forCaller.publicKey };
    }
    return tipo === "confirmação" ? { ...fields, ...confirmation } : fields;
  });
  await joao.type("ligar meio");
  const two = await codes();
  // Equal by chance once in 100,000 times.
  assertNotEquals(two[0], two[1]);
  assertGreater(evil.datagrams.length, 3);
});

Deno.test("a capture of a call decrypts to speech with the key log of a phone, and to noise without it", async () => {
  const { SrtpSession, SrtcpSession }: WeriftRtp = await import(WERIFT_RTP);
  using _vectors = withNullVectors();
  await using folder = await temporaryFolder();
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria", ["--answer", "accept"]);
  await using wire = await Wire.open(registry.port, "fio", portOf(maria));
  await using joao = await startPhone(
    registry.port,
    "joão",
    ["--call", "fio", "--mic", SPEECH, "--log-keys", `${folder.path}/keys`],
  );
  const { samples, sampleRate } = parseWav(await Deno.readFile(SPEECH));
  const said = resample(samples, sampleRate, SAMPLE_RATE);
  await waitForVoice(joao, "framesSent", said);
  await joao.type("desligar");
  assertEquals(await joao.exitCode(), 0);
  const logged = await Deno.readTextFile(`${folder.path}/keys`);
  const { mode } = await Deno.stat(`${folder.path}/keys`);
  assertEquals((mode ?? 0) & 0o077, 0, "for the owner's eyes only");
  const match = /^\S{22} caller AEAD_AES_128_GCM inline:(\S+)\n\S{22} callee AEAD_AES_128_GCM inline:(\S+)\n$/
    .exec(logged);
  assert(match, logged);
  const [key, salt] = [
    Buffer.from(match[1]!, "base64").subarray(0, 16),
    Buffer.from(match[1]!, "base64").subarray(16),
  ];
  const options = {
    keys: { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt },
    profile: PROFILE,
  };
  const [rtp, rtcp] = [new SrtpSession(options), new SrtcpSession(options)];
  const captured = wire.datagrams.filter(({ from, bytes }) => from === "caller" && isRtpOrRtcp(bytes));
  const reports = captured.filter(({ bytes }) => isRtcp(bytes));
  const voice = captured.filter(({ bytes }) => !isRtcp(bytes));
  assertGreater(voice.length, said.length / FRAME_SAMPLES);
  assertGreater(reports.length, 2);
  for (const { bytes } of reports) {
    // In the clear: a sender report (200) or receiver report (201).
    const plain = rtcp.decrypt(Buffer.from(bytes));
    assert(plain[1] === 200 || plain[1] === 201);
  }
  const withKeys = await heard(voice, (bytes) => rtp.decrypt(Buffer.from(bytes)));
  const { correlation, coverage } = compare(said, withKeys);
  assertGreater(correlation, 0.9);
  assertGreater(coverage, 0.95);
  const without = await heard(voice, (bytes) => bytes);
  // Ciphertext decoded as Opus is noise: its correlation with speech was at most 0.21 in 100 calls.
  assertLess(compare(said, without).correlation, 0.5);
});

/** Captured voice as a listener hears it: every packet decoded in order, with silence for packets that are not Opus. */
async function heard(
  voice: readonly Datagram[],
  open: (bytes: Uint8Array) => Uint8Array,
): Promise<Float32Array> {
  using decoder = await openDecoder();
  const samples: number[] = [];
  for (const { bytes } of voice) {
    const packet = parseRtp(open(bytes));
    assert(packet);
    const frame = decoder.decode(packet.payload) ?? new Int16Array(960);
    for (const sample of frame) samples.push(sample / 32768);
  }
  return Float32Array.from(samples);
}

Deno.test("a phone that requires encryption neither makes nor takes a call without it, and says so", async () => {
  await using registry = await startRegistry();
  await using plain = await startPhone(registry.port, "ana", ["--answer", "accept", "--no-encryption"]);
  await using strict = await startPhone(registry.port, "bia", ["--answer", "accept", "--require-encryption"]);
  await using caller = await startPhone(registry.port, "caio", ["--call", "ana", "--require-encryption"]);
  assertEquals(await caller.exitCode(), 7);
  assertEquals(caller.events("not_encrypted").length, 1);
  await plain.waitForEvent("invitation_withdrawn");
  await using other = await startPhone(registry.port, "davi", ["--call", "bia", "--no-encryption"]);
  assertEquals(await other.exitCode(), 7);
  assertEquals(other.events("rejected").map(({ reason }) => reason), ["sem_cifra"]);
  await strict.waitForEvent("unencrypted_rejected", ({ name }) => name === "davi");
  assertEquals(strict.events("invitation"), []);
  await using friend = await startPhone(registry.port, "eva", ["--call", "bia", "--hang-up-after", "0.3"]);
  assertEquals(await friend.exitCode(), 0);
  assert(friend.events("call_started")[0]?.code);
});

Deno.test("a call without encryption says so on both screens", async () => {
  await using registry = await startRegistry();
  await using ana = await startPhone(registry.port, "ana", ["--answer", "accept", "--no-encryption"]);
  await using beto = startProcess("phone", [
    ...[`127.0.0.1:${registry.port}`, "beto", "0", "--mic", "none", "--speaker", "none"],
    ...["--call", "ana", "--hang-up-after", "0.3"],
  ]);
  assertEquals((await ana.waitForEvent("call_started")).code, null);
  assertEquals(await beto.exitCode(), 0);
  assertStringIncludes(beto.stdout, "Chamada sem cifra: quem tem acesso à rede pode ouvi-la.");
});

Deno.test("a phone whose key log cannot be written says so, and the call goes on", async () => {
  await using registry = await startRegistry();
  await using maria = await startPhone(registry.port, "maria", ["--answer", "accept"]);
  await using joao = await startPhone(
    registry.port,
    "joão",
    ["--call", "maria", "--hang-up-after", "0.3", "--log-keys", "/none/keys"],
  );
  assertEquals(await joao.exitCode(), 0);
  assertEquals(joao.events("key_log_failed").map(({ detail }) => detail), [{ kind: "not_found" }]);
  await maria.waitForEvent("call_ended");
});
