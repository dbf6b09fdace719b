import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { PhoneEvent } from "../../lib/events/phone_events.ts";
import { accessibilityProblems, HAS_BROWSER, openBrowser, type TestBrowser } from "../../testing/browser.ts";
import { takePicture } from "../../testing/pictures.ts";
import { until } from "../../testing/until.ts";
import { EVERYTHING } from "./phones.ts";
import { CALL, seen, type ServedOptions, ServedPhone } from "./served_page.ts";

/** What the page of a phone looks like and does, by made-up events: `phone_page_calls_test.ts` has real phones. */
interface Scene {
  readonly browser: TestBrowser;
  readonly phone: ServedPhone;
  readonly page: Page;
  readonly complaints: string[];
}

interface SceneOptions extends ServedOptions {
  readonly context?: BrowserContextOptions;
  readonly args?: readonly string[];
  /** What is run on the page before its own scripts. */
  readonly before?: string;
}

function pageTest(name: string, options: SceneOptions, run: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name: `phone's page: ${name}`,
    ignore: !HAS_BROWSER || !EVERYTHING,
    async fn() {
      await using browser = await openBrowser({ args: options.args ?? [] });
      await using phone = await ServedPhone.open(options);
      const { page, complaints } = await browser.newPage({ locale: "pt-BR", ...options.context });
      if (options.before !== undefined) await page.addInitScript(options.before);
      await page.goto(phone.address);
      await page.waitForSelector("#card");
      await run({ browser, phone, page, complaints });
      assertEquals(complaints, []);
    },
  });
}

const text = async (page: Page, selector: string): Promise<string> =>
  (await page.textContent(selector)) ?? "";
const focused = (page: Page): Promise<string> => page.evaluate("document.activeElement.id");
const count = (page: Page, expression: string): Promise<number> => page.evaluate(expression);
const incoming = (name: string) => ({ ringing: "in", name, seconds: 1 }) as const;
const trace = (number: number): PhoneEvent => ({
  event: "message",
  direction: "received",
  transport: "UDP",
  peer: { ip: "192.0.2.1", port: 6001 },
  text: JSON.stringify({ tipo: "tocando", chamada: `x${number}` }),
});

pageTest("names are text, and a click calls the very person", {}, async ({ phone, page }) => {
  const hostile = `<img src=x onerror="document.title='!'">`.slice(0, 32);
  const names = [hostile, `"zé"`, "“maria”", "zé", "مريم", "W".repeat(32), "&amp;"];
  phone.enter(...names);
  await page.waitForSelector("#people li");
  assertEquals((await page.locator("#people .name").allTextContents()).toSorted(), names.toSorted());
  for (const name of names) {
    await page.locator("#people li").filter({ has: page.getByText(name, { exact: true }) })
      .getByRole("button").click();
    await phone.typed(`ligar "${name}"`);
  }
  for (const name of names) {
    phone.status(incoming(name));
    await seen(
      page,
      `document.querySelector(".ringing .big")?.textContent.includes(${JSON.stringify(name)})`,
    );
    phone.status({ ...CALL, name });
    await seen(page, `document.querySelector(".talking .big")?.textContent === ${JSON.stringify(name)}`);
    phone.status(undefined);
  }
  assertEquals(await count(page, `document.querySelectorAll("img").length`), 0);
});

pageTest("Return calls whom it says, or the typed name", {}, async ({ phone, page }) => {
  phone.enter("Joana", "Maria José", "pedro");
  await page.waitForSelector("#people li");
  await page.keyboard.press("/");
  assertEquals(await focused(page), "search");
  await page.keyboard.type("ana");
  assertEquals(await page.locator("#people .name").allTextContents(), ["Joana"]);
  await page.keyboard.press("Enter");
  await phone.typed("ligar ana");
  await page.keyboard.type("jose");
  await page.keyboard.press("Enter");
  await phone.typed('ligar "Maria José"');
  await page.keyboard.type("ninguém");
  assertEquals(await text(page, ".people .empty"), "Ninguém na sala tem esse nome.");
});

pageTest(
  "two hundred people and two thousand events cost a call nothing",
  {
    before: `
      const { parse } = JSON, { Collator } = Intl;
      window.parsed = 0;
      window.sorted = 0;
      JSON.parse = (text) => { window.parsed++; return parse(text); };
      Intl.Collator = class extends Collator { constructor(...args) { super(...args); window.sorted++; } };
    `,
  },
  async ({ phone, page }) => {
    phone.enter(...Array.from({ length: 200 }, (_, number) => `pessoa ${number}`));
    await seen(page, `document.querySelectorAll("#people li").length === 200`);
    for (let number = 0; number < 2000; number++) {
      phone.show(number % 2 ? { event: "not_in_call" } : trace(number));
      // The page reads.
      if (number % 100 === 99) await seen(page, "true");
    }
    await page.click("#tab-messages");
    await page.waitForSelector(".ladder .row");
    await seen(page, `Number(document.querySelector(".ladder").dataset.last) >= 2000`);
    const last = await count(page, `Number(document.querySelector(".ladder").dataset.last)`);
    phone.status(CALL);
    await page.waitForSelector(".talking");
    const [parsed, sorted] = await page.evaluate<[number, number]>("[window.parsed, window.sorted]");
    const updates = 20;
    for (let update = 1; update <= updates; update++) phone.status({ ...CALL, seconds: 100 + update });
    phone.show(trace(5000));
    await seen(page, `Number(document.querySelector(".ladder").dataset.last) > ${last}`);
    assertEquals(await text(page, ".talking .time"), "2:00");
    assertEquals(await count(page, "window.sorted"), sorted, "the list of people is not made again");
    assertLess(await count(page, "window.parsed") - parsed, updates + 100, "messages are parsed once");
  },
);

pageTest(
  "the plots of a long call go on",
  {
    before: `
      const now = performance.now.bind(performance);
      window.ahead = 0;
      performance.now = () => now() + window.ahead;
    `,
  },
  async ({ phone, page }) => {
    phone.enter("joão");
    const shown = ".quality .plot:nth-of-type(3)";
    const sample = async (second: number, jitterInMs: number): Promise<void> => {
      phone.status({ ...CALL, seconds: second, jitterInMs });
      await seen(page, `document.querySelector("${shown} b")?.textContent === "${jitterInMs.toFixed(1)}"`);
      await page.evaluate("window.ahead += 1000");
    };
    for (let second = 1; second < 80; second++) await sample(second, second % 2 + 1);
    const picture = `document.querySelector("${shown} canvas").toDataURL()`;
    const before = await page.evaluate(picture);
    for (let second = 80; second < 90; second++) await sample(second, second % 2 + 7);
    await seen(page, `${picture} !== ${JSON.stringify(before)}`);
  },
);

pageTest("asks for another name, and takes nothing else for one", {}, async ({ phone, page }) => {
  phone.show({ event: "name_taken", name: "ana" });
  await page.waitForSelector("#other-name");
  await seen(page, `document.activeElement.id === "other-name"`);
  await page.fill("#search", "maria");
  await page.press("#search", "Enter");
  await page.fill(".command input", "ajuda");
  await page.press(".command input", "Enter");
  assertEquals(await page.inputValue(".command input"), "ajuda", "not sent");
  await page.fill("#other-name", " bia ");
  await page.press("#other-name", "Enter");
  await phone.typed("bia");
  assertEquals(phone.lines, ["bia"]);
  await page.reload();
  await page.waitForSelector("#other-name");
  phone.show({ event: "registered", name: "bia", ip: "192.0.2.1", port: 6000 });
  await page.waitForSelector("#other-name", { state: "detached" });
  assertEquals(await text(page, ".self"), "bia");
  phone.show({ event: "name_taken", name: "bia" });
  await seen(page, `document.querySelectorAll("#events li").length >= 3`);
  assertEquals(await page.locator("#other-name").count(), 0, "a phone that lost its name asks nobody");
});

pageTest("keys do what they say, once, and can be turned off", {}, async ({ phone, page }) => {
  phone.enter("joão");
  phone.status(incoming("joão"));
  await page.waitForSelector(".ringing.in");
  for (const key of ["d", "m", "Control+a", "Alt+a"]) await page.keyboard.press(key);
  await page.keyboard.press("a");
  await phone.typed("aceitar");
  assertEquals(phone.lines, ["aceitar"]);
  phone.status(CALL);
  await page.waitForSelector(".talking");
  await page.keyboard.down("m");
  await page.keyboard.down("m");
  await page.keyboard.up("m");
  await page.keyboard.press("D");
  await phone.typed("desligar");
  assertEquals(phone.lines, ["aceitar", "mudo", "desligar"], "a key that is held down is one command");
  await page.focus(".actions button");
  await page.keyboard.down("Enter");
  await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  await page.focus(".command input");
  await page.keyboard.type("mad/");
  assertEquals(await page.inputValue(".command input"), "mad/", "in a text they are letters");
  await page.keyboard.press("Escape");
  assertEquals(await focused(page), "card");
  await page.click(".keys");
  await page.keyboard.press("d");
  await page.reload();
  await page.waitForSelector(".talking");
  assertEquals(await page.getAttribute(".keys", "aria-pressed"), "false");
  await page.keyboard.press("d");
  await page.click(".keys");
  await page.keyboard.press("m");
  await until(`the last key was heard ${phone.lines}`, () => phone.lines.length >= 5);
  assertEquals(phone.lines.slice(3), ["mudo", "mudo"]);
});

pageTest("the focus stays where the call is, and screen readers are told", {}, async ({ phone, page }) => {
  phone.enter("joão", "maria");
  await page.waitForSelector("#people li");
  await page.focus("#people li:first-child button");
  await page.keyboard.press("Enter");
  await phone.typed('ligar "joão"');
  phone.status({ ringing: "out", name: "joão", seconds: 0 });
  await page.waitForSelector(".ringing.out");
  assertEquals(await focused(page), "card", "the button that was pressed is disabled");
  await page.keyboard.press("Tab");
  assertEquals(await page.evaluate("document.activeElement.textContent"), "Cancelar D");
  phone.status(CALL);
  await page.waitForSelector(".talking");
  assertEquals(await focused(page), "card", "the button that was pressed has gone");
  await page.focus(".command input");
  phone.status(undefined);
  await page.waitForSelector(".idle");
  phone.status(incoming("maria"));
  await page.waitForSelector(".ringing.in");
  assertEquals(await page.evaluate("document.activeElement.matches('.command input')"), true, "not stolen");
  assertMatch(await text(page, "[role=alert]"), /maria.* está chamando/);
  phone.show({ event: "not_in_call" });
  const said = `[...document.querySelectorAll("[role=log] p")].length`;
  await seen(page, `${said} === 2`);
  await page.getByRole("button", { name: "English" }).click();
  await seen(page, `document.documentElement.lang === "en"`);
  assertEquals(await page.evaluate(said), 2, "nothing is said again in the other language");
  await page.focus("#tab-events");
  await page.keyboard.press("ArrowRight");
  assertEquals(await focused(page), "tab-messages");
  phone.show(trace(1));
  await page.click(".ladder .row");
  await page.waitForSelector(".details");
  await page.focus(".details button");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".details", { state: "detached" });
  await seen(page, `document.activeElement.matches(".rows")`);
});

pageTest("the list of events stays where its reader is", {}, async ({ phone, page }) => {
  phone.enter();
  for (let number = 0; number < 100; number++) phone.show({ event: "help" });
  await seen(page, `document.querySelectorAll("#events li").length > 100`);
  const list = `document.getElementById("events")`;
  const end = `${list}.scrollTop + ${list}.clientHeight >= ${list}.scrollHeight - 2`;
  await seen(page, end);
  phone.status(CALL);
  await page.waitForSelector(".quality");
  await seen(page, end);
  await page.click("#tab-messages");
  for (let number = 0; number < 50; number++) phone.show(trace(number));
  await seen(page, `Number(document.querySelector(".ladder").dataset.last) >= 150`);
  const rows = `document.querySelector(".rows")`;
  const rowsEnd = `${rows}.scrollTop + ${rows}.clientHeight >= ${rows}.scrollHeight - 2`;
  for (const status of [undefined, CALL, undefined, CALL]) {
    phone.show(trace(100));
    phone.status(status);
    await page.waitForSelector(status ? ".talking" : ".idle");
    await seen(page, rowsEnd);
  }
  assertEquals(await page.locator(".newer").count(), 0);
  await page.click("#tab-events");
  await seen(page, end);
  await page.evaluate(`new Promise((done) => {
    ${list}.addEventListener("scroll", () => requestAnimationFrame(done), { once: true });
    ${list}.scrollTop = 100;
  })`);
  await seen(page, `!(${end})`);
  phone.show({ event: "not_in_call" });
  await seen(page, `${list}.lastChild.textContent.includes("ligação")`);
  assertEquals(await count(page, `${list}.scrollTop`), 100);
});

pageTest("who leaves is asked once more", {}, async ({ phone, page }) => {
  phone.enter();
  const leave = page.locator(".leave");
  await leave.click();
  assertEquals(await leave.textContent(), "Sair mesmo?");
  await page.focus("#search");
  assertEquals(await leave.textContent(), "Sair");
  await leave.click();
  await leave.click();
  await phone.typed("sair");
  assertEquals(phone.lines, ["sair"]);
});

pageTest("a phone that has ended is no call any more", {}, async ({ phone, page }) => {
  phone.enter("joão");
  phone.status(CALL);
  await seen(page, `document.title === "● joão · Sala"`);
  await phone[Symbol.asyncDispose]();
  await seen(page, `document.querySelector(".notice")?.textContent.includes("foi encerrado")`);
  await seen(page, `document.title === "ana · Sala"`);
  assertEquals(await page.locator(".talking").count(), 0);
  assertEquals(await page.locator("#people button:enabled").count(), 0);
});

Deno.test({
  name: "phone's page: a phone that was started anew is found at the address that it shows, in the same tab",
  ignore: !HAS_BROWSER || !EVERYTHING,
  async fn() {
    await using browser = await openBrowser();
    const first = await ServedPhone.open();
    const port = Number(new URL(first.address).port);
    const { page } = await browser.newPage({ locale: "pt-BR" });
    await page.goto(first.address);
    await page.waitForSelector("#card");
    await first[Symbol.asyncDispose]();
    await page.waitForSelector(".notice");
    let second: ServedPhone | undefined;
    await until("the port is free", async () => {
      second = await ServedPhone.open({ port }).catch(() => undefined);
      return second !== undefined;
    });
    await using phone = second!;
    phone.enter("joão");
    await page.reload();
    await seen(page, `document.querySelector(".notice")?.textContent.includes("abra o endereço")`);
    assertEquals(
      await page.locator("#people li, #events li").count(),
      0,
      "the old token is good for nothing",
    );
    await page.goto(phone.address);
    await page.waitForSelector("#people li");
    assertEquals(new URL(page.url()).hash, "");
    await page.evaluate("location.hash = '#people'");
    await page.reload();
    await page.waitForSelector("#people li");
  },
});

pageTest(
  "speaks the phone's language until the person chooses another one",
  { language: "en", context: { locale: "pt-BR" } },
  async ({ phone, page }) => {
    phone.enter();
    await seen(page, `document.querySelector(".people .empty")?.textContent.startsWith("Nobody")`);
    assertEquals(await page.evaluate("document.documentElement.lang"), "en");
    const first = `document.querySelector("#events li span")?.textContent`;
    await seen(page, `${first}.startsWith("You are in the room")`);
    await page.getByRole("button", { name: "Português" }).click();
    await seen(page, `${first}.startsWith("Você está na sala")`);
    await page.reload();
    await seen(page, `${first}?.startsWith("Você está na sala")`);
    assertEquals(await page.evaluate("document.documentElement.lang"), "pt-BR");
  },
);

pageTest("an invitation makes one notification and a title", {
  before: `
    window.notified = [];
    window.Notification = class extends EventTarget {
      static permission = "granted";
      constructor(title, { body }) { super(); window.notified.push(body); }
      close() { window.notified.push("closed"); }
    };
  `,
}, async ({ phone, page }) => {
  phone.enter("joão");
  phone.status(incoming("joão"));
  await seen(page, `document.title.startsWith("☎")`);
  phone.status({ ...incoming("joão"), seconds: 2 });
  await seen(page, `document.querySelector(".time").textContent === "0:02"`);
  phone.status(undefined);
  await seen(page, `document.title === "ana · Sala"`);
  assertEquals(await page.evaluate("window.notified"), ["\u2068joão\u2069 está chamando", "closed"]);
});

pageTest("a browser without notifications rings all the same", {
  before: `
    window.Notification = class {
      static permission = "granted";
      constructor() { throw new TypeError("Illegal constructor. Use ServiceWorkerRegistration.showNotification()"); }
    };
  `,
}, async ({ phone, page }) => {
  phone.enter("joão");
  phone.status(incoming("joão"));
  await page.waitForSelector(".ringing.in");
  phone.status(CALL);
  await page.waitForSelector(".talking");
});

pageTest(
  "says that the browser refuses the microphone, until it allows it, or the microphone is heard",
  { sound: true, args: ["--use-fake-device-for-media-stream", "--deny-permission-prompts"] },
  async ({ phone, page }) => {
    phone.enter("joão");
    phone.want({ capture: true, play: false });
    await until("the trouble is told", () => phone.troubles.includes("microphone page_not_allowed"));
    const notice = page.locator(".notice.warn");
    assertMatch(await notice.textContent() ?? "", /não deixa usar o microfone/);
    await notice.getByRole("button", { name: "Permitir o microfone" }).click();
    await notice.waitFor();
    await page.context().grantPermissions(["microphone"]);
    await notice.waitFor({ state: "detached" });
    await page.context().clearPermissions();
    phone.want({ capture: false, play: false });
    phone.want({ capture: true, play: false });
    await notice.waitFor();
    phone.status({ ...CALL, microphoneDb: -100 });
    await page.waitForSelector(".talking");
    assertEquals(await notice.count(), 1);
    phone.status(CALL);
    await notice.waitFor({ state: "detached" });
  },
);

Deno.test({
  name: "phone's page: a browser that plays after a click only says so",
  ignore: !HAS_BROWSER || !EVERYTHING,
  async fn() {
    await using browser = await openBrowser({
      args: ["--autoplay-policy=document-user-activation-required"],
    });
    await using phone = await ServedPhone.open({ sound: true });
    phone.enter("joão");
    phone.want({ capture: false, play: true });
    const { page, complaints } = await browser.newPage({ locale: "pt-BR" });
    // Whatever Playwright evaluates counts as a click.
    await page.goto(phone.address);
    await until("the trouble is told", () => phone.troubles.includes("speaker page_needs_click"));
    phone.status(CALL);
    await page.waitForSelector(".talking");
    await page.getByRole("button", { name: "Ouvir" }).click();
    await page.locator(".notice.warn").waitFor({ state: "detached" });
    assertEquals(complaints, []);
  },
});

pageTest(
  "says that there is no microphone, and not that it is forbidden",
  { sound: true, args: ["--use-fake-ui-for-media-stream"] },
  async ({ phone, page }) => {
    phone.enter("joão");
    // This machine has one.
    if (await page.evaluate("navigator.mediaDevices.enumerateDevices().then((all) => all.length)")) return;
    phone.want({ capture: true, play: false });
    await until("the trouble is told", () => phone.troubles.includes("microphone device_gone"));
    await seen(page, `document.querySelector(".notice.warn")?.textContent.includes("não tem microfone")`);
  },
);

pageTest("one page at a time has the sound", { sound: true }, async ({ phone, page }) => {
  phone.enter();
  const other = await page.context().newPage();
  await other.goto(phone.address);
  const take = other.getByRole("button", { name: "Usar o som aqui" });
  await take.click();
  await take.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Usar o som aqui" }).waitFor();
  await other.close();
  await page.getByRole("button", { name: "Usar o som aqui" }).waitFor({ state: "detached" });
});

/** Screens: a laptop, the same at 200 %, phones upright and on their side, an old small phone. */
const SIZES = [[1280, 800], [640, 400], [390, 844], [844, 390], [320, 568]] as const;

for (const colorScheme of ["light", "dark"] as const) {
  for (const language of ["pt", "en"] as const) {
    pageTest(
      `every state is legible and accessible on every screen, ${colorScheme}, ${language}`,
      { language, sound: true, context: { colorScheme, reducedMotion: "reduce" } },
      async ({ phone, page }) => {
        const check = async (state: string, main: string): Promise<void> => {
          for (const [width, height] of SIZES) {
            await page.setViewportSize({ width, height });
            await page.locator(main).first().scrollIntoViewIfNeeded();
            const where = `${state} at ${width}×${height}`;
            assertEquals(await accessibilityProblems(page), [], where);
            assertEquals(await count(page, "document.documentElement.scrollWidth - innerWidth"), 0, where);
            assert(await page.locator(main).first().isVisible(), where);
            const box = await page.locator(main).first().boundingBox();
            assertGreater(box?.height ?? 0, 20, where);
            await takePicture(page, `phone-page-${state}-${colorScheme}-${language}-${width}`);
          }
        };
        await check("empty", "#search");
        phone.show({ event: "name_taken", name: "ana" });
        await page.waitForSelector("#other-name");
        await check("name", "#other-name");
        phone.enter("joão", "Beatriz Nogueira de Albuquerque", "W".repeat(32), "zé");
        await page.waitForSelector("#people li");
        await check("free", "#people .call");
        phone.status(incoming("Beatriz Nogueira de Albuquerque"));
        await page.waitForSelector(".ringing.in");
        await check("ringing", ".action.good");
        phone.status(CALL);
        for (let number = 0; number < 12; number++) phone.show(trace(number));
        await page.waitForSelector(".talking");
        await check("call", ".action.bad");
        phone.status({ ...CALL, muted: true, code: null });
        await page.waitForSelector(".warning");
        await check("muted", ".action.muted");
        await page.click("#tab-messages");
        await page.waitForSelector(".ladder .row");
        await check("ladder", ".ladder .rows");
        await page.locator(".ladder .row").last().click();
        await check("details", ".details h2");
        await page.keyboard.press("Escape");
        await phone[Symbol.asyncDispose]();
        await page.waitForSelector(".notice.bad");
        await check("ended", ".notice.bad");
      },
    );
  }
}

/** A minute that a person would like to see. */
const wave = (second: number, period: number): number =>
  Math.sin(second / period) + Math.sin(second / 2.3) / 3;

pageTest(
  "has its picture taken in a call",
  {
    language: "en",
    context: { viewport: { width: 1280, height: 800 }, colorScheme: "light", locale: "en-US" },
    before: `
      const now = performance.now.bind(performance);
      window.ahead = 0;
      performance.now = () => now() + window.ahead;
    `,
  },
  async ({ phone, page }) => {
    phone.enter("Beatriz", "Chico", "Dona Ivone", "João", "Maria da Penha", "Zé");
    const peer = { ip: "192.0.2.7", port: 6000 };
    const message = (direction: "sent" | "received", fields: Record<string, unknown>): PhoneEvent => ({
      ...{ event: "message", direction, transport: "UDP", peer },
      text: JSON.stringify({ ...fields, chamada: "bcx2Hh0hKc5" }),
    });
    phone.show({ event: "inviting", name: "João", ...peer });
    phone.show(message("sent", { tipo: "convite", nome: "ana", destino: "João" }));
    phone.show(message("received", { tipo: "tocando" }));
    phone.show({ event: "ringing", name: "João" });
    phone.show(message("received", { tipo: "resposta_ao_convite", resposta: "aceito" }));
    phone.show(message("sent", { tipo: "confirmação" }));
    phone.show({ event: "call_started", name: "João", ...peer, code: "58213" });
    for (let second = 2; second <= 74; second++) {
      const jitterInMs = 6 + 3 * wave(second, 7);
      phone.status({
        ...{ name: "João", seconds: second, code: "58213", muted: false, jitterInMs },
        ...{ microphoneDb: -18, speakerDb: -26, playoutDelayMs: 34 + 2 * jitterInMs },
        ...{ roundTripMs: 18 + 4 * wave(second, 5), lossInPercent: second % 23 < 4 ? 1.5 : 0 },
        mos: 4.2 - (second % 23 < 4 ? 0.4 : 0) + 0.05 * wave(second, 9),
      });
      const time = `${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")}`;
      await seen(page, `document.querySelector(".talking .time")?.textContent === "${time}"`);
      await page.evaluate("window.ahead += 1000");
    }
    await page.click("#tab-messages");
    await page.waitForSelector(".ladder .row");
    await page.evaluate("document.activeElement.blur()");
    await takePicture(page, "phone-page");
  },
);
