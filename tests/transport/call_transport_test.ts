import { assert, assertEquals, assertThrows } from "@std/assert";
import { CallTransport } from "../../lib/transport/call_transport.ts";
import { encodeRtp } from "../../lib/rtp/rtp.ts";
import { SrtpSender } from "../../lib/srtp/context.ts";
import { type CallKeys, KeyExchange, KeyPair } from "../../lib/call/key_exchange.ts";
import { encodeCallMessage, newCallId, parseCallMessage } from "../../lib/protocol/call_messages.ts";
import { FLOODS } from "../../bench/flood/flooder.ts";
import { seededRandom } from "../../testing/netem/random.ts";
import { hasIpv6 } from "../../testing/has_ipv6.ts";
import { optionsOf, Recorded } from "./recorded_transport.ts";
import { UDP_DRIVERS } from "./udp_drivers.ts";

const VOICE = encodeRtp({
  payloadType: 111,
  marker: true,
  sequenceNumber: 1,
  timestamp: 0,
  ssrc: 1,
  payload: Uint8Array.of(1, 2, 3),
});

/** A foreign caller: a socket that sends and protects what a test gives it. */
class RawCaller implements Disposable {
  readonly chamada = newCallId();
  readonly #keyPair = KeyPair.generate();
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #to: Deno.NetAddr;
  #keys: CallKeys | undefined;

  constructor(port: number) {
    this.#to = { transport: "udp", hostname: "127.0.0.1", port };
  }

  get keys(): CallKeys {
    assert(this.#keys);
    return this.#keys;
  }

  async send(datagram: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#socket.send(datagram, this.#to);
  }

  /** Calls, and settles when the callee's answer is confirmed. */
  async call(): Promise<void> {
    const { port } = this.#socket.addr as Deno.NetAddr;
    const invitation = { chamada: this.chamada, nome: "raw", midia: "opus/48000/1" };
    const exchange = KeyExchange.offer(invitation, this.#keyPair);
    await this.send(encodeCallMessage({
      tipo: "convite",
      ...invitation,
      ip: "127.0.0.1",
      porta: port,
      compromisso: exchange.commitment,
    }));
    for await (const [datagram] of this.#socket) {
      const parsed = parseCallMessage(datagram);
      if (!("message" in parsed) || parsed.message.tipo !== "resposta_ao_convite") continue;
      assert("chave" in parsed.message && parsed.message.chave);
      this.#keys = exchange.complete(parsed.message.chave);
      const selo = this.keys.mac("confirmação");
      await this.send(
        encodeCallMessage({ tipo: "confirmação", chamada: this.chamada, chave: exchange.publicKey, selo }),
      );
      return;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** A packet of voice with a number of its own. */
const numbered = (sequenceNumber: number) =>
  encodeRtp({
    payloadType: 111,
    marker: false,
    sequenceNumber,
    timestamp: 960 * sequenceNumber,
    ssrc: 1,
    payload: Uint8Array.of(sequenceNumber, 2, 3),
  });

for (const [kind, udp] of Object.entries(UDP_DRIVERS)) {
  for (const ip of ["127.0.0.1", "::1"]) {
    Deno.test(`CallTransport carries a call over UDP, its voice on the same ports: ${ip}, ${kind}`, async () => {
      await using joao = new Recorded(udp, "joão", ip);
      await using maria = new Recorded(udp, "maria", ip);
      joao.line.invite({ name: "joão", ip }, maria.address);
      await maria.until(() => maria.told.includes("invitation"));
      maria.line.accept();
      await maria.until(() => maria.told.includes("started"));
      const [mariasCall, joaosCall] = [maria.line.current, joao.line.current];
      assert(mariasCall && joaosCall);
      assertEquals(mariasCall.id, joaosCall.id);
      joao.line.voiceSender(joaosCall)(VOICE);
      maria.line.voiceSender(mariasCall)(VOICE);
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

  Deno.test(`CallTransport takes voice only from the peer: ${kind}`, async () => {
    await using joao = new Recorded(udp, "joão");
    await using maria = new Recorded(udp, "maria");
    joao.line.invite({ name: "joão", ip: "127.0.0.1" }, maria.address);
    await maria.until(() => maria.told.includes("invitation"));
    maria.line.accept();
    await maria.until(() => maria.told.includes("started"));
    const stranger = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = { transport: "udp", hostname: "127.0.0.1", port: maria.line.port } as const;
    // Somebody who knows the call's identifier: in the clear, any listener.
    const chamada = joao.line.current!.id;
    await stranger.send(new TextEncoder().encode(JSON.stringify({ tipo: "confirmação", chamada })), to);
    await stranger.send(Uint8Array.of(...VOICE, 66), to);
    // What the stranger sends afterwards arrives afterwards, and this one is traced.
    await stranger.send(new TextEncoder().encode('{"tipo":"nada"}'), to);
    await maria.until(() => maria.traces.some(({ text }) => text.includes("nada")));
    stranger.close();
    joao.line.voiceSender(joao.line.current!)(VOICE);
    await maria.until(() => maria.voice.length > 0);
    assertEquals(maria.voice, [VOICE]);
  });

  Deno.test(`CallTransport ignores malformed datagrams: ${kind}`, async () => {
    await using maria = new Recorded(udp, "maria");
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

  Deno.test(`CallTransport takes each packet of an encrypted call once, and none in the clear or altered: ${kind}`, async () => {
    await using maria = new Recorded(udp, "maria");
    using caller = new RawCaller(maria.line.port);
    const calling = caller.call();
    await maria.until(() => maria.told.includes("invitation"));
    maria.line.accept();
    await calling;
    await maria.until(() => maria.told.includes("started"));
    assertEquals(maria.line.current?.keys?.code, caller.keys.code);
    const sender = new SrtpSender(caller.keys.outgoing);
    const random = seededRandom(1);
    const sent: Uint8Array<ArrayBuffer>[] = [];
    for (let number = 0; number < 50; number++) {
      const datagram = sender.protect(numbered(number));
      await caller.send(numbered(number)); // in the clear
      const changed = datagram.slice();
      const place = Math.floor(changed.length * random());
      changed[place] = changed[place]! ^ 1 << Math.floor(8 * random());
      await caller.send(changed);
      await caller.send(datagram.slice(0, 1 + Math.floor(datagram.length * random())));
      sent.push(datagram);
      for (const replay of sent) await caller.send(replay);
      // Or the system would have to keep more than it does for a socket.
      await maria.until(() => maria.voice.length > number);
    }
    await caller.send(sender.protect(numbered(99)));
    await maria.until(() => maria.voice.some((packet) => packet[3] === 99));
    assertEquals(maria.voice.map((packet) => packet[3]), [...Array(50).keys(), 99]);
    assertEquals(maria.line.current?.state, "talking");
  });

  Deno.test(`CallTransport takes encrypted voice from another address of the peer: ${kind}`, async () => {
    await using maria = new Recorded(udp, "maria");
    using caller = new RawCaller(maria.line.port);
    const calling = caller.call();
    await maria.until(() => maria.told.includes("invitation"));
    maria.line.accept();
    await calling;
    await maria.until(() => maria.told.includes("started"));
    const sender = new SrtpSender(caller.keys.outgoing);
    const other = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = { transport: "udp", hostname: "127.0.0.1", port: maria.line.port } as const;
    await other.send(sender.protect(VOICE), to);
    await maria.until(() => maria.voice.length > 0);
    other.close();
    assertEquals(maria.voice, [VOICE]);
  });

  Deno.test(`CallTransport keeps a call going under a flood, traces little of it, and reports it once: ${kind}`, async () => {
    await using joao = new Recorded(udp, "joão");
    await using maria = new Recorded(udp, "maria");
    joao.line.invite({ name: "joão", ip: "127.0.0.1" }, maria.address);
    await maria.until(() => maria.told.includes("invitation"));
    maria.line.accept();
    await maria.until(() => maria.told.includes("started"));
    const send = joao.line.voiceSender(joao.line.current!);
    // So that his phone does not take her for lost, however long this machine needs.
    const answer = maria.line.voiceSender(maria.line.current!);
    const flooder = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = { transport: "udp", hostname: "127.0.0.1", port: maria.line.port } as const;
    const random = seededRandom(2);
    const kinds = Object.values(FLOODS);
    let sent = 0;
    for (let round = 0; round < 100; round++) {
      // Fewer at once than the system keeps for a socket, so that the voice behind them is not lost there.
      for (let count = 0; count < 50; count++) {
        await flooder.send(kinds[Math.floor(kinds.length * random())]!(random), to);
        sent++;
      }
      send(numbered(round));
      answer(numbered(round));
      await maria.until(() => maria.voice.length > round);
    }
    flooder.close();
    assertEquals(maria.voice.map((packet) => packet[3]), [...Array(100).keys()]);
    const told = maria.told.filter((words) => words !== "busy_rejected");
    assertEquals(told, ["invitation", "started"]);
    assertEquals(maria.line.current?.state, "talking");
    assert(maria.traces.length < sent / 5, `${maria.traces.length} of ${sent} are shown`);
    assert(maria.floods.length <= 1);
  });

  Deno.test(`CallTransport takes encrypted voice from new addresses of the peer amid a flood: ${kind}`, async () => {
    await using maria = new Recorded(udp, "maria");
    using caller = new RawCaller(maria.line.port);
    const calling = caller.call();
    await maria.until(() => maria.told.includes("invitation"));
    maria.line.accept();
    await calling;
    await maria.until(() => maria.told.includes("started"));
    const sender = new SrtpSender(caller.keys.outgoing);
    await caller.send(sender.protect(numbered(0)));
    await maria.until(() => maria.voice.length > 0);
    const open = () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const flooder = open();
    const to = { transport: "udp", hostname: "127.0.0.1", port: maria.line.port } as const;
    const noise = encodeRtp({
      payloadType: 111,
      marker: false,
      sequenceNumber: 1,
      timestamp: 0,
      ssrc: 2,
      payload: new Uint8Array(40),
    });
    for (let round = 1; round <= 20; round++) {
      for (let count = 0; count < 100; count++) await flooder.send(noise, to);
      const another = open();
      await another.send(sender.protect(numbered(round)), to);
      await maria.until(() => maria.voice.length > round);
      another.close();
    }
    flooder.close();
    assertEquals(maria.voice.map((packet) => packet[3]), [...Array(21).keys()]);
  });

  Deno.test(`CallTransport says goodbye when it closes in a call: ${kind}`, async () => {
    await using maria = new Recorded(udp, "maria");
    {
      await using joao = new Recorded(udp, "joão");
      joao.line.invite({ name: "joão", ip: "127.0.0.1" }, maria.address);
      await maria.until(() => maria.told.includes("invitation"));
    }
    await maria.until(() => maria.told.includes("withdrawn"));
  });

  Deno.test(`CallTransport gives no answer to invitations that name addresses of nobody or everybody: ${kind}`, async () => {
    await using maria = new Recorded(udp, "maria");
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = { transport: "udp", hostname: "127.0.0.1", port: maria.line.port } as const;
    const invite = (ip: string, porta = 6000) => {
      const message = {
        tipo: "convite",
        chamada: newCallId(),
        nome: "joão",
        ip,
        porta,
        midia: "opus/48000/1",
      };
      return socket.send(new TextEncoder().encode(JSON.stringify(message)), to);
    };
    const nobody = [
      "0.0.0.0",
      "224.0.0.1",
      "255.255.255.255",
      "240.0.0.1",
      "192.0.2.255",
      "2001:db8::1",
      "::",
    ];
    for (const ip of nobody) await invite(ip);
    await invite("127.0.0.1", 0);
    await invite("127.0.0.1", (socket.addr as Deno.NetAddr).port);
    await maria.until(() => maria.told.includes("invitation"));
    const sent = maria.traces.filter(({ direction }) => direction === "sent");
    assertEquals(sent.map(({ peer }) => peer), [{
      ip: "127.0.0.1",
      port: (socket.addr as Deno.NetAddr).port,
    }]);
    assertEquals(maria.told, ["invitation"]);
    socket.close();
  });

  Deno.test(`CallTransport follows the version of IP on its port, once no call needs the socket: ${kind}`, {
    ignore: !hasIpv6(),
  }, async () => {
    await using maria = new Recorded(udp, "maria");
    const { port } = maria.line;
    const ring = async (ip: string) => {
      await using joao = new Recorded(udp, "joão", ip);
      const before = maria.told.length;
      joao.line.invite({ name: "joão", ip }, { name: "maria", ip, port });
      await maria.until(() => maria.told.length > before);
      maria.line.follow(ip === "::1" ? "192.0.2.1" : "2001:db8::1");
      joao.line.hangUp();
      await joao.until(() => joao.told.includes("cancelled"));
      await maria.until(() => maria.told.at(-1) === "withdrawn");
    };
    await ring("127.0.0.1");
    // Repeated until the socket is open again.
    await ring("::1");
    await ring("127.0.0.1");
    assertEquals(maria.line.port, port);
  });

  Deno.test(`CallTransport.open() fails where the port is taken: ${kind}`, async () => {
    await using maria = new Recorded(udp, "maria");
    const nobody = { onOutput() {}, onTrace() {}, onFlood() {} };
    assertThrows(
      () => CallTransport.open("127.0.0.1", maria.line.port, optionsOf(udp), nobody),
      Deno.errors.AddrInUse,
    );
  });
}
