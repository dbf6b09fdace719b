/** What phones say to each other, as the bytes of a datagram. */

import { assert, assertEquals } from "@std/assert";
import {
  encodeCallMessage,
  MAX_DATAGRAM_BYTES,
  MEDIA,
  parseCallMessage,
} from "../../../lib/protocol/call_messages.ts";
import { printable } from "../../../lib/protocol/printable.ts";
import { type FuzzTarget, jsonSeeds } from "../fuzz_target.ts";

const chamada = "AAECAwQFBgcICQoLDA0ODw";

/** A message of each kind. */
export const CALL_MESSAGES: readonly object[] = [
  {
    tipo: "convite",
    chamada,
    nome: "joão",
    ip: "192.168.0.10",
    porta: 40001,
    midia: MEDIA,
    destino: "maria",
  },
  { tipo: "convite", chamada: "feita-com-nc-0001", nome: "nc", ip: "::1", porta: 40001 },
  { tipo: "tocando", chamada },
  { tipo: "resposta_ao_convite", chamada, resposta: "aceito" },
  { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "ocupado" },
  { tipo: "confirmação", chamada },
  { tipo: "encerrar_ligação", chamada },
  { tipo: "ligação_encerrada", chamada },
];

/** A message that was understood is understood again as the same when it is sent on. */
export const callMessage: FuzzTarget = {
  name: "call_message",
  seeds: jsonSeeds(...CALL_MESSAGES),
  tokens: ["confirmação", "encerrar_ligac\u0327a\u0303o", "sem_resposta", "motivo", "midia", chamada],
  run(input) {
    const parsed = parseCallMessage(input);
    if ("problem" in parsed) {
      assertEquals(printable(parsed.problem), parsed.problem);
      return { events: 1, came: parsed.problem };
    }
    const { message } = parsed;
    const bytes = encodeCallMessage(message);
    // Omission and normalisation make it shorter; escapes make it longer, within a bound.
    assert(bytes.length <= 6 * MAX_DATAGRAM_BYTES);
    const again = parseCallMessage(bytes);
    assertEquals(
      "message" in again ? JSON.stringify(again.message) : again.problem,
      bytes.length > MAX_DATAGRAM_BYTES ? "datagram too large" : JSON.stringify(message),
    );
    return { events: 1, came: `${message.tipo} ${Object.keys(message).length}` };
  },
};
