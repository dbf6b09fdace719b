import { assert, assertEquals } from "@std/assert";
import { parseReply, parseRequest } from "../../lib/protocol/registry_messages.ts";

const NAME = "o campo 'nome' deve ter de 1 a 32 caracteres visíveis, sem controles";
const IP = "o campo 'ip' deve ser um endereço IPv4 ou IPv6";
const PORT = "o campo 'porta' deve ser um número de 1 a 65535";
const TYPE = "o campo 'tipo' falta ou é desconhecido";
const OBJECT = "a linha não é um objeto JSON";
const ID = "o campo 'id' deve ser um texto curto ou um número";
const FROM = "o campo 'a_partir' deve ser um número inteiro";

const requests: [line: string, parsed: unknown][] = [
  [
    '{"tipo":"registro","nome":"joão","ip":"192.168.0.10","porta":6000}',
    { message: { tipo: "registro", nome: "joão", ip: "192.168.0.10", porta: 6000 } },
  ],
  [
    '{"tipo":"registro","nome":"joa\\u0303o","ip":"::1","porta":6000,"extra":{"a":[1]},"id":1}',
    { message: { tipo: "registro", nome: "joão", ip: "::1", porta: 6000, id: 1 } },
  ],
  ['{"tipo":"consulta","nome":"maria","id":"a"}', { message: { tipo: "consulta", nome: "maria", id: "a" } }],
  ['{"tipo":"lista"}', { message: { tipo: "lista" } }],
  ['{"tipo":"lista","a_partir":null,"id":null}', { message: { tipo: "lista" } }],
  ['{"tipo":"lista","a_partir":17,"id":0}', { message: { tipo: "lista", a_partir: 17, id: 0 } }],
  ['{"tipo":"fechamento","nome":"joão"}', { message: { tipo: "fechamento", nome: "joão" } }],
  ['{"tipo":"ping"}', { message: { tipo: "ping" } }],
  ['{"tipo":"rastro"}', { message: { tipo: "rastro" } }],
  // Whatever is in it: it gets no reply.
  ['{"tipo":"rastro","mensagens":7,"id":{"a":1}}', { message: { tipo: "rastro" } }],
  ['{"tipo":"pong","id":-1.5}', { message: { tipo: "pong", id: -1.5 } }],
  [' \t{ "tipo" : "ping" } \r', { message: { tipo: "ping" } }],
  // JSON.parse takes the last of duplicate keys (RFC 8259, section 4, leaves it open).
  ['{"tipo":"lista","tipo":"ping"}', { message: { tipo: "ping" } }],
  // No JSON object
  ["", { problem: OBJECT }],
  ["{", { problem: OBJECT }],
  ["{}x", { problem: OBJECT }],
  ["{'tipo':'ping'}", { problem: OBJECT }],
  ["null", { problem: OBJECT }],
  ["7", { problem: OBJECT }],
  ['"ping"', { problem: OBJECT }],
  ["[]", { problem: OBJECT }],
  ['[{"tipo":"ping"}]', { problem: OBJECT }],
  ["[".repeat(4096), { problem: OBJECT }],
  ['{"a":'.repeat(800), { problem: OBJECT }],
  ["[".repeat(2048) + "]".repeat(2048), { problem: OBJECT }],
  [`{"tipo":"ping","a":${"[".repeat(2000)}${"]".repeat(2000)}}`, { message: { tipo: "ping" } }],
  // Types
  ["{}", { problem: TYPE }],
  ['{"tipo":null}', { problem: TYPE }],
  ['{"tipo":"REGISTRO","id":1}', { problem: TYPE, id: 1 }],
  ['{"tipo":["ping"]}', { problem: TYPE }],
  ['{"tipo":"__proto__"}', { problem: TYPE }],
  ['{"tipo":"constructor"}', { problem: TYPE }],
  ['{"tipo":"toString"}', { problem: TYPE }],
  ['{"__proto__":{"tipo":"ping"}}', { problem: TYPE }],
  ['{"constructor":{"prototype":{"tipo":"ping"}}}', { problem: TYPE }],
  ['{"tipo":"registro_confirmado","nome":"joão","ip":"::1","porta":1}', { problem: TYPE }],
  // Fields
  ['{"tipo":"registro","ip":"::1","porta":6000}', { problem: NAME }],
  ['{"tipo":"registro","nome":"","ip":"::1","porta":6000}', { problem: NAME }],
  ['{"tipo":"registro","nome":"a\\u001bb","ip":"::1","porta":6000,"id":9}', { problem: NAME, id: 9 }],
  ['{"tipo":"registro","nome":"a\\ud800","ip":"::1","porta":6000}', { problem: NAME }],
  ['{"tipo":"registro","nome":{"toString":1},"ip":"::1","porta":6000}', { problem: NAME }],
  ['{"tipo":"registro","nome":"joão","porta":6000}', { problem: IP }],
  ['{"tipo":"registro","nome":"joão","ip":"localhost","porta":6000}', { problem: IP }],
  ['{"tipo":"registro","nome":"joão","ip":"fe80::1%eth0","porta":6000}', { problem: IP }],
  ['{"tipo":"registro","nome":"joão","ip":"::1"}', { problem: PORT }],
  ['{"tipo":"registro","nome":"joão","ip":"::1","porta":"6000"}', { problem: PORT }],
  ['{"tipo":"registro","nome":"joão","ip":"::1","porta":0}', { problem: PORT }],
  ['{"tipo":"registro","nome":"joão","ip":"::1","porta":6000.5}', { problem: PORT }],
  ['{"tipo":"registro","nome":"joão","ip":"::1","porta":1e999}', { problem: PORT }],
  [`{"tipo":"registro","nome":"joão","ip":"::1","porta":${"9".repeat(3000)}}`, { problem: PORT }],
  ['{"tipo":"consulta"}', { problem: NAME }],
  ['{"tipo":"fechamento","nome":7,"id":"x"}', { problem: NAME, id: "x" }],
  ['{"tipo":"lista","a_partir":-1}', { problem: FROM }],
  ['{"tipo":"lista","a_partir":"1"}', { problem: FROM }],
  ['{"tipo":"lista","a_partir":1e300}', { problem: FROM }],
  // `id`
  ['{"tipo":"ping","id":{}}', { problem: ID }],
  ['{"tipo":"ping","id":true}', { problem: ID }],
  ['{"tipo":"ping","id":1e999}', { problem: ID }],
  [`{"tipo":"ping","id":"${"x".repeat(64)}"}`, { message: { tipo: "ping", id: "x".repeat(64) } }],
  [`{"tipo":"ping","id":"${"x".repeat(65)}"}`, { problem: ID }],
];

Deno.test("parseRequest() parses requests, and gives the problem of others in Portuguese", () => {
  for (const [line, parsed] of requests) assertEquals(parseRequest(line), parsed, line.slice(0, 80));
});

Deno.test("parseRequest() pollutes no prototype", () => {
  parseRequest('{"tipo":"registro","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
  assertEquals(({} as { polluted?: number }).polluted, undefined);
});

const replies: [line: string, message: unknown][] = [
  [
    '{"tipo":"registro_confirmado","nome":"joão","ip":"::1","porta":6000,"id":1,"novo":true}',
    { tipo: "registro_confirmado", nome: "joão", ip: "::1", porta: 6000, id: 1 },
  ],
  [
    '{"tipo":"resposta_consulta","nome":"maria","ip":"192.0.2.1","porta":6050}',
    { tipo: "resposta_consulta", nome: "maria", ip: "192.0.2.1", porta: 6050 },
  ],
  // The answer to a query whose address is none: whoever calls it says so.
  ['{"tipo":"resposta_consulta","nome":"a","ip":"x","porta":0}', {
    tipo: "resposta_consulta",
    nome: "a",
    ip: "x",
    porta: 0,
  }],
  ['{"tipo":"resposta_consulta","nome":"a","ip":[]}', {
    tipo: "resposta_consulta",
    nome: "a",
    ip: "",
    porta: 0,
  }],
  ['{"tipo":"resposta_consulta","nome":"a","ip":"::ffff:192.0.2.1","porta":1}', {
    tipo: "resposta_consulta",
    nome: "a",
    ip: "192.0.2.1",
    porta: 1,
  }],
  ['{"tipo":"resposta_lista","usuarios":[]}', { tipo: "resposta_lista", usuarios: [] }],
  [
    '{"tipo":"resposta_lista","usuarios":[{"nome":"a","ip":"::1","porta":1,"x":2}],"proximo":4}',
    { tipo: "resposta_lista", usuarios: [{ nome: "a", ip: "::1", porta: 1 }], proximo: 4 },
  ],
  // An invalid row does not hide the others.
  [
    '{"tipo":"resposta_lista","usuarios":[null,7,{"nome":"\\u001b[2J","ip":"::1","porta":1},{"nome":"a","ip":"x","porta":1},{"nome":"b","ip":"::1","porta":2}],"proximo":-1}',
    { tipo: "resposta_lista", usuarios: [{ nome: "b", ip: "::1", porta: 2 }] },
  ],
  ['{"tipo":"fechamento_confirmado","nome":"joão"}', { tipo: "fechamento_confirmado", nome: "joão" }],
  [
    '{"tipo":"erro","codigo":"nome_em_uso","mensagem":"m","id":"x"}',
    { tipo: "erro", codigo: "nome_em_uso", mensagem: "m", id: "x" },
  ],
  // An unknown code is still an error.
  ['{"tipo":"erro","codigo":"outro","mensagem":"m"}', {
    tipo: "erro",
    codigo: "mensagem_invalida",
    mensagem: "m",
  }],
  ['{"tipo":"erro"}', { tipo: "erro", codigo: "mensagem_invalida", mensagem: "" }],
  ['{"tipo":"ping","id":{}}', { tipo: "ping" }],
  ['{"tipo":"pong"}', { tipo: "pong" }],
  ["", undefined],
  ["[]", undefined],
  ["null", undefined],
  ["{}", undefined],
  ['{"tipo":"registro"}', undefined],
  ['{"tipo":"registro_confirmado","nome":"joão","ip":"::1"}', undefined],
  ['{"tipo":"resposta_consulta","nome":7,"ip":"::1","porta":1}', undefined],
  ['{"tipo":"resposta_lista"}', undefined],
  ['{"tipo":"resposta_lista","usuarios":{"length":1}}', undefined],
  ['{"tipo":"fechamento_confirmado","nome":[]}', undefined],
  ['{"__proto__":{"tipo":"ping"}}', undefined],
  ["[".repeat(100_000), undefined],
];

Deno.test("parseReply() accepts messages of a registry only", () => {
  for (const [line, message] of replies) {
    const parsed = parseReply(line);
    if (message === undefined) assert("problem" in parsed, line.slice(0, 80));
    else assertEquals(parsed, { message } as typeof parsed, line.slice(0, 80));
  }
});
