/** Several registries with one table, on real NATS servers. */

import { assert, assertEquals } from "@std/assert";
import { natsMissing, NatsNode } from "../../testing/nats.ts";
import { type RunningRegistry, startRegistry } from "../../testing/processes.ts";
import { WirePhone } from "../../testing/wire_phone.ts";
import { pause } from "../../lib/util/pause.ts";

const missing = natsMissing();
const ignore = missing !== undefined;
const why = ignore ? ` (ignored: ${missing})` : "";

/** Time limit for what the copy of another registry shows. */
const COPY_MS = 5000;

function startMember(url: string, args: readonly string[] = []): Promise<RunningRegistry> {
  return startRegistry(["--quiet", "--cluster", url, "--host", "127.0.0.1", ...args]);
}

/** Asks again until the answer is as wanted. */
async function eventually<Value>(
  ask: () => Promise<Value>,
  wanted: (value: Value) => boolean,
): Promise<Value> {
  const deadline = performance.now() + COPY_MS;
  for (;;) {
    const value = await ask();
    if (wanted(value) || performance.now() > deadline) return value;
    await pause(10);
  }
}

Deno.test({ name: `Cluster: two registries share one table${why}`, ignore }, async () => {
  await using nats = await NatsNode.start();
  await using one = await startMember(nats.url);
  await using two = await startMember(nats.url);
  await using ana = await WirePhone.connect(one.port);
  await using bia = await WirePhone.connect(two.port);
  assertEquals(await ana.register("ana", 6001), "registro_confirmado");
  assertEquals(await bia.register("bia", 6002), "registro_confirmado");

  assertEquals(await eventually(() => bia.find("ANA"), (port) => port !== undefined), 6001);
  assertEquals(await eventually(() => ana.find("bia"), (port) => port !== undefined), 6002);
  assertEquals(await eventually(() => ana.list(), ({ length }) => length === 2), ["ana", "bia"]);

  await using other = await WirePhone.connect(two.port);
  assertEquals(await other.register("Ana", 6003), "nome_em_uso");
  assertEquals(await other.register("caio", 6003), "registro_confirmado");

  assertEquals((await ana.ask({ tipo: "fechamento", nome: "ana" }))?.tipo, "fechamento_confirmado");
  await using next = await WirePhone.connect(two.port);
  assertEquals(await next.register("ana", 6004), "registro_confirmado");
});

Deno.test(
  { name: `Cluster: the name of a phone that is gone is free at another registry${why}`, ignore },
  async () => {
    await using nats = await NatsNode.start();
    await using one = await startMember(nats.url);
    await using two = await startMember(nats.url);
    await using ghost = await WirePhone.connect(one.port, "127.0.0.1", false);
    assertEquals(await ghost.register("ana"), "registro_confirmado");
    await using ana = await WirePhone.connect(two.port);
    const start = performance.now();
    assertEquals(await ana.register("ana"), "registro_confirmado");
    assert(performance.now() - start < 8000);
    await ghost.closed;
  },
);

Deno.test(
  { name: `Cluster: a registry that is killed leaves its names to others${why}`, ignore },
  async () => {
    await using nats = await NatsNode.start();
    await using one = await startMember(nats.url);
    await using two = await startMember(nats.url);
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
    const phones = await Promise.all(names.map(() => WirePhone.connect(one.port)));
    for (const [index, phone] of phones.entries()) {
      assertEquals(await phone.register(names[index] ?? "", 7000 + index), "registro_confirmado");
    }
    one.process.kill("SIGKILL");
    await Promise.all(phones.map(({ closed }) => closed));
    const start = performance.now();
    const back = await Promise.all(names.map(() => WirePhone.connect(two.port)));
    const results = await Promise.all(
      back.map((phone, index) => phone.register(names[index] ?? "", 7000 + index)),
    );
    assertEquals(new Set(results), new Set(["registro_confirmado"]));
    assert(performance.now() - start < 3000, `in again after ${performance.now() - start} ms`);
    await two.process.waitForEvent("other_registry", ({ change }) => change === "dead");
    for (const phone of back) await phone[Symbol.asyncDispose]();
  },
);

Deno.test({ name: `Cluster: a registry that starts again has its names free${why}`, ignore }, async () => {
  await using nats = await NatsNode.start();
  // On all addresses: the life line of the one before was at one of this machine's.
  const args = ["--host", "0.0.0.0"];
  const one = await startRegistry(["--quiet", "--cluster", nats.url, ...args]);
  await using ana = await WirePhone.connect(one.port);
  assertEquals(await ana.register("ana"), "registro_confirmado");
  one.process.kill("SIGKILL");
  await ana.closed;
  await one[Symbol.asyncDispose]();
  await using two = await startRegistry(["--quiet", "--cluster", nats.url, ...args]);
  await using back = await WirePhone.connect(two.port);
  assertEquals(await back.register("ana"), "registro_confirmado");
});

Deno.test({ name: `Cluster: a registry that closes leaves its names to others${why}`, ignore }, async () => {
  await using nats = await NatsNode.start();
  await using one = await startMember(nats.url);
  await using two = await startMember(nats.url);
  await using ana = await WirePhone.connect(one.port);
  assertEquals(await ana.register("ana"), "registro_confirmado");
  one.process.kill("SIGTERM");
  assertEquals(await one.process.exitCode(), 0);
  await using back = await WirePhone.connect(two.port);
  assertEquals(await back.register("ana"), "registro_confirmado");
  await two.process.waitForEvent("other_registry", ({ change }) => change === "left");
});
