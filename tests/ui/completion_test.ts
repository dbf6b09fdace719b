import { assert, assertEquals } from "@std/assert";
import { COMMANDS, parseCommand } from "../../lib/phone/commands.ts";
import { commonStart, completions } from "../../lib/ui/completion.ts";

const NAMES = ["João", "JOANA", "maria", "Zé Carlos"];

const COMPLETED: readonly (readonly [string, "pt" | "en", readonly string[]])[] = [
  ["lig", "pt", ["ligar "]],
  ["LIG", "pt", ["ligar "]],
  ["l", "pt", ["ligar ", "lista"]],
  ["l", "en", ["lookup ", "list"]],
  ["cal", "pt", ["call "]],
  ["desl", "en", ["desligar"]],
  ["xyz", "pt", []],
  ["ligar ", "pt", NAMES.map((name) => `ligar ${name}`)],
  ["ligar jo", "pt", ["ligar João", "ligar JOANA"]],
  ["ligar joao", "pt", ["ligar João"]],
  ["call  ZÉ c", "pt", ["call Zé Carlos"]],
  ["l mar", "pt", ["l maria"]],
  ["Consultar MAR", "pt", ["Consultar maria"]],
  ["lista j", "pt", []],
  ["ligue j", "pt", []],
];

for (const [line, language, expected] of COMPLETED) {
  Deno.test(`completions() of ${JSON.stringify(line)} in ${language}`, () => {
    assertEquals(completions(line, NAMES, language), expected);
  });
}

Deno.test("completions() of an empty line are all commands of the language", () => {
  for (const language of ["pt", "en"] as const) {
    assertEquals(
      completions("", NAMES, language).map((line) => line.trim()),
      COMMANDS.map((command) => command[language]),
    );
  }
});

Deno.test("completions() are understood by parseCommand()", () => {
  for (const line of ["", "ligar ", "c "]) {
    for (const whole of completions(line, NAMES, "pt")) assert(parseCommand(whole).kind !== "unknown");
  }
});

Deno.test("commonStart() is the common prefix apart from case and accents", () => {
  for (
    const [lines, start] of [
      [[], ""],
      [["lista"], "lista"],
      [["ligar ", "lista"], "li"],
      [["ligar João", "ligar JOANA"], "ligar Joã"],
      [["ligar joa", "ligar JOANA"], "ligar joa"],
      [["a", "b"], ""],
    ] as const
  ) assertEquals(commonStart(lines), start);
});
