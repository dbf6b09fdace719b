import { assertEquals } from "@std/assert";
import { accessibilityProblems, HAS_BROWSER, openBrowser } from "../../testing/browser.ts";

const ignore = !HAS_BROWSER || Deno.env.get("SALA_TEST") !== "everything";

Deno.test({
  name: "a browser shows a page, and tells errors of its scripts and what cannot be read aloud",
  ignore,
  async fn() {
    await using browser = await openBrowser();
    const { page, complaints } = await browser.newPage();
    await page.setContent("<html lang=pt><title>x</title><main><h1>Olá</h1><button></button></main>");
    assertEquals(await page.textContent("h1"), "Olá");
    assertEquals(await accessibilityProblems(page), ["button-name: button"]);
    await page.setContent("<script>throw new Error('no')</script>");
    assertEquals(complaints, ["no"]);
  },
});
