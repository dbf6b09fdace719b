import { assertEquals, assertMatch } from "@std/assert";
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

Deno.test("exports take messages of ill will", () => {
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  const at = [NaN, Infinity, -1, 8.64e15 + 1];
  const messages = [
    ...at.map((at, index) => ladderMessage(index + 1, { at })),
    ladderMessage(5, { text: deep, type: "x".repeat(100_000), from: { ...MARIA, name: "\ud800 end\u202e" } }),
    ladderMessage(6, {
      text: '{"__proto__":1,"a":"\ud800"}',
      from: { ...MARIA, name: " " },
      type: "\n%%{init}",
    }),
  ];
  const lines = jsonLines(messages).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ time }) => time), [
    null,
    null,
    "1969-12-31T23:59:59.999Z",
    null,
    ...lines.slice(4).map(({ time }) => time),
  ]);
  assertEquals(lines[4].message, deep);
  assertEquals(Object.keys(lines[5].message), ["__proto__", "a"]);
  const diagram = mermaid(messages, WORDS);
  assertEquals(diagram.isWellFormed(), true);
  for (const line of diagram.trimEnd().split("\n").slice(1)) {
    assertMatch(line, /^ {2}(participant p\d as |p\d-?->>p\d: )(?! )[\p{L}\p{M}\p{N} _#;]{1,1000}$/u);
    assertEquals(/\bend\b/i.test(line), false);
  }
});
