import fc from "fast-check";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { newCallId } from "../../lib/protocol/call_messages.ts";
import {
  callHash,
  checkRedacted,
  isHash,
  redactCallMessage,
  redactRegistryMessage,
} from "../../lib/trace/redact.ts";
import { anyText, holds } from "../../testing/property.ts";

const CALL = "q3mZ0b1c2d3e4f5g6h7i8w";
const KEY = "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08";

/** Random bytes in base64url. */
function secret(bytes: number): fc.Arbitrary<string> {
  return fc.uint8Array({ minLength: bytes, maxLength: bytes })
    .map((raw) => raw.toBase64({ alphabet: "base64url", omitPadding: true }));
}

/** A call message of any type with all that may be in it, and a field of a later version. */
const anyMessage = fc.record({
  chamada: secret(16),
  tipo: fc.constantFrom(
    ...["convite", "tocando", "resposta_ao_convite", "confirmação", "encerrar_ligação"],
    ...["ligação_encerrada", "de_outro_tempo"],
  ),
  nome: fc.constantFrom("joão", "maria"),
  ip: fc.constant("192.168.0.101"),
  porta: fc.constant(40001),
  prova: secret(16),
  compromisso: secret(32),
  cruzamento: secret(32),
  chave: secret(32),
  selo: secret(16),
  identidade: secret(32),
  novo: fc.record({ dentro: fc.array(secret(16), { minLength: 1 }) }),
}, { requiredKeys: ["chamada", "tipo"] });

/** All texts in a value that are no names of fields and stand for nothing public. */
function secretsOf(value: unknown, field = ""): string[] {
  if (typeof value === "string") {
    return ["tipo", "nome", "ip", "destino", "midia", "resposta", "motivo"].includes(field) ? [] : [value];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inside]) => secretsOf(inside, field || name));
}

Deno.test("No secret of a call message, and no part of one, is in its copy", () => {
  holds(fc.property(anyMessage, (message) => {
    const copy = redactCallMessage(JSON.stringify(message))!;
    const text = JSON.stringify(copy);
    for (const secret of secretsOf(message)) {
      // Eight characters in a row agree by chance once in 2^48.
      for (let at = 0; at + 8 <= secret.length; at++) {
        assert(!text.includes(secret.slice(at, at + 8)), `${secret} in ${text}`);
      }
    }
    assertEquals(Object.keys(copy.fields), Object.keys(message), "the order of the wire");
    assertEquals([copy.type, copy.call], [message.tipo, callHash(message.chamada)]);
    assertEquals(checkRedacted(copy.fields), copy);
  }));
});

Deno.test("Both phones of a call give the same hash for the same value, and another one in another call", () => {
  const text = JSON.stringify({ tipo: "confirmação", chamada: CALL, chave: KEY });
  const [one, two] = [redactCallMessage(text)!, redactCallMessage(text.replace('"chave"', ' "chave" '))!];
  assertEquals(one, two);
  assertEquals(one, {
    type: "confirmação",
    call: "uBNRgilQ",
    // As `openssl dgst` computes them.
    fields: { tipo: "confirmação", chamada: "uBNRgilQ", chave: "8IdCmUxI" },
  });
  const other = redactCallMessage(text.replace(CALL, newCallId()))!;
  assertNotEquals(other.fields.chave, one.fields.chave);
});

Deno.test("redactCallMessage() keeps what is public and hides all else, whatever its type", () => {
  const message = {
    ...{ tipo: "convite", chamada: CALL, nome: "joão", ip: "192.168.0.101", porta: 40001 },
    ...{ midia: "opus/48000/1", destino: "maria", motivo: { a: KEY }, resposta: "x".repeat(600) },
    ...{ "__proto__x": 7, vazio: null },
  };
  const { fields } = redactCallMessage(JSON.stringify(message))!;
  assertEquals({ ...fields, chamada: "", motivo: "", resposta: "", "__proto__x": "", vazio: "" }, {
    ...{ tipo: "convite", chamada: "", nome: "joão", ip: "192.168.0.101", porta: 40001 },
    ...{ midia: "opus/48000/1", destino: "maria", motivo: "", resposta: "", "__proto__x": "", vazio: "" },
  });
  for (const name of ["chamada", "motivo", "resposta", "__proto__x", "vazio"]) {
    assert(isHash(fields[name]), name);
  }
  const proto = redactCallMessage(`{"tipo":"tocando","chamada":"${CALL}","__proto__":{"a":1}}`)!;
  assertEquals(Object.getPrototypeOf(proto.fields), Object.prototype);
  assert(isHash(Object.entries(proto.fields).at(-1)?.[1]));
});

const NO_MESSAGES = [
  "",
  "{",
  "[]",
  "null",
  '"tocando"',
  "{}",
  '{"tipo":"tocando"}',
  `{"chamada":"${CALL}"}`,
  `{"tipo":7,"chamada":"${CALL}"}`,
  '{"tipo":"tocando","chamada":7}',
  `{"tipo":"${"x".repeat(33)}","chamada":"${CALL}"}`,
];

Deno.test("redactCallMessage() gives nothing of a text that is no call message", () => {
  for (const text of NO_MESSAGES) assertEquals(redactCallMessage(text), undefined, text);
  holds(fc.property(anyText, (text) => {
    redactCallMessage(text);
  }));
});

Deno.test("checkRedacted() takes nothing in which a secret may be", () => {
  const good = { tipo: "tocando", chamada: "9dEsLFLb", prova: "AAAAAAAA" };
  assert(checkRedacted(good));
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, "AAAAAAAA"]));
  for (
    const bad of [
      ...[undefined, null, 7, "x", [], {}, [good]],
      { ...good, prova: CALL },
      { ...good, chamada: CALL },
      { ...good, chamada: undefined },
      { ...good, tipo: 7 },
      { ...good, tipo: "x".repeat(33) },
      { ...good, novo: 7 },
      { ...good, nome: { a: 1 } },
      { ...good, nome: "x".repeat(600) },
      { ...good, ["x".repeat(40)]: "AAAAAAAA" },
      { ...good, ...many },
    ]
  ) assertEquals(checkRedacted(bad), undefined, JSON.stringify(bad));
});

Deno.test("redactRegistryMessage() hides the proof of the password, so that nobody can test guesses", () => {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const proof = { tipo: "resposta_desafio", nonce: "ICEiIyQlJicoKSorLC0uLw", prova: KEY, id: 3 };
  const { type, fields } = redactRegistryMessage(JSON.stringify(proof), key)!;
  assertEquals([type, fields.tipo, fields.id], ["resposta_desafio", "resposta_desafio", 3]);
  assert(isHash(fields.nonce) && isHash(fields.prova));
  const other = redactRegistryMessage(JSON.stringify(proof), crypto.getRandomValues(new Uint8Array(32)))!;
  assertNotEquals(other.fields.prova, fields.prova);
  assertEquals(redactRegistryMessage("GET / HTTP/1.1", key), undefined);
  // As long as `--line-limit` allows.
  const deep = `{"tipo":"ping","a":${'[{"7":'.repeat(8000)}1${"}]".repeat(8000)}}`;
  assert(isHash(redactRegistryMessage(deep, key)!.fields.a));
});

Deno.test("redactRegistryMessage() keeps lists of people, and nothing else in them", () => {
  const person = { nome: "maria", ip: "192.168.0.121", porta: 6050 };
  const list = { tipo: "resposta_lista", usuarios: [{ ...person, chave: KEY }, null, [KEY]], proximo: 7 };
  assertEquals(redactRegistryMessage(JSON.stringify(list), new Uint8Array(32))!.fields, {
    tipo: "resposta_lista",
    proximo: 7,
    usuarios: [person, {}, {}],
  });
});
