/** A short ladder, for tests. */

import type { LadderMessage, Party } from "../../lib/trace/ladder.ts";

export const REGISTRY: Party = { registry: true, ip: "192.0.2.1", port: 5000 };
export const MARIA: Party = { name: "maria", ip: "192.0.2.7", port: 6000 };
export const JOAO: Party = { name: "joão; end", ip: "192.0.2.8", port: 6000 };

const MARIA_TCP = { ...MARIA, port: 40_000 };

/** A message with what does not matter filled in. */
export function ladderMessage(number: number, fields: Partial<LadderMessage>): LadderMessage {
  const text = fields.text ?? JSON.stringify({ tipo: fields.type });
  return {
    number,
    at: Date.UTC(2026, 10, 30, 12, 0, 0, 125) + 1000 * number,
    transport: "UDP",
    from: MARIA,
    to: JOAO,
    type: "convite",
    text,
    bytes: text.length,
    transmission: 1,
    fate: "received",
    ...fields,
  };
}

/** A registration, an invitation whose first transmission is lost, and its answer. */
export const LADDER: readonly LadderMessage[] = [
  ladderMessage(1, { transport: "TCP", from: MARIA_TCP, to: REGISTRY, type: "registro" }),
  ladderMessage(2, { transport: "TCP", from: REGISTRY, to: MARIA_TCP, type: "registro_confirmado" }),
  ladderMessage(3, { type: "convite", fate: "lost", call: "Ab3" }),
  ladderMessage(4, { type: "convite", transmission: 2, call: "Ab3" }),
  ladderMessage(5, { from: JOAO, to: MARIA, type: "resposta_ao_convite", call: "Ab3", fate: "unknown" }),
];
