import { assert, assertEquals } from "@std/assert";
import type { Trace } from "../../lib/protocol/trace.ts";
import { HostAddresses } from "../../lib/registration/host_addresses.ts";
import { RegistryClient, type RegistryClientOptions } from "../../lib/registration/registry_client.ts";
import type { RegistryObserver } from "../../lib/registrar/observer.ts";
import { startRegistry } from "../../lib/registrar/server.ts";
import { Wire } from "../registrar/wire.ts";
import { pause } from "../../lib/util/pause.ts";
import { hasIpv6 } from "../../testing/has_ipv6.ts";

async function connect(port: number, options: RegistryClientOptions = {}): Promise<RegistryClient> {
  const result = await RegistryClient.connect("127.0.0.1", port, options);
  assert(result.kind === "connected", JSON.stringify(result));
  return result.client;
}

Deno.test("RegistryClient registers, looks up, lists and unregisters", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  let lost = 0;
  await using joao = await connect(registry.port, { onLost: () => lost++ });
  await using maria = await connect(registry.port);
  const people = [
    { nome: "joão", ip: "127.0.0.1", porta: 6000 },
    { nome: "maria", ip: "127.0.0.1", porta: 6050 },
  ];
  assertEquals(joao.localIp, "127.0.0.1");
  assertEquals(await joao.register("joão", joao.localIp, 6000), { kind: "confirmed", person: people[0]! });
  assertEquals(await maria.register("JOÃO", "127.0.0.1", 6050), { kind: "name_taken" });
  assertEquals(await maria.register("maria", "127.0.0.1", 6050), { kind: "confirmed", person: people[1]! });
  assertEquals(await joao.lookUp("MARIA"), { kind: "found", person: people[1]! });
  assertEquals(await joao.lookUp("pedro"), { kind: "unknown" });
  assertEquals(await maria.list(), { kind: "people", people });
  assertEquals(await joao.close("joão"), true);
  assertEquals(joao.closed, true);
  assertEquals(await joao.close("joão"), false);
  assertEquals(await joao.lookUp("maria"), { kind: "lost" });
  assertEquals(await maria.list(), { kind: "people", people: people.slice(1) });
  assertEquals(lost, 0);
});

Deno.test("RegistryClient gives refusals with their code and sentence", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  await using client = await connect(registry.port);
  const refused = {
    kind: "registry_refused",
    reason: "nao_registrado",
    text: "é preciso registrar um nome primeiro",
  } as const;
  assertEquals(await client.list(), refused);
  assertEquals(await client.lookUp("maria"), refused);
  await client.register("joão", "127.0.0.1", 6000);
  const again = await client.register("pedro", "127.0.0.1", 6000);
  assert(again.kind === "registry_refused");
  assertEquals(again.reason, "ja_registrado");
});

Deno.test("RegistryClient matches the replies of many requests at once", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  await using client = await connect(registry.port);
  const [registered, self, nobody, list, closed] = await Promise.all([
    client.register("joão", "127.0.0.1", 6000),
    client.lookUp("joão"),
    client.lookUp("maria"),
    client.list(),
    client.close("joão"),
  ]);
  assertEquals(
    [registered.kind, self.kind, nobody.kind, list.kind, closed],
    ["confirmed", "found", "unknown", "people", true],
  );
});

Deno.test("RegistryClient sends copies to a registry that asks for them, and to no other", async () => {
  const lines: string[] = [];
  const observer: RegistryObserver = {
    handleLine: (_connection, _peer, direction, text) => void (direction === "received" && lines.push(text)),
    handleJoined() {},
    handleLeft() {},
  };
  for (const wants of [true, false]) {
    await using registry = startRegistry({ host: "127.0.0.1", port: 0, ...(wants && { observer }) });
    await using client = await connect(registry.port);
    client.sendTrace('{"tipo":"rastro","omitidas":1}');
    assertEquals([client.wantsTrace, client.readyForTrace], [false, false], "not before a name is confirmed");
    await client.register("joão", "127.0.0.1", 6000);
    assertEquals([client.wantsTrace, client.readyForTrace], [wants, wants]);
    client.sendTrace('{"tipo":"rastro","omitidas":2}');
    assertEquals(client.readyForTrace, false, "while it is being written, and without a panel");
    // Replies still belong to their requests.
    assertEquals((await client.lookUp("joão")).kind, "found");
    assertEquals(registry.statistics.requests.rastro, wants ? 1 : 0);
    await client.close("joão");
    assertEquals(client.wantsTrace, false);
  }
  assertEquals(lines.filter((line) => line.includes("rastro")), ['{"tipo":"rastro","omitidas":2}']);
});

Deno.test("RegistryClient joins the pages of a long list", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const name = (index: number): string => `${index} ${"😀".repeat(28)}`;
  const clients = await Promise.all(Array.from({ length: 60 }, () => connect(registry.port)));
  for (const [index, client] of clients.entries()) await client.register(name(index), "2001:db8::1", 6000);
  const traces: Trace[] = [];
  await using reader = await connect(registry.port, { onTrace: (trace) => traces.push(trace) });
  await reader.register("eu", "127.0.0.1", 6000);
  const result = await reader.list();
  assert(result.kind === "people");
  assertEquals(result.people.map(({ nome }) => nome), [...clients.map((_, index) => name(index)), "eu"]);
  assert(traces.filter(({ text }) => text.includes("a_partir")).length > 1);
  for (const client of clients) await client.close();
});

Deno.test("RegistryClient traces every message", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const traces: Trace[] = [];
  await using client = await connect(registry.port, { onTrace: (trace) => traces.push(trace) });
  await client.register("joão", "::1", 6000);
  const peer = { ip: "127.0.0.1", port: registry.port };
  assertEquals(traces, [
    {
      direction: "sent",
      transport: "TCP",
      peer,
      text: '{"tipo":"registro","nome":"joão","ip":"::1","porta":6000,"versao":"1.0.0"}',
    },
    {
      direction: "received",
      transport: "TCP",
      peer,
      text: '{"tipo":"registro_confirmado","nome":"joão","ip":"::1","porta":6000}',
    },
  ]);
});

Deno.test("RegistryClient reports a loss once, and settles pending requests", async () => {
  const registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const lost = Promise.withResolvers<void>();
  let times = 0;
  await using client = await connect(registry.port, {
    onLost: () => {
      times++;
      lost.resolve();
    },
  });
  await client.register("joão", "127.0.0.1", 6000);
  await registry.close();
  await lost.promise;
  assertEquals(await client.list(), { kind: "lost" });
  assertEquals(await client.close("joão"), false);
  assertEquals(times, 1);
});

Deno.test("RegistryClient says that the room is full, before and after its request", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0, maxConnections: 0 });
  await using eager = await connect(registry.port);
  assertEquals(await eager.register("joão", "127.0.0.1", 6000), { kind: "room_full" });
  const lost = Promise.withResolvers<void>();
  await using late = await connect(registry.port, { onLost: lost.resolve });
  await lost.promise;
  assertEquals(await late.register("joão", "127.0.0.1", 6000), { kind: "room_full" });
});

/** A scripted registry and a client connected to it. */
async function scripted(
  script: (wire: Wire) => Promise<void>,
  use: (client: RegistryClient, told: { traces: string[]; lost: number }) => Promise<void>,
  options: RegistryClientOptions = {},
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const told = { traces: [] as string[], lost: 0 };
  const playing = (async () => {
    using wire = new Wire(await listener.accept());
    await script(wire);
  })();
  await using client = await connect(listener.addr.port, {
    onTrace: ({ direction, text }) => told.traces.push(`${direction} ${text}`),
    onLost: () => told.lost++,
    ...options,
  });
  await use(client, told);
  await client.close();
  await playing;
  listener.close();
}

Deno.test("RegistryClient answers ping with pong and its id, in the middle of a request", async () => {
  let pongs: unknown[] = [];
  await scripted(async (wire) => {
    const request = await wire.message();
    await wire.send({ tipo: "ping" }, { tipo: "ping", id: "a" });
    pongs = [await wire.message(), await wire.message()];
    await wire.send({ ...request, tipo: "registro_confirmado" });
  }, async (client) => {
    assertEquals((await client.register("joão", "127.0.0.1", 6000)).kind, "confirmed");
  });
  assertEquals(pongs, [{ tipo: "pong" }, { tipo: "pong", id: "a" }]);
});

Deno.test("RegistryClient sends ping to a silent registry, and keeps the connection if it answers", async () => {
  const asked: string[] = [];
  await scripted(async (wire) => {
    for (let count = 0; count < 3; count++) {
      asked.push((await wire.message()).tipo);
      await wire.send({ tipo: "pong" });
    }
    while (await wire.line() !== undefined);
  }, async (client, told) => {
    while (told.traces.length < 6) await pause(5);
    assertEquals([client.closed, told.lost], [false, 0]);
  }, { quietMs: 20 });
  assertEquals(asked, ["ping", "ping", "ping"]);
});

Deno.test("RegistryClient ignores a message that is no reply, but traces it", async () => {
  const nonsense = [
    "lixo",
    "[]",
    '{"tipo":"resposta_lista"}',
    '{"tipo":"registro_confirmado","nome":"x","ip":"::1","porta":1}',
    '{"tipo":"pong"}',
  ];
  await scripted(async (wire) => {
    await wire.message();
    await wire.send(nonsense.join("\n"), "\n", Uint8Array.of(0xff, 0x0a), `${"x".repeat(5000)}\n`);
    await wire.send({ tipo: "resposta_consulta", nome: "maria", ip: "192.0.2.1", porta: 6000 });
    await wire.line();
  }, async (client, { traces }) => {
    assertEquals(await client.lookUp("maria"), {
      kind: "found",
      person: { nome: "maria", ip: "192.0.2.1", porta: 6000 },
    });
    const received = traces.slice(1, -1).map((trace) => trace.replace("received ", ""));
    assertEquals(received, [...nonsense, "\ufffd…", `${"x".repeat(256)}…`]);
  });
});

Deno.test("RegistryClient reads replies cut into single bytes", async () => {
  await scripted(async (wire) => {
    const { nome, ip, porta } = await wire.message();
    const reply = `${JSON.stringify({ tipo: "registro_confirmado", nome, ip, porta })}\r\n`;
    for (const byte of new TextEncoder().encode(reply)) await wire.send(Uint8Array.of(byte));
  }, async (client) => {
    assertEquals(await client.register("joão 李", "::1", 6000), {
      kind: "confirmed",
      person: { nome: "joão 李", ip: "::1", porta: 6000 },
    });
  });
});

/** What a server says to a registration before it closes or falls silent, and what the phone makes of it. */
const STRANGERS = [
  ["", false, "lost"],
  ["", true, "timeout"],
  ["HTTP/1.1 400 Bad Request\r\n\r\n", false, "not_a_registry"],
  ["<!DOCTYPE HTML>", false, "not_a_registry"],
  ["SSH-2.0-OpenSSH_9.6\r\n", true, "not_a_registry"],
  [Uint8Array.of(21, 3, 3, 0, 2, 2, 50), false, "tls_wanted"],
  ['{"tipo":"ping"}\n', false, "lost"],
  ['{"jsonrpc":"2.0","error":{"code":-32600}}\n', true, "not_a_registry"],
  ['{"tipo":"registro","nome":"joão","ip":"127.0.0.1","porta":6000}\n', true, "not_a_registry"],
] as const;

for (const [said, stays, kind] of STRANGERS) {
  Deno.test(`RegistryClient calls it ${kind} where a server says ${JSON.stringify(said)} and ${stays ? "stays" : "closes"}`, async () => {
    const over = Promise.withResolvers<void>();
    await scripted(async (wire) => {
      await wire.line();
      await wire.send(said);
      if (stays) await over.promise;
    }, async (client) => {
      assertEquals(await client.register("joão", "127.0.0.1", 6000), { kind });
      over.resolve();
    }, stays ? { replyMs: 200 } : {});
  });
}

Deno.test("RegistryClient.race() tells a program that talks, and is no registry, from one that says nothing", async () => {
  const banner = new TextEncoder().encode("SSH-2.0-OpenSSH_9.6\r\n");
  using talking = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const places = [talking, silent].map(({ addr }) => ({ host: "127.0.0.1", port: addr.port }));
  const next = RegistryClient.race(places, { connectMs: 200 }).next();
  using socket = await talking.accept();
  await socket.write(banner);
  const result = await next;
  assert(result.kind === "none_answered", result.kind);
  assertEquals(result.tried.map(({ detail }) => detail.kind), ["not_a_registry", "timeout"]);
});

Deno.test("RegistryClient says that this machine has no IPv6 where the system has no address to connect from", async () => {
  const { connect } = Deno;
  const refuse = () => Promise.reject(Object.assign(new Error("no address"), { code: "EADDRNOTAVAIL" }));
  try {
    Object.assign(Deno, { connect: refuse });
    assertEquals(await RegistryClient.connect("2001:db8::1", 5000), { kind: "ip_version_not_available" });
  } finally {
    Object.assign(Deno, { connect });
  }
});

Deno.test("RegistryClient counts a registry that does not answer as lost", async () => {
  await scripted(
    async (wire) => {
      while (await wire.line() !== undefined);
    },
    async (client, told) => {
      const [first, second] = await Promise.all([client.lookUp("maria"), client.list()]);
      assertEquals([first, second, told.lost], [{ kind: "lost" }, { kind: "lost" }, 1]);
    },
    { replyMs: 20 },
  );
});

Deno.test("RegistryClient closes after 1 s without fechamento_confirmado", async () => {
  await scripted(async (wire) => {
    while (await wire.line() !== undefined);
  }, async (client, told) => {
    const started = performance.now();
    assertEquals(await client.close("joão"), false);
    assert(performance.now() - started < 5000);
    assertEquals(told.lost, 0);
  });
});

Deno.test("RegistryClient closes at once if the registry closes instead of confirming", async () => {
  await scripted(async (wire) => {
    await wire.line();
  }, async (client, told) => {
    assertEquals(await client.close("joão"), false);
    assertEquals(told.lost, 0);
  });
});

Deno.test("RegistryClient does not follow a list whose pages repeat", async () => {
  const page = (proximo: number): object => ({
    tipo: "resposta_lista",
    usuarios: [{ nome: "a", ip: "::1", porta: 1 }],
    proximo,
  });
  await scripted(async (wire) => {
    await wire.message();
    await wire.send(page(5));
    assertEquals(await wire.message(), { tipo: "lista", a_partir: 5 });
    await wire.send(page(5));
    await wire.line();
  }, async (client) => {
    const result = await client.list();
    assert(result.kind === "people");
    assertEquals(result.people.length, 2);
  });
});

Deno.test("RegistryClient takes a reply that comes just before the end of the connection", async () => {
  await scripted(async (wire) => {
    await wire.message();
    await wire.send({ tipo: "erro", codigo: "nome_em_uso", mensagem: "m" });
  }, async (client) => {
    assertEquals(await client.register("maria", "::1", 1), { kind: "name_taken" });
  });
});

Deno.test("RegistryClient.connect() says that nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals(await RegistryClient.connect("127.0.0.1", port), {
    kind: "refused",
  });
});

Deno.test("RegistryClient.connect() says that a host's name has no address", async () => {
  const result = await RegistryClient.connect("no..where", 5000);
  assertEquals(result, { kind: "name_not_resolved" });
});

Deno.test("RegistryClient.connect() says that name servers do not answer in time", async () => {
  const addresses = new HostAddresses(() => new Promise(() => {}));
  const result = await RegistryClient.connect("sala", 5000, { addresses, connectMs: 20 });
  assertEquals(result, { kind: "name_servers_silent" });
});

Deno.test("RegistryClient.connect() says that a name's only address lacks its link", async () => {
  const addresses = new HostAddresses(() => Promise.resolve(["fe80::1"]));
  assertEquals(await RegistryClient.connect("sala", 5000, { addresses }), { kind: "no_zone" });
});

Deno.test("RegistryClient.connect() says that the time is over", async () => {
  assertEquals(await RegistryClient.connect("127.0.0.1", 5000, { connectMs: 0 }), {
    kind: "timeout",
  });
});

Deno.test("RegistryClient.connect() stops when its signal fires", async () => {
  const result = await RegistryClient.connect("127.0.0.1", 5000, { signal: AbortSignal.abort() });
  assertEquals(result.kind, "aborted");
  const later = new AbortController();
  const attempt = RegistryClient.connect("127.0.0.1", 5000, { signal: later.signal });
  later.abort();
  assertEquals((await attempt).kind, "aborted");
});

Deno.test("RegistryClient.connect() ignores its signal once connected", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  await using client = await connect(registry.port, { signal: controller.signal });
  controller.abort();
  assertEquals((await client.register("joão", "127.0.0.1", 6000)).kind, "confirmed");
});

Deno.test("RegistryClient.connect() refuses a number that is no port", async () => {
  assertEquals((await RegistryClient.connect("127.0.0.1", 70_000)).kind, "other");
});

Deno.test("RegistryClient.connect() takes host names", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const result = await RegistryClient.connect("localhost", registry.port);
  assert(result.kind === "connected", JSON.stringify(result));
  assertEquals(result.client.localIp, "127.0.0.1");
  await result.client.close();
});

Deno.test({
  name: "RegistryClient.connect() takes IPv6 addresses",
  ignore: !hasIpv6(),
  async fn() {
    await using registry = startRegistry({ host: "::1", port: 0 });
    const result = await RegistryClient.connect("::1", registry.port);
    assert(result.kind === "connected", JSON.stringify(result));
    assertEquals(result.client.localIp, "::1");
    assertEquals((await result.client.register("joão", "::1", 6000)).kind, "confirmed");
    await result.client.close("joão");
  },
});
