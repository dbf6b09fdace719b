/** The registry's table and its conversations, all commands in any order, against a table that is a plain list. */

import { assert, assertEquals } from "@std/assert";
import { MAX_LINE_BYTES } from "../../../lib/protocol/line_splitter.ts";
import { nameKey } from "../../../lib/protocol/name.ts";
import { parseRequest, type Person } from "../../../lib/protocol/registry_messages.ts";
import { Session } from "../../../lib/registrar/session.ts";
import { RegistryTable } from "../../../lib/registrar/table.ts";
import { ByteReader } from "../byte_reader.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** Some of them are the same to the registry. */
const NAMES = [
  "joão",
  "JOA\u0303O",
  "maria",
  "Maria",
  "ß",
  "SS",
  "美".repeat(32),
  "x\u200dy",
  "xy",
  " bad",
  "",
];
const SESSIONS = 4;

/** What a session should be to a simple mind. */
interface Model {
  person: Person | undefined;
  closed: boolean;
}

/** Each step is one byte for the session, one for what it gets, and what that needs. */
export const registrySession: FuzzTarget = {
  name: "registry_session",
  seeds: [
    Uint8Array.of(0, 0, 0, 1, 0, 2, 0, 1, 2, 2, 1, 2, 0, 3, 0, 0, 4),
    Uint8Array.of(0, 0, 0, 1, 0, 1, 2, 0, 2, 3, 0, 6, 1, 4, 0, 3, 1, 1, 3, 6),
    Uint8Array.of(0, 0, 6, 1, 0, 6, 2, 0, 8, 3, 0, 7, 0, 2, 0, 5, 1, 5, 2, 4),
  ],
  maxBytes: 400,
  run(input) {
    const reader = new ByteReader(input);
    const table = new RegistryTable();
    const newSession = () => ({
      session: new Session(table),
      model: { person: undefined, closed: false } as Model,
    });
    const phones = Array.from({ length: SESSIONS }, newSession);
    /** In order of registration. */
    let people: Person[] = [];
    const inUse = (name: string) => people.find(({ nome }) => nameKey(nome) === nameKey(name));
    let came = "";
    let events = 0;

    while (!reader.ended) {
      events++;
      const place = reader.below(SESSIONS);
      const phone = phones[place]!;
      const { session, model } = phone;
      const kind = reader.below(7);
      if (kind === 4) { // The connection ends, and another phone comes.
        const left = session.end();
        assertEquals(left, model.person);
        people = people.filter((person) => person !== left);
        phones[place] = newSession();
      } else {
        const name = reader.pick(NAMES);
        const line = [
          {
            text: JSON.stringify({
              tipo: "registro",
              nome: name,
              ip: "192.0.2.1",
              porta: 6000 + place,
              id: place,
            }),
          },
          { text: JSON.stringify({ tipo: "consulta", nome: name }) },
          { text: JSON.stringify({ tipo: "lista", a_partir: reader.byte() % 8 || undefined }) },
          { text: JSON.stringify({ tipo: "fechamento", nome: name }) },
          { text: "" },
          { text: new TextDecoder().decode(reader.take(8)) },
          { problem: "too_long", beginning: "x" } as const,
        ][kind]!;
        const wasOpen = !model.closed;
        const outcome = session.handleLine(line);
        // The connection that has the name sends a keepalive.
        const { reply, joined, left, close } = outcome.contested === undefined ? outcome : session.settle();
        const code = reply?.tipo === "erro" ? reply.codigo : undefined;
        came = `${kind} ${reply?.tipo} ${code}`;
        if (reply) assert(JSON.stringify(reply).length <= MAX_LINE_BYTES, "a reply fits into a line");
        assertEquals(close, model.closed || left !== undefined, "closed after the goodbye and never before");
        if (!wasOpen) assert(!reply && !joined && !left, "nothing more is said after the goodbye");
        if (joined) {
          assert(wasOpen && !model.person && !inUse(joined.nome), "a name of one's own, once");
          model.person = joined;
          people.push(joined);
          assertEquals(reply?.tipo, "registro_confirmado");
        }
        if (left) {
          assertEquals(left, model.person, "nobody is removed by another");
          people = people.filter((person) => person !== left);
          model.person = undefined;
          model.closed = true;
        }
        if (wasOpen && "text" in line && kind <= 3) {
          checkReply(line.text, kind, name, model, code, joined !== undefined);
        }
      }
      assertEquals(table.people(), people, "the table is the list");
    }
    return { events, came };

    function checkReply(
      text: string,
      kind: number,
      name: string,
      model: Model,
      code: string | undefined,
      joined: boolean,
    ) {
      if ("problem" in parseRequest(text)) return assertEquals(code, "mensagem_invalida");
      const holder = inUse(name);
      if (kind === 0 && !joined) {
        assertEquals(code, model.person ? "ja_registrado" : "nome_em_uso");
      } else if (kind === 1) {
        const expected = model.person ? holder ? undefined : "usuario_nao_encontrado" : "nao_registrado";
        assertEquals(code, expected);
      } else if (kind === 2) {
        assertEquals(code, model.person ? undefined : "nao_registrado");
      } else if (kind === 3 && !model.closed) {
        assertEquals(code, model.person ? "mensagem_invalida" : "nao_registrado");
      }
    }
  },
};
