import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HAS_BROWSER, openBrowser } from "../../testing/browser.ts";
import { EVERYTHING } from "../../testing/everything.ts";
import { Program, ROOT, runToEnd, scriptLine } from "../../testing/program.ts";

Deno.test("the demo tells its whole story and measures what was heard", async () => {
  const { code, stdout: story } = await runToEnd(
    scriptLine("demo/demo.ts", ["--free-ports", "--brisk", "--lang", "pt"]),
    { env: { NO_COLOR: "1" } },
  );
  assertEquals(code, 0, story);
  for (
    const words of [
      "nome_em_uso",
      "usuario_nao_encontrado",
      "usuário destino ocupado",
      "encerrar_ligação",
      "0 pessoas na sala",
      "correlação",
      "Todos os",
    ]
  ) {
    assertStringIncludes(story, words);
  }
  // A packet of 20 ms and the codec's 6.5 ms of look-ahead at least.
  const delayMs = Number(/atraso +(-?\d+) ms/.exec(story)?.[1]);
  assert(delayMs >= 20, `a delay of ${delayMs} ms`);
});

Deno.test({
  name:
    "the demo's story is on the panel while it is told, and leaves its ladder as a picture and as a diagram",
  ignore: !EVERYTHING || !HAS_BROWSER,
  async fn() {
    await using browser = await openBrowser();
    const { page, complaints } = await browser.newPage({ viewport: { width: 1600, height: 6000 } });
    const args = ["--free-ports", "--brisk", "--lang", "pt", "--panel", "--no-open"];
    await using demo = new Program(scriptLine("demo/demo.ts", args), { env: { NO_COLOR: "1" } });
    const line = await demo.waitForText("no navegador: http");
    await page.goto(/http:\S+/.exec(line)![0]);
    await page.getByText("em ligação com maria").waitFor();
    assertEquals(await demo.exitCode(), 0, demo.report());
    const shown = await page.locator(".ladder .label").allTextContents();
    assertEquals(shown.filter((label) => label === "fechamento_confirmado").length, 3);
    assertEquals(complaints.filter((complaint) => !complaint.startsWith("Failed to load resource")), []);
    const read = (name: string) => Deno.readTextFile(new URL(`demo/out/${name}`, ROOT));
    const picture = await read("escada.svg");
    const drawn = [...picture.matchAll(/text-anchor="middle" fill="[^"]*" stroke[^>]*>([^<]*)/g)].map((
      [, label],
    ) => label);
    assertEquals(drawn, await page.locator(".ladder .label").evaluateAll(labels));
    assertEquals((await read("escada.mmd")).match(/^ {2}p\d+(-->>|->>)p\d+: /gm)?.length, shown.length);
    assertStringIncludes(demo.stdout, "demo/out/escada.svg");
    assertStringIncludes(demo.stdout, "demo/out/escada.mmd");
  },
});

/** Runs on the page: labels without what is said of transmissions. */
function labels(elements: readonly { readonly firstChild: unknown }[]): string[] {
  return elements.map(({ firstChild }) => (firstChild as { data: string }).data);
}
