import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { accessibilityProblems, HAS_BROWSER, openBrowser } from "../../testing/browser.ts";
import { CuttableProxy } from "../../testing/cuttable_proxy.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { canMakeLan, Lan } from "../../testing/lan.ts";
import { type RunningRegistry, startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, outputOf } from "../../testing/program.ts";
import { takePicture } from "../../testing/pictures.ts";
import { temporaryFile, temporaryFolder } from "../../testing/temporary.ts";
import { until } from "../../testing/until.ts";
import { WirePhone } from "../../testing/wire_phone.ts";
import { EVERYTHING, startPhone } from "./phones.ts";
import { openPanelRoom, PanelPage } from "./panel_page.ts";

const ignore = !EVERYTHING || !HAS_BROWSER;
if (EVERYTHING && !HAS_BROWSER) console.log("skipped: the panel in a browser, because there is no chromium");

/** Chooses an export in the menu. @returns The file that the browser gets. */
async function download({ page }: PanelPage, name: RegExp): Promise<Uint8Array<ArrayBuffer>> {
  const file = page.waitForEvent("download");
  await page.locator(".controls .menu summary").click();
  await page.getByRole("link", { name }).click();
  await page.locator(".controls .menu summary").click();
  return await Deno.readFile(await (await file).path());
}

/** What tshark reads by the recipe of protocol.md, 3.5, without its filter by port. */
async function signalling(file: Uint8Array): Promise<string[]> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/sala.pcapng`;
  await Deno.writeFile(path, file);
  return (await outputOf([
    ...["tshark", "-r", path, "-d", "udp.port==1-65535,json", "-Y", "udp.payload[0] == 7b", "-T", "fields"],
    ...["-e", "json.member_with_value"],
  ])).trimEnd().split("\n");
}

Deno.test({
  name:
    "a room of five: the panel shows every story of the demo in order, who does what, filters and exports",
  ignore,
  async fn() {
    await using room = await openPanelRoom();
    const { registry, panel, browser } = room;
    const { page } = panel;
    const start = (name: string, ...args: string[]) => startPhone(registry.port, name, args);
    const enters = (name: string) => [
      `${name} ⇢ registro: registro ${name}`,
      `registro ⇢ ${name}: registro_confirmado`,
    ];
    await using joao = await start("joão");
    await panel.tells(...enters("joão"));
    await using maria = await start("maria");
    await panel.tells(...enters("maria"));
    await panel.doing("joão: livre", "maria: livre");

    await using intruder = startProcess("phone", [
      ...[`127.0.0.1:${registry.port}`, "Maria", "0", "--mic", "none", "--speaker", "none"],
    ]);
    assertEquals(await intruder.exitCode(), 3);
    await panel.seesArrow("a refusal", ({ label }) => label === "erro nome_em_uso");
    const stranger = (await panel.arrows()).at(-1)!.to;
    assertMatch(stranger, /^127\.0\.0\.1:\d+$/);
    await panel.tells(
      `${stranger} ⇢ registro: registro Maria`,
      `registro ⇢ ${stranger}: erro nome_em_uso`,
    );

    await joao.type("consultar ana");
    await panel.tells(
      "joão ⇢ registro: consulta ana",
      "registro ⇢ joão: erro usuario_nao_encontrado",
      // For names like hers.
      "joão ⇢ registro: lista",
      "registro ⇢ joão: resposta_lista",
    );

    await joao.type("ligar maria");
    await panel.tells(
      "joão ⇢ registro: consulta maria",
      "registro ⇢ joão: resposta_consulta",
      "joão → maria: convite maria",
      "maria → joão: tocando",
    );
    await panel.doing("joão: chamando maria", "maria: joão está chamando");
    await maria.type("aceitar");
    await panel.tells("maria → joão: resposta_ao_convite aceito", "joão → maria: confirmação");
    await panel.doing("joão: em ligação com maria", "maria: em ligação com joão");

    await using pedro = await start("pedro");
    await panel.tells(...enters("pedro"));
    await pedro.type("ligar maria");
    await panel.tells(
      "pedro ⇢ registro: consulta maria",
      "registro ⇢ pedro: resposta_consulta",
      "pedro → maria: convite maria",
      "maria → pedro: resposta_ao_convite rejeitado ocupado",
      "pedro → maria: confirmação",
    );
    await panel.doing("pedro: livre");

    await maria.type("desligar");
    await panel.tells("maria → joão: encerrar_ligação", "joão → maria: ligação_encerrada");
    await panel.doing("joão: livre", "maria: livre");

    await joao.type("ligar maria");
    await maria.waitForEvent("invitation");
    await panel.tells(
      "joão ⇢ registro: consulta maria",
      "registro ⇢ joão: resposta_consulta",
      "joão → maria: convite maria",
      "maria → joão: tocando",
    );
    await maria.type("recusar");
    await panel.tells("maria → joão: resposta_ao_convite rejeitado recusado", "joão → maria: confirmação");

    await using beatriz = await start("beatriz", "--mic", "tone");
    await panel.tells(...enters("beatriz"));
    await using carla = await start("carla", "--no-trace-sharing", "--answer", "accept");
    await panel.tells(...enters("carla"));
    await beatriz.type("ligar carla");
    await panel.tells(
      "beatriz ⇢ registro: consulta carla",
      "registro ⇢ beatriz: resposta_consulta",
      "beatriz → carla: convite carla",
      "carla → beatriz: tocando",
      "carla → beatriz: resposta_ao_convite aceito",
      "beatriz → carla: confirmação",
    );
    await panel.doing("beatriz: em ligação com carla", "carla: em ligação com beatriz");
    // Figures of the call, every two seconds.
    await page.locator(".call .plot").first().waitFor();
    assertEquals(await page.locator(".call button .name").allTextContents(), ["beatriz", "carla"]);
    await takePicture(page, "panel-story");

    await filters(panel);
    await carla.type("desligar");
    await panel.tells("carla → beatriz: encerrar_ligação", "beatriz → carla: ligação_encerrada");
    const leaving = { pedro, joão: joao, maria, beatriz, carla };
    for (const [name, phone] of Object.entries(leaving)) {
      await phone.type("sair");
      await panel.tells(
        `${name} ⇢ registro: fechamento`,
        `registro ⇢ ${name}: fechamento_confirmado`,
      );
      assertEquals(await phone.exitCode(), 0);
    }
    await page.getByText("Ninguém na sala ainda.").waitFor();

    const arrows = await panel.arrows();
    assertEquals(arrows.map(({ time }) => time), arrows.map(({ time }) => time).toSorted());
    assertEquals(arrows.filter(({ lost }) => lost), [], "on loopback nothing is lost");
    await exports(panel);
    // A page that comes later sees the same.
    const later = await PanelPage.open(browser, room.url);
    await later.count(arrows.length);
    assertEquals(await later.arrows(), arrows);
    assertEquals(later.complaints, []);
    assertEquals(panel.complaints, []);
  },
});

/** Filters by person and by call, on the page and in exports. */
async function filters(panel: PanelPage): Promise<void> {
  const { page } = panel;
  const all = await panel.arrows();
  const chip = page.locator(".chip");
  await page.getByRole("button", { name: /^carla / }).click();
  const carlas = all.filter(({ from, to }) => [from, to].includes("carla"));
  await panel.count(carlas.length);
  assertEquals(await panel.arrows(), carlas);
  const lines = new TextDecoder().decode(await download(panel, /JSON Lines/)).trimEnd().split("\n");
  assertEquals(lines.length, carlas.length);
  await chip.click();
  await panel.count(all.length);

  await page.locator(".call button").click();
  const calls = carlas.filter(({ transport }) => transport === "UDP");
  await panel.count(calls.length);
  assertEquals(await panel.arrows(), calls);
  await chip.click();
  await panel.count(all.length);
}

/** Downloads all exports and reads them: they tell what the ladder shows. */
async function exports(panel: PanelPage): Promise<void> {
  const arrows = await panel.arrows();
  const decoder = new TextDecoder();
  const diagram = decoder.decode(await download(panel, /Mermaid/)).trimEnd().split("\n");
  assertEquals(diagram[0], "sequenceDiagram");
  const names = new Map(diagram.flatMap((line) => {
    const [, id = "", name = ""] = /^ {2}participant (\w+) as (.*)$/.exec(line) ?? [];
    return id === "" ? [] : [[id, unescaped(name)] as const];
  }));
  const drawn = diagram.flatMap((line) => {
    const [, from = "", arrow, to = "", label = ""] = /^ {2}(\w+?)(-->>|->>|-x)(\w+): (.*)$/.exec(line) ?? [];
    if (from === "") return [];
    const type = unescaped(label).split(" (")[0]!;
    return [`${names.get(from)} ${arrow === "-->>" ? "⇢" : "→"} ${names.get(to)}: ${type}`];
  });
  const wanted = arrows.map(({ from, to, transport, label }) =>
    `${from.replace(/:(\d+)$/, " $1")} ${transport === "TCP" ? "⇢" : "→"} ${to.replace(/:(\d+)$/, " $1")}: ${
      label.split(" ")[0]
    }`
  );
  assertEquals(drawn, wanted);

  const lines = decoder.decode(await download(panel, /JSON Lines/)).trimEnd().split("\n");
  const messages = lines.map((line) => JSON.parse(line));
  assertEquals(
    messages.map(({ transport, type, message }) => [transport, type, message.tipo]),
    arrows.map(({ transport, label }) => [transport, label.split(" ")[0], label.split(" ")[0]]),
  );
  assertEquals(messages.map(({ time }) => time.slice(14, 23)), arrows.map(({ time }) => time.slice(3)));

  if (!isInstalled("tshark")) return;
  const read = await signalling(await download(panel, /pcapng/));
  assertEquals(
    read.map((members) => /tipo:([^,]+)/.exec(members)?.[1]),
    messages.filter(({ transport }) => transport === "UDP").map(({ type }) => type),
  );
  assertGreater(read.length, 15);
}

/** Mermaid's text without its entities. */
function unescaped(text: string): string {
  return text.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}

Deno.test({
  name: "axe-core finds nothing serious on the panel, in light and dark, in Portuguese and English",
  ignore,
  async fn() {
    for (const colorScheme of ["light", "dark"] as const) {
      await using room = await openPanelRoom([], {}, { colorScheme, viewport: { width: 1600, height: 900 } });
      const { panel: { page, complaints }, registry } = room;
      assertEquals(await accessibilityProblems(page), []);
      await using joao = await startPhone(registry.port, "joão", ["--mic", "tone"]);
      await using maria = await startPhone(registry.port, "maria", ["--answer", "accept"]);
      await joao.type("ligar maria");
      await maria.waitForEvent("call_started");
      await page.locator(".call .plot").first().waitFor();
      await page.locator(".rows").focus();
      await page.keyboard.press("ArrowUp");
      await page.locator(".details h2").waitFor();
      assertEquals(await accessibilityProblems(page), []);
      await page.locator(".controls .menu summary").click();
      await page.locator(".address summary").click();
      assertEquals(await accessibilityProblems(page), []);
      await page.getByRole("button", { name: "English" }).click();
      await page.getByRole("heading", { name: /People/ }).waitFor();
      assertEquals(await page.getAttribute("html", "lang"), "en");
      await page.getByText("in a call with maria").waitFor();
      await page.getByRole("complementary", { name: "Message" }).waitFor();
      assertEquals(await page.getByText(/Ao vivo|Pessoas|Exportar/).count(), 0);
      assertEquals(await accessibilityProblems(page), []);
      // It keeps the language.
      await page.reload();
      await page.getByText("in a call with maria").waitFor();
      // Nothing of this is anybody's fault.
      assertEquals(complaints, []);
      assert((await page.title()).length > 0);
    }
  },
});

/** Lets people enter, one after the other, who do nothing else: two messages each. */
async function enter(
  { port }: RunningRegistry,
  names: readonly string[],
  stack: AsyncDisposableStack,
): Promise<void> {
  for (const [index, name] of names.entries()) {
    const phone = stack.use(await WirePhone.connect(port));
    assertEquals(await phone.register(name, 7000 + index), "registro_confirmado");
  }
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `p${String(from + index).padStart(2, "0")}`);

/** The arrows of people who enter. */
const entries = (names: readonly string[]): string[] =>
  names.flatMap((name) => [
    `${name} ⇢ registro: registro ${name}`,
    `registro ⇢ ${name}: registro_confirmado`,
  ]);

const lanIgnore = ignore || !await canMakeLan();
if (lanIgnore && !ignore) console.log("skipped: losses on the panel, because no network can be made here");

Deno.test({
  name: "the panel marks datagrams that the network loses, and what is sent again for them",
  ignore: lanIgnore,
  async fn() {
    await using lan = await Lan.open();
    const office = await lan.machine("office", "10.9.1.1/24");
    const desk = await lan.machine("desk", "10.9.1.2/24");
    const hall = await lan.machine("hall", "10.9.1.3/24");
    await using room = await openPanelRoom([], { through: office.through });
    const { panel, registry } = room;
    const start = async (machine: typeof desk, name: string, ...args: string[]) => {
      const still = ["--mic", "none", "--speaker", "none", "--json"];
      const phone = startProcess("phone", [`10.9.1.1:${registry.port}`, name, ...still, ...args], {
        stdin: "piped",
        through: machine.through,
      });
      await phone.waitForEvent("trace_shared");
      return phone;
    };
    await using joao = await start(desk, "joão");
    await using maria = await start(hall, "maria", "--answer", "accept");
    const lost = await desk.losesTo("10.9.1.3");
    await joao.type("ligar maria");
    await panel.seesArrow("a lost invitation", ({ label, lost }) => lost && label === "convite maria");
    await lost[Symbol.asyncDispose]();
    await panel.seesArrow(
      "an invitation that arrives",
      ({ label, again, lost }) => again && !lost && label === "convite maria",
    );
    await panel.doing("joão: em ligação com maria", "maria: em ligação com joão");
    const lostToo = await hall.losesTo("10.9.1.2");
    await maria.type("desligar");
    await panel.seesArrow("a lost goodbye", ({ label, lost }) => lost && label === "encerrar_ligação");
    await takePicture(panel.page, "panel-losses");
    await lostToo[Symbol.asyncDispose]();
    await panel.seesArrow("the answer", ({ label, lost }) => !lost && label === "ligação_encerrada");

    const arrows = (await panel.arrows()).filter(({ transport }) => transport === "UDP");
    assertEquals(arrows[0]?.note, "perdida");
    for (const { again, lost, note } of arrows) {
      assertEquals(note.includes("perdida"), lost, note);
      assertEquals(/^\dª vez/.test(note), again, note);
    }
    const lines = new TextDecoder().decode(await download(panel, /JSON Lines/)).trimEnd().split("\n");
    const fates = lines.map((line) => JSON.parse(line)).filter(({ transport }) => transport === "UDP");
    assertEquals(fates.map(({ fate }) => fate === "lost"), arrows.map(({ lost }) => lost));
    assertEquals(fates.map(({ transmission }) => transmission > 1), arrows.map(({ again }) => again));
    const diagram = new TextDecoder().decode(await download(panel, /Mermaid/));
    assertEquals(
      diagram.split("\n").filter((line) => line.includes("-x")).length,
      fates.filter(({ fate }) => fate === "lost").length,
    );
    assertEquals(panel.complaints, []);
  },
});

Deno.test({
  name:
    "a lively room of nine on a network is on the panel of another machine, and in the documents' pictures",
  ignore: lanIgnore,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const lan = stack.use(await Lan.open());
    const office = await lan.machine("office", "10.9.2.1/24");
    const wall = await lan.machine("wall", "10.9.2.2/24");
    const registry = stack.use(await startRegistry(["--panel", "0.0.0.0:8080"], { through: office.through }));
    const { url, shared } = await registry.process.waitForEvent("panel_open");
    assertEquals([url, shared], ["http://10.9.2.1:8080/", true]);
    const browser = stack.use(await openBrowser({ through: wall.through }));
    const looks = { viewport: { width: 1600, height: 900 }, colorScheme: "dark" } as const;
    const panel = await PanelPage.open(browser, url as string, looks);
    const { page } = panel;
    let machines = 2;
    const enters = async (name: string, ...args: string[]) => {
      const address = `10.9.2.${++machines}`;
      const machine = await lan.machine(`m${machines}`, `${address}/24`);
      const still = ["--mic", "none", "--speaker", "none", "--json"];
      const phone = stack.use(startProcess("phone", [`10.9.2.1:${registry.port}`, name, ...still, ...args], {
        stdin: "piped",
        through: machine.through,
      }));
      await phone.waitForEvent("trace_shared");
      return Object.assign(phone, { machine, address });
    };
    const joao = await enters("joão");
    await enters("maria", "--answer", "accept");
    const ana = await enters("ana");
    await enters("carla", "--answer", "accept");
    const pedro = await enters("pedro");
    const davi = await enters("davi");
    const iara = await enters("iara");
    await enters("beatriz");
    await enters("lúcia");
    await joao.type("ligar maria");
    await panel.doing("joão: em ligação com maria", "maria: em ligação com joão");
    await ana.type("ligar carla");
    await panel.doing("ana: em ligação com carla", "carla: em ligação com ana");
    await ana.waitForEvent("status", ({ seconds }) => seconds as number >= 24);
    await davi.type("ligar maria");
    await davi.waitForEvent("rejected");
    await using lost = await pedro.machine.losesTo(iara.address);
    await pedro.type("ligar iara");
    await panel.seesArrow("a lost invitation", ({ lost, again }) => lost && again);
    await lost[Symbol.asyncDispose]();
    await panel.doing("pedro: chamando iara", "iara: pedro está chamando");
    await panel.seesArrow("that it rings", ({ label, to }) => label === "tocando" && to === "pedro");
    // Values of both sides of both calls.
    await until(
      "all plots have values",
      async () => (await page.locator(".plot b").allTextContents()).every((value) => value !== "–"),
    );
    await takePicture(page, "panel");
    await page.locator(".row.lost").first().click();
    await page.getByRole("complementary", { name: "Mensagem" }).waitFor();
    await page.emulateMedia({ colorScheme: "light" });
    await takePicture(page, "panel-message");
    await page.keyboard.press("Escape");
    await page.locator(".address summary").click();
    await page.getByRole("img", { name: url as string }).waitFor();
    await takePicture(page, "panel-address");
    assertEquals(panel.complaints, []);
  },
});

Deno.test({
  name: "the panel shows names and messages of ill will as text, and nothing of them runs",
  ignore,
  async fn() {
    await using stack = new AsyncDisposableStack();
    await using room = await openPanelRoom();
    const { panel, registry } = room;
    const { page } = panel;
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      dialog.dismiss();
    });
    const names = [
      "<img src=x onerror=alert(1)>",
      "</script><script>alert(1)</script>".slice(0, 32),
      '"onload="alert(1)',
      "{{7*7}} ${alert(1)} &lt;b&gt;",
      "javascript:alert(1)",
      "__proto__",
      "constructor",
      "שלום עולם",
      "z\u0335\u0321\u0489\u0335\u0321\u0489y",
      "👩‍👩‍👧‍👦".repeat(4),
    ];
    await enter(registry, names, stack);
    await until("everybody is there", async () => (await panel.people()).length === names.length);
    assertEquals((await panel.people()).toSorted(), names.map((name) => `${name}: livre`).toSorted());

    const connect = async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: registry.port });
      stack.defer(() => connection.close());
      return (message: object) => connection.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
    };
    const say = await connect();
    const turned = "a\u202ea\u2066b\u200ec";
    const types = [
      "<script>alert(1)</script>",
      `x<svg/onload=alert(1)>`,
      turned,
      `z${"\u0335".repeat(30)}`,
      "__proto__",
      "constructor",
      "a\u0000\u0007\u001b[2J",
    ];
    await say({ tipo: "registro", nome: "ana", ip: "127.0.0.1", porta: 7999 });
    await say({ tipo: "rastro" });
    for (const tipo of types) {
      await (await connect())({
        tipo,
        nome: turned,
        "<i>campo</i>": "<b>",
        constructor: 1,
        motivo: "<u>x</u>",
      });
    }
    for (const [index, tipo] of types.entries()) {
      const mensagem = { tipo, chamada: `chamada${index}`, nome: "<b>ana</b>", motivo: turned };
      const outro = { ip: "127.0.0.1", porta: 7000 };
      const copy = { sentido: "enviada", idade: 1, porta: 7999, outro, bytes: 99, mensagem };
      await say({ tipo: "rastro", mensagens: [copy] });
    }
    const labels = [
      types[0]!,
      types[1]!,
      "a\\u{202e}a\\u{2066}b\\u{200e}c",
      `z${"\u0335".repeat(6)}${"\\u{335}".repeat(24)}`,
      "__proto__",
      "constructor",
      "a\\u{0}\\u{7}\\u{1b}[2J",
    ];
    for (const label of labels) {
      for (const transport of ["TCP", "UDP"]) {
        await panel.seesArrow(
          `${label} by ${transport}`,
          (arrow) => arrow.label === label && arrow.transport === transport,
        );
      }
    }
    for (const row of await page.locator(".ladder .row").all()) {
      await row.click();
      for (const summary of await page.locator(".details summary").all()) await summary.click();
      const text = await page.locator(".details").innerText();
      assertEquals(/[\u202a-\u202e\u2066-\u2069\u200e]/.exec(text), null);
    }
    await takePicture(page, "panel-ill-will");
    // Nothing in the document but what the page itself makes.
    const strangers = await page.locator(
      "body :is(img, script, b:not(.plot b), i, u, iframe, object, [onerror], [onload])",
    )
      .count();
    assertEquals(strangers, 0);
    assertEquals([dialogs, panel.complaints], [[], []]);
    const diagram = new TextDecoder().decode(await download(panel, /Mermaid/));
    assertEquals(/[<>"]|\u202e/.exec(diagram.replaceAll(/-->>|->>|-x/g, "")), null);
  },
});

Deno.test({
  name: "the panel pauses, goes back and replays, and does not take a reader away from where they read",
  ignore,
  async fn() {
    await using stack = new AsyncDisposableStack();
    await using room = await openPanelRoom();
    const { panel, registry } = room;
    const { page } = panel;
    const button = (name: string) => page.getByRole("button", { name });
    const first = numbered(0, 20);
    await enter(registry, first, stack);
    await panel.tells(...entries(first));

    await button("Pausar").click();
    const next = numbered(20, 25);
    await enter(registry, next, stack);
    await panel.doing("p24: livre");
    assertEquals((await panel.arrows()).length, 40);
    await button("Ao vivo").click();
    await panel.tells(...entries(next));
    const all = await panel.lines();

    // Back to the first message, and from there all again: nothing is shown before its time, and nothing goes away.
    await page.getByRole("slider").focus();
    await page.keyboard.press("Home");
    await until("one moment is shown", async () => (await panel.arrows()).length <= 2);
    await page.getByRole("combobox").selectOption("0.25");
    await page.evaluate(`
      globalThis.counts = [];
      new MutationObserver(() => counts.push(document.querySelectorAll(".ladder .row").length))
        .observe(document.querySelector(".ladder"), { subtree: true, childList: true, attributes: true });
    `);
    await button("Repetir").click();
    await panel.count(all.length);
    assertEquals(await panel.lines(), all);
    const counts: number[] = await page.evaluate("counts");
    assertEquals(counts, counts.toSorted((a, b) => a - b));
    assert(counts.some((count) => count < all.length), JSON.stringify(counts));
    await button("Ao vivo").click();

    // Who reads further up stays there.
    await page.setViewportSize({ width: 1600, height: 900 });
    const rows = page.locator(".rows");
    const scrolled = () => rows.evaluate((element) => element.scrollTop) as Promise<number>;
    const atEnd = () =>
      rows.evaluate((element) => element.scrollTop + element.clientHeight >= element.scrollHeight - 2);
    await until("the ladder is at its end", atEnd);
    await rows.hover();
    await page.mouse.wheel(0, -400);
    await button("↓ Ao vivo").waitFor();
    const place = await scrolled();
    await enter(registry, ["zoe"], stack);
    await button("↓ 2 mensagens novas").waitFor();
    assertEquals(await scrolled(), place);
    await button("↓ 2 mensagens novas").click();
    await until("the ladder is at its end", atEnd);
    // And it follows again: also if it hears of its own scrolling only when calls have taken room from it.
    await page.evaluate(`
      document.querySelector(".ladder").style.maxHeight = "300px";
      document.querySelector(".rows").dispatchEvent(new Event("scroll"));
    `);
    await enter(registry, numbered(30, 40), stack);
    await page.locator('.ladder[data-last="72"]').waitFor();
    await until("the ladder is at its end", atEnd);
    assertEquals(await page.locator(".newer").count(), 0);
    assertEquals(panel.complaints, []);
  },
});

/** What a browser says of requests that fail. */
const FAILED_REQUEST = /^Failed to load resource/;

Deno.test({
  name:
    "a page that was offline catches up without gaps or doubles, and a new registry's room replaces the old one's",
  ignore,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const ports = freePorts(2);
    const places = ["--port", `${ports}`, "--panel", `${ports + 1}`];
    await using registry = await startRegistry(places);
    using proxy = new CuttableProxy(ports + 1);
    await using browser = await openBrowser();
    const panel = await PanelPage.open(browser, `http://127.0.0.1:${proxy.port}/`);
    const { page, context } = panel;
    await enter(registry, numbered(0, 5), stack);
    await panel.tells(...entries(numbered(0, 5)));
    // Takes new connections only; those that there are stay.
    await context.setOffline(true);
    proxy.cut();
    await page.getByText("O registro não responde").waitFor();
    await enter(registry, numbered(5, 30), stack);
    assertEquals((await panel.arrows()).length, 10);
    await context.setOffline(false);
    await panel.tells(...entries(numbered(5, 30)));
    await enter(registry, ["zoe"], stack);
    await panel.tells(...entries(["zoe"]));
    assertEquals((await panel.arrows()).length, 62);
    await until("it says nothing", async () => await page.locator(".state").innerText() === "");

    registry.process.kill("SIGINT");
    assertEquals(await registry.process.exitCode(), 0);
    await page.getByText("O registro não responde").waitFor();
    await using again = await startRegistry(places);
    await enter(again, ["nova"], stack);
    await panel.doing("nova: livre");
    await until(
      "only the new room is shown",
      async () => (await panel.lines()).join() === entries(["nova"]).join(),
    );
    assertEquals(await panel.people(), ["nova: livre"]);
    assertEquals(panel.complaints.filter((complaint) => !FAILED_REQUEST.test(complaint)), []);
  },
});

Deno.test({
  name: "a room with a password has a panel with one, which never leaves the page",
  ignore,
  async fn() {
    const password = "água mole em pedra dura";
    await using file = await temporaryFile("", new TextEncoder().encode(`${password}\n`));
    const ports = freePorts(2);
    const places = ["--port", `${ports}`, "--panel", `${ports + 1}`, "--room-password-file", file.path];
    await using room = await openPanelRoom(places, {}, { viewport: { width: 1600, height: 900 } });
    const { panel, registry } = room;
    const { page } = panel;
    const said: string[] = [];
    page.on("request", (request) => {
      said.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ""}`);
    });
    const input = page.getByLabel("Senha da sala");
    await input.waitFor();
    assertEquals(await accessibilityProblems(page), []);
    await takePicture(page, "panel-login");
    for (const path of ["events", "panel.js", "export.jsonl", "export.pcapng", "addresses", "protocol"]) {
      assertEquals(await page.evaluate(`fetch("${path}").then(({ status }) => status)`), 401, path);
    }
    await input.fill("outra");
    await page.keyboard.press("Enter");
    await page.getByText("A senha não é essa.").waitFor();
    await input.fill(password);
    await page.getByRole("button", { name: "Entrar" }).click();
    await page.getByText("Ninguém na sala ainda.").waitFor();
    await using _maria = await startPhone(registry.port, "maria", ["--room-password-file", file.path]);
    await panel.doing("maria: livre");
    await panel.seesArrow("a proof of the password", ({ label }) => label === "resposta_desafio");

    const asIs = [
      password,
      encodeURIComponent(password),
      btoa(String.fromCharCode(...new TextEncoder().encode(password))),
    ];
    assertGreater(said.filter((request) => request.includes("/login ")).length, 1);
    for (const secret of asIs) assert(!said.some((request) => request.includes(secret)), secret);

    // The new registry does not know this page: it asks again.
    registry.process.kill("SIGINT");
    assertEquals(await registry.process.exitCode(), 0);
    await using _again = await startRegistry(places);
    await input.waitFor();
    assertEquals(panel.complaints.filter((complaint) => !FAILED_REQUEST.test(complaint)), []);
  },
});
