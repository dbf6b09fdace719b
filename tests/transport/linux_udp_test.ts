import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { floodFilter, SAMPLE } from "../../lib/transport/bpf_filter.ts";
import { LinuxUdpSocket } from "../../lib/transport/linux_udp.ts";

const ignore = Deno.build.os !== "linux";

/** Whether the C library is the usual one. */
const hasLibrary = canBeCalled();

function canBeCalled(): boolean {
  const { socket, port } = open("127.0.0.1");
  using system = LinuxUdpSocket.boundTo(port);
  socket.close();
  return system !== undefined;
}

function open(hostname: string): { socket: Deno.DatagramConn; port: number } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  return { socket, port: (socket.addr as Deno.NetAddr).port };
}

for (const [version, own, loopback] of [["IPv4", "0.0.0.0", "127.0.0.1"], ["IPv6", "::", "::1"]] as const) {
  Deno.test({
    name: `LinuxUdpSocket keeps more than usual for a socket of ${version}`,
    ignore,
    async fn() {
      const { socket, port } = open(own);
      const usual = Number(await Deno.readTextFile("/proc/sys/net/core/rmem_default"));
      using system = LinuxUdpSocket.boundTo(port);
      // Another C library than the usual one is no failure.
      const given = system ? system.enlargeReceiveBuffer(4 * usual) : usual;
      if (system) assertGreater(given, usual);
      const sender = open(loopback).socket;
      const to = { transport: "udp", hostname: loopback, port } as const;
      // The system counts more than a datagram's own bytes.
      const count = Math.floor((given ?? 0) / 4096);
      for (let number = 0; number < count; number++) await sender.send(new Uint8Array(1000).fill(number), to);
      for (let number = 0; number < count; number++) {
        assertEquals((await socket.receive())[0][0], number & 0xff);
      }
      sender.close();
      socket.close();
    },
  });

  Deno.test({
    name: `floodFilter() lets all of a peer's datagrams through, and few of others: ${version}`,
    ignore,
    async fn() {
      const { socket, port } = open(own);
      using system = LinuxUdpSocket.boundTo(port);
      const [peer, second, stranger] = [open(loopback), open(loopback), open(loopback)];
      const to = { transport: "udp", hostname: loopback, port } as const;
      const places = [{ ip: "192.0.2.1", port: stranger.port }, { ip: loopback, port: second.port }, {
        ip: loopback,
        port: peer.port,
      }];
      // An address of the other version would be compared with what stands elsewhere in the header.
      const filter = floodFilter(
        version === "IPv4" ? places : [{ ip: "2001:db8::1:2", port: stranger.port }, ...places.slice(1)],
      );
      assert(!system || system.attachFilter(filter));
      const counts = [0, 0];
      const receiveAll = async (rounds: number) => {
        for (let round = 0; round < rounds; round++) {
          // The second one's last datagram of a round says that the round is over.
          for (let count = 0; count < 20; count++) await stranger.socket.send(Uint8Array.of(1), to);
          await peer.socket.send(Uint8Array.of(0), to);
          await second.socket.send(Uint8Array.of(2), to);
          for (let over = false; !over;) {
            const kind = (await socket.receive())[0][0]!;
            over = kind === 2;
            if (!over) counts[kind]!++;
          }
        }
      };
      await receiveAll(200);
      assertEquals(counts[0], 200);
      // Far from 4000 / 64 only once in many millions of runs.
      if (system) assertLess(counts[1]!, 3 * 4000 / SAMPLE);
      if (system) assertGreater(counts[1]!, 4000 / SAMPLE / 4);
      system?.detachFilter();
      counts[1] = 0;
      await receiveAll(5);
      assertEquals(counts[1], 100);
      for (const { socket } of [peer, second, stranger]) socket.close();
      socket.close();
    },
  });
}

for (const [version, own, loopback] of [["IPv4", "0.0.0.0", "127.0.0.1"], ["IPv6", "::", "::1"]] as const) {
  Deno.test({
    name: `LinuxUdpSocket receives without the event loop, and tells from where: ${version}`,
    ignore: ignore || !hasLibrary,
    async fn() {
      const sockets = [open(own), open(own)];
      using first = LinuxUdpSocket.boundTo(sockets[0]!.port)!;
      using second = LinuxUdpSocket.boundTo(sockets[1]!.port)!;
      const wait = LinuxUdpSocket.waiter([first, second]);
      const buffer = new Uint8Array(4);
      assertEquals([first.receive(buffer), wait(0)], [undefined, []]);
      const senders = [open(loopback), open(loopback)];
      const to = { transport: "udp", hostname: loopback, port: sockets[1]!.port } as const;
      for (const [index, bytes] of [[0, [1, 2, 3]], [1, []], [1, [4, 5, 6, 7, 8]], [0, [9]]] as const) {
        await senders[index]!.socket.send(Uint8Array.from(bytes), to);
        assertEquals(wait(10_000), [second]);
        assertEquals(second.receive(buffer), Math.min(bytes.length, buffer.length));
        assertEquals([...buffer.subarray(0, bytes.length)], bytes.slice(0, buffer.length));
        assertEquals(second.sender, { transport: "udp", hostname: loopback, port: senders[index]!.port });
      }
      assertEquals([first.receive(buffer), second.receive(buffer), wait(0)], [undefined, undefined, []]);
      for (const { socket } of [...sockets, ...senders]) socket.close();
    },
  });
}

Deno.test("LinuxUdpSocket.boundTo() finds nothing at a port that is no socket of this program", () => {
  const { socket, port } = open("127.0.0.1");
  socket.close();
  assertEquals(LinuxUdpSocket.boundTo(port), undefined);
});

Deno.test("floodFilter() reads every form of an IPv6 address", () => {
  const words = (ip: string) =>
    floodFilter([{ ip, port: 1 }]).slice(3, 10).filter((_, index) => index % 2 === 0).map(({ value }) =>
      value
    );
  assertEquals(words("2001:db8::1:2"), [0x20010db8, 0, 0, 0x00010002]);
  assertEquals(words("::1"), [0, 0, 0, 1]);
  assertEquals(words("2001:db8::"), [0x20010db8, 0, 0, 0]);
  assertEquals(words("1:2:3:4:5:6:7:8"), [0x00010002, 0x00030004, 0x00050006, 0x00070008]);
});
