import { assert, assertEquals, assertThrows } from "@std/assert";
import { PhoneLine } from "../../lib/call/phone_line.ts";
import { encodeRtp } from "../../lib/media/rtp.ts";
import { type Encryption, randomProtection } from "../../lib/call/protection.ts";
import type { Trace } from "../../lib/protocol/trace.ts";

/** A phone line on loopback that writes down what it is told, and lets a test wait for it. */
class Recorded implements AsyncDisposable {
  readonly line: PhoneLine;
  readonly told: string[] = [];
  readonly traces: Trace[] = [];
  readonly voice: Uint8Array[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(readonly name: string, readonly ip = "127.0.0.1", encryption: Encryption = "preferred") {
    this.line = PhoneLine.open(ip, 0, randomProtection(encryption), {
      onOutput: (output) => {
        if (output.kind === "notice") this.told.push(output.notice.kind);
        else if (output.kind !== "release") this.told.push(output.kind);
        this.#change();
      },
      onVoice: (_, datagram) => {
        this.voice.push(datagram);
        this.#change();
      },
      onTrace: (trace) => {
        this.traces.push(trace);
        this.#change();
      },
    });
  }

  get address(): { name: string; ip: string; port: number } {
    return { name: this.name, ip: this.ip, port: this.line.port };
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** Waits until something is so; a test that waits in vain fails after 10 s. */
  async until(condition: () => boolean): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`${this.name} was told only: ${this.told}`)),
      10_000,
    );
    try {
      while (!condition()) await Promise.race([this.#changed.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.line[Symbol.asyncDispose]();
  }
}

const VOICE = encodeRtp({
  payloadType: 111,
  marker: true,
  sequenceNumber: 1,
  timestamp: 0,
  ssrc: 1,
  payload: Uint8Array.of(1, 2, 3),
});

for (const ip of ["127.0.0.1", "::1"]) {
  Deno.test(`PhoneLine carries a call over UDP, its voice on the same ports: ${ip}`, async () => {
    await using joao = new Recorded("joão", ip);
    await using maria = new Recorded("maria", ip);
    joao.line.invite({ name: "joão", ip }, maria.address);
    await maria.until(() => maria.told.includes("invitation"));
    maria.line.accept();
    await maria.until(() => maria.told.includes("started"));
    const [mariasCall, joaosCall] = [maria.line.current, joao.line.current];
    assert(mariasCall && joaosCall);
    assertEquals(mariasCall.id, joaosCall.id);
    joao.line.sendVoice(joaosCall, VOICE);
    maria.line.sendVoice(mariasCall, VOICE);
    await maria.until(() => maria.voice.length > 0);
    await joao.until(() => joao.voice.length > 0);
    assertEquals(maria.voice, [VOICE]);
    joao.line.hangUp();
    await maria.until(() => maria.told.includes("ended"));
    await joao.until(() => joao.traces.some(({ text }) => text.includes("ligação_encerrada")));
    // Each once: an invitation and an answer may cross, and then come again.
    const traced = joao.traces.map(({ direction, text }) => `${direction} ${JSON.parse(text).tipo}`);
    assertEquals(traced.filter((text, index) => traced.indexOf(text) === index), [
      "sent convite",
      "received tocando",
      "received resposta_ao_convite",
      "sent confirmação",
      "sent encerrar_ligação",
      "received ligação_encerrada",
    ]);
    assert(joao.traces.every(({ transport, peer }) => transport === "UDP" && peer.ip === ip));
  });
}

Deno.test("PhoneLine takes voice only from the phone that it is in a call with", async () => {
  await using joao = new Recorded("joão");
  await using maria = new Recorded("maria");
  joao.line.invite({ name: "joão", ip: "127.0.0.1" }, maria.address);
  await maria.until(() => maria.told.includes("invitation"));
  maria.line.accept();
  await maria.until(() => maria.told.includes("started"));
  const stranger = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to = { transport: "udp", hostname: "127.0.0.1", port: maria.line.port } as const;
  await stranger.send(Uint8Array.of(...VOICE, 66), to);
  // What the stranger sends afterwards arrives afterwards, and this one is traced.
  await stranger.send(new TextEncoder().encode('{"tipo":"nada"}'), to);
  await maria.until(() => maria.traces.some(({ text }) => text.includes("nada")));
  stranger.close();
  joao.line.sendVoice(joao.line.current!, VOICE);
  await maria.until(() => maria.voice.length > 0);
  assertEquals(maria.voice, [VOICE]);
});

Deno.test("PhoneLine goes on after datagrams that mean nothing", async () => {
  await using maria = new Recorded("maria");
  const stranger = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to = { transport: "udp", hostname: "127.0.0.1", port: maria.line.port } as const;
  const texts = ["", "{", "{}", '{"tipo":"convite"}', "\u0080\u0000", `{"tipo":"${"x".repeat(3000)}"}`];
  for (const text of texts) await stranger.send(new TextEncoder().encode(text), to);
  await stranger.send(Uint8Array.of(0x7b, 0xff), to);
  await stranger.send(
    new TextEncoder().encode('{"tipo":"encerrar_ligação","chamada":"0123456789abcdefghijkl"}'),
    to,
  );
  const [answer] = await stranger.receive();
  assertEquals(JSON.parse(new TextDecoder().decode(answer)), {
    tipo: "ligação_encerrada",
    chamada: "0123456789abcdefghijkl",
  });
  stranger.close();
  assertEquals(maria.told, []);
});

Deno.test("PhoneLine says goodbye when it closes in a call", async () => {
  await using maria = new Recorded("maria");
  {
    await using joao = new Recorded("joão");
    joao.line.invite({ name: "joão", ip: "127.0.0.1" }, maria.address);
    await maria.until(() => maria.told.includes("invitation"));
  }
  await maria.until(() => maria.told.includes("withdrawn"));
});

Deno.test("PhoneLine.open() fails where the port is taken", async () => {
  await using maria = new Recorded("maria");
  const { onOutput, onVoice, onTrace } = { onOutput() {}, onVoice() {}, onTrace() {} };
  assertThrows(
    () =>
      PhoneLine.open("127.0.0.1", maria.line.port, randomProtection("off"), { onOutput, onVoice, onTrace }),
    Deno.errors.AddrInUse,
  );
});
