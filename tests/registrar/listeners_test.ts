import { assert, assertEquals, assertThrows } from "@std/assert";
import { addressesOfHost, ListenError, Listeners, MOST_HEADERS } from "../../lib/registrar/listeners.ts";
import type { Socket } from "../../lib/registrar/connection.ts";
import { peerOf } from "../../lib/registrar/connection.ts";
import { type ProxyProblem, TrustedProxies } from "../../lib/registrar/proxy_protocol.ts";
import { hasIpv6 } from "../../testing/has_ipv6.ts";
import { within } from "../../lib/util/time_limit.ts";

/** Connects to an address. @returns Whether that was possible. */
async function reaches(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch {
    return false;
  }
}

/** Takes connections and closes them, for a test. */
async function serving(listeners: Listeners, test: () => Promise<void>): Promise<string[]> {
  const peers: string[] = [];
  const served = listeners.serve({
    onConnection: (socket) => {
      peers.push(peerOf(socket).ip);
      socket.close();
    },
    onProxyProblem: () => {},
  });
  try {
    await test();
  } finally {
    listeners.close();
    await served;
  }
  return peers;
}

const IPV6 = hasIpv6();

Deno.test({
  name: "Listeners.open() listens on IPv4 and IPv6 unless told otherwise, all on one port",
  ignore: !IPV6,
  async fn() {
    const listeners = Listeners.open({ port: 0 });
    assertEquals(listeners.hosts, ["0.0.0.0", "::"]);
    const peers = await serving(listeners, async () => {
      assert(await reaches("127.0.0.1", listeners.port));
      assert(await reaches("::1", listeners.port));
    });
    assertEquals(peers.sort(), ["127.0.0.1", "::1"]);
    assertEquals(await reaches("127.0.0.1", listeners.port), false);
    assertEquals(await reaches("::1", listeners.port), false);
  },
});

for (
  const [hosts, heard] of [[["0.0.0.0"], ["127.0.0.1"]], [["127.0.0.1"], ["127.0.0.1"]], [["::1"], ["::1"]], [
    ["127.0.0.1", "::1"],
    ["127.0.0.1", "::1"],
  ]] as const
) {
  Deno.test({
    name: `Listeners.open() listens at ${hosts} and nowhere else`,
    ignore: !IPV6,
    async fn() {
      const listeners = Listeners.open({ hosts, port: 0 });
      assertEquals(listeners.hosts, [...hosts]);
      await serving(listeners, async () => {
        for (const ip of ["127.0.0.1", "::1"]) {
          assertEquals(await reaches(ip, listeners.port), (heard as readonly string[]).includes(ip), ip);
        }
      });
    },
  });
}

Deno.test("Listeners.open() leaves out addresses that this machine does not have, unless it has none of them", async () => {
  const listeners = Listeners.open({ hosts: ["192.0.2.1", "127.0.0.1"], port: 0 });
  assertEquals(listeners.hosts, ["127.0.0.1"]);
  await serving(listeners, async () => assert(await reaches("127.0.0.1", listeners.port)));
  const error = assertThrows(() => Listeners.open({ hosts: ["192.0.2.1"], port: 5000 }), ListenError);
  assertEquals(error.detail.cause.kind, "address_not_available");
});

/** Where another program has the port, by where the registry wants it. */
const TAKEN: readonly (readonly [taken: string, hosts: readonly string[] | undefined])[] = [
  ["0.0.0.0", undefined],
  ["::1", undefined],
  ["127.0.0.1", undefined],
  ["::1", ["127.0.0.1", "::1"]],
];

for (const [taken, hosts] of TAKEN) {
  Deno.test({
    name: `Listeners.open() says that the port is in use if another program has it at ${taken} only, with ${
      hosts ?? "no host"
    }`,
    ignore: !IPV6,
    async fn() {
      using other = Deno.listen({ hostname: taken, port: 0 });
      const { port } = other.addr;
      const error = assertThrows(() => Listeners.open({ hosts, port }), ListenError);
      assertEquals([error.detail.cause.kind, error.detail.port], ["address_in_use", port]);
      // Nothing is left open.
      other.close();
      const listeners = Listeners.open({ hosts, port });
      await serving(listeners, async () => {
        assert(await reaches(taken === "0.0.0.0" ? "127.0.0.1" : taken, port));
      });
    },
  });
}

Deno.test("addressesOfHost() finds every address of a name, and both of localhost", async () => {
  assertEquals(await addressesOfHost("192.0.2.1", 5000), ["192.0.2.1"]);
  assertEquals(await addressesOfHost("LOCALHOST", 5000), ["127.0.0.1", "::1"]);
  let cause = "";
  await addressesOfHost("no..where", 5000).catch((error) => cause = error.detail.cause.kind);
  assertEquals(cause, "name_not_resolved");
});

const HEADER = Uint8Array.from([
  ...new TextEncoder().encode("\r\n\r\n\0\r\nQUIT\n"),
  ...[0x21, 0x11, 0, 12],
  ...[192, 0, 2, 7, 10, 0, 0, 1, 0xc8, 0x22, 0x13, 0x88],
]);

Deno.test("Listeners reads for whom a trusted load balancer connects, and closes what lacks a header", async () => {
  const listeners = Listeners.open({ hosts: ["127.0.0.1"], port: 0 });
  const taken: Socket[] = [];
  const problems: [string, ProxyProblem][] = [];
  let happened = Promise.withResolvers<void>();
  const served = listeners.serve({
    proxies: new TrustedProxies(["127.0.0.1"]),
    onConnection: (socket) => {
      taken.push(socket);
      happened.resolve();
    },
    onProxyProblem: (ip, problem) => {
      problems.push([ip, problem]);
      happened.resolve();
    },
  });
  using balancer = await Deno.connect({ hostname: "127.0.0.1", port: listeners.port });
  await balancer.write(Uint8Array.from([...HEADER, ...new TextEncoder().encode("hello")]));
  await happened.promise;
  const [socket] = taken;
  assertEquals(peerOf(socket!), { ip: "192.0.2.7", port: 51234 });
  const buffer = new Uint8Array(100);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, await socket!.read(buffer) ?? 0)), "hello");
  socket!.close();

  happened = Promise.withResolvers();
  using other = await Deno.connect({ hostname: "127.0.0.1", port: listeners.port });
  await other.write(new TextEncoder().encode('{"tipo":"ping"}\n'));
  await happened.promise;
  assertEquals([taken.length, problems], [1, [["127.0.0.1", "no_header"]]]);
  assertEquals(await other.read(buffer).catch(() => null), null);

  // It does not wait for the header of a connection.
  using _silent = await Deno.connect({ hostname: "127.0.0.1", port: listeners.port });
  listeners.close();
  assert(await within(5000, served));
});

Deno.test("Listeners takes all connections of a load balancer, however many come at once", async () => {
  const listeners = Listeners.open({ hosts: ["127.0.0.1"], port: 0 });
  const all = Promise.withResolvers<void>();
  let count = 0;
  const served = listeners.serve({
    proxies: new TrustedProxies(["127.0.0.0/8"]),
    onConnection: (socket) => {
      socket.close();
      if (++count === 100) all.resolve();
    },
    onProxyProblem: () => {},
  });
  const connections = await Promise.all(
    Array.from({ length: 100 }, () => Deno.connect({ hostname: "127.0.0.1", port: listeners.port })),
  );
  // The last one's header comes first: nobody waits for another's.
  for (const connection of connections.reverse()) await connection.write(HEADER);
  await all.promise;
  for (const connection of connections) connection.close();
  listeners.close();
  await served;
});

Deno.test("Listeners hand a connection over while any number of others of its load balancer say nothing", async () => {
  const listeners = Listeners.open({ hosts: ["127.0.0.1"], port: 0 });
  const port = listeners.port;
  const problems: ProxyProblem[] = [];
  let came = Promise.withResolvers<void>();
  const served = listeners.serve({
    proxies: new TrustedProxies(["127.0.0.1"]),
    // None of them ever comes.
    headerMs: 600_000,
    onConnection: (socket) => {
      socket.close();
      came.resolve();
    },
    onProxyProblem: (_ip, problem) => problems.push(problem),
  });
  const silent: Deno.TcpConn[] = [];
  for (const [count, closed] of [[40, 0], [MOST_HEADERS + 10, 11]] as const) {
    while (silent.length < count) silent.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    came = Promise.withResolvers();
    using phone = await Deno.connect({ hostname: "127.0.0.1", port });
    await phone.write(HEADER);
    await came.promise;
    // Those beyond what is awaited went for others, the oldest first.
    assertEquals(problems.length, closed);
    for (const gone of silent.slice(0, closed)) assertEquals(await gone.read(new Uint8Array(1)), null);
  }
  listeners.close();
  await served;
  for (const connection of silent) connection.close();
});

Deno.test("Listeners let others have a turn while connections wait to be accepted", async () => {
  const listeners = Listeners.open({ hosts: ["127.0.0.1"], port: 0 });
  // None is accepted before serve().
  const waiting = await Promise.all(
    Array.from({ length: 40 }, () => Deno.connect({ hostname: "127.0.0.1", port: listeners.port })),
  );
  let accepted = 0;
  const turn = Promise.withResolvers<number>();
  const served = listeners.serve({
    onConnection: (socket) => {
      if (accepted++ === 0) setTimeout(() => turn.resolve(accepted));
      socket.close();
    },
    onProxyProblem: () => {},
  });
  assert(await turn.promise < waiting.length);
  listeners.close();
  await served;
  for (const connection of waiting) connection.close();
});
