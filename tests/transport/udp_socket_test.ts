import { assertEquals, assertThrows } from "@std/assert";
import { MAX_DATAGRAM_BYTES } from "../../lib/protocol/call_messages.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import type { UdpDriver, UdpSocket } from "../../lib/transport/udp_socket.ts";
import { UDP_DRIVERS } from "./udp_drivers.ts";

/** Bytes and sender of a datagram. */
type Received = readonly [bytes: readonly number[], sender: Endpoint];

/** A socket whose datagrams a test waits for, one after the other. */
class TestSocket implements AsyncDisposable {
  readonly socket: UdpSocket;
  readonly #received: Received[] = [];
  #came = Promise.withResolvers<void>();

  constructor(driver: UdpDriver, version: 4 | 6, onReceived: (bytes: readonly number[]) => void = () => {}) {
    this.socket = driver.open(version, 0, (datagram, sender) => {
      this.#received.push([[...datagram], sender]);
      this.#came.resolve();
      onReceived([...datagram]);
    });
  }

  async next(): Promise<Received> {
    while (this.#received.length === 0) {
      await this.#came.promise;
      this.#came = Promise.withResolvers();
    }
    return this.#received.shift()!;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.socket.close();
  }
}

for (const [kind, driver] of Object.entries(UDP_DRIVERS)) {
  for (const [version, ip] of [[4, "127.0.0.1"], [6, "::1"]] as const) {
    Deno.test(`UdpSocket sends and receives over IPv${version}, and tells the source: ${kind}`, async () => {
      await using alice = new TestSocket(driver, version);
      await using bob = new TestSocket(driver, version);
      for (const bytes of [[1, 2, 3], [], [255]]) {
        alice.socket.send(Uint8Array.from(bytes), { ip, port: bob.socket.port });
        assertEquals(await bob.next(), [bytes, { ip, port: alice.socket.port }]);
        bob.socket.send(Uint8Array.from(bytes), { ip, port: alice.socket.port });
        assertEquals(await alice.next(), [bytes, { ip, port: bob.socket.port }]);
      }
    });
  }

  Deno.test(`UdpSocket goes on while a call's clock has timers: ${kind}`, async () => {
    await using alice = new TestSocket(driver, 4);
    await using bob = new TestSocket(driver, 4);
    const to = { ip: "127.0.0.1", port: bob.socket.port };
    let ticks = 0;
    let cancel = driver.clock.setTimer(function again() {
      ticks++;
      cancel = driver.clock.setTimer(again, 5);
    }, 5);
    for (let number = 0; number < 50; number++) {
      alice.socket.send(Uint8Array.of(number), to);
      assertEquals((await bob.next())[0], [number]);
      await new Promise<void>((resolve) => driver.clock.setTimer(resolve, 1));
    }
    cancel();
    alice.socket.send(Uint8Array.of(50), to);
    assertEquals((await bob.next())[0], [50]);
    assertEquals(ticks > 0, true);
  });

  Deno.test(`UdpSocket truncates a larger datagram to the limit and one byte: ${kind}`, async () => {
    await using alice = new TestSocket(driver, 4);
    await using bob = new TestSocket(driver, 4);
    alice.socket.send(new Uint8Array(3000), { ip: "127.0.0.1", port: bob.socket.port });
    assertEquals((await bob.next())[0].length, MAX_DATAGRAM_BYTES + 1);
  });

  Deno.test(`UdpSocket goes on after a listener throws, and after unreachable destinations: ${kind}`, async () => {
    await using alice = new TestSocket(driver, 4);
    await using bob = new TestSocket(driver, 4, ([first]) => {
      if (first === 1) throw new Error("a listener's");
    });
    const to = { ip: "127.0.0.1", port: bob.socket.port };
    alice.socket.send(Uint8Array.of(1), to);
    assertEquals((await bob.next())[0], [1]);
    const nobody = new TestSocket(driver, 4);
    const { port } = nobody.socket;
    await nobody.socket.close();
    alice.socket.send(Uint8Array.of(2), { ip: "127.0.0.1", port });
    alice.socket.send(Uint8Array.of(2), { ip: "2001:db8::1", port });
    alice.socket.send(Uint8Array.of(3), to);
    assertEquals((await bob.next())[0], [3]);
  });

  for (const version of [4, 6] as const) {
    Deno.test(`UdpDriver refuses a port of IPv${version} that is taken, until it is free again: ${kind}`, async () => {
      const first = driver.open(version, 0, () => {});
      const { port } = first;
      for (const other of Object.values(UDP_DRIVERS)) {
        assertThrows(() => other.open(version, port, () => {}), Deno.errors.AddrInUse);
      }
      await first.close();
      for (const other of Object.values(UDP_DRIVERS)) {
        const again = other.open(version, port, () => {});
        assertEquals(again.port, port);
        await again.close();
      }
    });
  }

  Deno.test(`UdpSocket sends nothing after close(), which can be called again: ${kind}`, async () => {
    await using bob = new TestSocket(driver, 4);
    const to = { ip: "127.0.0.1", port: bob.socket.port };
    const alice = new TestSocket(driver, 4);
    await alice.socket.close();
    await alice.socket.close();
    alice.socket.send(Uint8Array.of(1), to);
    await using carol = new TestSocket(driver, 4);
    carol.socket.send(Uint8Array.of(2), to);
    assertEquals((await bob.next())[0], [2]);
  });
}

for (const [kind, driver] of Object.entries(UDP_DRIVERS)) {
  Deno.test(`UdpSocket tells of a datagram that the system cannot send, and goes on: ${kind}`, async () => {
    await using alice = new TestSocket(driver, 4);
    await using bob = new TestSocket(driver, 4);
    const { promise, resolve } = Promise.withResolvers<string>();
    // An address of the other version, for which the socket has no room: it must not go to this machine.
    alice.socket.send(Uint8Array.of(1), { ip: "2001:db8::1", port: bob.socket.port }, (error) => {
      resolve(error.kind);
    });
    assertEquals(typeof await promise, "string");
    alice.socket.send(Uint8Array.of(2), { ip: "127.0.0.1", port: bob.socket.port }, () => resolve("again"));
    assertEquals((await bob.next())[0], [2]);
  });
}
