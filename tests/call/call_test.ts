import { assertEquals } from "@std/assert";
import { Call, type CallOutput, PATIENCE_MS, PEER_SILENT_MS, RING_MS } from "../../lib/call/call.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";

const ID = "AAAAAAAAAAAAAAAAAAAAAA";
const JOAO = { name: "João", ip: "192.0.2.1", port: 40001 };
const MARIA = { name: "Maria", ip: "192.0.2.2", port: 6000 };

const MESSAGES = {
  convite: {
    tipo: "convite",
    chamada: ID,
    nome: "João",
    ip: "192.0.2.1",
    porta: 40001,
    midia: "opus/48000/1",
  },
  tocando: { tipo: "tocando", chamada: ID },
  aceito: { tipo: "resposta_ao_convite", chamada: ID, resposta: "aceito" },
  rejeitado: { tipo: "resposta_ao_convite", chamada: ID, resposta: "rejeitado", motivo: "ocupado" },
  "confirmação": { tipo: "confirmação", chamada: ID },
  "encerrar_ligação": { tipo: "encerrar_ligação", chamada: ID },
  "ligação_encerrada": { tipo: "ligação_encerrada", chamada: ID },
} as const satisfies Record<string, CallMessage>;

/** Everything that can happen to a call, at a given time. */
const EVENTS: Record<string, (call: Call, now: number) => void> = {
  ...Object.fromEntries(
    Object.entries(MESSAGES).map((
      [name, message],
    ) => [name, (call: Call, now: number) => call.receive(now, message)]),
  ),
  "(voice)": (call, now) => call.heard(now),
  "(accept)": (call, now) => call.accept(now),
  "(hang up)": (call, now) => call.hangUp(now),
  "(withdraw)": (call, now) => call.withdraw(now),
  // 300 ms on: the first repeat is due, nothing else.
  "(soon)": (call, now) => call.tick(now + 300),
  // 3 s on: a silent peer is noticed.
  "(silence)": (call, now) => call.tick(now + PEER_SILENT_MS),
  // The longest patience is over.
  "(late)": (call, now) => call.tick(now + RING_MS + PATIENCE_MS),
};

/** Every state, and a way into it. `ended` has three kinds: they answer late messages differently. */
const STATES: Record<string, () => Call> = {
  inviting: () => Call.invite(0, ID, JOAO, MARIA),
  proceeding: () => after(STATES.inviting, "tocando"),
  "talking (caller)": () => after(STATES.inviting, "aceito"),
  "closing (caller)": () => after(STATES["talking (caller)"], "(hang up)"),
  "ended (caller)": () => after(STATES["talking (caller)"], "encerrar_ligação"),
  ringing: () => Call.ring(0, ID, JOAO),
  accepting: () => after(STATES.ringing, "(accept)"),
  rejecting: () => after(STATES.ringing, "(hang up)"),
  "talking (callee)": () => after(STATES.accepting, "confirmação"),
  "closing (callee)": () => after(STATES["talking (callee)"], "(hang up)"),
  "ended (callee)": () => after(STATES["talking (callee)"], "encerrar_ligação"),
  "ended (rejected)": () => after(STATES.rejecting, "confirmação"),
};

function after(state: (() => Call) | undefined, event: string): Call {
  const call = state!();
  EVENTS[event]!(call, 0);
  return call;
}

function inWords(output: CallOutput): string {
  if (output.kind === "send") {
    const { message } = output;
    if (message.tipo !== "resposta_ao_convite") return message.tipo;
    return message.resposta === "aceito" ? "aceito" : `rejeitado/${message.motivo}`;
  }
  const { notice } = output;
  if (notice.kind === "ended") return `[ended: ${notice.end}]`;
  return notice.kind === "rejected" ? `[rejected: ${notice.reason}]` : `[${notice.kind}]`;
}

/** State, event, state after it, and what is sent and [told]. */
const TABLE = `
inviting         | convite           | inviting   |
inviting         | tocando           | proceeding | [ringing]
inviting         | aceito            | talking    | confirmação [started]
inviting         | rejeitado         | ended      | confirmação [rejected: ocupado]
inviting         | confirmação       | inviting   |
inviting         | encerrar_ligação  | ended      | ligação_encerrada [rejected: recusado]
inviting         | ligação_encerrada | inviting   |
inviting         | (voice)           | inviting   |
inviting         | (accept)          | inviting   |
inviting         | (hang up)         | closing    | [cancelled] encerrar_ligação
inviting         | (withdraw)        | closing    | encerrar_ligação
inviting         | (soon)            | inviting   | convite
inviting         | (silence)         | inviting   | convite
inviting         | (late)            | closing    | [no_answer] encerrar_ligação
proceeding       | convite           | proceeding |
proceeding       | tocando           | proceeding |
proceeding       | aceito            | talking    | confirmação [started]
proceeding       | rejeitado         | ended      | confirmação [rejected: ocupado]
proceeding       | confirmação       | proceeding |
proceeding       | encerrar_ligação  | ended      | ligação_encerrada [rejected: recusado]
proceeding       | ligação_encerrada | proceeding |
proceeding       | (voice)           | proceeding |
proceeding       | (accept)          | proceeding |
proceeding       | (hang up)         | closing    | [cancelled] encerrar_ligação
proceeding       | (withdraw)        | closing    | encerrar_ligação
proceeding       | (soon)            | proceeding |
proceeding       | (silence)         | proceeding |
proceeding       | (late)            | closing    | [no_answer] encerrar_ligação
talking (caller) | convite           | talking    |
talking (caller) | tocando           | talking    |
talking (caller) | aceito            | talking    | confirmação
talking (caller) | rejeitado         | talking    |
talking (caller) | confirmação       | talking    |
talking (caller) | encerrar_ligação  | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller) | ligação_encerrada | talking    |
talking (caller) | (voice)           | talking    |
talking (caller) | (accept)          | talking    |
talking (caller) | (hang up)         | closing    | [ended: hung_up] encerrar_ligação
talking (caller) | (withdraw)        | talking    |
talking (caller) | (soon)            | talking    |
talking (caller) | (silence)         | talking    | [peer_silent]
talking (caller) | (late)            | closing    | [ended: peer_lost] encerrar_ligação
closing (caller) | convite           | closing    |
closing (caller) | tocando           | closing    |
closing (caller) | aceito            | closing    |
closing (caller) | rejeitado         | ended      | confirmação
closing (caller) | confirmação       | closing    |
closing (caller) | encerrar_ligação  | ended      | ligação_encerrada
closing (caller) | ligação_encerrada | ended      |
closing (caller) | (voice)           | closing    |
closing (caller) | (accept)          | closing    |
closing (caller) | (hang up)         | closing    |
closing (caller) | (withdraw)        | closing    |
closing (caller) | (soon)            | closing    | encerrar_ligação
closing (caller) | (silence)         | closing    | encerrar_ligação
closing (caller) | (late)            | ended      |
ended (caller)   | convite           | ended      |
ended (caller)   | tocando           | ended      |
ended (caller)   | aceito            | ended      | encerrar_ligação
ended (caller)   | rejeitado         | ended      | confirmação
ended (caller)   | confirmação       | ended      |
ended (caller)   | encerrar_ligação  | ended      | ligação_encerrada
ended (caller)   | ligação_encerrada | ended      |
ended (caller)   | (voice)           | ended      |
ended (caller)   | (accept)          | ended      |
ended (caller)   | (hang up)         | ended      |
ended (caller)   | (withdraw)        | ended      |
ended (caller)   | (soon)            | ended      |
ended (caller)   | (silence)         | ended      |
ended (caller)   | (late)            | ended      |
ringing          | convite           | ringing    | tocando
ringing          | tocando           | ringing    |
ringing          | aceito            | ringing    |
ringing          | rejeitado         | ringing    |
ringing          | confirmação       | ringing    |
ringing          | encerrar_ligação  | ended      | ligação_encerrada [withdrawn]
ringing          | ligação_encerrada | ringing    |
ringing          | (voice)           | ringing    |
ringing          | (accept)          | accepting  | aceito
ringing          | (hang up)         | rejecting  | [refused] rejeitado/recusado
ringing          | (withdraw)        | ringing    |
ringing          | (soon)            | ringing    |
ringing          | (silence)         | ringing    |
ringing          | (late)            | rejecting  | [missed] rejeitado/sem_resposta
accepting        | convite           | accepting  | aceito
accepting        | tocando           | accepting  |
accepting        | aceito            | accepting  |
accepting        | rejeitado         | accepting  |
accepting        | confirmação       | talking    | [started]
accepting        | encerrar_ligação  | ended      | ligação_encerrada [withdrawn]
accepting        | ligação_encerrada | accepting  |
accepting        | (voice)           | accepting  |
accepting        | (accept)          | accepting  |
accepting        | (hang up)         | closing    | [ended: hung_up] encerrar_ligação
accepting        | (withdraw)        | accepting  |
accepting        | (soon)            | accepting  | aceito
accepting        | (silence)         | accepting  | aceito
accepting        | (late)            | closing    | [withdrawn] encerrar_ligação
rejecting        | convite           | rejecting  | rejeitado/recusado
rejecting        | tocando           | rejecting  |
rejecting        | aceito            | rejecting  |
rejecting        | rejeitado         | rejecting  |
rejecting        | confirmação       | ended      |
rejecting        | encerrar_ligação  | ended      | ligação_encerrada
rejecting        | ligação_encerrada | rejecting  |
rejecting        | (voice)           | rejecting  |
rejecting        | (accept)          | rejecting  |
rejecting        | (hang up)         | rejecting  |
rejecting        | (withdraw)        | rejecting  |
rejecting        | (soon)            | rejecting  | rejeitado/recusado
rejecting        | (silence)         | rejecting  | rejeitado/recusado
rejecting        | (late)            | ended      |
talking (callee) | convite           | talking    |
talking (callee) | tocando           | talking    |
talking (callee) | aceito            | talking    |
talking (callee) | rejeitado         | talking    |
talking (callee) | confirmação       | talking    |
talking (callee) | encerrar_ligação  | ended      | ligação_encerrada [ended: peer_hung_up]
talking (callee) | ligação_encerrada | talking    |
talking (callee) | (voice)           | talking    |
talking (callee) | (accept)          | talking    |
talking (callee) | (hang up)         | closing    | [ended: hung_up] encerrar_ligação
talking (callee) | (withdraw)        | talking    |
talking (callee) | (soon)            | talking    |
talking (callee) | (silence)         | talking    | [peer_silent]
talking (callee) | (late)            | closing    | [ended: peer_lost] encerrar_ligação
closing (callee) | convite           | closing    |
closing (callee) | tocando           | closing    |
closing (callee) | aceito            | closing    |
closing (callee) | rejeitado         | closing    |
closing (callee) | confirmação       | closing    |
closing (callee) | encerrar_ligação  | ended      | ligação_encerrada
closing (callee) | ligação_encerrada | ended      |
closing (callee) | (voice)           | closing    |
closing (callee) | (accept)          | closing    |
closing (callee) | (hang up)         | closing    |
closing (callee) | (withdraw)        | closing    |
closing (callee) | (soon)            | closing    | encerrar_ligação
closing (callee) | (silence)         | closing    | encerrar_ligação
closing (callee) | (late)            | ended      |
ended (callee)   | convite           | ended      |
ended (callee)   | tocando           | ended      |
ended (callee)   | aceito            | ended      |
ended (callee)   | rejeitado         | ended      |
ended (callee)   | confirmação       | ended      | encerrar_ligação
ended (callee)   | encerrar_ligação  | ended      | ligação_encerrada
ended (callee)   | ligação_encerrada | ended      |
ended (callee)   | (voice)           | ended      |
ended (callee)   | (accept)          | ended      |
ended (callee)   | (hang up)         | ended      |
ended (callee)   | (withdraw)        | ended      |
ended (callee)   | (soon)            | ended      |
ended (callee)   | (silence)         | ended      |
ended (callee)   | (late)            | ended      |
ended (rejected) | convite           | ended      | rejeitado/recusado
ended (rejected) | tocando           | ended      |
ended (rejected) | aceito            | ended      |
ended (rejected) | rejeitado         | ended      |
ended (rejected) | confirmação       | ended      |
ended (rejected) | encerrar_ligação  | ended      | ligação_encerrada
ended (rejected) | ligação_encerrada | ended      |
ended (rejected) | (voice)           | ended      |
ended (rejected) | (accept)          | ended      |
ended (rejected) | (hang up)         | ended      |
ended (rejected) | (withdraw)        | ended      |
ended (rejected) | (soon)            | ended      |
ended (rejected) | (silence)         | ended      |
ended (rejected) | (late)            | ended      |
`;

const rows = TABLE.trim().split("\n").map((line) => line.split("|").map((cell) => cell.trim()));

Deno.test("Call has a row for every state and event", () => {
  const expected = Object.keys(STATES).flatMap((state) =>
    Object.keys(EVENTS).map((event) => `${state} + ${event}`)
  );
  assertEquals(rows.map(([state, event]) => `${state} + ${event}`), expected);
});

for (const [state, event, next, output] of rows) {
  Deno.test(`Call ${state} + ${event} -> ${next}`, () => {
    const call = STATES[state!]!();
    call.drain();
    EVENTS[event!]!(call, 0);
    assertEquals(
      `${call.state} | ${call.drain().map(inWords).join(" ")}`.trim(),
      `${next} | ${output}`.trim(),
    );
  });
}
