import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { floodFilter, SAMPLE } from "../../lib/transport/bpf_filter.ts";
import { canMakeLan as askForLan } from "../../testing/lan.ts";
import { outputOf } from "../../testing/program.ts";
import { encodeCompound } from "../../lib/rtp/rtcp.ts";
import { encodeRtp } from "../../lib/rtp/rtp.ts";
import { encodeAddress, FAMILIES } from "../../lib/transport/socket_address.ts";
import { linuxUdp } from "./udp_drivers.ts";

const ignore = linuxUdp === undefined;
const canMakeLan = await askForLan();

/** Sockets that tell with which byte of the header a datagram came (ip(7), ipv6(7), recvmsg(2)). */
const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize", nonblocking: true },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** `IP_RECVTOS`, `IPV6_RECVTCLASS`. */
const REPORT_MARK = { 4: { level: 0, option: 13 }, 6: { level: 41, option: 66 } };

/** The mark of the datagram that is sent to a port of this machine. */
async function markOf(version: 4 | 6, send: (port: number) => void): Promise<number> {
  const library = Deno.dlopen("libc.so.6", SYMBOLS);
  const { socket, bind, getsockname, setsockopt, recvmsg, close } = library.symbols;
  const descriptor = socket(FAMILIES[version], 2, 0);
  const address = encodeAddress(version, { ip: version === 4 ? "127.0.0.1" : "::1", port: 0 });
  bind(descriptor, address, address.length);
  getsockname(descriptor, address, Uint32Array.of(address.length));
  const { level, option } = REPORT_MARK[version];
  setsockopt(descriptor, level, option, Int32Array.of(1), 4);
  send(new DataView(address.buffer).getUint16(2));
  // A `msghdr` with one `iovec` and room for control messages (`cmsghdr`): length, level and type, then the mark.
  const [data, control] = [new Uint8Array(64), new Uint8Array(64)];
  const at = (bytes: Uint8Array<ArrayBuffer>) =>
    BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
  const vector = new Uint8Array(BigUint64Array.of(at(data), 64n).buffer);
  const header = BigUint64Array.of(0n, 0n, at(vector), 1n, at(control), 64n, 0n);
  assertEquals(await recvmsg(descriptor, header, 0), 1n);
  close(descriptor);
  library.close();
  const message = new DataView(control.buffer);
  assertEquals(message.getInt32(8, true), level);
  return message.getUint8(16);
}

for (const [sockets, version, ip] of [[4, 4, "127.0.0.1"], [6, 6, "::1"], [6, 4, "127.0.0.1"]] as const) {
  Deno.test({
    name: `LinuxUdp marks what a socket of IPv${sockets} sends over IPv${version} as expedited forwarding`,
    ignore,
    async fn() {
      const socket = linuxUdp!.open(sockets, 0, () => {});
      const mark = await markOf(version, (port) => socket.send(Uint8Array.of(1), { ip, port }));
      assertEquals([mark >> 2, mark & 3], [46, 0]);
      await socket.close();
    },
  });
}

for (const [version, loopback] of [[4, "127.0.0.1"], [6, "::1"]] as const) {
  Deno.test({
    name: `LinuxUdp keeps more than usual for a socket of IPv${version}`,
    ignore,
    async fn() {
      const udp = linuxUdp!;
      // The system counts 2304 bytes for each, and gives a program twice what it may ask for, the usual size at first.
      const count = Math.floor(1.5 * Number(await Deno.readTextFile("/proc/sys/net/core/rmem_max")) / 2304);
      const received: number[] = [];
      let over = false;
      const socket = udp.open(version, 0, ([first, second]) => {
        if (second === undefined) over = true;
        else received.push(first!);
      });
      const sender = udp.open(version, 0, () => {});
      // At once, so that the event loop has no turn in which it could receive.
      for (let number = 0; number < count; number++) {
        sender.send(new Uint8Array(1000).fill(number), { ip: loopback, port: socket.port });
      }
      // There is room again as soon as it receives.
      while (!over) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        sender.send(Uint8Array.of(0), { ip: loopback, port: socket.port });
      }
      assertEquals(received, Array.from({ length: count }, (_, number) => number & 0xff));
      await socket.close();
      await sender.close();
    },
  });

  Deno.test({
    name: `floodFilter() lets all of a peer's datagrams through, and few of others: IPv${version}`,
    ignore,
    async fn() {
      const udp = linuxUdp!;
      const counts = [0, 0];
      let roundOver = Promise.withResolvers<void>();
      const socket = udp.open(version, 0, ([kind]) => {
        if (kind === 2) roundOver.resolve();
        else counts[kind!]!++;
      });
      const [peer, second, stranger] = [0, 1, 2].map(() => udp.open(version, 0, () => {})) as [
        ...[typeof socket, typeof socket, typeof socket],
      ];
      const to = { ip: loopback, port: socket.port };
      // An address of the other version would be compared with bytes elsewhere in the header.
      const elsewhere = version === 4 ? "192.0.2.1" : "2001:db8::1:2";
      const senders = [{ ip: elsewhere, port: stranger.port }, { ip: loopback, port: second.port }, {
        ip: loopback,
        port: peer.port,
      }];
      socket.attachFilter(floodFilter(senders));
      const receiveAll = async (rounds: number) => {
        for (let round = 0; round < rounds; round++) {
          roundOver = Promise.withResolvers();
          for (let count = 0; count < 20; count++) stranger.send(Uint8Array.of(1), to);
          peer.send(Uint8Array.of(0), to);
          // The last datagram of a round says that the round is over.
          second.send(Uint8Array.of(2), to);
          await roundOver.promise;
        }
      };
      await receiveAll(200);
      assertEquals(counts[0], 200);
      // Far from 4000 / 64 only once in many millions of runs.
      assertLess(counts[1]!, 3 * 4000 / SAMPLE);
      assertGreater(counts[1]!, 4000 / SAMPLE / 4);
      socket.detachFilter();
      counts[1] = 0;
      await receiveAll(5);
      assertEquals(counts[1], 100);
      for (const each of [peer, second, stranger, socket]) await each.close();
    },
  });

  Deno.test({
    name: `floodFilter() lets a peer's streams through from anywhere: IPv${version}`,
    ignore,
    async fn() {
      const udp = linuxUdp!;
      const [SSRC, OTHER] = [0xfedc_ba98, 0x0123_4567];
      const rtp = (ssrc: number) =>
        encodeRtp({
          payloadType: 111,
          marker: false,
          sequenceNumber: 1,
          timestamp: ssrc,
          ssrc,
          payload: new Uint8Array(0),
        });
      const rtcp = (ssrc: number) => encodeCompound([{ kind: "receiver_report", ssrc, blocks: [] }]);
      const byte = (first: number) => Uint8Array.of(first);
      const counts = new Map<string, number>();
      let over = Promise.withResolvers<void>();
      const socket = udp.open(version, 0, (datagram) => {
        const key = datagram.toHex();
        counts.set(key, (counts.get(key) ?? 0) + 1);
        if (datagram.length === 1) over.resolve();
      });
      const peer = udp.open(version, 0, () => {});
      const stranger = udp.open(version, 0, () => {});
      const to = { ip: loopback, port: socket.port };
      socket.attachFilter(floodFilter([{ ip: loopback, port: peer.port }], [OTHER ^ 1, SSRC]));
      const kinds = [rtp(SSRC), rtcp(SSRC), rtp(OTHER), rtcp(OTHER)];
      for (let round = 0; round < 100; round++) {
        over = Promise.withResolvers();
        for (const kind of kinds) for (let count = 0; count < 10; count++) stranger.send(kind, to);
        peer.send(byte(0x80), to);
        await over.promise;
      }
      const [voice, report, other, otherReport] = kinds.map((kind) => counts.get(kind.toHex()) ?? 0);
      // The timestamp of a stranger's packet is where a report would have the stream; a report is too short for voice.
      assertEquals([voice, report, otherReport], [1000, 1000, 0]);
      assertLess(other!, 3 * 1000 / SAMPLE);
      for (const each of [peer, stranger, socket]) await each.close();
    },
  });
}

for (
  const [version, ip] of [[4, "127.0.0.2"], [6, "127.0.0.2"], [6, "::1"]] as const
) {
  Deno.test({
    name: `LinuxUdp tells to which address a datagram came, and answers from there: ${ip} on IPv${version}`,
    ignore,
    async fn() {
      const udp = linuxUdp!;
      const answered = Promise.withResolvers<unknown>();
      const asked = udp.open(version, 0, (datagram, sender, arrivedAt) => {
        // An address that the machine does not have is none to leave from; the system takes another one.
        asked.send(datagram.slice(), sender, undefined, datagram[0] === 1 ? arrivedAt : "192.0.2.99");
      });
      const answers: unknown[] = [];
      const asking = udp.open(version, 0, ([first], sender) => {
        answers.push([first, sender.ip, sender.port]);
        if (answers.length === 2) answered.resolve(answers);
      });
      for (const first of [1, 2]) asking.send(Uint8Array.of(first), { ip, port: asked.port });
      const other = ip === "::1" ? ip : "127.0.0.1";
      assertEquals(await answered.promise, [[1, ip, asked.port], [2, other, asked.port]]);
      await Promise.all([asked.close(), asking.close()]);
    },
  });
}

Deno.test({
  name: "LinuxUdp tells why the system does not send",
  ignore,
  async fn() {
    const socket = linuxUdp!.open(4, 0, () => {});
    const told: unknown[] = [];
    const send = (ip: string) =>
      socket.send(Uint8Array.of(1), { ip, port: 6000 }, (error) => told.push(error));
    // To everybody, which the socket does not ask for; and to a port of IPv6, for which it has no room.
    for (const ip of ["255.255.255.255", "127.255.255.255", "2001:db8::1"]) send(ip);
    assertEquals(told.slice(1), [{ kind: "permission_denied" }, { kind: "ip_version_not_available" }]);
    send("127.0.0.1");
    assertEquals(told.length, 3);
    await socket.close();
  },
});

Deno.test({
  name: `LinuxUdp tells of an address that comes and goes${
    canMakeLan ? "" : " (needs iproute2 and the right to change addresses)"
  }`,
  ignore: ignore || !canMakeLan,
  async fn() {
    const { network } = linuxUdp!;
    let changed = Promise.withResolvers<void>();
    await using _watch = network.watch(() => changed.resolve());
    const address = `127.99.${Deno.pid & 0xff}.${1 + Deno.pid % 250}`;
    for (const [verb, present] of [["add", true], ["del", false]] as const) {
      changed = Promise.withResolvers();
      await outputOf(["ip", "address", verb, `${address}/32`, "dev", "lo"]);
      await changed.promise;
      assertEquals(network.addresses().some(({ ip }) => ip === address), present);
    }
  },
});
