import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseTraceLine } from "../../lib/trace/trace_line.ts";
import { anyText, holds } from "../../testing/property.ts";

const COPY = {
  ...{
    sentido: "enviada",
    idade: 12.5,
    porta: 40001,
    outro: { ip: "::ffff:192.0.2.1", porta: 6000 },
    bytes: 312,
  },
  mensagem: { tipo: "tocando", chamada: "9dEsLFLb", prova: "AAAAAAAA" },
};
const SAMPLE = {
  ...{ chamada: "9dEsLFLb", idade: 3, porta: 40001, outro: { ip: "192.0.2.1", porta: 6000 } },
  ...{ perda: 0.5, variacao: 1.25, ida_e_volta: 3, qualidade: 4.3 },
};

function parse(fields: object) {
  return parseTraceLine(JSON.stringify({ tipo: "rastro", ...fields }));
}

Deno.test("parseTraceLine() reads copies, figures and what was left out", () => {
  assertEquals(parse({ mensagens: [COPY], medidas: [SAMPLE], omitidas: 3, novo: 1 }), {
    messages: [{
      ...{ type: "tocando", call: "9dEsLFLb", direction: "sent", ageMs: 12.5, ownPort: 40001, bytes: 312 },
      other: { ip: "192.0.2.1", port: 6000 },
      fields: COPY.mensagem,
    }],
    samples: [{
      ...{ call: "9dEsLFLb", ageMs: 3, ownPort: 40001, other: { ip: "192.0.2.1", port: 6000 } },
      ...{ lossPercent: 0.5, jitterMs: 1.25, roundTripMs: 3, mos: 4.3 },
    }],
    leftOut: 3,
  });
  assertEquals(parse({}), { messages: [], samples: [], leftOut: 0 });
  assertEquals(
    parse({ medidas: [{ ...SAMPLE, ida_e_volta: -1, qualidade: null }] })!.samples[0]!.mos,
    undefined,
  );
});

const BAD_COPIES = [
  null,
  7,
  [COPY],
  { ...COPY, sentido: "sent" },
  { ...COPY, idade: -1 },
  { ...COPY, idade: 60_001 },
  { ...COPY, idade: "1" },
  { ...COPY, porta: 0 },
  { ...COPY, outro: "192.0.2.1:6000" },
  { ...COPY, outro: { ip: "nowhere", porta: 6000 } },
  { ...COPY, outro: { ip: "fe80::1%eth0", porta: 6000 } },
  { ...COPY, bytes: 1201 },
  { ...COPY, mensagem: undefined },
  { ...COPY, mensagem: { ...COPY.mensagem, prova: "Zk0n1wTq5vR7sX9yB2dF4g" } },
  {
    ...COPY,
    mensagem: Object.fromEntries([
      ...Object.entries(COPY.mensagem),
      ...["nome", "destino", "midia", "motivo"].map((name) => [name, "x".repeat(500)]),
    ]),
  },
];

const BAD_SAMPLES = [
  undefined,
  { ...SAMPLE, chamada: "q3mZ0b1c2d3e4f5g6h7i8w" },
  { ...SAMPLE, perda: 101 },
  { ...SAMPLE, variacao: null },
  { ...SAMPLE, porta: "6000" },
];

Deno.test("parseTraceLine() leaves out and counts what is wrong", () => {
  for (const bad of BAD_COPIES) {
    const line = parse({ mensagens: [bad, COPY] })!;
    assertEquals([line.messages.length, line.leftOut], [1, 1], JSON.stringify(bad));
  }
  for (const bad of BAD_SAMPLES) {
    const line = parse({ medidas: [bad, SAMPLE] })!;
    assertEquals([line.samples.length, line.leftOut], [1, 1], JSON.stringify(bad));
  }
  assertEquals(parse({ mensagens: Array(100).fill(COPY) })!.leftOut, 36);
  for (const omitidas of [-1, "7", null, 1e9, [7]]) assertEquals(parse({ omitidas })!.leftOut, 0);
  assertEquals(parse({ mensagens: { 0: COPY }, medidas: "x" }), { messages: [], samples: [], leftOut: 0 });
});

Deno.test("parseTraceLine() takes no other line", () => {
  for (const line of ["", "{", "[]", "{}", '{"tipo":"ping"}', '{"tipo":["rastro"]}']) {
    assertEquals(parseTraceLine(line), undefined);
  }
  holds(
    fc.property(
      fc.oneof(
        anyText,
        fc.json().map((json) => `{"tipo":"rastro","mensagens":[${json}]}`),
      ),
      (text) => {
        parseTraceLine(text);
      },
    ),
  );
});
