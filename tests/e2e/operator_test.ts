/** What a registry says to its operator, as a process. */

import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type ClusterState, type Exposition, openMetrics } from "../../lib/operator/metrics.ts";
import { type RegistryServer, startRegistry as openRegistry } from "../../lib/registrar/server.ts";
import { pause } from "../../lib/util/pause.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, outputOf, Program, ROOT, runToEnd } from "../../testing/program.ts";
import { until } from "../../testing/until.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { openMonitor } from "../../lib/operator/monitor.ts";
import { EVERYTHING, startPhone } from "./phones.ts";

const PROMTOOL = isInstalled("promtool");
const skipped = (needed: boolean, what: string) => needed ? "" : ` (skipped: no ${what})`;

/** What promtool says of a text on its standard input. */
async function promtool(args: readonly string[], input: string): Promise<{ code: number; said: string }> {
  await using program = new Program(["promtool", ...args], { stdin: "piped" });
  for (const line of input.trimEnd().split("\n")) await program.type(line);
  await program.endInput();
  const code = await program.exitCode();
  return { code, said: program.stdout + program.stderr };
}

async function pageOf(port: unknown, path: string): Promise<{ status: number; body: string; type: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return {
    status: response.status,
    body: await response.text(),
    type: response.headers.get("content-type") ?? "",
  };
}

Deno.test({
  name: `registry --metrics has metrics without a remark of promtool${skipped(PROMTOOL, "promtool")}`,
  ignore: !PROMTOOL,
  async fn() {
    await using registry = await startRegistry(["--metrics", "0"]);
    const { host, port } = await registry.process.waitForEvent("metrics_open");
    assertEquals(host, "127.0.0.1");
    await using _phone = await startPhone(registry.port, "maria");
    const { status, body, type } = await pageOf(port, "/metrics");
    assertEquals([status, type], [200, "text/plain; version=0.0.4; charset=utf-8"]);
    assertStringIncludes(body, "\nsala_people 1\n");
    assertMatch(body, /\nprocess_cpu_seconds_total 0\.\d+\n/);
    assertMatch(body, /\nprocess_resident_memory_bytes \d{7,}\n/);
    assertEquals(await promtool(["check", "metrics"], body), { code: 0, said: "" });
  },
});

Deno.test({
  name: `promtool has no remark on the metrics of a cluster${skipped(PROMTOOL, "promtool")}`,
  ignore: !PROMTOOL,
  async fn() {
    await using server = openRegistry({ host: "127.0.0.1", port: 0 });
    const metrics = await metricsOf(server, { connected: false, stale: true, lagSeconds: 2.5 });
    const text = await metrics.text();
    assertStringIncludes(text, "\nsala_cluster_lag_seconds 2.5\n");
    assertStringIncludes(text, "\nsala_ready 0\n");
    assertEquals(await promtool(["check", "metrics"], text), { code: 0, said: "" });
  },
});

Deno.test({
  name: `promtool has a remark on metrics with a flaw${skipped(PROMTOOL, "promtool")}`,
  ignore: !PROMTOOL,
  async fn() {
    const { code } = await promtool(
      ["check", "metrics"],
      "# TYPE sala_people_total gauge\nsala_people_total 1\n",
    );
    assertEquals(code, 3);
  },
});

Deno.test("registry says where its metrics are, and that it is alive and ready", async () => {
  await using registry = startProcess("registry", [
    "--port",
    "0",
    "--metrics",
    "localhost:0",
    "--lang",
    "en",
  ]);
  const line = await registry.waitForText("metrics at ");
  const [, port] = /http:\/\/(?:127\.0\.0\.1|\[::1\]):(\d+)\/metrics, /.exec(line) ?? [];
  for (const path of ["/healthz", "/readyz"]) {
    const response = await fetch(`http://localhost:${port}${path}`);
    assertEquals([response.status, await response.text()], [200, "ok\n"]);
  }
});

Deno.test("registry does not run without the metrics that it was asked for", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const at = `127.0.0.1:${taken.addr.port}`;
  await using registry = startProcess("registry", [
    ...["--port", String(freePorts()), "--metrics", at, "--lang", "en"],
  ]);
  assertEquals(await registry.exitCode(), 1);
  assertEquals(registry.stderr, `the room cannot run: it cannot listen at ${at} (the port is in use)\n`);
  assertEquals(registry.lines, []);
});

Deno.test("registry says that its metrics cannot be at its own port", async () => {
  const port = freePorts();
  await using registry = startProcess("registry", [
    ...["--port", `${port}`, "--metrics", `${port}`, "--lang", "en"],
  ]);
  assertEquals(await registry.exitCode(), 1);
  assertStringIncludes(registry.stderr, `cannot listen at 127.0.0.1:${port} (the port is in use)`);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`registry ends at ${signal} while it waits for its cluster`, async () => {
    // Takes connections, and says nothing.
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const cluster = `nats://127.0.0.1:${silent.addr.port}`;
    await using registry = startProcess("registry", ["--port", "0", "--json", "--cluster", cluster]);
    using _connection = await silent.accept();
    registry.kill(signal);
    assertEquals([await registry.exitCode(), registry.stderr], [0, ""]);
    assertEquals(registry.events().map(({ event }) => event), ["closed"]);
  });
}

/** Runs a command to a running registry. @returns Its exit status, and what it wrote. */
async function command(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using program = startProcess("registry", args, { env });
  const code = await program.exitCode();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

Deno.test("registry list shows the room, and registry kick removes a phone, which says so and ends", async () => {
  await using folder = await temporaryFolder();
  const control = ["--control", `${folder.path}/sala.sock`];
  await using registry = await startRegistry([...control, "--quiet"]);
  assertEquals(await command(["list", ...control]), {
    code: 0,
    stdout: "nome | endereço IP | porta\n-----+-------------+------\n0 pessoas na sala\n",
    stderr: "",
  });
  await using phone = await startPhone(registry.port, "joão", ["--lang", "en"]);
  const [{ port }] = phone.events("registered") as unknown as [{ port: number }];
  const { people } = JSON.parse((await command(["list", ...control, "--json"])).stdout);
  assertEquals(people, [{ name: "joão", ip: "127.0.0.1", port }]);
  assertEquals(await command(["kick", "maria", ...control, "--lang", "en"]), {
    code: 6,
    stdout: "",
    stderr: "nobody in the room is called “maria”\n",
  });
  assertEquals(await command(["kick", "João", ...control, "--lang", "en"]), {
    code: 0,
    stdout: `joão (127.0.0.1:${port}) left the room: removed by the operator\n`,
    stderr: "",
  });
  await registry.process.waitForEvent("left", ({ reason }) => reason === "removed");
  assertEquals(await phone.exitCode(), 3);
  assertEquals(phone.events().map(({ event }) => event).slice(-2), ["removed", "closed"]);
  assertEquals(phone.events("registry_lost"), []);
});

Deno.test("registry kick without a name shows how it is used", async () => {
  for (const lang of ["en", "pt"]) {
    const { code, stderr } = await command(["kick", "--lang", lang]);
    assertEquals(
      [code, stderr.includes("registry kick maria"), stderr.includes("phone ")],
      [2, true, false],
      stderr,
    );
  }
});

Deno.test("registry is found by its port, in a folder of its user's", async () => {
  await using folder = await temporaryFolder();
  const env = { XDG_RUNTIME_DIR: folder.path };
  const first = freePorts(2);
  const [port, other] = [String(first), String(first + 1)];
  await using _one = await startRegistry(["--port", port], { env });
  await using second = await startRegistry(["--port", other], { env });
  for (const each of [port, other]) {
    assertEquals((await command(["list", "--port", each], env)).code, 0);
  }
  second.process.kill("SIGKILL");
  await second.process.status;
  const path = `${folder.path}/sala/registry-${other}.sock`;
  assertEquals(await command(["list", "--port", other, "--lang", "en"], env), {
    code: 4,
    stdout: "",
    stderr: `no registry answers at ${path}: connection refused; --port or --control say which one, ` +
      "and only its own user may ask it\n",
  });
  await using third = await startRegistry(["--port", other], { env });
  assertEquals(third.process.events("control_failed"), []);
  assertEquals((await command(["list", "--port", other], env)).code, 0);
});

Deno.test("registry runs without its local socket, unless it was asked for", async () => {
  await using folder = await temporaryFolder();
  await Deno.chmod(folder.path, 0o777);
  const control = ["--control", `${folder.path}/sala.sock`];
  const refused = await command(["--port", "0", ...control, "--lang", "en"]);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertStringIncludes(refused.stderr, "somebody else can write to it");
  const port = freePorts();
  const env = { XDG_RUNTIME_DIR: `${folder.path}/none` };
  await using registry = await startRegistry(["--port", String(port)], { env });
  const { detail } = await registry.process.waitForEvent("control_failed");
  assertEquals(detail, { kind: "not_found" });
  const { code, stderr } = await command(["list", "--port", String(port), "--lang", "en"]);
  assertEquals([code, stderr.startsWith("XDG_RUNTIME_DIR names no folder")], [2, true]);
});

Deno.test("registry drain sends phones away, and the registry runs on without being ready", async () => {
  await using folder = await temporaryFolder();
  const control = ["--control", `${folder.path}/sala.sock`];
  await using registry = await startRegistry([...control, "--quiet", "--metrics", "0"]);
  const { port } = await registry.process.waitForEvent("metrics_open");
  assertEquals(await pageOf(port, "/readyz").then(({ status }) => status), 200);
  await using phone = await startPhone(registry.port, "maria");
  const { code, stdout } = await command(["drain", ...control, "--json"]);
  assertEquals([code, JSON.parse(stdout).connections], [0, 1]);
  await phone.waitForEvent("registry_lost");
  assertEquals(await pageOf(port, "/readyz"), {
    status: 503,
    body: "draining\n",
    type: "text/plain; charset=utf-8",
  });
  assertStringIncludes((await pageOf(port, "/metrics")).body, "\nsala_ready 0\n");
  assertEquals((await pageOf(port, "/healthz")).status, 200);
  assertEquals(JSON.parse((await command(["list", ...control, "--json"])).stdout).people, []);
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port: registry.port }));
  registry.process.kill("SIGTERM");
  assertEquals(await registry.process.exitCode(), 0);
});

Deno.test("phones of a registry that drains go to another one that they know", async () => {
  await using first = await startRegistry(["--quiet"]);
  await using second = await startRegistry(["--quiet"]);
  const places = `127.0.0.1:${first.port},127.0.0.1:${second.port}`;
  await using phone = startProcess("phone", [
    ...[places, "maria", "0", "--json", "--mic", "none", "--speaker", "none"],
  ], { stdin: "piped" });
  const { registry } = await phone.waitForEvent("registered");
  const isFirst = (registry as { port: number }).port === first.port;
  const [from, to] = isFirst ? [first, second] : [second, first];
  from.process.kill("SIGTERM");
  await phone.waitForEvent("registry_back");
  await to.process.waitForEvent("joined");
  assertEquals(await from.process.exitCode(), 0);
});

Deno.test("registry drains at SIGTERM, and its phones go to the next one that answers there", async () => {
  await using first = await startRegistry(["--quiet"]);
  await using phone = await startPhone(first.port, "maria");
  // It holds its end open, so that the drain lasts.
  using open = await Deno.connect({ hostname: "127.0.0.1", port: first.port });
  await open.write(new TextEncoder().encode('{"tipo":"ping"}\n'));
  await open.read(new Uint8Array(100));
  first.process.kill("SIGTERM");
  const { connections } = await first.process.waitForEvent("draining");
  assertEquals(connections, 2);
  await phone.waitForEvent("registry_lost");
  // The port is free although the first one has not ended.
  await using _second = await startRegistry(["--port", String(first.port)]);
  await phone.waitForEvent("registry_back");
  first.process.kill("SIGTERM");
  assertEquals(await first.process.exitCode(), 0);
  assertEquals(first.process.events().at(-1)?.event, "closed");
});

const OPENSSL = isInstalled("openssl");

/** Makes a certificate and its key in a folder. */
async function makeCertificate(folder: string): Promise<void> {
  await outputOf([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", "/CN=sala", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "cert.pem"],
  ], { cwd: folder });
}

/** Whether a TLS server has a certificate that these vouch for. */
async function answers(port: number, caCerts: string[]): Promise<boolean> {
  try {
    using connection = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts });
    await connection.handshake();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) return false;
    throw error;
  }
}

Deno.test({
  name: `registry gives a new certificate to new connections at SIGHUP, and drops nobody${
    skipped(OPENSSL, "openssl")
  }`,
  ignore: !OPENSSL,
  async fn() {
    await using folder = await temporaryFolder();
    const at = (name: string) => `${folder.path}/${name}`;
    await makeCertificate(folder.path);
    await Deno.copyFile(at("cert.pem"), at("first.pem"));
    const files = ["--tls-cert", at("cert.pem"), "--tls-key", at("key.pem")];
    await using registry = await startRegistry([...files, "--quiet"]);
    const enter = (name: string, ca: string) => startPhone(registry.port, name, ["--tls", "--ca", at(ca)]);
    await using maria = await enter("maria", "first.pem");

    await makeCertificate(folder.path);
    registry.process.kill("SIGHUP");
    await registry.process.waitForEvent("certificate_renewed");
    // Until the listener with the old one has gone, the system chooses between both.
    const caCerts = [await Deno.readTextFile(at("cert.pem"))];
    await until("the old listener has gone", () => answers(registry.port, caCerts));
    await using _ana = await enter("ana", "cert.pem");

    for (
      const [text, kind] of [["no certificate", "no_certificate_in_file"], ["", "no_certificate_in_file"]]
    ) {
      await Deno.writeTextFile(at("cert.pem"), text ?? "");
      registry.process.kill("SIGHUP");
      const { detail } = await registry.process.waitForEvent("certificate_kept");
      assertEquals(detail, { kind });
    }
    // The key of another certificate.
    await Deno.copyFile(at("first.pem"), at("cert.pem"));
    registry.process.kill("SIGHUP");
    const { detail } = await registry.process.waitForEvent("certificate_kept");
    assertEquals(detail, { kind: "key_mismatch" });
    await maria.type("lista");
    await maria.waitForEvent("people");
    assertEquals(maria.events("registry_lost"), []);
  },
});

Deno.test({
  name: `registry that was started to ignore SIGHUP keeps its certificate${skipped(OPENSSL, "openssl")}`,
  ignore: !OPENSSL,
  async fn() {
    await using folder = await temporaryFolder();
    await makeCertificate(folder.path);
    await Deno.copyFile(`${folder.path}/cert.pem`, `${folder.path}/first.pem`);
    const files = ["--tls-cert", `${folder.path}/cert.pem`, "--tls-key", `${folder.path}/key.pem`];
    const through = ["sh", "-c", 'trap "" HUP; exec "$0" "$@"'];
    await using registry = await startRegistry(files, { through });
    await makeCertificate(folder.path);
    registry.process.kill("SIGHUP");
    const args = ["--tls", "--ca", `${folder.path}/first.pem`];
    await using _maria = await startPhone(registry.port, "maria", args);
    await using _ana = await startPhone(registry.port, "ana", args);
    assertEquals(registry.process.events("certificate_renewed"), []);
  },
});

Deno.test("registry asks for a new room password at SIGHUP, and lets those stay who are in", async () => {
  await using folder = await temporaryFolder();
  const at = (name: string) => `${folder.path}/${name}`;
  await Promise.all([Deno.writeTextFile(at("old"), "velha\n"), Deno.writeTextFile(at("new"), "nova\n")]);
  await Deno.copyFile(at("old"), at("room"));
  await using registry = await startRegistry(["--room-password-file", at("room"), "--quiet"]);
  await using maria = await startPhone(registry.port, "maria", ["--room-password-file", at("old")]);

  await Deno.copyFile(at("new"), at("room"));
  registry.process.kill("SIGHUP");
  await registry.process.waitForEvent("password_renewed");
  await using _ana = await startPhone(registry.port, "ana", ["--room-password-file", at("new")]);
  await using late = startProcess("phone", [
    ...[`127.0.0.1:${registry.port}`, "late", "0", "--json", "--mic", "none", "--speaker", "none"],
    ...["--room-password-file", at("old")],
  ]);
  await late.exitCode();
  await registry.process.waitForEvent("password_refused");

  for (
    const [prepare, kind] of [
      [() => Deno.writeTextFile(at("room"), "\n"), "empty"],
      [() => Deno.remove(at("room")), "not_found"],
      [() => outputOf(["mkfifo", at("room")]), "not_a_file"],
    ] as const
  ) {
    await prepare();
    registry.process.kill("SIGHUP");
    assertEquals((await registry.process.waitForEvent("password_kept")).detail, { kind });
  }
  await using _joana = await startPhone(registry.port, "joana", ["--room-password-file", at("new")]);
  await maria.type("lista");
  const { people } = await maria.waitForEvent("people");
  assertEquals((people as { name: string }[]).map(({ name }) => name), ["maria", "ana", "joana"]);
  assertEquals(maria.events("registry_lost"), []);
});

/** Whether a process ignores SIGHUP now (proc_pid_status(5)). */
async function ignoresHangUp(pid: number): Promise<boolean> {
  const [, mask = "0"] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(await Deno.readTextFile(`/proc/${pid}/status`)) ??
    [];
  return (BigInt(`0x${mask}`) & 1n) === 1n;
}

Deno.test({
  name: "registry that was started to ignore SIGHUP ignores it although it took long to start",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const password = `${folder.path}/password`;
    await outputOf(["mkfifo", password]);
    const through = ["sh", "-c", 'trap "" HUP; exec "$0" "$@"'];
    const args = ["--port", "0", "--json", "--room-password-file", password];
    await using registry = startProcess("registry", args, { through });
    while (!await ignoresHangUp(registry.pid)) await pause(1);
    // The runtime may take the signal after a while; not all of its versions do.
    const until = performance.now() + 1500;
    while (await ignoresHangUp(registry.pid) && performance.now() < until) await pause(10);
    await Deno.writeTextFile(password, "segredo");
    const { port } = await registry.waitForEvent("listening");
    registry.kill("SIGHUP");
    // Whatever it did at the signal would come before.
    await using _phone = await startPhone(port as number, "maria", [], {
      env: { SALA_ROOM_PASSWORD: "segredo" },
    });
    assertEquals([registry.events("password_kept"), registry.events("closed")], [[], []]);
  },
});

const DASHBOARD = "docs/grafana-sala.json";
const RULES = "docs/prometheus-sala.rules.yml";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

async function panelsOfDashboard(): Promise<Panel[]> {
  const { panels } = JSON.parse(await Deno.readTextFile(new URL(DASHBOARD, ROOT)));
  return panels;
}

/** The metrics of a registry in a cluster. */
function metricsOf(server: RegistryServer, cluster: ClusterState): Promise<Exposition> {
  return openMetrics({
    statistics: server.statistics,
    connections: () => server.connections(),
    people: () => server.population,
    leftOut: () => ({ output: 0, limit: 0 }),
    evicted: () => ({ nameless: 0, named: 0 }),
    notReady: () => cluster.stale ? "cluster_away" : undefined,
    cluster: () => cluster,
  });
}

/** The names of all metrics, those of a histogram's parts included. */
async function metricNames(): Promise<Set<string>> {
  await using server = openRegistry({ host: "127.0.0.1", port: 0 });
  const metrics = await metricsOf(server, { connected: true, stale: false, lagSeconds: 0 });
  return new Set((await metrics.text()).match(/^[a-z_]+(?=[ {])/gm));
}

/** The names of metrics in a text. */
const namesIn = (text: string) => [...new Set(text.match(/\b(?:sala|process)_[a-z_]+\b/g))];

Deno.test("the dashboard and the alerts ask for metrics that there are, and the dashboard and docs/operator.md for all", async () => {
  const names = await metricNames();
  const expressions = (await panelsOfDashboard()).flatMap(({ targets = [] }) =>
    targets.map(({ expr }) => expr)
  );
  assertEquals(namesIn(expressions.join("\n")).filter((name) => !names.has(name)), []);
  assertEquals([...names].filter((name) => !namesIn(expressions.join("\n")).includes(name)), []);
  const rules = await Deno.readTextFile(new URL(RULES, ROOT));
  assertEquals(namesIn(rules).filter((name) => !names.has(name)), []);
  const documented = namesIn(await Deno.readTextFile(new URL("docs/operator.md", ROOT)));
  const whole = [...names].map((name) => name.replace(/_(bucket|sum|count)$/, ""));
  assertEquals(whole.filter((name) => !documented.includes(name)), []);
  assertEquals(documented.filter((name) => !whole.includes(name)), []);
});

Deno.test("docs/operator.md names every reason and state of the metrics", async () => {
  await using server = openRegistry({ host: "127.0.0.1", port: 0 });
  const metrics = await metricsOf(server, { connected: true, stale: false, lagSeconds: 0 });
  const labels = [...(await metrics.text()).matchAll(/\b(?:reason|state)="([a-z_]+)"/g)].map(([, value]) =>
    value
  );
  const told = await Promise.all(
    ["docs/operator.md", "docs/json-events.md"].map((path) => Deno.readTextFile(new URL(path, ROOT))),
  );
  assertEquals(labels.length > 20, true);
  assertEquals(labels.filter((value) => !told.some((text) => text.includes(`\`${value}\``))), []);
});

Deno.test("the dashboard's panels have numbers of their own, titles and places that do not overlap", async () => {
  const panels = await panelsOfDashboard();
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = new Set<string>();
  for (const { title, type, gridPos: { x, y, w, h }, targets = [] } of panels) {
    assertEquals(
      [title !== "", x + w <= 24, type === "row" || targets.length > 0],
      [true, true, true],
      title,
    );
    assertEquals(new Set(targets.map(({ refId }) => refId)).size, targets.length);
    for (let cell = 0; cell < w * h; cell++) {
      const at = `${x + cell % w} ${y + Math.floor(cell / w)}`;
      assertEquals(cells.has(at), false, `${title} at ${at}`);
      cells.add(at);
    }
  }
});

Deno.test({
  name: `promtool takes the alerts and every query of the dashboard${skipped(PROMTOOL, "promtool")}`,
  ignore: !PROMTOOL,
  async fn() {
    const alerts = await runToEnd(["promtool", "check", "rules", new URL(RULES, ROOT).pathname]);
    assertEquals([alerts.code, alerts.stderr], [0, ""], alerts.stdout);
    const rules = (await panelsOfDashboard()).flatMap(({ id, targets = [] }) =>
      targets.map(({ refId, expr }) => ({
        record: `panel:${id}:${refId}`,
        // Grafana's own, which it replaces.
        expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"),
      }))
    );
    await using folder = await temporaryFolder();
    // JSON is YAML.
    await Deno.writeTextFile(`${folder.path}/rules`, JSON.stringify({ groups: [{ name: "panels", rules }] }));
    const queries = await runToEnd(["promtool", "check", "rules", `${folder.path}/rules`]);
    assertEquals([queries.code, queries.stderr], [0, ""], queries.stdout);
  },
});

/** For each alert the readings, one a minute, that raise it and that do not. */
const ALERTS: Readonly<
  Record<string, readonly (readonly [series: string, raised: string, quiet: string])[]>
> = {
  SalaRegistryDown: [['up{job="sala"}', "0x40", "1x40"]],
  SalaRegistryNotReady: [["sala_ready", "0x40", "1x40"]],
  SalaRegistryRestarts: [['process_start_time_seconds{job="sala"}', "1000+100x40", "1000x40"]],
  SalaRoomFull: [['sala_refusals_total{reason="room_full"}', "0+10x40", "10x40"]],
  SalaPhonesCrowdedOut: [['sala_places_lost_total{state="named"}', "0+10x40", "10x40"]],
  SalaAddressFull: [['sala_refusals_total{reason="address_full"}', "0+10x40", "10x40"]],
  SalaWrongPasswords: [['sala_refusals_total{reason="wrong_password"}', "0+120x40", "0+30x40"]],
  SalaSlowReplies: [
    ['sala_request_duration_seconds_bucket{le="0.25"}', "0x40", "0+600x40"],
    ['sala_request_duration_seconds_bucket{le="0.5"}', "0+600x40", "0+600x40"],
    ['sala_request_duration_seconds_bucket{le="+Inf"}', "0+600x40", "0+600x40"],
  ],
  SalaLogLinesLeftOut: [['sala_log_lines_left_out_total{reason="output"}', "0+1x40", "5x40"]],
  SalaClusterAway: [["sala_cluster_connected", "0x40", "1x40"], ["sala_cluster_stale", "1x40", "0x40"]],
};

Deno.test({
  name: `each alert is raised by what it is for, and by nothing less${skipped(PROMTOOL, "promtool")}`,
  ignore: !PROMTOOL,
  async fn() {
    const rules = await Deno.readTextFile(new URL(RULES, ROOT));
    assertEquals([...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name), Object.keys(ALERTS));
    const tests = Object.entries(ALERTS).flatMap(([name, series]) =>
      [true, false].map((raised) => ({
        interval: "1m",
        input_series: series.map(([series, bad, good]) => ({ series, values: raised ? bad : good })),
        promql_expr_test: [{
          expr: `count(ALERTS{alertname="${name}",alertstate="firing"})`,
          eval_time: "40m",
          exp_samples: raised ? [{ value: 1 }] : [],
        }],
      }))
    );
    await using folder = await temporaryFolder();
    const file = { rule_files: [new URL(RULES, ROOT).pathname], evaluation_interval: "1m", tests };
    // JSON is YAML.
    await Deno.writeTextFile(`${folder.path}/tests`, JSON.stringify(file));
    const { code, stdout, stderr } = await runToEnd(["promtool", "test", "rules", `${folder.path}/tests`]);
    assertEquals(code, 0, stdout + stderr);
  },
});

/** What a query gives at a Prometheus: its samples. @throws {Error} If it is refused. */
async function queried(port: number, query: string): Promise<{ value: [number, string] }[]> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { status, error, data } = await response.json();
  if (status !== "success") throw new Error(`${query}: ${error}`);
  return data.result;
}

const PROMETHEUS = isInstalled("prometheus");

Deno.test({
  name: `a Prometheus that reads a registry answers every query of the dashboard${
    skipped(PROMETHEUS, "prometheus")
  }`,
  ignore: !PROMETHEUS || !EVERYTHING,
  async fn() {
    await using server = openRegistry({ host: "127.0.0.1", port: 0 });
    const metrics = await metricsOf(server, { connected: true, stale: false, lagSeconds: 0 });
    using monitor = openMonitor("127.0.0.1", 0, metrics, { notReady: () => undefined });
    await using _phone = await startPhone(server.port, "maria");
    await using folder = await temporaryFolder();
    const scrape_configs = [{
      job_name: "sala",
      static_configs: [{ targets: [`127.0.0.1:${monitor.port}`] }],
    }];
    const rule_files = [new URL(RULES, ROOT).pathname];
    const config = {
      global: { scrape_interval: "500ms", evaluation_interval: "500ms" },
      rule_files,
      scrape_configs,
    };
    // JSON is YAML.
    await Deno.writeTextFile(`${folder.path}/config`, JSON.stringify(config));
    const port = freePorts();
    await using prometheus = new Program([
      ...["prometheus", `--config.file=${folder.path}/config`, `--storage.tsdb.path=${folder.path}/data`],
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    const until = performance.now() + 30_000;
    while (
      !await fetch(`http://127.0.0.1:${port}/-/ready`).then((r) => r.text().then(() => r.ok), () => false)
    ) {
      if (performance.now() > until) throw new Error(prometheus.report());
      await pause(50);
    }
    const exprs = (await panelsOfDashboard()).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    assertEquals(exprs.length > 20, true);
    for (const expr of exprs) {
      const query = expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*");
      // Rates need two readings.
      while ((await queried(port, query)).length === 0) {
        if (performance.now() > until) throw new Error(`No data: ${query}`);
        await pause(50);
      }
    }
    assertEquals((await queried(port, "sala_people")).map(({ value }) => value[1]), ["1"]);
    assertEquals(await queried(port, "ALERTS"), []);
  },
});
