import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseDemoOptions } from "../../demo/options.ts";
import { DEMO_TEXTS } from "../../demo/texts.ts";

const noLocale = () => undefined;

Deno.test("without options the demo speaks Portuguese, pauses for reading and takes the assignment's ports", () => {
  assertEquals(parseDemoOptions([], noLocale, false), {
    language: "pt",
    step: false,
    brisk: false,
    freePorts: false,
    panel: false,
    open: true,
  });
});

Deno.test("the demo shows the room in the browser only if asked to, and then opens none if asked not to", () => {
  const options = (args: string[]) =>
    parseDemoOptions(args, noLocale, false) as { panel: boolean; open: boolean };
  assertEquals([options(["--panel"]).panel, options(["--panel"]).open], [true, true]);
  assertEquals([options(["--panel", "--no-open"]).panel, options(["--panel", "--no-open"]).open], [
    true,
    false,
  ]);
});

Deno.test("the demo speaks the language of --lang, else that of the locale", () => {
  const english = (name: string) => name === "LANG" ? "en_GB.UTF-8" : undefined;
  const language = (args: string[], variable: (name: string) => string | undefined) => {
    const options = parseDemoOptions(args, variable, true);
    return "language" in options ? options.language : undefined;
  };
  assertEquals(language([], english), "en");
  assertEquals(language(["--lang", "pt"], english), "pt");
  assertEquals(language(["--lang=en", "--step"], noLocale), "en");
});

Deno.test("the demo refuses what it does not know, names it, and says what there is", () => {
  for (
    const [args, words] of [
      [["--stepp"], "--stepp"],
      [["now"], "now"],
      [["--", "now"], "now"],
      [["--step=no"], "--step=no"],
      [["--lang", "fr"], "“fr”"],
      [["--lang"], "--lang"],
    ] as const
  ) {
    const notice = parseDemoOptions(args, noLocale, true);
    if (!("text" in notice)) throw new Error(`${args} was taken`);
    assertEquals(notice.status, 2);
    assertStringIncludes(notice.text, words);
    assertStringIncludes(notice.text, "--free-ports");
  }
});

Deno.test("the demo's step mode needs a terminal, and --help needs nothing", () => {
  const step = parseDemoOptions(["--step"], noLocale, false);
  assertEquals("status" in step && step.status, 2);
  for (const flag of ["--help", "-h"]) {
    const help = parseDemoOptions([flag, "--step"], noLocale, false);
    assertEquals("status" in help && help.status, 0);
  }
});

for (const language of ["pt", "en"] as const) {
  Deno.test(`the demo waits for words that the tools say (${language})`, async () => {
    const read = (name: string) =>
      Deno.readTextFile(new URL(`../../lib/ui/texts/${name}_${language}.ts`, import.meta.url));
    const texts = (await read("phone") + await read("registry")).replaceAll("${total}", "0 people")
      .replaceAll("0 people na sala", "0 pessoas na sala");
    for (const words of Object.values(DEMO_TEXTS[language].says)) assertStringIncludes(texts, words);
  });
}
