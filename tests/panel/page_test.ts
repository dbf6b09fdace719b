import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { PanelPerson } from "../../lib/panel/feed.ts";
import { loadPanelFiles, openPanel } from "../../lib/panel/server.ts";
import { PasswordGate } from "../../lib/protocol/password_challenge.ts";
import type { HttpServer } from "../../lib/web/http_server.ts";
import { accessibilityProblems, HAS_BROWSER, openBrowser } from "../../testing/browser.ts";
import { EVERYTHING } from "../../testing/everything.ts";
import { ladderMessage, MARIA, REGISTRY } from "../trace/samples.ts";
import { TestSource } from "./panel_source.ts";

const ignore = !HAS_BROWSER || !EVERYTHING;

async function open(source: TestSource, port = 0, gate?: PasswordGate): Promise<HttpServer> {
  const words = { registry: "registro", lost: "perdida", transmission: (number: number) => `${number}ª vez` };
  const options = { host: "127.0.0.1", port, addresses: [], language: "pt", words, gate };
  return openPanel(source, await loadPanelFiles(), options);
}

const HOSTILE = [
  ...["registry", "__proto__", "constructor", "toString", "<img src=x onerror=alert(1)>", "</script>", " "],
  ...[`e${"\u0301".repeat(200)}`, "\u202eabc", "\ud800", "x".repeat(5000), "中文".repeat(16), "\u0000\n"],
];

/** Somebody for each name, in calls with each other. */
const people = HOSTILE.map((name, index): PanelPerson => ({
  name,
  ip: "192.0.2.7",
  port: 6000 + index,
  activity: index % 2 === 0 ? "ringing" : "in_call",
  with: HOSTILE[index ^ 1] ?? "",
  call: `c${index >> 1}`,
  since: NaN,
  shares: false,
}));

Deno.test({
  name: "the panel's page takes names and messages of ill will as text",
  ignore,
  async fn() {
    const source = new TestSource();
    const { snapshot } = source;
    const sample = {
      at: 0,
      call: "c0",
      name: HOSTILE[0]!,
      with: HOSTILE[1]!,
      lossPercent: 1,
      jitterMs: 1e300,
    };
    source.snapshot = () => {
      const { id, snapshot: before } = snapshot.call(source);
      return { id, snapshot: { ...before, people, samples: [sample] } };
    };
    let number = 0;
    for (const name of HOSTILE) {
      const text = JSON.stringify({ tipo: name, nome: 7, [name]: name });
      for (const type of ["convite", "erro", name]) {
        source.say(ladderMessage(++number, { type, text, from: { ...MARIA, name }, to: REGISTRY }));
      }
    }
    source.say(ladderMessage(++number, { text: "[".repeat(30_000) + "]".repeat(30_000) }));
    using server = await open(source);
    await using browser = await openBrowser();
    const { page, complaints } = await browser.newPage();
    page.on("dialog", (dialog) => complaints.push(dialog.message()));
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.waitForSelector(`[data-last="${number}"]`);
    for (let left = number; left > 0; left--) {
      await page.locator(".rows").press("ArrowUp");
      await page.waitForSelector(".details h2");
    }
    assertEquals(await page.locator(".person").count(), HOSTILE.length);
    assertEquals(await page.locator("img, script:not([src])").count(), 0);
    assertEquals(await accessibilityProblems(page), []);
    assertEquals(complaints, []);
  },
});

Deno.test({
  name:
    "who reads back on the panel's page stays there while the oldest messages go, and is told how many are new",
  ignore,
  async fn() {
    const source = new TestSource();
    const messages = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ladderMessage(from + index, {}));
    source.say(...messages(1, 20_900));
    using server = await open(source);
    await using browser = await openBrowser();
    const { page } = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.waitForSelector('[data-last="20900"]');
    await page.locator(".rows").evaluate((rows) =>
      (rows as unknown as { scrollTop: number }).scrollTop = 44 * 15_000
    );
    const times = (): Promise<string[]> => page.locator(".time").allTextContents();
    await page.waitForSelector(".newer");
    const before = await times();
    source.say(...messages(20_901, 200));
    await page.waitForSelector('[data-last="21100"]');
    assertEquals(await times(), before);
    assertEquals(await page.textContent(".newer"), "↓ 200 mensagens novas");
    await page.click(".newer");
    await page.waitForSelector(".newer", { state: "detached" });
    assertNotEquals(await times(), before);
  },
});

Deno.test({
  name: "the panel's page follows a registry that is started again, also one that has a password now",
  ignore,
  async fn() {
    const source = new TestSource();
    source.say(ladderMessage(1, {}), ladderMessage(2, {}));
    const first = await open(source);
    const { port } = first;
    await using browser = await openBrowser();
    const { page } = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForSelector('[data-last="2"]');
    first[Symbol.dispose]();
    await page.waitForSelector(".state:not(:empty)");
    const other = new TestSource("other");
    other.say(ladderMessage(1, { type: "tocando" }));
    const second = await open(other, port);
    await page.waitForSelector('[data-last="1"]');
    assert((await page.textContent(".row .label"))?.startsWith("tocando"));
    second[Symbol.dispose]();
    const gate = await PasswordGate.open("segredo");
    const refused = page.waitForResponse((response) => response.status() === 401);
    const third = await open(other, port, gate);
    await refused;
    // It goes away again before the page asks for the way in.
    const unanswered = page.waitForEvent("requestfailed");
    third[Symbol.dispose]();
    await unanswered;
    await page.waitForEvent("requestfailed");
    assertEquals(await page.locator(".panel").count(), 1, "the room is still there");
    using _fourth = await open(other, port, gate);
    await page.waitForSelector(".login input");
    await page.fill(".login input", "segredo");
    await page.press(".login input", "Enter");
    await page.waitForSelector('[data-last="1"]');
  },
});
