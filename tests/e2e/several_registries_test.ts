import { assert, assertEquals, assertMatch } from "@std/assert";
import { startProcess, startRegistry, type ToolProcess } from "../../testing/processes.ts";
import { canMakeLan, Lan, type Machine } from "../../testing/lan.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { hasIpv6 } from "../../testing/has_ipv6.ts";
import { startNameServer } from "../../testing/name_server.ts";
import { outputOf } from "../../testing/program.ts";
import { EVERYTHING } from "./phones.ts";

const ignore = !await canMakeLan();
if (ignore) console.log("skipped: registries on several machines, because no network can be made here");

const SILENT = ["--json", "--mic", "none", "--speaker", "none"];

/** A phone in this machine's own network, or in another one's. */
function startPhone(
  registries: string,
  name: string,
  args: readonly string[] = [],
  at?: Machine,
): ToolProcess {
  return startProcess("phone", [registries, name, "0", ...SILENT, ...args], {
    stdin: "piped",
    ...(at && { through: at.through }),
  });
}

/** A listener that takes connections and says nothing. */
function silentHost(): { readonly port: number } & Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sockets: Deno.TcpConn[] = [];
  (async () => {
    for await (const socket of listener) sockets.push(socket);
  })().catch(() => {});
  return {
    port: listener.addr.port,
    [Symbol.dispose]: () => {
      listener.close();
      for (const socket of sockets) socket.close();
    },
  };
}

Deno.test("a phone registers at the first registry that answers, and says which; after that one's death at another", async () => {
  using silent = silentHost();
  const refused = freePorts();
  const first = await startRegistry();
  await using second = await startRegistry();
  const at = (port: number) => ({ host: "127.0.0.1", ip: "127.0.0.1", port });
  const registries = [refused, silent.port, first.port, second.port].map((port) => `127.0.0.1:${port}`)
    .join();
  await using joao = startPhone(registries, "joão");
  assertEquals((await joao.waitForEvent("registered")).registry, at(first.port));
  first.process.kill("SIGKILL");
  await first.process.status;
  assertEquals((await joao.waitForEvent("registry_back")).registry, at(second.port));
  await joao.type("lista");
  assertEquals((await joao.waitForEvent("people")).people, [
    { name: "joão", ip: "127.0.0.1", port: joao.events("registered")[0]?.port },
  ]);
  // Without a choice nothing is said of it.
  await using maria = startPhone(`127.0.0.1:${second.port}`, "maria");
  assertEquals("registry" in await maria.waitForEvent("registered"), false);
});

Deno.test("a phone goes on to the next registry where one is full, and ends where all are", async () => {
  await using full = await startRegistry(["--connection-limit", "1"]);
  await using _ana = startPhone(`127.0.0.1:${full.port}`, "ana");
  await _ana.waitForEvent("registered");
  await using free = await startRegistry();
  await using joao = startPhone(`127.0.0.1:${full.port},127.0.0.1:${free.port}`, "joão");
  assertEquals((await joao.waitForEvent("registered")).registry, {
    ...{ host: "127.0.0.1", ip: "127.0.0.1", port: free.port },
  });
  await using maria = startPhone(`127.0.0.1:${full.port},127.0.0.1:${full.port}`, "maria");
  assertEquals(await maria.exitCode(), 4);
  assertEquals(maria.events().map(({ event }) => event).filter((event) => event !== "message"), [
    "registry_full",
  ]);
});

Deno.test("a phone without any registry says in one sentence what came of each", async () => {
  const refused = freePorts();
  const registries = `127.0.0.1:${refused},[::1]:${refused},no..where`;
  await using phone = startProcess("phone", [registries, "joão", "0", "--mic", "none", "--speaker", "none"]);
  assertEquals(await phone.exitCode(), 4);
  assertMatch(phone.stderr, /^✗ Não foi possível falar com nenhum registro \(/);
  assertEquals(phone.stderr.trimEnd().split("\n").length, 1);
  for (
    const part of [
      `127.0.0.1:${refused}: conexão recusada`,
      `[::1]:${refused}: `,
      "no..where:5000: não há máquina com esse nome",
    ]
  ) assert(phone.stderr.includes(part), `${part} in ${phone.stderr}`);
});

Deno.test({
  name:
    "a phone is not held up by a machine whose packets are dropped, as an address or as one of a name's, and follows its own address",
  ignore,
  async fn() {
    await using lan = await Lan.open();
    const [office, cellar, desk] = await Promise.all([
      lan.machine("office", "10.9.0.1/24", "fd00:9::1/64"),
      lan.machine("cellar", "10.9.0.2/24"),
      lan.machine("desk", "10.9.0.3/24", "fd00:9::3/64"),
    ]);
    // It hears the desk, and no answer gets there.
    await cellar.route("add", "blackhole", "10.9.0.3/32");
    await desk.name("sala", "10.9.0.2", "10.9.0.1", "fd00:9::1");
    await using registry = await startRegistry([], { through: office.through });
    const { port } = registry;
    await using joao = startPhone(`10.9.0.2:${port},[fd00:9::1]:${port}`, "joão", [], desk);
    const entered = await joao.waitForEvent("registered");
    assertEquals(entered.registry, { host: "fd00:9::1", ip: "fd00:9::1", port });
    assertEquals(entered.ip, "fd00:9::3");
    await using maria = startPhone(`sala:${port}`, "maria", ["--answer", "accept"], desk);
    const { registry: answered } = await maria.waitForEvent("registered");
    assertEquals((answered as { host: string }).host, "sala");
    assert((answered as { ip: string }).ip !== "10.9.0.2");
    await joao.type("consultar maria");
    await joao.waitForEvent("person");
  },
});

/** The states of a machine's TCP connections, by the address at the other end. */
async function connectionsOf(machine: Machine): Promise<Map<string, string>> {
  const lines = (await outputOf([...machine.through, "ss", "-Htan"])).trim().split("\n");
  return new Map(lines.map((line) => {
    const [state = "", , , , peer = ""] = line.split(/\s+/);
    return [peer, state];
  }));
}

Deno.test({
  name:
    "a phone asks a name server for a name with several addresses, tries the second while the first is awaited, and comes back at the third",
  ignore: ignore || !EVERYTHING,
  async fn() {
    await using lan = await Lan.open();
    const [names, office, cellar, attic, desk] = await Promise.all([
      lan.machine("names", "10.9.2.9/24"),
      lan.machine("office", "10.9.2.1/24"),
      lan.machine("cellar", "10.9.2.2/24"),
      lan.machine("attic", "10.9.2.5/24"),
      lan.machine("desk", "10.9.2.3/24"),
    ]);
    // It hears the desk, and no answer gets there.
    await cellar.route("add", "blackhole", "10.9.2.3/32");
    await desk.askForNames("10.9.2.9");
    // In the order of RFC 6724, section 6, rule 9, seen from the desk.
    const ips = ["10.9.2.2", "10.9.2.1", "10.9.2.5"];
    const known = [`sala.escola=${ips}`, `surda.escola!AAAA=${ips}`];
    await using server = await startNameServer(names, "10.9.2.9", known);
    const first = await startRegistry([], { through: office.through });
    const { port } = first;
    // It takes connections, and does not answer yet.
    first.process.kill("SIGSTOP");
    await using joao = startPhone(`sala.escola:${port}`, "joão", [], desk);
    let connections = await connectionsOf(desk);
    while (connections.get(`10.9.2.1:${port}`) !== "ESTAB") connections = await connectionsOf(desk);
    assertEquals(connections.get(`10.9.2.2:${port}`), "SYN-SENT");
    first.process.kill("SIGCONT");
    const at = (ip: string) => ({ host: "sala.escola", ip, port });
    assertEquals((await joao.waitForEvent("registered")).registry, at("10.9.2.1"));
    for (const question of ["A sala.escola", "AAAA sala.escola"]) {
      await server.waitFor((line) => line === question);
    }

    // Nobody answers for IPv6.
    await using maria = startPhone(`surda.escola:${port}`, "maria", [], desk);
    assertEquals((await maria.waitForEvent("registered")).ip, "10.9.2.3");

    await using second = await startRegistry(["--port", `${port}`], { through: attic.through });
    first.process.kill("SIGKILL");
    await first.process.status;
    assertEquals((await joao.waitForEvent("registry_back")).registry, at("10.9.2.5"));
    for (const name of ["joão", "maria"]) {
      await second.process.waitForEvent("joined", (event) => event.name === name);
    }
  },
});

Deno.test({
  name: "a registry is there for IPv4 and IPv6 unless told otherwise, and localhost is both of its addresses",
  ignore: !hasIpv6(),
  async fn() {
    await using everywhere = await startRegistry();
    await using here = await startRegistry(["--host", "localhost"]);
    for (
      const [{ process, port }, hosts] of [
        [everywhere, ["0.0.0.0", "::"]],
        [here, ["127.0.0.1", "::1"]],
      ] as const
    ) {
      assertEquals(process.events("listening")[0]?.hosts, hosts);
      await using joao = startPhone(`[::1]:${port}`, "joão");
      assertEquals((await joao.waitForEvent("registered")).ip, "::1");
      await using maria = startPhone(`127.0.0.1:${port}`, "maria");
      assertEquals((await maria.waitForEvent("registered")).ip, "127.0.0.1");
      for (const ip of ["::1", "127.0.0.1"]) await process.waitForEvent("joined", (event) => event.ip === ip);
    }
    await using second = startProcess("registry", ["--port", String(everywhere.port)]);
    assertEquals(await second.exitCode(), 1);
    assertMatch(second.stderr, /^a porta \d+ já está em uso/m);
  },
});

Deno.test({
  name:
    "a registry on a machine with IPv4 only says so, and on one whose sockets for IPv6 take no IPv4 has both",
  ignore,
  async fn() {
    await using lan = await Lan.open();
    const [old, apart] = await Promise.all([
      lan.machine("old", "10.9.1.1/24"),
      lan.machine("apart", "10.9.1.2/24", "fd00:9:1::2/64"),
    ]);
    const sysctl = (words: string) => ["sh", "-c", `echo ${words} && exec "$0" "$@"`];
    await using registry = await startRegistry([], {
      through: [...old.through, ...sysctl("1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")],
    });
    assertEquals(registry.process.events("listening")[0]?.hosts, ["0.0.0.0"]);
    await using joao = startPhone(`127.0.0.1:${registry.port}`, "joão", [], old);
    await joao.waitForEvent("registered");

    await using both = await startRegistry([], {
      through: [...apart.through, ...sysctl("1 >/proc/sys/net/ipv6/bindv6only")],
    });
    const [listening] = both.process.events("listening");
    assertEquals([listening?.hosts, listening?.addresses], [["0.0.0.0", "::"], ["10.9.1.2", "fd00:9:1::2"]]);
    for (const ip of ["127.0.0.1", "[::1]", "10.9.1.2", "[fd00:9:1::2]"]) {
      await using phone = startPhone(`${ip}:${both.port}`, "maria", [], apart);
      await phone.waitForEvent("registered");
    }
  },
});
