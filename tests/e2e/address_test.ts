import { oneIn } from "../../testing/everything.ts";
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import {
  type PrintedEvent,
  startProcess,
  startRegistry,
  type ToolProcess,
  unlessGiven,
} from "../../testing/processes.ts";
import { outputOf, runToEnd } from "../../testing/program.ts";
import { canMakeLan, Lan, type Machine } from "../../testing/lan.ts";
import { EVERYTHING } from "./phones.ts";

const ignore = !await canMakeLan();
const SILENT = ["--json", "--mic", "none", "--speaker", "none"];
const NO_SOUND = { "--mic": "none", "--speaker": "none" } as const;

/** A phone on a machine of its own. */
async function startPhone(
  machine: Machine,
  registry: string,
  name: string,
  args: readonly string[] = [],
  sockets = "linux",
): Promise<ToolProcess> {
  const phone = startProcess("phone", [registry, name, "--json", ...unlessGiven(args, NO_SOUND), ...args], {
    stdin: "piped",
    through: machine.through,
    env: { SALA_UDP: sockets },
  });
  await phone.waitForEvent("registered");
  return phone;
}

const seconds = (from: { time: string }, to: { time: string }) =>
  (Date.parse(to.time) - Date.parse(from.time)) / 1000;

for (const sockets of ["linux", "runtime"]) {
  Deno.test({
    name:
      `a phone whose address changes comes back under the new one, and nobody rings for another, on ${sockets} sockets`,
    ignore: ignore || !EVERYTHING && sockets === "runtime",
    async fn() {
      await using lan = await Lan.open();
      const [office, hall, desk, kitchen] = await Promise.all([
        lan.machine("office", "10.9.0.1/24"),
        lan.machine("hall", "10.9.0.2/24"),
        lan.machine("desk", "10.9.0.3/24"),
        lan.machine("kitchen", "10.9.0.4/24"),
      ]);
      await using registry = await startRegistry([], { through: office.through });
      const place = `10.9.0.1:${registry.port}`;
      await using maria = await startPhone(hall, place, "maria", ["--answer", "accept"], sockets);
      await using joao = await startPhone(desk, place, "joão", [], sockets);
      // Another address that comes is no reason to leave the connection that works.
      await hall.add("10.9.0.99/24");
      await maria.type("lista");
      await maria.waitForEvent("people");
      assertEquals(maria.events("registry_lost"), []);
      await maria.type("ligar joão");
      assertEquals((await joao.waitForEvent("invitation")).ip, "10.9.0.2");
      // The address goes away and another one comes, as a new lease of DHCP; the old one is given to another machine.
      await hall.remove("10.9.0.2/24");
      const lost = await maria.waitForEvent("registry_lost");
      await hall.add("10.9.0.22/24");
      const changed = await maria.waitForEvent("address_changed");
      assertEquals([changed.name, changed.before, changed.ip, changed.port], [
        "maria",
        "10.9.0.2",
        "10.9.0.22",
        6000,
      ]);
      // Without news of addresses it would take 28 s to notice.
      assertLess(seconds(lost, changed), 20);
      await registry.process.waitForEvent("left", ({ name }) => name === "maria");
      // Her invitation named the old one, and is made anew.
      assertEquals((await joao.waitForEvent("invitation")).ip, "10.9.0.22");
      await joao.type("recusar");
      await maria.waitForEvent("rejected");
      await joao.type("ligar maria");
      const inviting = await joao.waitForEvent("inviting");
      assertEquals(inviting.ip, "10.9.0.22");
      await joao.waitForEvent("call_started");
      await joao.type("desligar");
      await joao.waitForEvent("call_ended");
      // An entry that is out of date: pedro answers there now.
      await kitchen.add("10.9.0.2/24");
      await using _ana = await startPhone(office, place, "ana", ["7000", "--ip", "10.9.0.2"], sockets);
      await using pedro = await startPhone(kitchen, place, "pedro", ["7000", "--answer", "accept"], sockets);
      await joao.type("ligar ana");
      assertEquals((await joao.waitForEvent("rejected")).reason, "outra_pessoa");
      const misdirected = await pedro.waitForEvent("misdirected_rejected");
      assertEquals([misdirected.name, misdirected.wanted], ["joão", "ana"]);
      await using call = await startPhone(hall, place, "bia", ["0", "--call", "ana"], sockets);
      assertEquals(await call.exitCode(), 6);
      assertEquals(pedro.events("invitation"), []);
    },
  });
}

/** A registry that knows one person, at whatever address, and takes every phone in. */
function serveAnswers(listener: Deno.TcpListener, answer: object): void {
  (async () => {
    for await (const connection of listener) {
      const lines = connection.readable.pipeThrough(new TextDecoderStream());
      const writer = connection.writable.getWriter();
      for await (const text of lines) {
        for (const line of text.trim().split("\n")) {
          const message = JSON.parse(line);
          const reply = message.tipo === "consulta"
            ? { tipo: "resposta_consulta", nome: message.nome, ...answer }
            : {
              ...message,
              tipo: message.tipo === "registro" ? "registro_confirmado" : "fechamento_confirmado",
            };
          await writer.write(new TextEncoder().encode(`${JSON.stringify(reply)}\n`));
        }
      }
    }
  })().catch(() => {});
}

/** Addresses in a registry's answer, and what is wrong with each. The phone's machine has 127.0.0.1/8 at least. */
const NONSENSE: readonly (readonly [answer: object, kind: string])[] = [
  [{ ip: "0.0.0.0", porta: 6000 }, "unspecified_address"],
  [{ ip: "239.1.2.3", porta: 6000 }, "multicast_address"],
  [{ ip: "255.255.255.255", porta: 6000 }, "broadcast_address"],
  [{ ip: "127.255.255.255", porta: 6000 }, "broadcast_address"],
  [{ ip: "::ffff:0.0.0.0", porta: 6000 }, "unspecified_address"],
  [{ ip: "lugar nenhum", porta: 6000 }, "no_address"],
  [{ ip: "192.0.2.1", porta: 0 }, "no_port"],
  [{ porta: 6000 }, "no_address"],
];

Deno.test("phone with --call says at once what is wrong with an address of the registry, and exits with 4", async () => {
  await Promise.all(
    oneIn(3, NONSENSE).map(async ([answer, kind]) => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      serveAnswers(listener, answer);
      const registry = `127.0.0.1:${listener.addr.port}`;
      await using phone = startProcess("phone", [registry, "joão", "0", ...SILENT, "--call", "maria"]);
      assertEquals(await phone.exitCode(), 4);
      const [event] = phone.events("unreachable");
      assertEquals(event?.detail, { kind }, phone.report());
      assertEquals(phone.events("message").filter(({ transport }) => transport === "UDP"), []);
    }),
  );
});

Deno.test("phone and registry refuse addresses of nobody on the command line with status 2", async () => {
  const lines = [
    ...["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::ffff:0.0.0.0"].map((ip) =>
      ["phone", "127.0.0.1", "joão", "--ip", ip] as const
    ),
    ...["0.0.0.0", "255.255.255.255:5000", "[ff02::1]"].map((place) => ["phone", place, "joão"] as const),
    ...["224.0.0.1", "255.255.255.255", "127.255.255.255"].map((host) =>
      ["registry", "--host", host] as const
    ),
  ] as const;
  for (const [kind, ...args] of oneIn(4, lines)) {
    await using tool = startProcess(kind, args);
    assertEquals(await tool.exitCode(), 2, tool.report());
    assertMatch(tool.stderr, /^O endereço “.*” não serve para .*\.\n/);
  }
});

/** Kinds of routes that lead nowhere (ip-route(8)), and what the system says. */
const ROUTES = [
  [undefined, "network_unreachable"],
  ["unreachable", "host_unreachable"],
  ["prohibit", "permission_denied"],
  ["blackhole", "network_unreachable"],
] as const;

Deno.test({
  name: "an address of everybody, of another machine alone or without a way there is refused at once",
  ignore,
  async fn() {
    await using lan = await Lan.open();
    const [office, desk] = await Promise.all([
      lan.machine("office", "10.8.0.1/24"),
      lan.machine("desk", "10.8.0.2/24"),
    ]);
    await using registry = await startRegistry(["--host", "::"], { through: office.through });
    const { port } = registry;
    // Registered on the registry's own machine, good there only.
    await using _ana = await startPhone(office, `127.0.0.1:${port}`, "ana", ["6001"]);
    // Elsewhere without a route from the desk.
    await using _rui = await startPhone(office, `127.0.0.1:${port}`, "rui", ["6002", "--ip", "10.7.0.9"]);
    // The reverse: no answer would come to a phone that is registered there.
    await using bia = startProcess(
      "phone",
      [`127.0.0.1:${port}`, "bia", "0", ...SILENT, "--call", "rui"],
      { through: office.through },
    );
    assertEquals(await bia.exitCode(), 4);
    assertEquals(bia.events("unreachable")[0]?.detail, { kind: "own_loopback_address" });
    for (const sockets of oneIn(2, ["linux", "runtime"])) {
      const call = (name: string, args: readonly string[] = []) =>
        startProcess("phone", [`10.8.0.1:${port}`, "joão", "0", ...SILENT, "--call", name, ...args], {
          through: desk.through,
          env: { SALA_UDP: sockets },
        });
      await using local = call("ana");
      assertEquals(await local.exitCode(), 4);
      assertEquals(local.events("unreachable")[0]?.detail, { kind: "loopback_address" });
      for (const [type, kind] of ROUTES) {
        if (type) await desk.route("add", type, "10.7.0.0/16");
        await using astray = call("rui");
        assertEquals(await astray.exitCode(), 4);
        assertEquals(astray.events("unreachable")[0]?.detail, { kind }, `${type} ${astray.report()}`);
        if (type) await desk.route("del", type, "10.7.0.0/16");
      }
      for (
        const [ip, kind] of [["10.8.0.255", "broadcast_address"], ["127.0.0.1", "loopback_address"]] as const
      ) {
        await using wrong = call("ana", ["--ip", ip]);
        assertEquals(await wrong.exitCode(), 2);
        assertEquals((wrong.events("wrong_usage")[0]?.problem as { detail: unknown }).detail, { kind });
      }
    }
    // Another program's registrations.
    for (const ip of ["10.8.0.255", "127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1", "ff02::1"]) {
      const line = JSON.stringify({ tipo: "registro", nome: "x", ip, porta: 6000 });
      const { stdout } = await runToEnd([
        ...desk.through,
        ...["bash", "-c", `exec 3<>/dev/tcp/10.8.0.1/${port}; echo '${line}' >&3; head -n 1 <&3`],
      ]);
      assertEquals(JSON.parse(stdout).codigo, "mensagem_invalida", ip);
      assertMatch(JSON.parse(stdout).mensagem, /^o endereço em 'ip' /);
    }
  },
});

/** Kinds of sockets, the address of the phone, and its next one. */
const VERSIONS = [
  ["linux", "fd00:6::2/64", "10.6.0.2/24"],
  ["runtime", "10.6.0.2/24", "fd00:6::2/64"],
] as const;

for (const [sockets, before, after] of VERSIONS) {
  Deno.test({
    name: `a phone that comes back as ${after} instead of ${before} is called there, on ${sockets} sockets`,
    ignore: ignore || !EVERYTHING && sockets === "runtime",
    async fn() {
      await using lan = await Lan.open();
      const [office, hall, desk] = await Promise.all([
        lan.machine("office", "10.6.0.1/24", "fd00:6::1/64"),
        lan.machine("hall", before),
        lan.machine("desk", after.replace("2/", "3/")),
      ]);
      await using registry = await startRegistry(["--host", "::"], { through: office.through });
      const place = `office:${registry.port}`;
      for (const machine of [hall, desk]) await machine.name("office", "fd00:6::1", "10.6.0.1");
      await using maria = await startPhone(hall, place, "maria", ["--answer", "accept"], sockets);
      assertEquals(maria.events("registered")[0]?.ip, before.split("/")[0]);
      await hall.remove(before);
      await hall.add(after);
      assertEquals((await maria.waitForEvent("address_changed")).ip, after.split("/")[0]);
      await using joao = await startPhone(desk, place, "joão", [], sockets);
      await joao.type("ligar maria");
      await joao.waitForEvent("call_started");
    },
  });
}

for (const version of [4, 6]) {
  for (const encryption of [[], ["--no-encryption"]]) {
    Deno.test({
      name:
        `a phone on a machine with several addresses answers from the one that was called: IPv${version} ${encryption}`,
      ignore: ignore || !EVERYTHING && !(version === 6 && encryption.length === 0),
      async fn() {
        await using lan = await Lan.open();
        // The system would choose the first address of the hall.
        const [office, hall, desk] = await Promise.all(
          version === 4
            ? [
              lan.machine("office", "10.9.0.1/24"),
              lan.machine("hall", "10.9.0.2/24", "10.9.0.22/24"),
              lan.machine("desk", "10.9.0.3/24"),
            ]
            : [
              lan.machine("office", "2001:db8::1/64"),
              lan.machine("hall", "2001:db8::2/64", "2001:db8:1::22/64"),
              lan.machine("desk", "2001:db8::3/64"),
            ],
        ) as [Machine, Machine, Machine];
        if (version === 6) await desk.route("add", "2001:db8:1::/64", "dev", "eth0");
        await using registry = await startRegistry(version === 6 ? ["--host", "::"] : [], {
          through: office.through,
        });
        const place = version === 4 ? `10.9.0.1:${registry.port}` : `[2001:db8::1]:${registry.port}`;
        const ip = version === 4 ? "10.9.0.22" : "2001:db8:1::22";
        const sound = ["--mic", "tone"];
        await using maria = await startPhone(hall, place, "maria", [
          ...["--answer", "accept", "--ip", ip],
          ...encryption,
          ...sound,
        ]);
        await using joao = await startPhone(desk, place, "joão", [...encryption, ...sound]);
        await joao.type("ligar maria");
        await joao.waitForEvent("call_started");
        const heard = (status: PrintedEvent) => (status.framesPlayed as number) > 25;
        await Promise.all([joao, maria].map((phone) => phone.waitForEvent("status", heard)));
        await joao.type("desligar");
        await maria.waitForEvent("call_ended");
      },
    });
  }
}

Deno.test({
  name: "registry listens on a machine without IPv6 wherever it is told to, and says where",
  ignore,
  async fn() {
    await using lan = await Lan.open();
    const machine = await lan.machine("old", "10.9.0.1/24");
    for (const where of ["all", "lo", "eth0"]) {
      await outputOf([...machine.through, "sysctl", "-qw", `net.ipv6.conf.${where}.disable_ipv6=1`]);
    }
    for (
      const [args, hosts] of [
        [[], ["0.0.0.0"]],
        [["--host", "localhost"], ["127.0.0.1"]],
        // Also for an address of IPv6 that it gets later.
        [["--host", "::"], ["0.0.0.0", "::"]],
      ]
    ) {
      await using registry = await startRegistry(args, { through: machine.through });
      assertEquals(registry.process.events("listening").map((event) => event.hosts), [hosts]);
      const connect = `exec 3<>/dev/tcp/127.0.0.1/${registry.port}`;
      await outputOf([...machine.through, "bash", "-c", connect]);
    }
  },
});
