import { assertEquals } from "@std/assert";
import { explain, kindOf, labelOf } from "../../pages/shared/explain.ts";
import { ladderMessage } from "../trace/samples.ts";

Deno.test("a message's label tells what it is about, and its kind what it does", () => {
  const message = (fields: Record<string, unknown>) =>
    ladderMessage(1, { type: fields.tipo as string, text: JSON.stringify(fields) });
  const refusal = message({ tipo: "resposta_ao_convite", resposta: "rejeitado", motivo: "ocupado" });
  assertEquals([labelOf(refusal), kindOf(refusal)], ["resposta_ao_convite rejeitado ocupado", "refusal"]);
  const call = message({ tipo: "convite", nome: "ana", destino: "bia" });
  assertEquals([labelOf(call), kindOf(call)], ["convite bia", "invitation"]);
});

Deno.test("types and fields that no version knows are shown and not explained, whatever their names", () => {
  for (const tipo of ["", "nova", "__proto__", "constructor", "toString"]) {
    const message = ladderMessage(1, {
      type: tipo,
      text: `{"tipo":${JSON.stringify(tipo)},"constructor":1,"__proto__":2}`,
    });
    assertEquals([labelOf(message), kindOf(message)], [tipo || "?", "other"]);
    const { says, anchor, fields } = explain(message, "en");
    assertEquals([says, anchor], [undefined, undefined]);
    assertEquals(fields.slice(1).map(({ name, value, says }) => [name, value, says]), [
      ["constructor", "1", undefined],
      ["__proto__", "2", undefined],
    ]);
  }
});

Deno.test("what turns text around is shown as an escape", () => {
  const turned = "a\u202eb";
  const message = ladderMessage(1, {
    type: turned,
    text: JSON.stringify({ tipo: turned, [turned]: turned }),
  });
  assertEquals(labelOf(message), "a\\u{202e}b");
  const { fields } = explain(message, "en");
  assertEquals(fields.map(({ name, value }) => [name, value]), [
    ["tipo", "a\\u{202e}b"],
    ["a\\u{202e}b", "a\\u{202e}b"],
  ]);
});
