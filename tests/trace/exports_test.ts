import { assertEquals } from "@std/assert";
import { jsonLines } from "../../lib/trace/json_lines.ts";
import { mermaid } from "../../lib/trace/mermaid.ts";
import { JOAO, LADDER, ladderMessage, MARIA } from "./samples.ts";

const WORDS = { registry: "registro", lost: "perdida", transmission: (number: number) => `${number}ª vez` };

Deno.test("the ladder as Mermaid: lifelines, TCP dotted, what was lost, text that is only text", () => {
  assertEquals(
    mermaid(LADDER, WORDS),
    `sequenceDiagram
  participant p0 as maria
  participant p1 as registro
  participant p2 as joão#59; #101;#110;#100;
  p0-->>p1: registro
  p1-->>p0: registro_confirmado
  p0-xp2: convite #40;perdida#41;
  p0->>p2: convite #40;2ª vez#41;
  p2->>p0: resposta_ao_convite
`,
  );
});

Deno.test("the ladder as JSON Lines: times, and contents as JSON where they are some", () => {
  const [first, second] = jsonLines([
    ladderMessage(1, { text: '{"tipo":"convite","nome":"maria"}' }),
    ladderMessage(2, { text: "GET / HTTP/1.1", type: "", from: JOAO, to: MARIA }),
  ]).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(first.time, "2026-11-30T12:00:01.125Z");
  assertEquals(first.message, { tipo: "convite", nome: "maria" });
  assertEquals([second.number, second.message, second.from], [2, "GET / HTTP/1.1", { ...JOAO }]);
});
