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
  for (const { kind, pt, en, short, also, takesName } of COMMANDS) {
    for (const word of [pt, en, ...short, ...also]) {
      for (const typed of [word, word.toUpperCase(), `  ${word}\t`]) {
        const expected: Command = takesName ? { kind: "name_missing", command: typed.trim() } : { kind };
        assertEquals(parseCommand(typed), expected);
      }
      const named = parseCommand(`${word} maria`);
      assertEquals<Command>(
        named,
        takesName ? { kind, name: "maria" } : { kind: "unknown", text: `${word} maria`, similar: [word] },
      );
    }
  }
});

Deno.test("COMMANDS has every word only once", () => {
  const words = COMMANDS.flatMap(({ pt, en, short, also }) => [pt, en, ...short, ...also]);
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
  ['ligar "maria josé"', { kind: "call", name: "maria josé" }],
  ["ligar 'maria josé'", { kind: "call", name: "maria josé" }],
  ["ligar “maria josé”", { kind: "call", name: "maria josé" }],
  ["consultar «ana»", { kind: "look_up", name: "ana" }],
  ['ligar "maria', { kind: "call", name: "maria" }],
  ['ligar ""', { kind: "call", name: '""' }],
  ["ligar d'Ávila", { kind: "call", name: "d'Ávila" }],
  ["atender", { kind: "accept" }],
  ["hang up", { kind: "hang_up" }],
  ["look up ana", { kind: "look_up", name: "ana" }],
  ["silenciar", { kind: "mute_on" }],
  ["unmute", { kind: "mute_off" }],
  ["c a", { kind: "look_up", name: "a" }],
  ["?", { kind: "help" }],
  ["H", { kind: "help" }],
  ["q", { kind: "quit" }],
  ["s", { kind: "quit" }],
  ["ligue maria", { kind: "unknown", text: "ligue maria", similar: ["ligar"] }],
  ["lgiar maria", { kind: "unknown", text: "lgiar maria", similar: ["ligar"] }],
  ["ligarmaria", { kind: "unknown", text: "ligarmaria", similar: [] }],
  ["toString", { kind: "unknown", text: "toString", similar: [] }],
  ["atneder", { kind: "unknown", text: "atneder", similar: ["atender"] }],
  ["muto", { kind: "unknown", text: "muto", similar: ["mudo", "mute"] }],
  ["aceitar maria", { kind: "unknown", text: "aceitar maria", similar: ["aceitar"] }],
];

for (const [line, command] of LINES) {
  Deno.test(`parseCommand() understands ${JSON.stringify(line)}`, () =>
    assertEquals(parseCommand(line), command));
}

Deno.test("runCommand() calls the phone's action of each command, with its name", async () => {
  const done: string[] = [];
  const phone = new Proxy({} as CommandTarget, {
    get: (_, action: string) => (...args: unknown[]) => done.push([action, ...args].join(" ").trim()),
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
    "mute",
    "help",
    "quit",
  ]);
  done.length = 0;
  for (const word of ["silenciar", "desmutar"]) {
    await runCommand(parseCommand(word) as CompleteCommand, phone);
  }
  assertEquals(done, ["mute true", "mute false"], "never the other way round");
});

Deno.test("docs/usage.md has all other words for commands", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/usage.md", import.meta.url));
  const [, words = ""] = /Other words for them do as well:([^]*?)For a word that is none/.exec(page) ?? [];
  const documented = [...words.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
  assertEquals(documented.filter((word) => !isCommand(word)), []);
  const known = COMMANDS.flatMap(({ also }) => [...also]);
  assertEquals(known.filter((word) => !documented.includes(word)), []);
});

function isCommand(word: string): boolean {
  return !["unknown", "nothing"].includes(parseCommand(word).kind);
}
