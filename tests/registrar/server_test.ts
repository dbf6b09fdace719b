import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { RegistryEvent } from "../../lib/events/registry_events.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import type { Person } from "../../lib/protocol/registry_messages.ts";
import { ListenError } from "../../lib/registrar/listeners.ts";
import type { RegistryObserver } from "../../lib/registrar/observer.ts";
import { TrustedProxies } from "../../lib/registrar/proxy_protocol.ts";
import { type RegistryOptions, type RegistryServer, startRegistry } from "../../lib/registrar/server.ts";
import { descriptorsFor } from "../../lib/web/http_server.ts";
import { Wire } from "./wire.ts";
import { hasIpv6 } from "../../testing/has_ipv6.ts";

/** A registry on a free loopback port, and its events. */
class Room implements AsyncDisposable {
  readonly events: RegistryEvent[] = [];
  readonly server: RegistryServer;
  readonly #waiting = new Set<() => void>();

  constructor(options: RegistryOptions = {}) {
    this.server = startRegistry({
      host: "127.0.0.1",
      port: 0,
      onEvent: (event) => {
        this.events.push(event);
        for (const check of this.#waiting) check();
      },
      ...options,
    });
  }

  /** Resolves when an event has come that satisfies a condition. */
  async told(is: (event: RegistryEvent) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.events.some(is)) resolve();
    };
    this.#waiting.add(check);
    check();
    await promise;
    this.#waiting.delete(check);
  }

  /** Names of all events but `message`. */
  get story(): string[] {
    return this.events.filter(({ event }) => event !== "message")
      .map((event) => "name" in event ? `${event.event} ${event.name}` : event.event);
  }

  connect(): Promise<Wire> {
    return Wire.connect(this.server.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

Deno.test("startRegistry() serves a phone from registration to goodbye", async () => {
  await using room = new Room();
  using phone = await room.connect();
  assertEquals(await phone.register("joão"), {
    tipo: "registro_confirmado",
    nome: "joão",
    ip: "127.0.0.1",
    porta: 6000,
  });
  await phone.send({ tipo: "fechamento", nome: "joão" });
  assertEquals(await phone.message(), { tipo: "fechamento_confirmado", nome: "joão" });
  assertEquals(await phone.line(), undefined);
  assertEquals(room.story, ["joined joão", "table", "left joão", "table"]);
});

Deno.test("startRegistry() reports a table of the newest people and how many came before them", async () => {
  await using room = new Room();
  const phones = await Promise.all(Array.from({ length: 52 }, () => room.connect()));
  for (const [index, phone] of phones.entries()) await phone.register(`pessoa ${index}`);
  const tables = room.events.filter((event) => event.event === "table").map(({ people, omitted }) => [
    people.length,
    people[0]?.name,
    people.at(-1)?.name,
    omitted,
  ]);
  assertEquals(tables.slice(49), [
    [50, "pessoa 0", "pessoa 49", undefined],
    [50, "pessoa 1", "pessoa 50", 1],
    [50, "pessoa 2", "pessoa 51", 2],
  ]);
  for (const phone of phones) phone[Symbol.dispose]();
});

Deno.test("startRegistry() reports every message with its direction and peer", async () => {
  await using room = new Room();
  using phone = await room.connect();
  await phone.send(
    '{"tipo":"ping","id":1}\n',
    "lixo\n",
    Uint8Array.of(0x61, 0xff, 0x0a),
    "x".repeat(5000),
    "\n",
  );
  for (let count = 0; count < 4; count++) await phone.message();
  const { hostname: ip, port } = phone.connection.localAddr;
  const invalid = (mensagem: string): string =>
    JSON.stringify({ tipo: "erro", codigo: "mensagem_invalida", mensagem });
  const expected = [
    ["received", '{"tipo":"ping","id":1}'],
    ["sent", '{"tipo":"pong","id":1}'],
    ["received", "lixo"],
    ["sent", invalid("a linha não é um objeto JSON")],
    ["received", "a\ufffd…"],
    ["sent", invalid("a linha não está em UTF-8")],
    ["received", `${"x".repeat(256)}…`],
    ["sent", invalid("a linha passa de 4096 bytes")],
  ].map(([direction, text]) => ({ event: "message", direction, transport: "TCP", peer: { ip, port }, text }));
  assertEquals(room.events.filter(({ event }) => event === "message") as unknown[], expected);
  const peer = { ip, port };
  assertEquals(room.events.filter(({ event }) => event !== "message") as unknown[], [
    { event: "malformed_line", problem: "invalid", text: "lixo", peer, omitted: 0 },
    { event: "malformed_line", problem: "not_utf8", text: "a\ufffd", peer, omitted: 0 },
    { event: "malformed_line", problem: "too_long", text: `${"x".repeat(100)}…`, peer, omitted: 0 },
  ]);
});

Deno.test("startRegistry() accepts requests however they are segmented", async () => {
  await using room = new Room();
  using phone = await room.connect();
  const bytes = new TextEncoder().encode('{"tipo":"registro","nome":"joão 李","ip":"::1","porta":1}\r\n');
  for (const byte of bytes) await phone.send(Uint8Array.of(byte));
  assertEquals((await phone.message()).nome, "joão 李");
});

Deno.test("startRegistry() answers pipelined requests in order", async () => {
  await using room = new Room();
  using phone = await room.connect();
  const requests = [
    { tipo: "lista", id: 0 },
    { tipo: "registro", nome: "joão", ip: "127.0.0.1", porta: 6000, id: 1 },
    { tipo: "consulta", nome: "maria", id: 2 },
    { tipo: "lista", id: 3 },
    { tipo: "fechamento", nome: "joão", id: 4 },
    { tipo: "ping", id: 5 },
  ];
  await phone.send(requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
  const replies = [];
  for (let line; (line = await phone.line()) !== undefined;) replies.push(JSON.parse(line));
  assertEquals(
    replies.map(({ id, tipo, codigo }) => [id, codigo ?? tipo]),
    [
      [0, "nao_registrado"],
      [1, "registro_confirmado"],
      [2, "usuario_nao_encontrado"],
      [3, "resposta_lista"],
      [4, "fechamento_confirmado"],
    ],
  );
});

Deno.test("startRegistry() frees the name of a phone whose connection ends without a goodbye", async () => {
  await using room = new Room();
  using phone = await room.connect();
  await phone.register("joão");
  phone.connection.close();
  await room.told(({ event }) => event === "left");
  using other = await room.connect();
  assertEquals((await other.register("joão") as { tipo: string }).tipo, "registro_confirmado");
});

Deno.test("startRegistry() frees the name of a phone that closes its sending direction only", async () => {
  await using room = new Room();
  using phone = await room.connect();
  await phone.register("joão");
  await phone.connection.closeWrite();
  assertEquals(await phone.line(), undefined);
  assertEquals(room.story, ["joined joão", "table", "left joão", "table"]);
});

Deno.test("startRegistry() serves 200 phones at once", async () => {
  await using room = new Room();
  const phones = await Promise.all(Array.from({ length: 200 }, () => room.connect()));
  await Promise.all(phones.map((phone, index) => phone.register(`pessoa ${index}`, 1000 + index)));
  await Promise.all(phones.map(async (phone, index) => {
    const nome = `PESSOA ${(index + 1) % 200}`;
    await phone.send({ tipo: "consulta", nome });
    assertEquals((await phone.message()).porta, 1000 + (index + 1) % 200);
  }));
  await Promise.all(
    phones.map((phone, index) => phone.send({ tipo: "fechamento", nome: `pessoa ${index}` })),
  );
  for (const phone of phones) {
    assertEquals((await phone.message()).tipo, "fechamento_confirmado");
    assertEquals(await phone.line(), undefined);
    phone.connection.close();
  }
  assertEquals(room.events.filter(({ event }) => event === "joined").length, 200);
  assertEquals(room.events.filter(({ event }) => event === "left").length, 200);
});

Deno.test("startRegistry() gives a name to one of several phones that ask at once", async () => {
  await using room = new Room();
  const phones = await Promise.all(Array.from({ length: 20 }, () => room.connect()));
  const replies = await Promise.all(phones.map(async (phone) => {
    const reply = await phone.register("maria") as { tipo: string };
    // The holder is pinged.
    if (reply.tipo === "registro_confirmado") {
      assertEquals(await phone.message(), { tipo: "ping" });
      await phone.send({ tipo: "pong" });
    }
    return reply;
  }));
  assertEquals(replies.filter(({ tipo }) => tipo === "registro_confirmado").length, 1);
  for (const phone of phones) phone.connection.close();
  await room.told(({ event }) => event === "left");
});

Deno.test("startRegistry() gives the name of a phone that does not answer to the newcomer", async () => {
  await using room = new Room();
  using ghost = await room.connect();
  await ghost.register("maria");
  using other = await room.connect();
  await other.register("joão");
  using maria = await room.connect();
  await maria.send(
    { tipo: "registro", nome: "Maria", ip: "127.0.0.1", porta: 6050, id: 1 },
    { tipo: "consulta", nome: "maria", id: 2 },
  );
  assertEquals(await ghost.message(), { tipo: "ping" });
  // Other phones need not wait.
  await other.send({ tipo: "consulta", nome: "maria" });
  assertEquals((await other.message()).porta, 6000);
  const replies = [await maria.message(), await maria.message()];
  assertEquals(replies.map(({ tipo, id, porta }) => [tipo, id, porta]), [
    ["registro_confirmado", 1, 6050],
    ["resposta_consulta", 2, 6050],
  ]);
  assertEquals(await ghost.line().catch(() => undefined), undefined);
  const left = room.events.filter(({ event }) => event === "left");
  assertEquals(left.map((event) => "reason" in event && [event.name, event.reason]), [["maria", "silent"]]);
});

Deno.test("startRegistry() closes an idle connection without a name", async () => {
  await using room = new Room({ idleMs: 50 });
  using silent = await room.connect();
  assertEquals(await silent.line().catch(() => undefined), undefined);
});

Deno.test("startRegistry().close() does not wait for a contested name", async () => {
  await using room = new Room();
  using holder = await room.connect();
  await holder.register("maria");
  using newcomer = await room.connect();
  await newcomer.send({ tipo: "registro", nome: "maria", ip: "127.0.0.1", porta: 6050 });
  assertEquals(await holder.message(), { tipo: "ping" });
  await room.server.close();
  assertEquals(room.story.at(-2), "left maria");
});

Deno.test("startRegistry() serves other phones while one sends requests and reads nothing", async () => {
  await using room = new Room();
  using crowd = await room.connect();
  await crowd.register("maria");
  const deaf = await room.connect();
  await deaf.register("joão");
  // The replies are many megabytes, more than any socket buffer.
  const requests = '{"tipo":"lista"}\n'.repeat(100_000);
  const asking = deaf.send(requests).catch(() => {});
  for (let count = 0; count < 100; count++) {
    await crowd.send({ tipo: "consulta", nome: "joão", id: count });
    assertEquals((await crowd.message()).id, count);
  }
  deaf.connection.close();
  await asking;
  await room.told((event) => event.event === "left" && event.name === "joão");
});

Deno.test("startRegistry() answers connections beyond the limit with sala_cheia", async () => {
  await using room = new Room({ maxConnections: 2 });
  using first = await room.connect();
  using second = await room.connect();
  await first.register("joão");
  await second.register("maria");
  for (let count = 0; count < 2; count++) {
    using third = await room.connect();
    await third.send({ tipo: "registro", nome: "pedro", ip: "127.0.0.1", porta: 6000 });
    const { tipo, codigo } = await third.message();
    assertEquals([tipo, codigo], ["erro", "sala_cheia"]);
    assertEquals(await third.line(), undefined);
  }
  assertEquals(room.events.filter(({ event }) => event === "room_full"), [{
    event: "room_full",
    connections: 2,
  }]);
  await first.send({ tipo: "fechamento", nome: "joão" });
  await first.message();
  first.connection.close();
  await room.told(({ event }) => event === "left");
  // The server sees the end of the connection shortly after `left`.
  for (;;) {
    using fourth = await room.connect();
    const reply = await fourth.register("pedro") as { tipo: string };
    if (reply.tipo === "registro_confirmado") break;
  }
});

Deno.test("startRegistry() limits the connections of an address", async () => {
  await using room = new Room({ maxPerAddress: 2 });
  using first = await room.connect();
  using second = await room.connect();
  await first.register("joão");
  assertEquals((await second.register("maria") as { tipo: string }).tipo, "registro_confirmado");
  using third = await room.connect();
  assertEquals((await third.message()).codigo, "sala_cheia");
  assertEquals(await third.line().catch(() => undefined), undefined);
  assertEquals(room.server.admission.refused, { room: 0, address: 1 });
  assertEquals(room.events.filter(({ event }) => event === "address_full"), [
    { event: "address_full", ip: "127.0.0.1", connections: 2 },
  ]);
  second.connection.close();
  await room.told(({ event }) => event === "left");
  for (;;) {
    using again = await room.connect();
    if ((await again.register("pedro") as { tipo: string }).tipo === "registro_confirmado") break;
  }
});

Deno.test("startRegistry() lets phones in while connections without a name fill the room", async () => {
  await using room = new Room({ maxConnections: 3 });
  const squatters = await Promise.all(Array.from({ length: 100 }, () => room.connect()));
  for (const name of ["joão", "maria", "pedro"]) {
    using phone = await room.connect();
    assertEquals((await phone.register(name) as { tipo: string }).tipo, "registro_confirmado");
  }
  assertEquals((await squatters[0]?.message()).codigo, "sala_cheia");
  assertEquals(await squatters[0]?.line().catch(() => undefined), undefined);
  assert(room.events.some(({ event }) => event === "room_crowded"));
  for (const { connection } of squatters) connection.close();
});

Deno.test({
  name: "startRegistry() gives a phone the place of one whose address has most, and tells that one",
  ignore: !hasIpv6(),
  async fn() {
    await using room = new Room({ host: "::", maxConnections: 3 });
    const names = ["joão", "maria", "pedro"];
    const many = await Promise.all(names.map(() => room.connect()));
    for (const [index, name] of names.entries()) await many[index]?.register(name);
    using other = await Wire.connect(room.server.port, "::1");
    assertEquals((await other.register("ana") as { tipo: string }).tipo, "registro_confirmado");
    assertEquals((await many[2]?.message()).codigo, "sala_cheia");
    assertEquals(await many[2]?.line(), undefined);
    assertEquals(room.events.filter(({ event }) => event === "left"), [
      { event: "left", name: "pedro", ip: "127.0.0.1", port: 6000, reason: "crowded_out" },
    ]);
    await other.send({ tipo: "consulta", nome: "maria" });
    assertEquals((await other.message()).nome, "maria");
    assertEquals(room.server.admission.evicted, { nameless: 0, named: 1 });
    for (const { connection } of many) connection.close();
  },
});

Deno.test("startRegistry() says how many connections the system's limit of open files allows", async () => {
  await using room = new Room({ descriptors: 1024 });
  assertEquals(room.server.shortage, {
    event: "few_descriptors",
    descriptors: 1024,
    connections: 832,
    wanted: 10_192,
  });
  await using plenty = new Room({ descriptors: 1024, maxConnections: 832 });
  assertEquals(plenty.server.shortage, undefined);
  const otherDescriptors = descriptorsFor({});
  await using panel = new Room({ descriptors: 1024, maxConnections: 832, otherDescriptors });
  assertEquals(panel.server.shortage?.connections, 832 - otherDescriptors);
});

Deno.test("startRegistry() delays requests beyond the rate limit, and answers all of them in order", async () => {
  await using room = new Room({ requestsPerSecond: 50 });
  using hasty = await room.connect();
  const started = performance.now();
  // 200 are a burst; the other 20 take 0.4 s.
  const requests = Array.from({ length: 220 }, (_, id) => ({ tipo: "ping", id }));
  await hasty.send(requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
  for (const { id } of requests) assertEquals(await hasty.message(), { tipo: "pong", id });
  assert(performance.now() - started > 390);
});

Deno.test("startRegistry() counts the bytes of a line without end against the rate limit", async () => {
  await using room = new Room({ requestsPerSecond: 50 });
  using endless = await room.connect();
  const started = performance.now();
  await endless.send("x".repeat(120_000), "\n", { tipo: "ping" });
  assertEquals((await endless.message()).codigo, "mensagem_invalida");
  assertEquals(await endless.message(), { tipo: "pong" });
  assert(performance.now() - started > 500, "120 kB are more than 200 requests");
});

Deno.test("startRegistry() takes lines up to `lineBytes`", async () => {
  await using room = new Room({ lineBytes: 5000 });
  using phone = await room.connect();
  const line = (length: number): string => `{"tipo":"ping"}`.padEnd(length);
  await phone.send(`${line(5000)}\n`, `${line(5001)}\n`);
  assertEquals(await phone.message(), { tipo: "pong" });
  assertEquals((await phone.message()).mensagem, "a linha passa de 5000 bytes");
});

Deno.test("startRegistry().close() closes all connections, and reports each person once", async () => {
  const room = new Room();
  using first = await room.connect();
  using second = await room.connect();
  using silent = await room.connect();
  await first.register("joão");
  await second.register("maria");
  await Promise.all([room.server.close(), room.server.close()]);
  for (const phone of [first, second, silent]) {
    assertEquals(await phone.line().catch(() => undefined), undefined);
  }
  assertEquals(room.story.slice(4).sort(), ["left joão", "left maria", "table", "table"]);
  await assertRejects(() => room.connect(), Deno.errors.ConnectionRefused);
});

Deno.test("startRegistry() says that a port is taken", async () => {
  await using room = new Room();
  const { port } = room.server;
  const error = assertThrows(() => startRegistry({ host: "127.0.0.1", port }), ListenError);
  assertEquals(error.detail, {
    kind: "cannot_listen",
    host: "127.0.0.1",
    port,
    cause: { kind: "address_in_use" },
  });
});

Deno.test("startRegistry() throws an error with the address that it cannot listen on", () => {
  assertThrows(
    () => startRegistry({ host: "192.0.2.1", port: 5000 }),
    ListenError,
    "Cannot listen at 192.0.2.1:5000: address_not_available",
  );
});

Deno.test({
  name: "startRegistry() serves IPv6 and IPv4 on one socket, and reports IPv4 addresses as such",
  ignore: !hasIpv6(),
  async fn() {
    await using room = new Room({ host: "::" });
    for (const ip of ["::1", "127.0.0.1"]) {
      using phone = await Wire.connect(room.server.port, ip);
      await phone.register(`de ${ip}`);
      const last = room.events.findLast(({ event }) => event === "message");
      assert(last?.event === "message");
      assertEquals(last.peer, { ip, port: phone.connection.localAddr.port });
    }
  },
});

Deno.test("startRegistry() reports the version that a phone gives", async () => {
  await using room = new Room();
  const registro = { tipo: "registro", ip: "192.0.2.1", porta: 6000 };
  for (
    const [nome, versao] of [["joão", "1.2.0-beta+git.4f2a"], ["ana", undefined], ["bia", "x y"], ["eva", 7]]
  ) {
    using phone = await room.connect();
    await phone.send({ ...registro, nome, versao });
    assertEquals(await phone.message(), { ...registro, tipo: "registro_confirmado", nome });
  }
  const versions = room.events.flatMap((event) => event.event === "joined" ? [event.version] : []);
  assertEquals(versions, ["1.2.0-beta+git.4f2a", undefined, undefined, undefined]);
});

const STRANGERS = [
  ["GET / HTTP/1.1\r\nHost: sala\r\n\r\n", "http"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http"],
  [Uint8Array.of(22, 3, 1, 0, 5, 1, 0, 0, 1, 0), "tls"],
  ["PROXY TCP4 192.0.2.7 10.0.0.1 51234 5000\r\n", "proxy"],
  ["\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "proxy"],
] as const;

for (const [said, protocol] of STRANGERS) {
  Deno.test(`startRegistry() reports a client that says ${JSON.stringify(said)} once, and closes`, async () => {
    await using room = new Room();
    using client = await room.connect();
    await client.send(said);
    assertEquals((await client.message()).codigo, "mensagem_invalida");
    assertEquals(await client.line(), undefined);
    assertEquals(room.events.filter(({ event }) => event !== "message"), [
      { event: "foreign_client", ip: "127.0.0.1", protocol },
    ]);
  });
}

/** The header of a load balancer that connects for a phone at an IPv4 address. */
function headerFor(ip: string): Uint8Array {
  return Uint8Array.from([
    ...new TextEncoder().encode("\r\n\r\n\0\r\nQUIT\n"),
    ...[0x21, 0x11, 0, 12],
    ...[...ip.split(".").map(Number), 127, 0, 0, 1, 0xc8, 0x22, 0x13, 0x88],
  ]);
}

Deno.test("startRegistry() counts, tells and judges a phone behind a load balancer by the phone's address", async () => {
  const proxies = new TrustedProxies(["127.0.0.1"]);
  await using room = new Room({ proxies, maxPerAddress: 1 });
  const connect = async (ip: string): Promise<Wire> => {
    const wire = await room.connect();
    await wire.send(headerFor(ip));
    return wire;
  };
  const registro = { tipo: "registro", nome: "maria", porta: 6000 };
  using first = await connect("192.0.2.7");
  await first.send({ ...registro, nome: "joão", ip: "192.0.2.7" });
  assertEquals((await first.message()).tipo, "registro_confirmado");
  using second = await connect("192.0.2.7");
  assertEquals((await second.message()).codigo, "sala_cheia");
  using third = await connect("192.0.2.8");
  // Of another machine, although the balancer is on this one.
  await third.send({ ...registro, ip: "127.0.0.1" }, { ...registro, ip: "192.0.2.8" });
  assertEquals((await third.message()).codigo, "mensagem_invalida");
  assertEquals((await third.message()).tipo, "registro_confirmado");
  const peers = room.events.flatMap((event) => event.event === "message" ? [event.peer.ip] : []);
  assertEquals([...new Set(peers)].sort(), ["192.0.2.7", "192.0.2.8"]);
  assert(room.events.some((event) => event.event === "address_full" && event.ip === "192.0.2.7"));
});

Deno.test("startRegistry() serves a load balancer that connects for itself, and reports one that says nothing of it", async () => {
  await using room = new Room({ proxies: new TrustedProxies(["127.0.0.0/8"]) });
  using check = await room.connect();
  await check.send("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", { tipo: "ping" });
  assertEquals(await check.message(), { tipo: "pong" });
  using bare = await room.connect();
  await bare.send({ tipo: "ping" });
  assertEquals(await bare.line().catch(() => undefined), undefined);
  assertEquals(room.events.filter(({ event }) => event !== "message"), [
    { event: "proxy_refused", ip: "127.0.0.1", problem: "no_header" },
  ]);
});

Deno.test("drain() sends phones away after their replies, takes no more, and says how many there were", async () => {
  await using room = new Room();
  using maria = await room.connect();
  using ana = await room.connect();
  await maria.register("maria");
  await maria.send(...Array.from({ length: 20 }, (_, id) => ({ tipo: "consulta", nome: "maria", id })));
  for (let id = 0; id < 20; id++) assertEquals((await maria.message()).id, id);
  const drained = room.server.drain();
  assertEquals(room.server.draining, true);
  assertEquals(await maria.line(), undefined);
  assertEquals(await ana.line(), undefined);
  maria.connection.close();
  ana.connection.close();
  assertEquals(await drained, 2);
  assertEquals(room.server.people(), []);
  await assertRejects(() => room.connect(), Deno.errors.ConnectionRefused);
  assertEquals(await room.server.drain(), 2);
  assertEquals(room.story, ["joined maria", "table", "draining", "left maria", "table"]);
});

Deno.test("drain() ends although phones neither read nor close", async () => {
  await using room = new Room();
  using deaf = await room.connect();
  await deaf.register("surdo");
  const asking = (async () => {
    const requests = new TextEncoder().encode('{"tipo":"lista"}\n'.repeat(4096));
    try {
      for (;;) await deaf.connection.write(requests);
    } catch {
      // The registry has closed.
    }
  })();
  using open = await room.connect();
  await open.register("aberto");
  const startedAt = performance.now();
  assertEquals(await room.server.drain(), 2);
  assert(performance.now() - startedAt < 5000);
  assertEquals(room.server.people(), []);
  await asking;
});

Deno.test("drain() closes connections one after the other", async () => {
  await using room = new Room();
  const phones = await Promise.all(Array.from({ length: 500 }, () => room.connect()));
  // Once this is answered all others have been taken, too.
  await phones.at(-1)?.register("última");
  const startedAt = performance.now();
  const ends = phones.map(async (phone) => {
    assertEquals(await phone.line(), undefined);
    phone.connection.close();
    return performance.now() - startedAt;
  });
  assertEquals(await room.server.drain(), 500);
  // 2,500 a second: the last one is closed 200 ms after the first.
  assert(Math.max(...await Promise.all(ends)) > 190);
});

/** Writes down what an observer is told. */
class Observer implements RegistryObserver {
  readonly log: string[] = [];
  readonly connections: object[] = [];

  #name(connection: object): number {
    if (!this.connections.includes(connection)) this.connections.push(connection);
    return this.connections.indexOf(connection);
  }

  handleLine(connection: object, _peer: Endpoint, direction: "received" | "sent", text: string): void {
    this.log.push(`${this.#name(connection)} ${direction} ${text}`);
  }

  handleJoined(connection: object, { nome }: Person): void {
    this.log.push(`${this.#name(connection)} joined ${nome}`);
  }

  handleLeft(connection: object): void {
    this.log.push(`${this.#name(connection)} left`);
  }
}

Deno.test("startRegistry() with an observer tells it all lines, and asks phones for copies, which get no reply", async () => {
  const observer = new Observer();
  await using room = new Room({ observer, lineBytes: 1024 });
  using phone = await room.connect();
  const confirmed = { tipo: "registro_confirmado", nome: "joão", ip: "127.0.0.1", porta: 6000, rastro: true };
  assertEquals(await phone.register("joão"), confirmed);
  // Longer than the lines of other requests may be.
  const copies = JSON.stringify({ tipo: "rastro", mensagens: "x".repeat(4000) });
  await phone.send(`${copies}\n`, "x".repeat(5000), "\n", { tipo: "fechamento", nome: "joão" });
  assertEquals((await phone.message()).codigo, "mensagem_invalida");
  assertEquals(await phone.message(), { tipo: "fechamento_confirmado", nome: "joão" });
  await room.told(({ event }) => event === "left");
  assertEquals(observer.log.map((line) => line.replace(/x{100,}/, "…")), [
    '0 received {"tipo":"registro","nome":"joão","ip":"127.0.0.1","porta":6000}',
    `0 sent ${JSON.stringify(confirmed)}`,
    "0 joined joão",
    '0 received {"tipo":"rastro","mensagens":"…"}',
    "0 received ",
    '0 sent {"tipo":"erro","codigo":"mensagem_invalida","mensagem":"a linha passa de 4096 bytes"}',
    '0 received {"tipo":"fechamento","nome":"joão"}',
    '0 sent {"tipo":"fechamento_confirmado","nome":"joão"}',
    "0 left",
  ]);
  assertEquals(room.server.statistics.requests.rastro, 1);
});
