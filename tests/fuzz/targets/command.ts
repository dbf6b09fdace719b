/** What a person types, and what Tab makes of it. */

import { assert, assertEquals } from "@std/assert";
import { parseCommand } from "../../../lib/phone/commands.ts";
import { commonStart, completions } from "../../../lib/ui/completion.ts";
import { type FuzzTarget, textSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();
const NAMES = ["João", "Joana", "maria", "Maria da Silva", "李小龙", "ß", "👩‍👩‍👧‍👦", "İ"];

/** Every line is a command or none, and what Tab offers goes on as the line began. */
export const command: FuzzTarget = {
  name: "command",
  seeds: textSeeds(
    "ligar João",
    "l joa",
    "ACEITAR",
    "?",
    "consultar  Maria da Silva ",
    "  ",
    "a maria",
    "quit",
  ),
  tokens: ["ligar ", "call ", "consultar", "\t", "\u3000", "\u00a0", "toString"],
  maxBytes: 200,
  run(input) {
    const line = decoder.decode(input);
    const command = parseCommand(line);
    if ("name" in command) {
      assertEquals(command.name, command.name.normalize("NFC").trim());
      assert(command.name !== "");
    }
    for (const language of ["pt", "en"] as const) {
      const offered = completions(line, NAMES, language).map(({ line }) => line);
      const start = commonStart(offered);
      assert(offered.length > 0 || start === "");
      assert(offered.every((whole) => [...whole.normalize("NFC")].length >= [...start].length));
    }
    return { events: 1, came: `${command.kind} ${completions(line, NAMES, "pt").length}` };
  },
};
