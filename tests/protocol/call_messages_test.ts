import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type CallMessage,
  encodeCallMessage,
  MAX_DATAGRAM_BYTES,
  newCallId,
  parseCallMessage,
  SIGNALLING_FIRST_BYTE,
} from "../../lib/protocol/call_messages.ts";

const chamada = "AAAAAAAAAAAAAAAAAAAAAA";
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const prova = "BBBBBBBBBBBBBBBBBBBBBB";
const compromisso = "b8fc8KSf5YmrYO9lLrgzrCuj-rBe8KdEY5kQN30tN_A";
const chave = "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo";
const selo = "M2-C1Hw5XouCuGSnwFDOPg";

const messages: CallMessage[] = [
  { tipo: "convite", chamada, nome: "joão", ip: "192.0.2.1", porta: 50000, midia: "opus/48000/1" },
  { tipo: "tocando", chamada },
  { tipo: "resposta_ao_convite", chamada, resposta: "aceito" },
  { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "ocupado" },
  { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "recusado" },
  { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "sem_resposta" },
  { tipo: "confirmação", chamada },
  { tipo: "encerrar_ligação", chamada },
  { tipo: "ligação_encerrada", chamada },
  {
    ...{ tipo: "convite", chamada, nome: "joão", ip: "192.0.2.1", porta: 50000, midia: "opus/48000/1" },
    compromisso,
    prova,
  },
  { tipo: "tocando", chamada, prova },
  { tipo: "resposta_ao_convite", chamada, resposta: "aceito", chave, prova },
  { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "sem_cifra", prova },
  { tipo: "confirmação", chamada, chave, selo, prova },
  { tipo: "encerrar_ligação", chamada, chave, selo },
  { tipo: "ligação_encerrada", chamada, selo },
];

Deno.test("parseCallMessage() reverses encodeCallMessage()", () => {
  for (const message of messages) {
    const datagram = encodeCallMessage(message);
    assertEquals(datagram[0], SIGNALLING_FIRST_BYTE);
    assertEquals(parseCallMessage(datagram), { message });
  }
});

const lenient: [what: string, datagram: string, message: CallMessage][] = [
  [
    "unknown fields",
    `{"tipo":"tocando","chamada":"${chamada}","__proto__":{"tipo":"convite"},"x":[{}]}`,
    { tipo: "tocando", chamada },
  ],
  [
    "combining accents in the type",
    `{"tipo":"confirmac\\u0327a\\u0303o","chamada":"${chamada}"}`,
    { tipo: "confirmação", chamada },
  ],
  [
    "combining accents in the name, and no medium",
    `{"tipo":"convite","chamada":"${chamada}","nome":"joa\\u0303o","ip":"::1","porta":1}`,
    { tipo: "convite", chamada, nome: "joão", ip: "::1", porta: 1, midia: "opus/48000/1" },
  ],
  [
    "an unknown reason",
    `{"tipo":"resposta_ao_convite","chamada":"${chamada}","resposta":"rejeitado","motivo":"férias"}`,
    { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "recusado" },
  ],
  [
    "a reason of another type",
    `{"tipo":"resposta_ao_convite","chamada":"${chamada}","resposta":"rejeitado","motivo":["ocupado"]}`,
    { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "recusado" },
  ],
];

lenient.push([
  "null in place of a key, and fields of other messages",
  `{"tipo":"encerrar_ligação","chamada":"${chamada}","chave":null,"selo":null,"prova":1,"compromisso":[]}`,
  { tipo: "encerrar_ligação", chamada },
]);

Deno.test("parseCallMessage() accepts other spellings", () => {
  for (const [what, text, message] of lenient) {
    assertEquals(parseCallMessage(bytesOf(text)), { message }, what);
  }
});

const invitation = (fields: string): string => `{"tipo":"convite","chamada":"${chamada}",${fields}}`;

const answer = (fields: string): string =>
  `{"tipo":"resposta_ao_convite","chamada":"${chamada}","resposta":"aceito",${fields}}`;

const hostile: [what: string, datagram: Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["one byte", Uint8Array.of(SIGNALLING_FIRST_BYTE)],
  ["invalid UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d)],
  ["RTP", Uint8Array.of(0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1)],
  ["a list", bytesOf("[]")],
  ["null", bytesOf("null")],
  ["two objects", bytesOf("{}{}")],
  ["deep nesting", bytesOf(`{"a":`.repeat(200))],
  [
    "too large by one byte",
    bytesOf(`{"tipo":"tocando","chamada":"${chamada}"}`.padEnd(MAX_DATAGRAM_BYTES + 1)),
  ],
  ["no call", bytesOf('{"tipo":"tocando"}')],
  ["a short call", bytesOf('{"tipo":"tocando","chamada":"abc"}')],
  ["a long call", bytesOf(`{"tipo":"tocando","chamada":"${"a".repeat(65)}"}`)],
  ["a call with other characters", bytesOf('{"tipo":"tocando","chamada":"../../../../etc/passwd"}')],
  ["a call with a line feed", bytesOf(`{"tipo":"tocando","chamada":"${chamada}\\n"}`)],
  ["a call of another type", bytesOf('{"tipo":"tocando","chamada":1234567890123456}')],
  ["no type", bytesOf(`{"chamada":"${chamada}"}`)],
  ["an unknown type", bytesOf(`{"tipo":"registro","chamada":"${chamada}"}`)],
  ["a type of another type", bytesOf(`{"tipo":{"normalize":1},"chamada":"${chamada}"}`)],
  ["all fields in the prototype", bytesOf(`{"__proto__":{"tipo":"tocando","chamada":"${chamada}"}}`)],
  ["an answer without one", bytesOf(`{"tipo":"resposta_ao_convite","chamada":"${chamada}"}`)],
  ["another answer", bytesOf(`{"tipo":"resposta_ao_convite","chamada":"${chamada}","resposta":"talvez"}`)],
  ["a short commitment", bytesOf(invitation(`"nome":"a","ip":"::1","porta":1,"compromisso":"abc"`))],
  [
    "a commitment with trailing bits that are not zero",
    bytesOf(invitation(`"nome":"a","ip":"::1","porta":1,"compromisso":"${"A".repeat(42)}B"`)),
  ],
  ["a key in base64 that is not for URLs", bytesOf(answer(`"chave":"+${"A".repeat(42)}"`))],
  ["a key that is a number", bytesOf(answer('"chave":1'))],
  ["a padded key", bytesOf(answer(`"chave":"${"A".repeat(43)}="`))],
  ["a key that is too long", bytesOf(answer(`"chave":"${"A".repeat(86)}"`))],
  ["a token with a line feed", bytesOf(answer(`"prova":"${"A".repeat(22)}\\n"`))],
  ["a long token", bytesOf(answer(`"prova":"${"A".repeat(65)}"`))],
  ["a short MAC", bytesOf(`{"tipo":"encerrar_ligação","chamada":"${chamada}","selo":"AAAA"}`)],
  [
    "a MAC with trailing bits that are not zero",
    bytesOf(`{"tipo":"encerrar_ligação","chamada":"${chamada}","selo":"${"A".repeat(21)}B"}`),
  ],
  ["no name", bytesOf(invitation('"ip":"::1","porta":1'))],
  ["an invalid name", bytesOf(invitation('"nome":"\\u202ea","ip":"::1","porta":1'))],
  ["no address", bytesOf(invitation('"nome":"a","porta":1'))],
  ["a host name", bytesOf(invitation('"nome":"a","ip":"example.org","porta":1'))],
  ["port 0", bytesOf(invitation('"nome":"a","ip":"::1","porta":0'))],
  ["a huge port", bytesOf(invitation('"nome":"a","ip":"::1","porta":1e400'))],
  ["a port as text", bytesOf(invitation('"nome":"a","ip":"::1","porta":"1"'))],
  ["a medium that is none", bytesOf(invitation('"nome":"a","ip":"::1","porta":1,"midia":{}'))],
];

Deno.test("parseCallMessage() refuses invalid datagrams, with a problem", () => {
  for (const [what, datagram] of hostile) assert("problem" in parseCallMessage(datagram), what);
});

Deno.test("parseCallMessage() refuses truncated messages", () => {
  for (const message of messages) {
    const datagram = encodeCallMessage(message);
    for (let length = 0; length < datagram.length; length++) {
      assert("problem" in parseCallMessage(datagram.subarray(0, length)), `${message.tipo}, ${length} bytes`);
    }
  }
});

Deno.test("parseCallMessage() accepts a datagram of 1200 bytes", () => {
  const text = `{"tipo":"tocando","chamada":"${chamada}"}`.padEnd(MAX_DATAGRAM_BYTES);
  assertEquals(parseCallMessage(bytesOf(text)), { message: { tipo: "tocando", chamada } });
});

Deno.test("newCallId() is 128 bits in base64url", () => {
  assertEquals(newCallId((bytes) => bytes.fill(0xff)), "_____________________w");
  assertEquals(newCallId((bytes) => bytes.fill(0xfb, 0, 1)), "-wAAAAAAAAAAAAAAAAAAAA");
});

Deno.test("newCallId() gives another identifier each time", () => {
  const ids = new Set(Array.from({ length: 1000 }, () => newCallId()));
  assertEquals(ids.size, 1000);
  for (const id of ids) assertMatch(id, /^[A-Za-z0-9_-]{22}$/);
});
