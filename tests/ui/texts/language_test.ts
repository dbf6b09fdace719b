import { assertEquals } from "@std/assert";
import { chooseLanguage, isLanguage, type Language } from "../../../lib/ui/texts/language.ts";

const rows: [asked: string | undefined, variables: Record<string, string>, language: Language][] = [
  [undefined, {}, "pt"],
  ["en", {}, "en"],
  ["pt", { LANG: "en_US.UTF-8" }, "pt"],
  ["fr", { LANG: "en_US.UTF-8" }, "en"],
  [undefined, { LANG: "en_US.UTF-8" }, "en"],
  [undefined, { LANG: "EN" }, "en"],
  [undefined, { LANG: "pt_BR.UTF-8" }, "pt"],
  [undefined, { LANG: "C" }, "pt"],
  [undefined, { LANG: "de_DE.UTF-8" }, "pt"],
  [undefined, { LC_ALL: "pt_BR.UTF-8", LC_MESSAGES: "en_US", LANG: "en_US" }, "pt"],
  [undefined, { LC_MESSAGES: "en_US", LANG: "pt_BR" }, "en"],
  [undefined, { LC_ALL: "", LC_MESSAGES: "", LANG: "en_US" }, "en"],
];

Deno.test("chooseLanguage() takes the language of --lang, else the locale's, else Portuguese", () => {
  for (const [asked, variables, language] of rows) {
    assertEquals(
      chooseLanguage(asked, (name) => variables[name]),
      language,
      JSON.stringify([asked, variables]),
    );
  }
});

Deno.test("isLanguage() knows the languages with texts", () => {
  for (const value of ["pt", "en"]) assertEquals(isLanguage(value), true);
  for (const value of ["", "fr", "PT", undefined, null, ["pt"]]) assertEquals(isLanguage(value), false);
});
