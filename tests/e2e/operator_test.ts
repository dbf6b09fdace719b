/** What a registry says to its operator, as a process. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openMetrics } from "../../lib/operator/metrics.ts";
import { startRegistry as openRegistry } from "../../lib/registrar/server.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, Program } from "../../testing/program.ts";
import { startPhone } from "./phones.ts";

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
    const metrics = await openMetrics({
      statistics: server.statistics,
      connections: () => server.connections(),
      leftOut: () => ({ output: 0, limit: 0 }),
      notReady: () => "draining",
      cluster: () => ({ connected: false, stale: true, lagSeconds: 2.5 }),
    });
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
