import { assert, assertEquals, assertMatch } from "@std/assert";
import { MAX_LINE_BYTES } from "../../lib/protocol/line_splitter.ts";
import type { Person } from "../../lib/protocol/registry_messages.ts";
import { Session } from "../../lib/registrar/session.ts";
import { RegistryTable } from "../../lib/registrar/table.ts";

const joao = { nome: "joão", ip: "192.168.0.10", porta: 6000 };
const maria = { nome: "maria", ip: "::1", porta: 6050 };

/** A table with maria in it, and a new session. */
function room(): { table: RegistryTable; session: Session } {
  const table = new RegistryTable();
  table.add(maria);
  return { table, session: new Session(table) };
}

/** The replies of a session to messages, without `mensagem`. The holder of a contested name keeps it. */
function answers(session: Session, ...messages: unknown[]): unknown[] {
  return messages.map((message) => {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    const outcome = session.handleLine({ text });
    const { reply } = outcome.contested === undefined ? outcome : session.settle();
    if (reply?.tipo !== "erro") return reply;
    const { mensagem, ...rest } = reply;
    assertMatch(mensagem, /^[a-zà-ú].{10,}[^.]$/);
    return rest;
  });
}

const registro = { tipo: "registro", ...joao };
const erro = (codigo: string): unknown => ({ tipo: "erro", codigo });

const dialogues: [rule: string, messages: unknown[], answers: unknown[]][] = [
  ["a registration is confirmed", [registro], [{ tipo: "registro_confirmado", ...joao }]],
  [
    "a second registration is refused, even of the same name",
    [registro, registro, { ...registro, nome: "pedro" }],
    [{ tipo: "registro_confirmado", ...joao }, erro("ja_registrado"), erro("ja_registrado")],
  ],
  [
    "a name in use is refused and another may be tried",
    [{ ...registro, nome: "MARIA" }, { ...registro, nome: "maria" }, registro],
    [erro("nome_em_uso"), erro("nome_em_uso"), { tipo: "registro_confirmado", ...joao }],
  ],
  [
    "requests before registration are refused",
    [{ tipo: "consulta", nome: "maria" }, { tipo: "lista" }, { tipo: "fechamento", nome: "maria" }],
    [erro("nao_registrado"), erro("nao_registrado"), erro("nao_registrado")],
  ],
  [
    "and after a refused registration",
    [{ ...registro, nome: "maria" }, { tipo: "consulta", nome: "maria" }],
    [erro("nome_em_uso"), erro("nao_registrado")],
  ],
  [
    "a query gives the name as registered",
    [registro, { tipo: "consulta", nome: "MARIA" }],
    [{ tipo: "registro_confirmado", ...joao }, { tipo: "resposta_consulta", ...maria }],
  ],
  [
    "a query may be for the phone's own name",
    [registro, { tipo: "consulta", nome: "joão" }],
    [{ tipo: "registro_confirmado", ...joao }, { tipo: "resposta_consulta", ...joao }],
  ],
  [
    "a query of an unknown name is refused",
    [registro, { tipo: "consulta", nome: "pedro" }, { tipo: "consulta", nome: "__proto__" }],
    [
      { tipo: "registro_confirmado", ...joao },
      erro("usuario_nao_encontrado"),
      erro("usuario_nao_encontrado"),
    ],
  ],
  [
    "the list is in order of registration",
    [registro, { tipo: "lista" }],
    [{ tipo: "registro_confirmado", ...joao }, { tipo: "resposta_lista", usuarios: [maria, joao] }],
  ],
  [
    "the list may begin at any row",
    [registro, { tipo: "lista", a_partir: 1 }, { tipo: "lista", a_partir: 2 }],
    [
      { tipo: "registro_confirmado", ...joao },
      { tipo: "resposta_lista", usuarios: [joao] },
      { tipo: "resposta_lista", usuarios: [] },
    ],
  ],
  [
    "a goodbye with another name removes nobody",
    [registro, { tipo: "fechamento", nome: "maria" }, { tipo: "lista" }],
    [
      { tipo: "registro_confirmado", ...joao },
      erro("mensagem_invalida"),
      { tipo: "resposta_lista", usuarios: [maria, joao] },
    ],
  ],
  [
    "a goodbye ignores the case of the name, and lines after it are ignored",
    [registro, { tipo: "fechamento", nome: "JOA\u0303O" }, { tipo: "ping" }, "x", registro],
    [
      { tipo: "registro_confirmado", ...joao },
      { tipo: "fechamento_confirmado", nome: "joão" },
      undefined,
      undefined,
      undefined,
    ],
  ],
  ["rastro is never answered, before and after registration", [
    { tipo: "rastro", mensagens: "nenhuma", id: [] },
    registro,
    { tipo: "rastro" },
  ], [undefined, { tipo: "registro_confirmado", ...joao }, undefined]],
  ["ping is always answered, pong never", [{ tipo: "ping" }, { tipo: "pong" }], [
    { tipo: "pong" },
    undefined,
  ]],
  [
    "an invalid line does not end the connection",
    ["x", "[]", { tipo: "registro" }, { tipo: "pedido" }, { ...registro, ip: "aqui" }, registro],
    [
      erro("mensagem_invalida"),
      erro("mensagem_invalida"),
      erro("mensagem_invalida"),
      erro("mensagem_invalida"),
      erro("mensagem_invalida"),
      { tipo: "registro_confirmado", ...joao },
    ],
  ],
  [
    "every reply repeats the id of its request, also an error",
    [
      { tipo: "lista", id: 1 },
      { ...registro, id: "a" },
      { ...registro, id: "" },
      { tipo: "registro", id: 0 },
      { tipo: "ping", id: 2 },
      { tipo: "consulta", nome: "maria", id: 3.5 },
      { tipo: "lista", id: 4 },
      { tipo: "fechamento", nome: "joão", id: 5 },
    ],
    [
      { tipo: "erro", codigo: "nao_registrado", id: 1 },
      { tipo: "registro_confirmado", ...joao, id: "a" },
      { tipo: "erro", codigo: "ja_registrado", id: "" },
      { tipo: "erro", codigo: "mensagem_invalida", id: 0 },
      { tipo: "pong", id: 2 },
      { tipo: "resposta_consulta", ...maria, id: 3.5 },
      { tipo: "resposta_lista", usuarios: [maria, joao], id: 4 },
      { tipo: "fechamento_confirmado", nome: "joão", id: 5 },
    ],
  ],
];

Deno.test("Session follows the protocol", () => {
  for (const [rule, messages, expected] of dialogues) {
    assertEquals(answers(room().session, ...messages), expected, rule);
  }
});

/** Hostile lines, and the `tipo` or `codigo` of the reply. */
const HOSTILE: [what: string, line: string, answer: string][] = [
  ["deep arrays", "[".repeat(4000), "mensagem_invalida"],
  ["deep arrays that end", `${"[".repeat(2000)}${"]".repeat(2000)}`, "mensagem_invalida"],
  [
    "deep objects in an unknown field",
    `{"tipo":"ping","x":${'{"a":'.repeat(600)}1${"}".repeat(600)}}`,
    "pong",
  ],
  ["fields of a prototype", '{"__proto__":{"tipo":"ping"}}', "mensagem_invalida"],
  ["a prototype as an unknown field", '{"tipo":"ping","__proto__":{"tipo":"lista"},"constructor":1}', "pong"],
  ["the last of duplicate fields counts", '{"tipo":"lista","tipo":"ping"}', "pong"],
  [
    "an object for a name",
    '{"tipo":"registro","nome":{"toString":1},"ip":"::1","porta":1}',
    "mensagem_invalida",
  ],
  ["a list for a type", '{"tipo":["registro"]}', "mensagem_invalida"],
  ["a number that overflows", '{"tipo":"registro","nome":"x","ip":"::1","porta":1e999}', "mensagem_invalida"],
  [
    "a number of many digits",
    `{"tipo":"registro","nome":"x","ip":"::1","porta":${"9".repeat(4000)}}`,
    "mensagem_invalida",
  ],
  ["a port with a fraction", '{"tipo":"registro","nome":"x","ip":"::1","porta":6000.5}', "mensagem_invalida"],
  ["minus zero", '{"tipo":"registro","nome":"x","ip":"::1","porta":-0}', "mensagem_invalida"],
  ["an id that overflows", '{"tipo":"ping","id":1e999}', "mensagem_invalida"],
  ["a list for an id", '{"tipo":"ping","id":[1]}', "mensagem_invalida"],
  ["an id that is too long", `{"tipo":"ping","id":"${"x".repeat(65)}"}`, "mensagem_invalida"],
  [
    "a lone surrogate as a name",
    '{"tipo":"registro","nome":"\\ud800","ip":"::1","porta":1}',
    "mensagem_invalida",
  ],
  ["a zero byte", '{"tipo":"ping"}\0', "mensagem_invalida"],
  ["a byte order mark", '\ufeff{"tipo":"ping"}', "mensagem_invalida"],
  ["a page that is no safe integer", '{"tipo":"lista","a_partir":1e308}', "mensagem_invalida"],
];

Deno.test("Session answers hostile lines, and changes nothing", () => {
  for (const [what, line, answer] of HOSTILE) {
    const { session, table } = room();
    const { reply, close } = session.handleLine({ text: line });
    assertEquals(reply?.tipo === "erro" ? reply.codigo : reply?.tipo, answer, what);
    assertEquals([close, table.people()], [false, [maria]], what);
  }
  assertEquals(({} as { tipo?: unknown }).tipo, undefined, "no prototype was polluted");
});

Deno.test("Session answers invalid lines, and takes the next one", () => {
  const { session } = room();
  for (const problem of ["too_long", "not_utf8"] as const) {
    const { reply, close } = session.handleLine({ problem, beginning: "x" });
    assert(reply?.tipo === "erro");
    assertEquals([reply.codigo, close], ["mensagem_invalida", false]);
  }
  assertEquals(answers(session, registro), [{ tipo: "registro_confirmado", ...joao }]);
});

Deno.test("Session.settle() gives the pending reply to a contested name, with the `id` of its request", () => {
  for (const free of [false, true]) {
    const { table, session } = room();
    const request = JSON.stringify({ ...registro, nome: "MARIA", id: 7 });
    assertEquals(session.handleLine({ text: request }), { contested: "MARIA", close: false });
    if (free) table.remove("maria");
    const { reply, joined } = session.settle();
    const newcomer = { ...joao, nome: "MARIA" };
    assertEquals(joined, free ? newcomer : undefined);
    assert(reply);
    if (free) assertEquals(reply, { tipo: "registro_confirmado", ...newcomer, id: 7 });
    else assertEquals([reply.tipo === "erro" && reply.codigo, reply.id], ["nome_em_uso", 7]);
    assertEquals(session.settle(), { close: false }, "only once");
  }
});

Deno.test("Session.settle() registers nobody after the end of the connection", () => {
  const { table, session } = room();
  session.handleLine({ text: JSON.stringify({ ...registro, nome: "maria" }) });
  session.end();
  table.remove("maria");
  assertEquals(session.settle(), { close: true });
  assertEquals(table.people(), []);
});

Deno.test("Session reports joined and left once each", () => {
  const { table, session } = room();
  assertEquals(session.handleLine({ text: JSON.stringify(registro) }).joined, joao);
  const outcome = session.handleLine({ text: '{"tipo":"fechamento","nome":"joão"}' });
  assertEquals([outcome.left, outcome.close], [joao, true]);
  assertEquals(session.end(), undefined);
  assertEquals(table.people(), [maria]);
});

Deno.test("Session.end() removes its person from the table", () => {
  const { table, session } = room();
  answers(session, registro);
  assertEquals(session.end(), joao);
  assertEquals(session.end(), undefined);
  assertEquals(table.people(), [maria]);
});

Deno.test("Session.end() removes nobody who registered the name after its own person left", () => {
  const { table, session } = room();
  answers(session, registro, { tipo: "fechamento", nome: "joão" });
  answers(new Session(table), registro);
  assertEquals(session.end(), undefined);
  assertEquals(table.people(), [maria, joao]);
});

Deno.test("Session lists a large room in pages that fit a line, with everybody on them once", () => {
  const people = Array.from({ length: 500 }, (_, index): Person => ({
    nome: `${String(index).padStart(4, "0")}${"😀".repeat(28)}`,
    ip: "2001:db8:1111:2222:3333:4444:5555:6666",
    porta: 65535,
  }));
  for (const id of [undefined, 7, "\u0001".repeat(64)]) {
    const table = new RegistryTable();
    for (const one of people) table.add(one);
    const session = new Session(table);
    answers(session, registro);
    const read: Person[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const request: string = JSON.stringify({ tipo: "lista", a_partir: from, id });
      const { reply } = session.handleLine({ text: request });
      assert(reply?.tipo === "resposta_lista");
      const bytes = new TextEncoder().encode(JSON.stringify(reply)).length;
      assert(bytes <= MAX_LINE_BYTES, `${bytes} bytes`);
      read.push(...reply.usuarios);
      from = reply.proximo;
    }
    assertEquals(read, [...people, joao]);
  }
});

Deno.test("Session refuses an address that is no phone's, and says why", () => {
  for (const ip of ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::ffff:0.0.0.0"]) {
    const { table, session } = room();
    const { reply } = session.handleLine({ text: JSON.stringify({ ...registro, ip, id: 7 }) });
    assert(reply?.tipo === "erro" && reply.codigo === "mensagem_invalida" && reply.id === 7, ip);
    assertMatch(reply.mensagem, /^o endereço em 'ip' (não )?é/);
    assertEquals(table.people(), [maria]);
    // The connection goes on.
    assertEquals(answers(session, registro), [{ tipo: "registro_confirmado", ...joao }]);
  }
});

Deno.test("Session takes the judgement of its registry's machine", () => {
  const judged: Person[] = [];
  const session = new Session(new RegistryTable(), undefined, undefined, (person) => {
    judged.push(person);
    return { kind: "loopback_address" };
  });
  assertEquals(answers(session, registro), [erro("mensagem_invalida")]);
  assertEquals(judged, [joao]);
});

Deno.test("Session takes an IPv4-mapped address for the IPv4 address that it is", () => {
  const { table, session } = room();
  answers(session, { ...registro, ip: "::ffff:192.168.0.10" });
  assertEquals(table.find("joão"), joao);
});
