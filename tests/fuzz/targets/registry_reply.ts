/** What a registry says, who may be anybody, to a phone. */

import { assert, assertEquals } from "@std/assert";
import { isIpAddress, isPort } from "../../../lib/protocol/address.ts";
import { isName } from "../../../lib/protocol/name.ts";
import { ERROR_CODES, parseReply } from "../../../lib/protocol/registry_messages.ts";
import { type FuzzTarget, jsonSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();
const MARIA = { nome: "maria", ip: "192.168.0.20", porta: 6050 };

/** Everybody in a list can be shown, and a parsed reply, written again, parses again. */
export const registryReply: FuzzTarget = {
  name: "registry_reply",
  seeds: jsonSeeds(
    { tipo: "registro_confirmado", ...MARIA, id: 1 },
    { tipo: "resposta_consulta", ...MARIA },
    { tipo: "resposta_lista", usuarios: [MARIA, { nome: "joão", ip: "::1", porta: 1 }], proximo: 12 },
    { tipo: "resposta_lista", usuarios: [] },
    { tipo: "fechamento_confirmado", nome: "maria" },
    ...ERROR_CODES.map((codigo) => ({ tipo: "erro", codigo, mensagem: "não deu certo", id: "e" })),
    { tipo: "ping", id: 3 },
    { tipo: "pong" },
  ),
  tokens: ["resposta_lista", "usuarios", "proximo", "codigo", "mensagem", "erro"],
  run(input) {
    const parsed = parseReply(decoder.decode(input));
    if ("problem" in parsed) return { events: 1, came: parsed.problem };
    const { message } = parsed;
    // The address in the answer to a query is judged where it is called.
    const people = message.tipo === "resposta_lista"
      ? message.usuarios
      : message.tipo === "registro_confirmado"
      ? [message]
      : [];
    for (const { nome, ip, porta } of people) assert(isName(nome) && isIpAddress(ip) && isPort(porta));
    const again = parseReply(JSON.stringify(message));
    assertEquals("message" in again && JSON.stringify(again.message), JSON.stringify(message));
    return { events: 1, came: `${message.tipo} ${people.length} ${typeof message.id}` };
  },
};
