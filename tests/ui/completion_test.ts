import { assert, assertEquals } from "@std/assert";
import { COMMANDS, parseCommand } from "../../lib/phone/commands.ts";
import { commonStart, Completer, type Completion, completions } from "../../lib/ui/completion.ts";

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
  ["aten", "pt", ["atender"]],
  ['ligar "ze', "pt", ['ligar "Zé Carlos"']],
  ["chamar “Zé", "pt", ["chamar “Zé Carlos”"]],
  ["ligar zé  c", "pt", ["ligar Zé Carlos"]],
];

for (const [line, language, expected] of COMPLETED) {
  Deno.test(`completions() of ${JSON.stringify(line)} in ${language}`, () => {
    assertEquals(completions(line, NAMES, language).map(({ line }) => line), [...expected]);
  });
}

Deno.test("completions() of an empty line are all commands of the language", () => {
  for (const language of ["pt", "en"] as const) {
    assertEquals(
      completions("", NAMES, language).map(({ line }) => line.trim()),
      COMMANDS.map((command) => command[language]),
    );
  }
});

Deno.test("completions() are understood by parseCommand()", () => {
  for (const line of ["", "ligar ", "c "]) {
    for (const whole of completions(line, NAMES, "pt")) assert(parseCommand(whole.line).kind !== "unknown");
  }
});

Deno.test("commonStart() is the common prefix apart from case and accents", () => {
  for (
    const [lines, start] of [
      [[], ""],
      [["lista"], "lista"],
      [["ligar ", "lista"], "li"],
      [["ligar João", "ligar JOANA"], "ligar Joa"],
      [["ligar joa", "ligar JOANA"], "ligar joa"],
      [["a", "b"], ""],
    ] as const
  ) assertEquals(commonStart(lines), start);
});

Deno.test("Completer asks who is in the room, and completes when it is told, unless the line has changed", () => {
  const completer = new Completer("pt");
  assertEquals(completer.handleTab("ligar ma"), { askNames: true });
  completer.names = ["maria"];
  assertEquals(completer.handleNames("ligar ma"), { text: "ligar maria" });
  assertEquals(completer.handleNames("ligar ma"), {}, "only once");
  assertEquals(completer.handleTab("ligar ma"), { askNames: true });
  assertEquals(completer.handleNames("ligar mar"), {});
  assertEquals(completer.handleTab("lig"), { text: "ligar " }, "commands need nobody");
  assertEquals(completer.handleTab("xyz"), { nothing: true });
});

Deno.test("Completer goes as far as is certain, then shows the candidates, then takes them in turn", () => {
  const completer = new Completer("pt");
  completer.names = ["João", "Joana", "maria"];
  const tab = (text: string): Completion => {
    const asked = completer.handleTab(text);
    return asked.askNames ? completer.handleNames(text) : asked;
  };
  assertEquals(tab("ligar j"), { text: "ligar Joa" });
  assertEquals(tab("ligar Joa"), { choice: ["João", "Joana"] });
  assertEquals(tab("ligar Joa"), { text: "ligar João" });
  assertEquals(tab("ligar João"), { text: "ligar Joana" });
  assertEquals(tab("ligar Joana"), { text: "ligar João" });
  assertEquals(tab("ligar Joan"), { text: "ligar Joana" }, "typing ends it");
});
