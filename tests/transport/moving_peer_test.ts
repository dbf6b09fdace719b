/** Phones whose addresses change in a call, on a network in memory. */

import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { AMPLIFICATION_FACTOR } from "../../lib/call/peer_paths.ts";
import { type Endpoint, sameEndpoint } from "../../lib/protocol/address.ts";
import { encodeCompound, parseCompound } from "../../lib/rtp/rtcp.ts";
import { encodeRtp, isRtcp, isRtpOrRtcp } from "../../lib/rtp/rtp.ts";
import type { DatagramListener, UdpDriver, UdpSocket } from "../../lib/transport/udp_socket.ts";
import { systemClock } from "../../lib/util/clock.ts";
import { Recorded } from "./recorded_transport.ts";

const NEW_IP = "192.0.2.77";
const COPIER = { ip: "192.0.2.66", port: 666 };

/** A datagram on the network. */
interface Sent {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly datagram: Uint8Array<ArrayBuffer>;
}

/** Delivers datagrams in order, each in a turn of its own. */
class Network {
  readonly hosts: Host[] = [];
  /** Every datagram, also those to addresses that nobody has. */
  readonly sent: Sent[] = [];
  /** Somebody who reads along: what to deliver in place of a datagram. */
  tap = (sent: Sent): readonly Sent[] => [sent];

  send(sent: Sent): void {
    this.sent.push(sent);
    queueMicrotask(() => {
      for (const each of this.tap(sent)) this.deliver(each);
    });
  }

  deliver({ from, to, datagram }: Sent): void {
    for (const { ip, sockets } of this.hosts) {
      if (ip === to.ip) sockets.get(to.port)?.(datagram.slice(), from);
    }
  }

  /** Bytes from and to an address. */
  bytes(ip: string): { readonly from: number; readonly to: number } {
    const sum = (side: "from" | "to") =>
      this.sent.filter((each) => each[side].ip === ip).reduce(
        (all, { datagram }) => all + datagram.length,
        0,
      );
    return { from: sum("from"), to: sum("to") };
  }
}

/** A machine whose address may change: its sockets take what comes to the present one, and send from it. */
class Host implements UdpDriver {
  readonly clock = systemClock;
  readonly sockets = new Map<number, DatagramListener>();
  #ports = 6000;

  constructor(readonly network: Network, public ip: string) {
    network.hosts.push(this);
  }

  open(_version: 4 | 6, _port: number, listener: DatagramListener): UdpSocket {
    const port = this.#ports++;
    this.sockets.set(port, listener);
    return {
      port,
      send: (datagram, to) =>
        this.network.send({ from: { ip: this.ip, port }, to, datagram: datagram.slice() }),
      attachFilter() {},
      detachFilter() {},
      close: () => Promise.resolve(void this.sockets.delete(port)),
    };
  }

  async restDuring(work: Promise<unknown>): Promise<void> {
    await work;
  }
}

/** One of two phones in a call. */
interface Side {
  readonly host: Host;
  readonly phone: Recorded;
  /** Says something that nobody has said yet. */
  speak(bytes?: number): void;
}

/** Two phones that talk, `stays` and `moves`: the latter is the caller or the callee. */
async function inCall(
  role: "caller" | "callee",
  run: (call: { network: Network; stays: Side; moves: Side }) => Promise<void>,
  encryption: "preferred" | "off" = "preferred",
  whileItRings: (callee: Host) => void = () => {},
): Promise<void> {
  const network = new Network();
  const hosts = [new Host(network, "192.0.2.1"), new Host(network, "192.0.2.2")] as const;
  await using joao = new Recorded(hosts[0], "joão", hosts[0].ip, encryption);
  await using maria = new Recorded(hosts[1], "maria", hosts[1].ip, encryption);
  joao.line.invite({ name: "joão", ip: joao.ip }, maria.address);
  await maria.until(() => maria.told.includes("invitation"));
  whileItRings(hosts[1]);
  maria.line.accept();
  await maria.until(() => maria.told.includes("started"));
  const sides = [joao, maria].map((phone, index) => {
    const send = phone.line.voiceSender(phone.line.current!);
    let sequenceNumber = 0;
    const speak = (bytes = 3) => {
      const payload = new Uint8Array(bytes);
      sequenceNumber++;
      send(encodeRtp({ payloadType: 111, marker: false, sequenceNumber, timestamp: 0, ssrc: 1, payload }));
    };
    return { host: hosts[index]!, phone, speak };
  }) as [Side, Side];
  const [stays, moves] = role === "caller" ? sides.reverse() as [Side, Side] : sides;
  await hears(stays, moves);
  await hears(moves, stays);
  await run({ network, stays, moves });
}

/** One side speaks until the other hears it. */
async function hears(listener: Side, speaker: Side, bytes?: number): Promise<void> {
  const { length } = listener.phone.voice;
  const speaking = setInterval(() => speaker.speak(bytes), 20);
  speaker.speak(bytes);
  await listener.phone.until(() => listener.phone.voice.length > length);
  clearInterval(speaking);
}

Deno.test("CallTransport goes on when both addresses change at once, once one phone is told where the other is", async () => {
  for (const role of ["caller", "callee"] as const) {
    await inCall(role, async ({ stays, moves }) => {
      moves.host.ip = NEW_IP;
      stays.host.ip = "192.0.2.78";
      stays.phone.line.probe(NEW_IP);
      await hears(stays, moves);
      await hears(moves, stays);
    });
  }
});

for (const encryption of ["preferred", "off"] as const) {
  Deno.test(`CallTransport starts a call with a callee whose address changes while it rings, encryption ${encryption}`, async () => {
    await inCall(
      "callee",
      async ({ stays, moves }) => {
        stays.phone.line.hangUp();
        await moves.phone.until(() => moves.phone.told.includes("ended"));
        assertEquals([stays, moves].map(({ phone }) => phone.told.includes("peer_moved")), [false, false]);
      },
      encryption,
      (callee) => callee.ip = NEW_IP,
    );
  });
}

Deno.test("CallTransport confirms a rejection of a callee whose address changes while it rings", async () => {
  const network = new Network();
  const callee = new Host(network, "192.0.2.2");
  await using joao = new Recorded(new Host(network, "192.0.2.1"), "joão", "192.0.2.1");
  await using maria = new Recorded(callee, "maria", callee.ip);
  joao.line.invite({ name: "joão", ip: joao.ip }, maria.address);
  await maria.until(() => maria.told.includes("invitation"));
  callee.ip = NEW_IP;
  maria.line.hangUp();
  await joao.until(() => joao.told.includes("rejected"));
  await maria.until(() => maria.traces.some(({ text }) => text.includes("confirmação")));
});

for (const role of ["caller", "callee"] as const) {
  Deno.test(`CallTransport goes on with a ${role} whose address changes, and its goodbye reaches it`, async () => {
    await inCall(role, async ({ network, stays, moves }) => {
      moves.host.ip = NEW_IP;
      moves.speak();
      // Even the first packet after the challenge is answered, which takes a round trip.
      await hears(moves, stays, 1000);
      await hears(stays, moves);
      const speaking = setInterval(moves.speak, 50);
      await stays.phone.until(() => stays.phone.told.includes("peer_moved"));
      clearInterval(speaking);
      const { peer } = stays.phone.line.current!;
      assertEquals([peer.name, peer.ip], [moves.phone.name, NEW_IP]);
      const { length } = network.sent;
      stays.phone.line.hangUp();
      await moves.phone.until(() => moves.phone.told.includes("ended"));
      await stays.phone.until(() =>
        stays.phone.traces.some(({ direction, text }) =>
          direction === "received" && text.includes("ligação_encerrada")
        )
      );
      const after = network.sent.slice(length).map(({ from, to }) => from.ip === NEW_IP || to.ip);
      assert(after.every((ip) => ip === true || ip === NEW_IP), `${after}`);
      assertEquals(stays.phone.told.filter((told) => told === "peer_moved").length, 1);
      assert(!moves.phone.told.includes("peer_moved"));
    });
  });

  Deno.test(`CallTransport reads the report that a ${role} sends with a challenge, and answers the challenge`, async () => {
    await inCall(role, async ({ network, stays, moves }) => {
      const send = moves.phone.line.voiceSender(moves.phone.line.current!);
      const { length } = network.sent;
      send(encodeCompound([
        { kind: "receiver_report", ssrc: 1, blocks: [] },
        { kind: "application", ssrc: 1, name: "SALD", data: new Uint8Array(8) },
        { kind: "application", ssrc: 1, name: "SALA", data: Uint8Array.of(63, 1, 0, 0) },
      ]));
      await moves.phone.until(() => moves.phone.probes.length > 0);
      assertEquals(stays.phone.probes.length, 1);
      const parsed = stays.phone.probes.flatMap((datagram) => parseCompound(datagram)!);
      assertEquals(parsed.map((packet) => packet.kind === "application" && packet.name), [
        false,
        "SALD",
        "SALA",
      ]);
      assertEquals(network.sent.length - length, 2);
    });
  });

  Deno.test(`CallTransport acknowledges the goodbye of a ${role} that says nothing else from its new address`, async () => {
    for (const encryption of ["preferred", "off"] as const) {
      await inCall(role, async ({ stays, moves }) => {
        moves.host.ip = NEW_IP;
        moves.phone.line.hangUp();
        await stays.phone.until(() => stays.phone.told.includes("ended"));
        await moves.phone.until(() =>
          moves.phone.traces.some(({ direction, text }) =>
            direction === "received" && text.includes("ligação_encerrada")
          )
        );
      }, encryption);
    }
  });

  Deno.test(`CallTransport sends a ${role} of an older version at most three times its bytes at a new address`, async () => {
    await inCall(role, async ({ network, stays, moves }) => {
      // Nobody answers a challenge.
      network.tap = (sent) => isRtcp(sent.datagram) && sent.from.ip === NEW_IP ? [] : [sent];
      moves.host.ip = NEW_IP;
      await hears(stays, moves, 200);
      let heard = 0;
      for (let count = 0; count < 200; count++) {
        const before = moves.phone.voice.length;
        stays.speak(100 + 2 * count);
        if (count % 4 === 0) await hears(stays, moves, 200);
        else await Promise.resolve();
        heard += moves.phone.voice.length - before;
        const { from, to } = network.bytes(NEW_IP);
        assertLessOrEqual(to, AMPLIFICATION_FACTOR * from);
      }
      assertGreater(heard, 50);
      stays.phone.line.hangUp();
      await moves.phone.until(() => moves.phone.told.includes("ended"));
    });
  });

  Deno.test(`CallTransport keeps sending to the ${role} whose packets somebody copies from another address`, async () => {
    await inCall(role, async ({ network, stays, moves }) => {
      const { ip } = moves.host;
      // The copy is always faster, and challenges are passed on to the peer.
      network.tap = (sent) => {
        if (sent.from.ip === ip && isRtpOrRtcp(sent.datagram)) return [{ ...sent, from: COPIER }, sent];
        if (!sameEndpoint(sent.to, COPIER)) return [sent];
        const challenge = isRtcp(sent.datagram);
        return challenge ? [{ ...sent, to: network.sent.find(({ from }) => from.ip === ip)!.from }] : [];
      };
      for (let count = 0; count < 20; count++) {
        const { length } = moves.phone.voice;
        moves.speak();
        stays.speak();
        await moves.phone.until(() => moves.phone.voice.length > length);
      }
      assert(network.sent.some(({ to }) => sameEndpoint(to, COPIER)), "it follows, too");
      assert(!stays.phone.told.includes("peer_moved"));
      moves.phone.line.hangUp();
      await stays.phone.until(() => stays.phone.told.includes("ended"));
    });
  });

  Deno.test(`CallTransport stays at the address of a ${role} without keys, whatever comes from elsewhere`, async () => {
    await inCall(role, async ({ network, stays, moves }) => {
      const heard = stays.phone.voice.length;
      const call = stays.phone.line.current!;
      const to = network.sent.findLast(({ to }) => to.ip === stays.host.ip)!.to;
      const say = (fields: object) =>
        network.deliver({ from: COPIER, to, datagram: new TextEncoder().encode(JSON.stringify(fields)) });
      say({ tipo: role === "caller" ? "confirmação" : "tocando", chamada: call.id });
      say({ tipo: "convite", chamada: call.id, nome: moves.phone.name, ip: COPIER.ip, porta: COPIER.port });
      const { length } = network.sent;
      for (let count = 0; count < 5; count++) stays.speak();
      assert(network.sent.slice(length).every(({ to }) => to.ip === moves.phone.ip));
      moves.host.ip = NEW_IP;
      moves.speak();
      moves.host.ip = moves.phone.ip;
      await hears(stays, moves);
      assertEquals(stays.phone.voice.length, heard + 1, "the packet from elsewhere is dropped");
      assert(network.sent.every(({ to }) => to.ip !== NEW_IP && to.ip !== COPIER.ip));
    }, "off");
  });
}
