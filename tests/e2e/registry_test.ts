import { assert, assertEquals, assertMatch } from "@std/assert";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import { Wire } from "../registrar/wire.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";

async function connect(port: number): Promise<RegistryClient> {
  const result = await RegistryClient.connect("127.0.0.1", port);
  if (result.kind !== "connected") throw new Error(`Cannot connect: ${result.kind}`);
  return result.client;
}

Deno.test("registry shows messages, people and the table in Portuguese, and closes on Ctrl-C", async () => {
  await using registry = startProcess("registry", ["--port", "0"]);
  const opened = await registry.waitForText("sala aberta em 0.0.0.0:");
  const port = Number(/:(\d+) /.exec(opened)?.[1]);
  await using joao = await connect(port);
  await joao.register("joão", "192.168.0.10", 6000);
  assertMatch(
    await registry.waitForText("recebida"),
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ← recebida TCP 127\.0\.0\.1:\d+ \{"tipo":"registro","nome":"joão",.*\}$/,
  );
  assertMatch(await registry.waitForText("enviada"), / → enviada {2}TCP .*"registro_confirmado"/);
  await registry.waitForText("joão (192.168.0.10:6000) entrou na sala");
  await registry.waitFor((line) => line === "nome | endereço IP  | porta", "the table's header");
  await registry.waitFor((line) => line === "joão | 192.168.0.10 |  6000", "the table's row");
  await registry.waitForText("1 pessoa na sala");
  assertEquals(await joao.close("joão"), true);
  await registry.waitForText("joão (192.168.0.10:6000) saiu da sala");
  registry.kill("SIGINT");
  assertEquals(await registry.exitCode(), 0);
  assertMatch(registry.lines.at(-1) ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} sala encerrada$/);
  assertEquals(registry.stderr, "");
});

Deno.test("registry prints events as lines of JSON with --json, without messages with --quiet", async () => {
  await using registry = await startRegistry(["--quiet"]);
  await using client = await connect(registry.port);
  await client.register("李小龙", "::1", 6001);
  const { people } = await registry.process.waitForEvent("table");
  assertEquals(people, [{ name: "李小龙", ip: "::1", port: 6001 }]);
  registry.process.kill("SIGTERM");
  assertEquals(await registry.process.exitCode(), 0);
  assertEquals(
    registry.process.events().map(({ event }) => event),
    ["listening", "joined", "table", "draining", "left", "table", "closed"],
  );
});

Deno.test("registry closes on Ctrl-C although a phone does not read and the others stay connected", async () => {
  await using registry = await startRegistry(["--quiet"]);
  await using client = await connect(registry.port);
  await client.register("joão", "127.0.0.1", 6000);
  using deaf = await Deno.connect({ port: registry.port });
  const requests = new TextEncoder().encode('{"tipo":"ping"}\n'.repeat(4096));
  const asking = (async () => {
    try {
      // 64 MB, more than all buffers on the way hold, and not more than a disk does that they are logged on.
      for (let count = 0; count < 1000; count++) await deaf.write(requests);
    } catch {
      // The registry has closed.
    }
  })();
  assertEquals((await client.list()).kind, "people");
  registry.process.kill("SIGINT");
  assertEquals(await registry.process.exitCode(), 0);
  await asking;
});

Deno.test("registry says in one sentence that its port is in use and exits with 1", async () => {
  await using first = await startRegistry();
  await using second = startProcess("registry", ["--port", String(first.port), "--lang", "en"]);
  assertEquals(await second.exitCode(), 1);
  assertEquals(
    second.stderr,
    `port ${first.port} is in use; end the other program or choose another port with --port\n`,
  );
  assertEquals(second.lines, []);
});

Deno.test({
  name: "registry takes no more connections than the system allows, and goes on with those that it has",
  // Windows has no such limit, and no shell to set one with.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using registry = await startRegistry(["--quiet"], {
      through: ["sh", "-c", 'ulimit -n 200 && exec "$0" "$@"'],
    });
    await using joao = await connect(registry.port);
    await joao.register("joão", "127.0.0.1", 6000);
    const crowd: Deno.TcpConn[] = [];
    // More than there is room for, and fewer than an address may have come and go at once.
    for (let count = 0; count < 220; count++) crowd.push(await Deno.connect({ port: registry.port }));
    const { connections } = await registry.process.waitForEvent("room_crowded");
    assert(connections as number > 20 && connections as number < 200, `${connections} connections`);
    const [few] = registry.process.events("few_descriptors");
    assertEquals([few?.descriptors, few?.wanted], [200, 10_192]);
    assertEquals((await joao.lookUp("joão")).kind, "found");
    {
      // The crowd has no names.
      await using maria = await connect(registry.port);
      assertEquals((await maria.register("maria", "127.0.0.1", 6001)).kind, "confirmed");
    }
    for (const connection of crowd) connection.close();
    registry.process.kill("SIGTERM");
    assertEquals(await registry.process.exitCode(), 0);
    assertEquals(registry.process.stderr, "");
  },
});

Deno.test("registry's limits are options", async () => {
  await using registry = await startRegistry(
    ["--quiet", "--idle-limit", "1", "--address-limit", "2", "--line-limit", "1024", "--rate-limit", "1000"],
  );
  await using joao = await connect(registry.port);
  await joao.register("joão", "127.0.0.1", 6000);
  using wordy = new Wire(await Deno.connect({ hostname: "127.0.0.1", port: registry.port }));
  await wordy.send(`${"x".repeat(1025)}\n`);
  assertEquals((await wordy.message()).mensagem, "a linha passa de 1024 bytes");
  await registry.process.waitForEvent("address_full", ({ connections }) => connections === 2);
  assertEquals(await wordy.line().catch(() => undefined), undefined, "a second of silence was enough");
  assertEquals((await joao.lookUp("joão")).kind, "found", "but not for who has a name");
});

const PORT = "Use um número de 0 a 65535; 0 é uma porta livre qualquer.";

const wrongUsage: [args: string[], sentence: string][] = [
  [["--prot", "5000"], "A opção --prot não existe. Use --port, se é essa."],
  [["-x"], "A opção -x não existe. Com --help aparece como se usa."],
  [
    ["joão"],
    "O argumento “joão” sobra. A porta e o endereço vão em opções, como --port 5000 ou --host 192.168.0.10.",
  ],
  [["--port", "65536"], `O valor “65536” não serve para --port. ${PORT}`],
  [["--port=-1"], `O valor “-1” não serve para --port. ${PORT}`],
  [["--port", "5e3"], `O valor “5e3” não serve para --port. ${PORT}`],
  [["--port"], `A opção --port precisa de um valor. ${PORT}`],
  [["--line-limit", "1023"], "O valor “1023” não serve para --line-limit. Use um número de 1.024 a 65.536."],
  [["--idle-limit", "0"], "O valor “0” não serve para --idle-limit. Use um número de 1 a 86.400."],
  [["--rate-limit=-5"], "O valor “-5” não serve para --rate-limit. Use um número de 1 a 1.000.000."],
  [["--address-limit", "x"], "O valor “x” não serve para --address-limit. Use um número de 1 a 1.000.000."],
  [
    ["--connection-limit=1e3"],
    "O valor “1e3” não serve para --connection-limit. Use um número de 1 a 1.000.000.",
  ],
  [["--port", "5000", "--port=6000"], "A opção --port aparece mais de uma vez. Use-a uma vez só."],
  [["--quiet=no"], "A opção --quiet não leva valor. Use só --quiet, ou nada."],
  [
    ["--room-password", "segredo"],
    "A opção --room-password não leva valor. Ela pergunta a senha. " +
    "Use-a no fim da linha, ou use --room-password-file ou SALA_ROOM_PASSWORD.",
  ],
  [["--lang", "fr"], "O valor “fr” não serve para --lang. Use pt ou en."],
  [
    ["--lang", "en", "--\x1b[2Joption"],
    "There is no option --\\u{1b}[2Joption. With --help you see how it is used.",
  ],
];

Deno.test("registry says in one sentence what is wrong with its command line and exits with 2", async () => {
  for (const [args, sentence] of wrongUsage) {
    await using registry = startProcess("registry", args);
    assertEquals(await registry.exitCode(), 2, registry.report());
    assertEquals(registry.stderr, `${sentence}\n`);
    assertEquals(registry.lines, []);
  }
});

Deno.test("registry explains itself with --help, in the language of the locale", async () => {
  for (
    const [locale, text] of [["pt_BR.UTF-8", "mostra esta ajuda"], [
      "en_US.UTF-8",
      "shows this help",
    ]] as const
  ) {
    await using registry = startProcess("registry", ["-h"], { env: { LC_ALL: locale } });
    await registry.waitForText(text);
    assertEquals(await registry.exitCode(), 0);
  }
});
