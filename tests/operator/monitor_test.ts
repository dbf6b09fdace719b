import { assert, assertEquals, assertMatch } from "@std/assert";
import { openMetrics } from "../../lib/operator/metrics.ts";
import { openMonitor } from "../../lib/operator/monitor.ts";
import { type RegistryServer, startRegistry } from "../../lib/registrar/server.ts";
import { REFUSAL_REASONS } from "../../lib/registrar/statistics.ts";
import { Wire } from "../registrar/wire.ts";
import { exchange, get, parts, readAll } from "../web/exchange.ts";

Deno.test("openMonitor() says whether phones may come, and why not", async () => {
  const state: { reason?: string } = {};
  const exposition = { type: "text/plain", text: () => Promise.resolve("x 1\n") };
  using monitor = openMonitor("127.0.0.1", 0, exposition, { notReady: () => state.reason });
  assertEquals(parts(await get(monitor.port, "/readyz")), [200, "ok\n"]);
  state.reason = "draining";
  assertEquals(parts(await get(monitor.port, "/readyz")), [503, "draining\n"]);
  assertEquals(parts(await get(monitor.port, "/healthz")), [200, "ok\n"]);
  assertEquals(parts(await get(monitor.port, "/metrics")), [200, "x 1\n"]);
  for (const path of ["/", "/Metrics", "/metrics/", "/toString", "/__proto__"]) {
    assertEquals(parts(await get(monitor.port, path)), [404, ""], path);
  }
  const post = await exchange(monitor.port, "POST /metrics HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
  assertMatch(post, /^HTTP\/1\.1 405 .*\r\nallow: GET, HEAD\r\n/s);
  const silent = await Promise.all(
    Array.from({ length: 40 }, () => Deno.connect({ hostname: "127.0.0.1", port: monitor.port })),
  );
  // The first ones were closed, although they had time left.
  assertEquals(await readAll(silent[0] as Deno.Conn), "");
  assertEquals(parts(await get(monitor.port, "/healthz")), [200, "ok\n"]);
  for (const connection of silent) connection.close();
});

/** The samples of a registry's metrics, by name and labels. */
async function read(server: RegistryServer): Promise<ReadonlyMap<string, number>> {
  const exposition = await openMetrics({
    statistics: server.statistics,
    connections: () => server.connections(),
    people: () => server.population,
    leftOut: () => ({ output: 7, limit: 5 }),
    evicted: () => ({ nameless: 3, named: 2 }),
    notReady: () => undefined,
    cluster: () => ({ connected: true, stale: false, lagSeconds: 0.5 }),
  });
  const lines = (await exposition.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [, name = "", value] = /^(\S+|\S+\{.*\}) (\S+)$/.exec(line) ?? [];
    return [name, Number(value)] as const;
  }));
}

Deno.test("openMetrics() counts what phones and others do", async () => {
  await using server = startRegistry({ host: "127.0.0.1", port: 0, maxConnections: 3 });
  using maria = await Wire.connect(server.port);
  await maria.register("maria");
  using ana = await Wire.connect(server.port);
  await ana.send("lixo\n", { tipo: "consulta", nome: "maria" });
  await ana.message();
  await ana.message();
  const contested = ana.register("Maria");
  assertEquals(await maria.message(), { tipo: "ping" });
  await maria.send({ tipo: "pong" });
  await contested;
  await ana.register("ana");
  await ana.send({ tipo: "consulta", nome: "maria" }, { tipo: "consulta", nome: "ninguém" });
  await ana.message();
  await ana.message();
  using browser = await Wire.connect(server.port);
  await browser.send("GET / HTTP/1.1\r\n\r\n");
  await browser.message();
  browser.connection.close();
  await ana.send({ tipo: "fechamento", nome: "ana" });
  await ana.message();
  assertEquals(await ana.line(), undefined);

  const found = await read(server);
  const expected = {
    sala_people: 1,
    'sala_connections{state="registered"}': 1,
    sala_connections_accepted_total: 3,
    sala_people_joined_total: 2,
    'sala_people_left_total{reason="goodbye"}': 1,
    'sala_people_left_total{reason="silent"}': 0,
    'sala_requests_total{type="registro"}': 3,
    'sala_requests_total{type="consulta"}': 3,
    'sala_requests_total{type="fechamento"}': 1,
    'sala_requests_total{type="invalid"}': 1,
    'sala_requests_total{type="lista"}': 0,
    'sala_errors_total{code="nome_em_uso"}': 1,
    'sala_errors_total{code="usuario_nao_encontrado"}': 1,
    'sala_errors_total{code="nao_registrado"}': 1,
    // That of the browser, too.
    'sala_errors_total{code="mensagem_invalida"}': 2,
    'sala_refusals_total{reason="name_in_use"}': 1,
    'sala_refusals_total{reason="no_request"}': 1,
    'sala_refusals_total{reason="not_a_phone"}': 1,
    'sala_log_lines_left_out_total{reason="output"}': 7,
    'sala_log_lines_left_out_total{reason="limit"}': 5,
    'sala_places_lost_total{state="nameless"}': 3,
    sala_ready: 1,
    sala_cluster_connected: 1,
    sala_cluster_stale: 0,
    sala_cluster_lag_seconds: 0.5,
  };
  assertEquals(Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name)])), expected);
  const count = found.get("sala_request_duration_seconds_count") ?? 0;
  assertEquals(count, found.get('sala_request_duration_seconds_bucket{le="+Inf"}'));
  // An answer may arrive before it is counted.
  assert(count >= 8 && count <= 9, `${count}`);
  assert((found.get("sala_request_duration_seconds_sum") ?? 0) > 0);
  assert((found.get("sala_received_bytes_total") ?? 0) > 300);
  assert((found.get("sala_sent_bytes_total") ?? 0) > 300);
  for (const reason of REFUSAL_REASONS) assert(found.has(`sala_refusals_total{reason="${reason}"}`), reason);
});

Deno.test("openMetrics() counts the bytes of what was sent and received", async () => {
  await using server = startRegistry({ host: "127.0.0.1", port: 0 });
  using phone = await Wire.connect(server.port);
  const request = '{"tipo":"ping","id":"é"}\n';
  await phone.send(request);
  const reply = await phone.line();
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  // The write has succeeded before its bytes can arrive, but is counted in a later turn.
  while (server.statistics.bytesSent === 0) await phone.send("");
  assertEquals(server.statistics.bytesReceived, bytes(request));
  assertEquals(server.statistics.bytesSent, bytes(`${reply}\n`));
});

Deno.test("openMetrics() has no value of the network in it", async () => {
  await using server = startRegistry({ host: "127.0.0.1", port: 0 });
  using phone = await Wire.connect(server.port);
  await phone.register('estranho"}\\');
  await phone.send({ tipo: "__proto__" }, { tipo: "toString", nome: "estranho" });
  await phone.message();
  await phone.message();
  const names = [...(await read(server)).keys()].join("\n");
  for (const text of ["estranho", "proto", "toString", "127.0.0.1"]) assert(!names.includes(text), text);
});

Deno.test("a histogram's buckets hold what is at most their bound", async () => {
  await using server = startRegistry({ host: "127.0.0.1", port: 0 });
  for (const ms of [0.05, 0.1, 0.2, 99, 100, 101, 60_000]) server.statistics.answered(1, ms);
  const found = await read(server);
  const bucket = (le: string) => found.get(`sala_request_duration_seconds_bucket{le="${le}"}`);
  assertEquals(["0.0001", "0.00025", "0.05", "0.1", "0.25", "5", "+Inf"].map(bucket), [2, 3, 3, 5, 6, 6, 7]);
});
