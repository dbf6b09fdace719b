import { assert, assertEquals } from "@std/assert";
import { canMakeLan, Lan, type Machine } from "../../testing/lan.ts";
import { type PrintedEvent, startProcess, startRegistry, type ToolProcess } from "../../testing/processes.ts";
import { isInstalled, outputOf, Program, ROOT, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { EVERYTHING } from "./phones.ts";

const HAPROXY = ["haproxy", "/usr/sbin/haproxy"].find(isInstalled);
const possible = HAPROXY !== undefined && isInstalled("openssl") && await canMakeLan();
if (EVERYTHING && !possible) {
  console.log(
    "skipped: phones behind HAProxy, because it, openssl or a network of several machines is missing",
  );
}

const SILENT = ["--json", "--mic", "none", "--speaker", "none"];

/** Phones come to 10.10.0.1, and from there to the registry, which is on another machine. */
const CONFIGURATION = `
global
  log stdout format raw daemon
defaults
  log global
  mode tcp
  timeout connect 2s
  timeout client 1m
  timeout server 1m
frontend room
  bind 10.10.0.1:5000
  default_backend registries
frontend room_tls
  bind 10.10.0.1:5443 ssl crt CERTIFICATE
  default_backend registries
backend registries
  option tcp-check
  tcp-check connect send-proxy
  tcp-check send {\\"tipo\\":\\"ping\\"}\\n
  tcp-check expect string pong
  server first 10.10.0.2:PORT send-proxy-v2 proxy-v2-options crc32c,unique-id check inter 500ms
`;

/** The addresses from which a registry heard something. */
function peersOf({ events }: { readonly events: readonly PrintedEvent[] }): string[] {
  const peers = events.map(({ peer }) => (peer as { ip: string }).ip);
  return [...new Set(peers)].sort();
}

Deno.test({
  name: "phones behind HAProxy count, are told of and are judged by their own addresses",
  ignore: !EVERYTHING || !possible,
  async fn() {
    await using lan = await Lan.open();
    const [balancer, office, hall, desk] = await Promise.all([
      lan.machine("balancer", "10.10.0.1/24"),
      lan.machine("office", "10.10.0.2/24"),
      lan.machine("hall", "10.10.0.3/24"),
      lan.machine("desk", "10.10.0.4/24"),
    ]);
    await using folder = await temporaryFolder();
    await outputOf([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-days", "2", "-subj", "/CN=sala", "-addext", "subjectAltName=IP:10.10.0.1"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-keyout", `${folder.path}/key.pem`, "-out", `${folder.path}/cert.pem`],
    ]);
    const [cert, key] = await Promise.all(
      ["cert", "key"].map((name) => Deno.readTextFile(`${folder.path}/${name}.pem`)),
    );
    await Deno.writeTextFile(`${folder.path}/both.pem`, `${cert}${key}`);
    const page = await Deno.readTextFile(new URL("docs/usage.md", ROOT));
    const shown = /^listen sala\n[^`]*/m.exec(page)?.[0].replace(/crt \S+/, `crt ${folder.path}/both.pem`);
    await Deno.writeTextFile(`${folder.path}/shown.cfg`, shown ?? "nothing");
    await outputOf([HAPROXY ?? "", "-c", "-f", `${folder.path}/shown.cfg`]);

    await using registry = await startRegistry(
      ["--show-pings", "--proxy-protocol", "10.10.0.1", "--address-limit", "2"],
      { through: office.through },
    );
    const configuration = CONFIGURATION.replace("PORT", String(registry.port))
      .replace("CERTIFICATE", `${folder.path}/both.pem`);
    await Deno.writeTextFile(`${folder.path}/haproxy.cfg`, configuration);
    await using _haproxy = new Program([
      ...balancer.through,
      ...[HAPROXY ?? "", "-db", "-f", `${folder.path}/haproxy.cfg`],
    ]);
    // Its checks come from itself: the registry serves them as such.
    const sent = (text: string) => (event: PrintedEvent) =>
      event.direction === "sent" && (event.text as string).includes(text);
    await registry.process.waitForEvent("message", sent("pong"));

    const startPhone = (at: Machine, name: string, args: readonly string[]): ToolProcess =>
      startProcess("phone", ["10.10.0.1:5000", name, "0", ...SILENT, "--wait", ...args], {
        stdin: "piped",
        through: at.through,
      });
    await using joao = startPhone(hall, "joão", []);
    assertEquals((await joao.waitForEvent("registered")).ip, "10.10.0.3");
    await using maria = startProcess(
      "phone",
      [
        "10.10.0.1:5443",
        "maria",
        "0",
        ...SILENT,
        "--tls",
        "--ca",
        `${folder.path}/cert.pem`,
        "--answer",
        "accept",
      ],
      { stdin: "piped", through: desk.through },
    );
    await maria.waitForEvent("registered");
    await joao.type("ligar maria");
    await joao.waitForEvent("call_started");

    // Two of one address are the most, however many come through the balancer.
    await using _ana = startPhone(hall, "ana", []);
    await _ana.waitForEvent("registered");
    await using bia = startProcess("phone", ["10.10.0.1:5000", "bia", "0", ...SILENT], {
      through: hall.through,
    });
    assertEquals(await bia.exitCode(), 4);
    assertEquals(bia.events("registry_full").length, 1);
    const full = await registry.process.waitForEvent("address_full");
    assertEquals([full.ip, full.connections], ["10.10.0.3", 2]);

    const messages = registry.process.events("message");
    const people = messages.filter(({ text }) => !/"p[io]ng"/.test(text as string));
    assertEquals(peersOf({ events: people }), ["10.10.0.3", "10.10.0.4"]);
    assert(peersOf({ events: messages }).includes("10.10.0.1"));
    assertEquals(registry.process.events("proxy_refused"), []);

    // A program on the balancer's machine is not on the registry's.
    const local =
      "\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\x21\\x11\\0\\x0c\\x7f\\0\\0\\x01\\x7f\\0\\0\\x01\\0\\x01\\0\\x01";
    const registro = JSON.stringify({ tipo: "registro", nome: "rui", ip: "127.0.0.1", porta: 6000 });
    const rui = await runToEnd([
      ...balancer.through,
      ...[
        "bash",
        "-c",
        `exec 3<>/dev/tcp/10.10.0.2/${registry.port}; printf '${local}' >&3; echo '${registro}' >&3; head -n 1 <&3`,
      ],
    ]);
    assertEquals(JSON.parse(rui.stdout).codigo, "mensagem_invalida");
    await registry.process.waitForEvent(
      "message",
      ({ peer, text }) => (peer as { ip: string }).ip === "10.10.0.1" && (text as string).includes("rui"),
    );

    // Whoever is no balancer cannot say that it is somebody else.
    const header = "PROXY TCP4 10.10.0.99 10.10.0.2 1 2\\r\\n";
    const { stdout } = await runToEnd([
      ...desk.through,
      ...["bash", "-c", `exec 3<>/dev/tcp/10.10.0.2/${registry.port}; printf '${header}' >&3; head -n 1 <&3`],
    ]);
    assertEquals(JSON.parse(stdout).codigo, "mensagem_invalida");
    const foreign = await registry.process.waitForEvent("foreign_client");
    assertEquals([foreign.ip, foreign.protocol], ["10.10.0.4", "proxy"]);
  },
});
