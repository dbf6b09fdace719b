import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { PollLoop } from "../../lib/transport/poll_loop.ts";
import { LinuxUdpSocket } from "../../lib/transport/linux_udp.ts";

function open(): { socket: Deno.DatagramConn; port: number } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  return { socket, port: (socket.addr as Deno.NetAddr).port };
}

/** A loop that watches a socket; without one, where the system has none that can be watched. */
function openLoop() {
  const loop = new PollLoop(100);
  const { socket, port } = open();
  const system = LinuxUdpSocket.boundTo(port);
  const received: number[][] = [];
  if (system) loop.watch(system, (datagram, { port }) => received.push([port, ...datagram]));
  return {
    loop,
    received,
    port,
    system,
    [Symbol.dispose]() {
      system?.[Symbol.dispose]();
      socket.close();
    },
  };
}

/** Keeps a loop going round until somebody calls it enough. */
function keepGoing(loop: PollLoop): () => void {
  let cancel = loop.setTimer(function again() {
    cancel = loop.setTimer(again, 5);
  }, 5);
  return () => cancel();
}

Deno.test("PollLoop calls timers in their order, not too early, and not those that were taken back", async () => {
  using opened = openLoop();
  const { loop } = opened;
  const called: string[] = [];
  const start = loop.now();
  // However long this test is held up between two of them.
  const setTimer = (callback: () => void, atMs: number) => loop.setTimer(callback, start + atMs - loop.now());
  const end = Promise.withResolvers<void>();
  setTimer(() => {
    called.push("third");
    assertGreaterOrEqual(loop.now() - start, 12.499);
    end.resolve();
  }, 12.5);
  setTimer(() => {
    called.push("first");
    takeBack();
  }, 3);
  setTimer(() => called.push("second"), 8);
  const takeBack = setTimer(() => called.push("taken back"), 6);
  await end.promise;
  assertEquals(called, ["first", "second", "third"]);
});

Deno.test("PollLoop lets the event loop have its turn, and what waits for a promise go on", async () => {
  using opened = openLoop();
  const stop = keepGoing(opened.loop);
  let went = 0;
  for (let count = 0; count < 3; count++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    went++;
  }
  await Deno.stat(".");
  stop();
  assertEquals(went, 3);
});

Deno.test("PollLoop receives what comes to its sockets while it goes round, until it lets go of one", async () => {
  using opened = openLoop();
  const { loop, received, port, system } = opened;
  if (!system) return;
  const { socket: sender, port: from } = open();
  const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
  const waitFor = async (count: number) => {
    while (received.length < count) await new Promise<void>((resolve) => loop.setTimer(resolve, 1));
  };
  for (let number = 0; number < 100; number++) await sender.send(Uint8Array.of(number), to);
  await waitFor(100);
  assertEquals(received, Array.from({ length: 100 }, (_, number) => [from, number]));
  await sender.send(new Uint8Array(200), to);
  await waitFor(101);
  assertEquals(received[100]!.length - 1, 100, "no more than was asked for");

  loop.unwatch(system);
  await sender.send(Uint8Array.of(1), to);
  await new Promise<void>((resolve) => loop.setTimer(resolve, 1));
  assertEquals(received.length, 101);
  sender.close();
});

Deno.test("PollLoop leaves its timers to the event loop while something else needs it", async () => {
  using opened = openLoop();
  const { loop, received, port, system } = opened;
  if (!system) return;
  const { socket: sender } = open();
  const work = Promise.withResolvers<void>();
  const rest = loop.restDuring(work.promise);
  await sender.send(Uint8Array.of(1), { transport: "udp", hostname: "127.0.0.1", port });
  await new Promise<void>((resolve) => loop.setTimer(resolve, 1));
  assertEquals(received, [], "it does not go round");
  work.resolve();
  await rest;
  while (received.length === 0) await new Promise<void>((resolve) => loop.setTimer(resolve, 1));
  assert(received.length === 1);
  sender.close();
});
