import { assertEquals } from "@std/assert";
import {
  type Command,
  COMMANDS,
  type CommandTarget,
  type CompleteCommand,
  parseCommand,
  runCommand,
} from "../../lib/phone/commands.ts";

Deno.test("parseCommand() knows every command by all of its words, in any case", () => {
  for (const { kind, pt, en, short, takesName } of COMMANDS) {
    for (const word of [pt, en, ...short]) {
      for (const typed of [word, word.toUpperCase(), `  ${word}\t`]) {
        const expected: Command = takesName ? { kind: "name_missing", command: typed.trim() } : { kind };
        assertEquals(parseCommand(typed), expected);
      }
      const named = parseCommand(`${word} maria`);
      assertEquals<Command>(
        named,
        takesName ? { kind, name: "maria" } : { kind: "unknown", text: `${word} maria` },
      );
    }
  }
});

Deno.test("COMMANDS has every word only once", () => {
  const words = COMMANDS.flatMap(({ pt, en, short }) => [pt, en, ...short]);
  assertEquals(new Set(words).size, words.length);
});

const LINES: readonly (readonly [string, Command])[] = [
  ["", { kind: "nothing" }],
  [" \t ", { kind: "nothing" }],
  ["ligar Zé Carlos da Silva", { kind: "call", name: "Zé Carlos da Silva" }],
  ["ligar    maria   ", { kind: "call", name: "maria" }],
  ["ligar\tmaria", { kind: "call", name: "maria" }],
  ["l joa\u0303o", { kind: "call", name: "joão" }],
  ["l 007", { kind: "call", name: "007" }],
  ['call "maria"', { kind: "call", name: '"maria"' }],
  ["c a", { kind: "look_up", name: "a" }],
  ["?", { kind: "help" }],
  ["H", { kind: "help" }],
  ["q", { kind: "quit" }],
  ["s", { kind: "quit" }],
  ["ligue maria", { kind: "unknown", text: "ligue maria" }],
  ["ligarmaria", { kind: "unknown", text: "ligarmaria" }],
  ["constructor", { kind: "unknown", text: "constructor" }],
  ["aceitar maria", { kind: "unknown", text: "aceitar maria" }],
];

for (const [line, command] of LINES) {
  Deno.test(`parseCommand() understands ${JSON.stringify(line)}`, () =>
    assertEquals(parseCommand(line), command));
}

Deno.test("runCommand() calls the phone's action of each command, with its name", async () => {
  const done: string[] = [];
  const phone = new Proxy({} as CommandTarget, {
    get: (_, action: string) => (...args: string[]) => done.push([action, ...args].join(" ").trim()),
  });
  for (const { kind, takesName } of COMMANDS) {
    await runCommand((takesName ? { kind, name: "maria" } : { kind }) as CompleteCommand, phone);
  }
  assertEquals(done, [
    "call maria",
    "accept",
    "reject",
    "hangUp",
    "lookUp maria",
    "list",
    "toggleMute",
    "help",
    "quit",
  ]);
});
