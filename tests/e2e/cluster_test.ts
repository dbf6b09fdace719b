/** Several registries with one table, on real NATS servers. */

import { assert, assertEquals } from "@std/assert";
import { sendCommand } from "../../lib/operator/control_client.ts";
import { pause } from "../../lib/util/pause.ts";
import { canMakeLan, Lan } from "../../testing/lan.ts";
import { NatsCluster, natsMissing, NatsNode } from "../../testing/nats.ts";
import {
  type PrintedEvent,
  type RunningRegistry,
  startProcess,
  startRegistry,
} from "../../testing/processes.ts";
import { outputOf, Program } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { WirePhone } from "../../testing/wire_phone.ts";
import { EVERYTHING } from "./phones.ts";

const missing = natsMissing();
const ignore = missing !== undefined;
const why = ignore ? ` (ignored: ${missing})` : "";

/** Time limit for servers that were killed one after the other to agree again. */
const ELECTION_MS = 90_000;

/** Port of registries on machines of their own. */
const PORT = 5000;

/** Time limit for what the copy of another registry shows. */
const COPY_MS = 5000;

function startMember(url: string, args: readonly string[] = []): Promise<RunningRegistry> {
  return startRegistry(["--quiet", "--cluster", url, "--host", "127.0.0.1", ...args]);
}

/** Asks again until the answer is as wanted. */
async function eventually<Value>(
  ask: () => Promise<Value>,
  wanted: (value: Value) => boolean,
  ms = COPY_MS,
): Promise<Value> {
  const deadline = performance.now() + ms;
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

Deno.test(
  { name: `Cluster: NATS servers that cannot be used are told in a sentence${why}`, ignore },
  async () => {
    await using bare = await NatsNode.start({ jetStream: false });
    await using guarded = await NatsNode.start({ args: ["--user", "sala", "--pass", "secret"] });
    const login = guarded.url.replace("//", "//sala:wrong@");
    for (
      const [url, sentence] of [[bare.url, "JetStream"], [guarded.url, "credenciais"], [
        login,
        "credenciais",
      ]] as const
    ) {
      await using registry = startProcess("registry", ["--port", "0", "--cluster", url]);
      assertEquals(await registry.exitCode(), 1);
      assert(registry.stderr.startsWith("a sala não pode funcionar: "), registry.stderr);
      assert(registry.stderr.includes(sentence), registry.stderr);
      assert(!registry.stderr.includes("wrong"), registry.stderr);
    }
    await using registry = await startMember(guarded.url.replace("//", "//sala:secret@"));
    await using ana = await WirePhone.connect(registry.port);
    assertEquals(await ana.register("ana"), "registro_confirmado");
  },
);

Deno.test(
  {
    name: `Cluster: while NATS is away, lookups go on, and registrations wait${why}`,
    ignore: ignore || !EVERYTHING,
  },
  async () => {
    await using nats = await NatsNode.start();
    await using one = await startMember(nats.url);
    await using two = await startMember(nats.url);
    await using ana = await WirePhone.connect(one.port);
    await using bia = await WirePhone.connect(two.port);
    assertEquals(await ana.register("ana", 6001), "registro_confirmado");
    assertEquals(await bia.register("bia", 6002), "registro_confirmado");
    assertEquals(await eventually(() => ana.find("bia"), (port) => port !== undefined), 6002);
    await nats.kill();
    await Promise.all([one, two].map(({ process }) => process.waitForEvent("cluster_away")));
    assertEquals(await ana.find("bia"), 6002);
    await using refused = await WirePhone.connect(two.port);
    const answer = await refused.register("ana", 6003);
    assertEquals(answer, "sala_indisponivel");
    // Whoever asks now is decided about once NATS is back.
    const [free, taken] = [await WirePhone.connect(two.port), await WirePhone.connect(two.port)];
    const answers = Promise.all([free.register("caio", 6004), taken.register("ana", 6005)]);
    await nats.restart();
    assertEquals(await answers, ["registro_confirmado", "nome_em_uso"]);
    await two.process.waitForEvent("cluster_back");
    assertEquals(await eventually(() => ana.find("caio"), (port) => port !== undefined), 6004);
    await free[Symbol.asyncDispose]();
    await taken[Symbol.asyncDispose]();
  },
);

Deno.test({
  name: `Cluster: NATS that has lost everything is filled again${why}`,
  ignore: ignore || !EVERYTHING,
}, async () => {
  await using nats = await NatsNode.start();
  await using one = await startMember(nats.url);
  await using two = await startMember(nats.url);
  await using ana = await WirePhone.connect(one.port);
  assertEquals(await ana.register("ana", 6001), "registro_confirmado");
  await using bia = await WirePhone.connect(two.port);
  assertEquals(await bia.register("bia", 6002), "registro_confirmado");
  assertEquals(await eventually(() => bia.find("ana"), (port) => port !== undefined), 6001);
  await nats.restart(true);
  await using other = await WirePhone.connect(two.port);
  assertEquals(
    await eventually(() => other.register("ana", 6003), (code) => code !== "sala_indisponivel"),
    "nome_em_uso",
  );
  // One that knows only what the new bucket has.
  await using three = await startMember(nats.url);
  await using caio = await WirePhone.connect(three.port);
  assertEquals(await caio.register("caio"), "registro_confirmado");
  assertEquals(await eventually(() => caio.list(), ({ length }) => length === 3), ["ana", "bia", "caio"]);
});

Deno.test(
  { name: `Cluster: three NATS servers, of which any may be killed${why}`, ignore: ignore || !EVERYTHING },
  async () => {
    await using nats = await NatsCluster.start(3);
    await using one = await startMember(nats.urls);
    await using two = await startMember(nats.urls);
    await using ana = await WirePhone.connect(one.port);
    assertEquals(await ana.register("ana"), "registro_confirmado");
    for (const [index, node] of nats.nodes.entries()) {
      await node.kill();
      const name = `p${index}`;
      const register = async (): Promise<string> => {
        await using phone = await WirePhone.connect(two.port);
        return await phone.register(name);
      };
      // A new leader is elected within some seconds.
      const code = await eventually(register, (code) => code === "registro_confirmado", ELECTION_MS);
      assertEquals(code, "registro_confirmado", name);
      await using other = await WirePhone.connect(one.port);
      assertEquals(
        await eventually(() => other.register("ana"), (code) => code !== "sala_indisponivel", ELECTION_MS),
        "nome_em_uso",
      );
      await node.restart();
    }
  },
);

Deno.test({ name: `Cluster: registry kick reaches a phone at another registry${why}`, ignore }, async () => {
  await using nats = await NatsNode.start();
  await using folder = await temporaryFolder();
  const control = `${folder.path}/control`;
  await using one = await startMember(nats.url);
  await using two = await startMember(nats.url, ["--control", control]);
  await using ana = await WirePhone.connect(one.port);
  assertEquals(await ana.register("ana", 6001), "registro_confirmado");
  const kick = { command: "kick", name: "ana" } as const;
  const answer = await eventually(
    () => sendCommand(control, kick),
    (got) => "answer" in got && got.answer === "removed",
  );
  assertEquals("person" in answer && answer.person.port, 6001);
  await ana.closed;
  for (const { port } of [one, two]) {
    await using again = await WirePhone.connect(port);
    assertEquals(await again.register("ana", 6001), "nome_em_uso");
  }
});

const lan = !ignore && EVERYTHING && await canMakeLan();

for (const servers of [1, 3]) {
  Deno.test({
    name:
      `Cluster: phones of a registry that is killed come in at another, and of one that died with it the name is free, ` +
      `on ${servers} NATS server${servers === 1 ? "" : "s"}`,
    ignore: !lan,
  }, async () => {
    await using lan = await Lan.open();
    const places = await Promise.all(Array.from({ length: servers }, async (_, index) => {
      const address = `10.9.0.${10 + index}`;
      return { machine: await lan.machine(`n${index}`, `${address}/24`), address };
    }));
    await using nats = await NatsCluster.start(servers, places);
    const ips = ["10.9.0.20", "10.9.0.21", "10.9.0.22"];
    await using stack = new AsyncDisposableStack();
    const registries = await Promise.all(ips.map(async (ip, index) => {
      const machine = await lan.machine(`r${index}`, `${ip}/24`);
      const args = ["--quiet", "--cluster", nats.urls, "--port", `${PORT}`];
      return stack.use(await startRegistry(args, { through: machine.through }));
    }));
    const desk = await lan.machine("desk", "10.9.0.1/24");
    const enter = async (name: string, known: readonly string[]) => {
      const registries = known.map((ip) => `${ip}:${PORT}`).join();
      const args = [registries, name, "0", "--json", "--mic", "none", "--speaker", "none"];
      const phone = stack.use(startProcess("phone", args, { stdin: "piped", through: desk.through }));
      return { phone, entered: await phone.waitForEvent("registered") };
    };
    const ipOf = (event: PrintedEvent) => (event.registry as { ip: string }).ip;
    // Each tries another registry first.
    const living = await Promise.all(
      ["ana", "caio", "davi", "eva"].map((name, index) => {
        const first = index % ips.length;
        return enter(name, [...ips.slice(first), ...ips.slice(0, first)]);
      }),
    );
    const killed = ipOf(living[0]!.entered);
    const { phone: bia } = await enter("bia", [killed]);
    registries[ips.indexOf(killed)]!.process.kill("SIGKILL");
    bia.kill("SIGKILL");
    const there = living.filter(({ entered }) => ipOf(entered) === killed);
    for (const { phone } of there) {
      await phone.waitForEvent("registry_lost");
      const back = ipOf(await phone.waitForEvent("registry_back"));
      assert(back !== killed && ips.includes(back), back);
    }
    const { port } = (await enter("bia", ips)).entered;
    const wanted = JSON.stringify([["ana", "bia", "caio", "davi", "eva"], port]);
    for (const { phone, entered } of living) {
      // The row of the one that died may be seen for a moment.
      const seen = await eventually(
        async () => {
          await phone.type("lista");
          const people = (await phone.waitForEvent("people")).people as { name: string; port: number }[];
          return JSON.stringify([
            people.map(({ name }) => name).sort(),
            people.find(({ name }) => name === "bia")?.port,
          ]);
        },
        (text) => text === wanted,
        ELECTION_MS,
      );
      assertEquals(seen, wanted);
      if (ipOf(entered) !== killed) assertEquals(phone.events("registry_lost"), []);
    }
  });
}

Deno.test(
  { name: "Cluster: a registry that is cut off keeps its phones and names, then lets them go", ignore: !lan },
  async () => {
    await using lan = await Lan.open();
    const far = await lan.machine("nats", "10.9.0.1/24");
    await using nats = await NatsNode.start({ machine: far, address: "10.9.0.1" });
    const machine = await lan.machine("one", "10.9.0.2/24");
    const near = await lan.machine("two", "10.9.0.3/24");
    const start = (through: readonly string[]): Promise<RunningRegistry> =>
      startRegistry(["--quiet", "--cluster", nats.url], { through });
    await using one = await start(machine.through);
    await using two = await start(near.through);
    // Phones on the registries' own machines.
    const connect = (place: typeof machine, port: number, name: string) => {
      const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; echo '{"tipo":"registro","nome":"${name}",` +
        `"ip":"127.0.0.1","porta":6000}' >&3; while read -t 100 line <&3; do echo "$line"; ` +
        `case $line in *ping*) echo '{"tipo":"pong"}' >&3;; esac; done; echo over`;
      return new Program([...place.through, "bash", "-c", script]);
    };
    await using ana = connect(machine, one.port, "ana");
    await ana.waitForText("registro_confirmado");
    const began = performance.now();
    await outputOf(["ip", "-n", machine.namespace, "link", "set", "eth0", "down"]);
    let code = "";
    while (code !== "registro_confirmado") {
      await using other = connect(near, two.port, "ana");
      const answer = await other.waitFor((line) =>
        line.includes("registro_confirmado") || line.includes("codigo")
      );
      code = /registro_confirmado|sala_indisponivel/.exec(answer)?.[0] ?? answer;
      assert(code === "registro_confirmado" || code === "sala_indisponivel", answer);
      if (code === "registro_confirmado") assert(ana.lines.includes("over"), "one holder at a time");
      if (performance.now() > began + 180_000) break;
    }
    assertEquals(code, "registro_confirmado");
    await one.process.waitForEvent("cluster_fenced", ({ people }) => people === 1);
  },
);
