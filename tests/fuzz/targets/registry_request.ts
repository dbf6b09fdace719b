/** What phones say to the registry. */

import { assert, assertEquals } from "@std/assert";
import { parseRequest } from "../../../lib/protocol/registry_messages.ts";
import { printable } from "../../../lib/protocol/printable.ts";
import { type FuzzTarget, jsonSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();

/** A request that was understood is understood again as the same when it is written anew. */
export const registryRequest: FuzzTarget = {
  name: "registry_request",
  seeds: jsonSeeds(
    { tipo: "registro", nome: "joão", ip: "192.168.0.10", porta: 6000, id: 1 },
    { tipo: "registro", nome: "李小龙", ip: "2001:db8::1", porta: 65535, versao: "1.0.0", id: "a" },
    { tipo: "consulta", nome: "Maria da Silva", id: null },
    { tipo: "fechamento", nome: "joão" },
    { tipo: "lista", a_partir: 20, id: 7.5 },
    { tipo: "lista" },
    { tipo: "ping" },
    { tipo: "pong", id: "x".repeat(64) },
  ),
  tokens: ["registro", "consulta", "lista", "fechamento", "a_partir", "::ffff:127.0.0.1", "fe80::1%eth0"],
  run(input) {
    const parsed = parseRequest(decoder.decode(input));
    if ("problem" in parsed) {
      assertEquals(
        printable(parsed.problem),
        parsed.problem,
        "a sentence of our own, with nothing of the request's",
      );
      assert(parsed.problem !== "", "a sentence");
      return { events: 1, came: parsed.problem + typeof parsed.id };
    }
    const { message } = parsed;
    const again = parseRequest(JSON.stringify(message));
    assertEquals("message" in again && JSON.stringify(again.message), JSON.stringify(message));
    return { events: 1, came: `${message.tipo} ${typeof message.id}` };
  },
};
