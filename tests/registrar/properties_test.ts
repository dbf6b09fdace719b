import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { nameKey } from "../../lib/protocol/name.ts";
import { parseReply, type Person } from "../../lib/protocol/registry_messages.ts";
import { type Outcome, Session } from "../../lib/registrar/session.ts";
import { RegistryTable } from "../../lib/registrar/table.ts";
import { holds } from "../../testing/property.ts";

/** Some of them have the same key. */
const NAMES = ["joão", "JOA\u0303O", "maria", "MARIA", "ana"];
const PHONES = 3;

/** A simple model of the room: the name of each phone, and the names in order of registration. */
interface Model {
  readonly names: (string | undefined)[];
  readonly order: string[];
}

/** The implementation. */
interface Room {
  readonly table: RegistryTable;
  readonly sessions: Session[];
}

type Command = fc.Command<Model, Room>;

/** A command of one phone; `expect` changes the model, and returns the expected `tipo` or `codigo` of the reply. */
function command(
  description: string,
  phone: number,
  request: object | undefined,
  expect: (model: Model) => string | undefined,
): Command {
  return {
    check: () => true,
    run(model, room) {
      const session = room.sessions[phone]!;
      const received: Outcome | undefined = request && session.handleLine({ text: JSON.stringify(request) });
      // The holder answers the ping.
      const outcome = received?.contested === undefined ? received : session.settle();
      if (!request) {
        session.end();
        room.sessions[phone] = new Session(room.table);
      }
      assertEquals(answerOf(outcome), expect(model), description);
      // After the goodbye the phone comes back on a new connection.
      if (outcome?.close) room.sessions[phone] = new Session(room.table);
      assertEquals(room.table.people().map(({ nome }) => nameKey(nome)), model.order, description);
    },
    toString: () => description,
  };
}

function answerOf(outcome: Outcome | undefined): string | undefined {
  const reply = outcome?.reply;
  if (!reply) return undefined;
  assert("message" in parseReply(JSON.stringify(reply)), "a reply that a phone can parse");
  return reply.tipo === "erro" ? reply.codigo : reply.tipo;
}

function leave(model: Model, phone: number): void {
  const key = model.names[phone];
  model.names[phone] = undefined;
  if (key !== undefined) model.order.splice(model.order.indexOf(key), 1);
}

const phone = fc.nat(PHONES - 1);
const name = fc.constantFrom(...NAMES);

const commands = [
  fc.tuple(phone, name).map(([phone, name]) =>
    command(
      `${phone} registers ${name}`,
      phone,
      { tipo: "registro", nome: name, ip: "::1", porta: 6000 },
      (model) => {
        if (model.names[phone] !== undefined) return "ja_registrado";
        if (model.order.includes(nameKey(name))) return "nome_em_uso";
        model.names[phone] = nameKey(name);
        model.order.push(nameKey(name));
        return "registro_confirmado";
      },
    )
  ),
  fc.tuple(phone, name).map(([phone, name]) =>
    command(`${phone} asks for ${name}`, phone, { tipo: "consulta", nome: name }, (model) => {
      if (model.names[phone] === undefined) return "nao_registrado";
      return model.order.includes(nameKey(name)) ? "resposta_consulta" : "usuario_nao_encontrado";
    })
  ),
  phone.map((phone) =>
    command(
      `${phone} asks for the list`,
      phone,
      { tipo: "lista" },
      (model) => model.names[phone] === undefined ? "nao_registrado" : "resposta_lista",
    )
  ),
  fc.tuple(phone, name).map(([phone, name]) =>
    command(`${phone} says goodbye as ${name}`, phone, { tipo: "fechamento", nome: name }, (model) => {
      if (model.names[phone] === undefined) return "nao_registrado";
      if (model.names[phone] !== nameKey(name)) return "mensagem_invalida";
      leave(model, phone);
      return "fechamento_confirmado";
    })
  ),
  phone.map((phone) =>
    command(`${phone} vanishes`, phone, undefined, (model) => {
      leave(model, phone);
      return undefined;
    })
  ),
  phone.map((phone) => command(`${phone} pings`, phone, { tipo: "ping" }, () => "pong")),
];

Deno.test("Session and RegistryTable behave like a simple model of them, whatever the commands", () => {
  holds(fc.property(fc.commands(commands, { maxCommands: 60 }), (commands) => {
    fc.modelRun(() => {
      const table = new RegistryTable();
      const sessions = Array.from({ length: PHONES }, () => new Session(table));
      return { model: { names: new Array(PHONES).fill(undefined), order: [] }, real: { table, sessions } };
    }, commands);
  }));
});

Deno.test("RegistryTable lists every person who stays exactly once while others join and leave", () => {
  const people = fc.uniqueArray(fc.stringMatching(/^[a-zé美]{1,32}$/), { minLength: 1, selector: nameKey });
  holds(
    fc.property(
      people,
      fc.integer({ min: 0, max: 500 }),
      fc.array(fc.nat(40)),
      (names, maxBytes, leaving) => {
        const table = new RegistryTable();
        const personOf = (nome: string): Person => ({ nome, ip: "192.0.2.1", porta: 6000 });
        for (const nome of names) table.add(personOf(nome));
        const seen: string[] = [];
        const gone = new Set<string>();
        for (let from: number | undefined = 0, page = 0; from !== undefined; page++) {
          const { people, next } = table.list(from, maxBytes) as { people: Person[]; next?: number };
          // Without the brackets.
          const bytes = new TextEncoder().encode(JSON.stringify(people)).length - 2;
          assert(people.length <= 1 || bytes <= maxBytes, "a page that fits");
          seen.push(...people.map(({ nome }) => nome));
          from = next;
          const leaver = names[leaving[page] ?? -1];
          if (leaver !== undefined && table.remove(leaver)) gone.add(leaver);
          if (page < 20) table.add(personOf(`new ${page}`));
          assert(page < 100, "the pages have an end");
        }
        assertEquals(seen.length, new Set(seen).size, "nobody twice");
        for (const nome of names) assert(seen.includes(nome) || gone.has(nome), `${nome} was left out`);
      },
    ),
  );
});
