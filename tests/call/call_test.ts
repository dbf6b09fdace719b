import { assertEquals } from "@std/assert";
import { Call } from "../../lib/call/call.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";
import { type CallEvent, messageEvents, OTHER_EVENTS, testTable } from "./call_table.ts";
import { fixedKeyPair, fixedPolicy, fixedToken } from "./fixed_policy.ts";

const ID = "AAAAAAAAAAAAAAAAAAAAAA";
const JOAO = { name: "João", ip: "192.0.2.1", port: 40001 };
const MARIA = { name: "Maria", ip: "192.0.2.2", port: 6000 };
const MIDIA = "opus/48000/1";

const INVITATION = {
  tipo: "convite",
  chamada: ID,
  nome: "João",
  ip: "192.0.2.1",
  porta: 40001,
  midia: MIDIA,
} as const;
/** The token that Maria's phone issues, and one that it does not. */
const TOKEN = fixedToken(1);
const FORGED = fixedToken(9);

const MESSAGES = {
  convite: INVITATION,
  "convite+prova": { ...INVITATION, prova: TOKEN },
  "convite+forged prova": { ...INVITATION, prova: FORGED },
  tocando: { tipo: "tocando", chamada: ID },
  "tocando+prova": { tipo: "tocando", chamada: ID, prova: TOKEN },
  aceito: { tipo: "resposta_ao_convite", chamada: ID, resposta: "aceito" },
  "aceito+prova": { tipo: "resposta_ao_convite", chamada: ID, resposta: "aceito", prova: TOKEN },
  "aceito+chave": {
    tipo: "resposta_ao_convite",
    chamada: ID,
    resposta: "aceito",
    chave: fixedKeyPair(2).publicKey,
  },
  rejeitado: { tipo: "resposta_ao_convite", chamada: ID, resposta: "rejeitado", motivo: "ocupado" },
  "confirmação": { tipo: "confirmação", chamada: ID },
  "confirmação+prova": { tipo: "confirmação", chamada: ID, prova: TOKEN },
  "encerrar_ligação": { tipo: "encerrar_ligação", chamada: ID },
  "ligação_encerrada": { tipo: "ligação_encerrada", chamada: ID },
} as const satisfies Record<string, CallMessage>;

/** Every event at a call without encryption. */
const EVENTS: Record<string, CallEvent> = {
  ...messageEvents(MESSAGES),
  "confirmação from elsewhere": (call, now) => call.handleMessage(now, MESSAGES["confirmação"], false),
  "confirmação+prova from elsewhere": (call, now) =>
    call.handleMessage(now, MESSAGES["confirmação+prova"], false),
  ...OTHER_EVENTS,
};

/** Makes a call in each state. `ended` has three kinds, which answer late messages differently. */
const STATES: Record<string, () => Call> = {
  inviting: () => Call.invite(0, ID, JOAO, MARIA, fixedPolicy("off")),
  proceeding: () => after(STATES.inviting, "tocando"),
  "proceeding (to echo the token)": () => after(STATES.inviting, "tocando+prova"),
  "talking (caller)": () => after(STATES.inviting, "aceito"),
  "talking (caller, to echo the token)": () => after(STATES.inviting, "aceito+prova"),
  "closing (caller)": () => after(STATES["talking (caller)"], "(hang up)"),
  "ended (caller)": () => after(STATES["talking (caller)"], "encerrar_ligação"),
  ringing: () => Call.ring(0, INVITATION, fixedPolicy("off")),
  "ringing (validated)": () => after(STATES.ringing, "convite+prova"),
  accepting: () => after(STATES.ringing, "(accept)"),
  "accepting (validated)": () => after(STATES["ringing (validated)"], "(accept)"),
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

Deno.test("Call outlasts errors of sending, but for an invitation without any answer", () => {
  for (const [name, make] of Object.entries(STATES)) {
    const call = make();
    call.drain();
    const { state } = call;
    call.handleSendFailure(1, { kind: "network_unreachable" });
    assertEquals(call.state, name === "inviting" ? "ended" : state, name);
    assertEquals(call.drain().length, name === "inviting" ? 1 : 0, name);
  }
});

/** State | event | next state | messages and [notices]. */
const TABLE = `
inviting                            | convite                          | inviting   |
inviting                            | convite+prova                    | inviting   |
inviting                            | convite+forged prova             | inviting   |
inviting                            | tocando                          | proceeding | [ringing]
inviting                            | tocando+prova                    | proceeding | [ringing] convite+prova
inviting                            | aceito                           | talking    | [started] confirmação
inviting                            | aceito+prova                     | talking    | [started] confirmação+prova
inviting                            | aceito+chave                     | talking    | [started] confirmação
inviting                            | rejeitado                        | ended      | confirmação [rejected: ocupado]
inviting                            | confirmação                      | inviting   |
inviting                            | confirmação+prova                | inviting   |
inviting                            | encerrar_ligação                 | ended      | ligação_encerrada [rejected: recusado]
inviting                            | ligação_encerrada                | inviting   |
inviting                            | confirmação from elsewhere       | inviting   |
inviting                            | confirmação+prova from elsewhere | inviting   |
inviting                            | (voice)                          | inviting   |
inviting                            | (accept)                         | inviting   |
inviting                            | (hang up)                        | closing    | [cancelled] encerrar_ligação
inviting                            | (withdraw)                       | closing    | encerrar_ligação
inviting                            | (soon)                           | inviting   | convite
inviting                            | (silence)                        | inviting   | convite
inviting                            | (late)                           | closing    | [no_answer] encerrar_ligação
proceeding                          | convite                          | proceeding |
proceeding                          | convite+prova                    | proceeding |
proceeding                          | convite+forged prova             | proceeding |
proceeding                          | tocando                          | proceeding |
proceeding                          | tocando+prova                    | proceeding |
proceeding                          | aceito                           | talking    | [started] confirmação
proceeding                          | aceito+prova                     | talking    | [started] confirmação+prova
proceeding                          | aceito+chave                     | talking    | [started] confirmação
proceeding                          | rejeitado                        | ended      | confirmação [rejected: ocupado]
proceeding                          | confirmação                      | proceeding |
proceeding                          | confirmação+prova                | proceeding |
proceeding                          | encerrar_ligação                 | ended      | ligação_encerrada [rejected: recusado]
proceeding                          | ligação_encerrada                | proceeding |
proceeding                          | confirmação from elsewhere       | proceeding |
proceeding                          | confirmação+prova from elsewhere | proceeding |
proceeding                          | (voice)                          | proceeding |
proceeding                          | (accept)                         | proceeding |
proceeding                          | (hang up)                        | closing    | [cancelled] encerrar_ligação
proceeding                          | (withdraw)                       | closing    | encerrar_ligação
proceeding                          | (soon)                           | proceeding |
proceeding                          | (silence)                        | proceeding |
proceeding                          | (late)                           | closing    | [no_answer] encerrar_ligação
proceeding (to echo the token)      | convite                          | proceeding |
proceeding (to echo the token)      | convite+prova                    | proceeding |
proceeding (to echo the token)      | convite+forged prova             | proceeding |
proceeding (to echo the token)      | tocando                          | proceeding |
proceeding (to echo the token)      | tocando+prova                    | proceeding |
proceeding (to echo the token)      | aceito                           | talking    | [started] confirmação+prova
proceeding (to echo the token)      | aceito+prova                     | talking    | [started] confirmação+prova
proceeding (to echo the token)      | aceito+chave                     | talking    | [started] confirmação+prova
proceeding (to echo the token)      | rejeitado                        | ended      | confirmação+prova [rejected: ocupado]
proceeding (to echo the token)      | confirmação                      | proceeding |
proceeding (to echo the token)      | confirmação+prova                | proceeding |
proceeding (to echo the token)      | encerrar_ligação                 | ended      | ligação_encerrada [rejected: recusado]
proceeding (to echo the token)      | ligação_encerrada                | proceeding |
proceeding (to echo the token)      | confirmação from elsewhere       | proceeding |
proceeding (to echo the token)      | confirmação+prova from elsewhere | proceeding |
proceeding (to echo the token)      | (voice)                          | proceeding |
proceeding (to echo the token)      | (accept)                         | proceeding |
proceeding (to echo the token)      | (hang up)                        | closing    | [cancelled] encerrar_ligação
proceeding (to echo the token)      | (withdraw)                       | closing    | encerrar_ligação
proceeding (to echo the token)      | (soon)                           | proceeding | convite+prova
proceeding (to echo the token)      | (silence)                        | proceeding | convite+prova
proceeding (to echo the token)      | (late)                           | closing    | [no_answer] encerrar_ligação
talking (caller)                    | convite                          | talking    |
talking (caller)                    | convite+prova                    | talking    |
talking (caller)                    | convite+forged prova             | talking    |
talking (caller)                    | tocando                          | talking    |
talking (caller)                    | tocando+prova                    | talking    |
talking (caller)                    | aceito                           | talking    | confirmação
talking (caller)                    | aceito+prova                     | talking    | confirmação+prova
talking (caller)                    | aceito+chave                     | talking    |
talking (caller)                    | rejeitado                        | talking    |
talking (caller)                    | confirmação                      | talking    |
talking (caller)                    | confirmação+prova                | talking    |
talking (caller)                    | encerrar_ligação                 | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller)                    | ligação_encerrada                | talking    |
talking (caller)                    | confirmação from elsewhere       | talking    |
talking (caller)                    | confirmação+prova from elsewhere | talking    |
talking (caller)                    | (voice)                          | talking    |
talking (caller)                    | (accept)                         | talking    |
talking (caller)                    | (hang up)                        | closing    | [ended: hung_up] encerrar_ligação
talking (caller)                    | (withdraw)                       | talking    |
talking (caller)                    | (soon)                           | talking    | confirmação
talking (caller)                    | (silence)                        | talking    | [peer_silent] confirmação
talking (caller)                    | (late)                           | closing    | [ended: peer_lost] encerrar_ligação
talking (caller, to echo the token) | convite                          | talking    |
talking (caller, to echo the token) | convite+prova                    | talking    |
talking (caller, to echo the token) | convite+forged prova             | talking    |
talking (caller, to echo the token) | tocando                          | talking    |
talking (caller, to echo the token) | tocando+prova                    | talking    |
talking (caller, to echo the token) | aceito                           | talking    | confirmação+prova
talking (caller, to echo the token) | aceito+prova                     | talking    | confirmação+prova
talking (caller, to echo the token) | aceito+chave                     | talking    |
talking (caller, to echo the token) | rejeitado                        | talking    |
talking (caller, to echo the token) | confirmação                      | talking    |
talking (caller, to echo the token) | confirmação+prova                | talking    |
talking (caller, to echo the token) | encerrar_ligação                 | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller, to echo the token) | ligação_encerrada                | talking    |
talking (caller, to echo the token) | confirmação from elsewhere       | talking    |
talking (caller, to echo the token) | confirmação+prova from elsewhere | talking    |
talking (caller, to echo the token) | (voice)                          | talking    |
talking (caller, to echo the token) | (accept)                         | talking    |
talking (caller, to echo the token) | (hang up)                        | closing    | [ended: hung_up] encerrar_ligação
talking (caller, to echo the token) | (withdraw)                       | talking    |
talking (caller, to echo the token) | (soon)                           | talking    | confirmação+prova
talking (caller, to echo the token) | (silence)                        | talking    | [peer_silent] confirmação+prova
talking (caller, to echo the token) | (late)                           | closing    | [ended: peer_lost] encerrar_ligação
closing (caller)                    | convite                          | closing    |
closing (caller)                    | convite+prova                    | closing    |
closing (caller)                    | convite+forged prova             | closing    |
closing (caller)                    | tocando                          | closing    |
closing (caller)                    | tocando+prova                    | closing    |
closing (caller)                    | aceito                           | closing    |
closing (caller)                    | aceito+prova                     | closing    |
closing (caller)                    | aceito+chave                     | closing    |
closing (caller)                    | rejeitado                        | ended      | confirmação
closing (caller)                    | confirmação                      | closing    |
closing (caller)                    | confirmação+prova                | closing    |
closing (caller)                    | encerrar_ligação                 | ended      | ligação_encerrada
closing (caller)                    | ligação_encerrada                | ended      |
closing (caller)                    | confirmação from elsewhere       | closing    |
closing (caller)                    | confirmação+prova from elsewhere | closing    |
closing (caller)                    | (voice)                          | closing    |
closing (caller)                    | (accept)                         | closing    |
closing (caller)                    | (hang up)                        | closing    |
closing (caller)                    | (withdraw)                       | closing    |
closing (caller)                    | (soon)                           | closing    | encerrar_ligação
closing (caller)                    | (silence)                        | closing    | encerrar_ligação
closing (caller)                    | (late)                           | ended      |
ended (caller)                      | convite                          | ended      |
ended (caller)                      | convite+prova                    | ended      |
ended (caller)                      | convite+forged prova             | ended      |
ended (caller)                      | tocando                          | ended      |
ended (caller)                      | tocando+prova                    | ended      |
ended (caller)                      | aceito                           | ended      | encerrar_ligação
ended (caller)                      | aceito+prova                     | ended      | encerrar_ligação
ended (caller)                      | aceito+chave                     | ended      | encerrar_ligação
ended (caller)                      | rejeitado                        | ended      | confirmação
ended (caller)                      | confirmação                      | ended      |
ended (caller)                      | confirmação+prova                | ended      |
ended (caller)                      | encerrar_ligação                 | ended      | ligação_encerrada
ended (caller)                      | ligação_encerrada                | ended      |
ended (caller)                      | confirmação from elsewhere       | ended      |
ended (caller)                      | confirmação+prova from elsewhere | ended      |
ended (caller)                      | (voice)                          | ended      |
ended (caller)                      | (accept)                         | ended      |
ended (caller)                      | (hang up)                        | ended      |
ended (caller)                      | (withdraw)                       | ended      |
ended (caller)                      | (soon)                           | ended      |
ended (caller)                      | (silence)                        | ended      |
ended (caller)                      | (late)                           | ended      |
ringing                             | convite                          | ringing    | tocando+prova
ringing                             | convite+prova                    | ringing    | tocando
ringing                             | convite+forged prova             | ringing    | tocando+prova
ringing                             | tocando                          | ringing    |
ringing                             | tocando+prova                    | ringing    |
ringing                             | aceito                           | ringing    |
ringing                             | aceito+prova                     | ringing    |
ringing                             | aceito+chave                     | ringing    |
ringing                             | rejeitado                        | ringing    |
ringing                             | confirmação                      | ringing    |
ringing                             | confirmação+prova                | ringing    |
ringing                             | encerrar_ligação                 | ended      | ligação_encerrada [withdrawn]
ringing                             | ligação_encerrada                | ringing    |
ringing                             | confirmação from elsewhere       | ringing    |
ringing                             | confirmação+prova from elsewhere | ringing    |
ringing                             | (voice)                          | ringing    |
ringing                             | (accept)                         | accepting  | aceito+prova
ringing                             | (hang up)                        | rejecting  | [refused] rejeitado/recusado+prova
ringing                             | (withdraw)                       | ringing    |
ringing                             | (soon)                           | ringing    |
ringing                             | (silence)                        | ringing    |
ringing                             | (late)                           | rejecting  | [missed] rejeitado/sem_resposta+prova
ringing (validated)                 | convite                          | ringing    | tocando
ringing (validated)                 | convite+prova                    | ringing    | tocando
ringing (validated)                 | convite+forged prova             | ringing    | tocando
ringing (validated)                 | tocando                          | ringing    |
ringing (validated)                 | tocando+prova                    | ringing    |
ringing (validated)                 | aceito                           | ringing    |
ringing (validated)                 | aceito+prova                     | ringing    |
ringing (validated)                 | aceito+chave                     | ringing    |
ringing (validated)                 | rejeitado                        | ringing    |
ringing (validated)                 | confirmação                      | ringing    |
ringing (validated)                 | confirmação+prova                | ringing    |
ringing (validated)                 | encerrar_ligação                 | ended      | ligação_encerrada [withdrawn]
ringing (validated)                 | ligação_encerrada                | ringing    |
ringing (validated)                 | confirmação from elsewhere       | ringing    |
ringing (validated)                 | confirmação+prova from elsewhere | ringing    |
ringing (validated)                 | (voice)                          | ringing    |
ringing (validated)                 | (accept)                         | accepting  | aceito
ringing (validated)                 | (hang up)                        | rejecting  | [refused] rejeitado/recusado
ringing (validated)                 | (withdraw)                       | ringing    |
ringing (validated)                 | (soon)                           | ringing    |
ringing (validated)                 | (silence)                        | ringing    |
ringing (validated)                 | (late)                           | rejecting  | [missed] rejeitado/sem_resposta
accepting                           | convite                          | accepting  | aceito+prova
accepting                           | convite+prova                    | accepting  | aceito
accepting                           | convite+forged prova             | accepting  | aceito+prova
accepting                           | tocando                          | accepting  |
accepting                           | tocando+prova                    | accepting  |
accepting                           | aceito                           | accepting  |
accepting                           | aceito+prova                     | accepting  |
accepting                           | aceito+chave                     | accepting  |
accepting                           | rejeitado                        | accepting  |
accepting                           | confirmação                      | talking    | [started]
accepting                           | confirmação+prova                | talking    | [started]
accepting                           | encerrar_ligação                 | ended      | ligação_encerrada [withdrawn]
accepting                           | ligação_encerrada                | accepting  |
accepting                           | confirmação from elsewhere       | accepting  |
accepting                           | confirmação+prova from elsewhere | talking    | [started]
accepting                           | (voice)                          | accepting  |
accepting                           | (accept)                         | accepting  |
accepting                           | (hang up)                        | closing    | [ended: hung_up] encerrar_ligação
accepting                           | (withdraw)                       | accepting  |
accepting                           | (soon)                           | accepting  | aceito+prova
accepting                           | (silence)                        | accepting  | aceito+prova
accepting                           | (late)                           | closing    | [withdrawn] encerrar_ligação
accepting (validated)               | convite                          | accepting  | aceito
accepting (validated)               | convite+prova                    | accepting  | aceito
accepting (validated)               | convite+forged prova             | accepting  | aceito
accepting (validated)               | tocando                          | accepting  |
accepting (validated)               | tocando+prova                    | accepting  |
accepting (validated)               | aceito                           | accepting  |
accepting (validated)               | aceito+prova                     | accepting  |
accepting (validated)               | aceito+chave                     | accepting  |
accepting (validated)               | rejeitado                        | accepting  |
accepting (validated)               | confirmação                      | talking    | [started]
accepting (validated)               | confirmação+prova                | talking    | [started]
accepting (validated)               | encerrar_ligação                 | ended      | ligação_encerrada [withdrawn]
accepting (validated)               | ligação_encerrada                | accepting  |
accepting (validated)               | confirmação from elsewhere       | talking    | [started]
accepting (validated)               | confirmação+prova from elsewhere | talking    | [started]
accepting (validated)               | (voice)                          | accepting  |
accepting (validated)               | (accept)                         | accepting  |
accepting (validated)               | (hang up)                        | closing    | [ended: hung_up] encerrar_ligação
accepting (validated)               | (withdraw)                       | accepting  |
accepting (validated)               | (soon)                           | accepting  | aceito
accepting (validated)               | (silence)                        | accepting  | aceito
accepting (validated)               | (late)                           | closing    | [withdrawn] encerrar_ligação
rejecting                           | convite                          | rejecting  | rejeitado/recusado+prova
rejecting                           | convite+prova                    | rejecting  | rejeitado/recusado
rejecting                           | convite+forged prova             | rejecting  | rejeitado/recusado+prova
rejecting                           | tocando                          | rejecting  |
rejecting                           | tocando+prova                    | rejecting  |
rejecting                           | aceito                           | rejecting  |
rejecting                           | aceito+prova                     | rejecting  |
rejecting                           | aceito+chave                     | rejecting  |
rejecting                           | rejeitado                        | rejecting  |
rejecting                           | confirmação                      | ended      |
rejecting                           | confirmação+prova                | ended      |
rejecting                           | encerrar_ligação                 | ended      | ligação_encerrada
rejecting                           | ligação_encerrada                | rejecting  |
rejecting                           | confirmação from elsewhere       | ended      |
rejecting                           | confirmação+prova from elsewhere | ended      |
rejecting                           | (voice)                          | rejecting  |
rejecting                           | (accept)                         | rejecting  |
rejecting                           | (hang up)                        | rejecting  |
rejecting                           | (withdraw)                       | rejecting  |
rejecting                           | (soon)                           | rejecting  | rejeitado/recusado+prova
rejecting                           | (silence)                        | rejecting  | rejeitado/recusado+prova
rejecting                           | (late)                           | ended      |
talking (callee)                    | convite                          | talking    |
talking (callee)                    | convite+prova                    | talking    |
talking (callee)                    | convite+forged prova             | talking    |
talking (callee)                    | tocando                          | talking    |
talking (callee)                    | tocando+prova                    | talking    |
talking (callee)                    | aceito                           | talking    |
talking (callee)                    | aceito+prova                     | talking    |
talking (callee)                    | aceito+chave                     | talking    |
talking (callee)                    | rejeitado                        | talking    |
talking (callee)                    | confirmação                      | talking    |
talking (callee)                    | confirmação+prova                | talking    |
talking (callee)                    | encerrar_ligação                 | ended      | ligação_encerrada [ended: peer_hung_up]
talking (callee)                    | ligação_encerrada                | talking    |
talking (callee)                    | confirmação from elsewhere       | talking    |
talking (callee)                    | confirmação+prova from elsewhere | talking    |
talking (callee)                    | (voice)                          | talking    |
talking (callee)                    | (accept)                         | talking    |
talking (callee)                    | (hang up)                        | closing    | [ended: hung_up] encerrar_ligação
talking (callee)                    | (withdraw)                       | talking    |
talking (callee)                    | (soon)                           | talking    |
talking (callee)                    | (silence)                        | talking    | [peer_silent]
talking (callee)                    | (late)                           | closing    | [ended: peer_lost] encerrar_ligação
closing (callee)                    | convite                          | closing    |
closing (callee)                    | convite+prova                    | closing    |
closing (callee)                    | convite+forged prova             | closing    |
closing (callee)                    | tocando                          | closing    |
closing (callee)                    | tocando+prova                    | closing    |
closing (callee)                    | aceito                           | closing    |
closing (callee)                    | aceito+prova                     | closing    |
closing (callee)                    | aceito+chave                     | closing    |
closing (callee)                    | rejeitado                        | closing    |
closing (callee)                    | confirmação                      | closing    |
closing (callee)                    | confirmação+prova                | closing    |
closing (callee)                    | encerrar_ligação                 | ended      | ligação_encerrada
closing (callee)                    | ligação_encerrada                | ended      |
closing (callee)                    | confirmação from elsewhere       | closing    |
closing (callee)                    | confirmação+prova from elsewhere | closing    |
closing (callee)                    | (voice)                          | closing    |
closing (callee)                    | (accept)                         | closing    |
closing (callee)                    | (hang up)                        | closing    |
closing (callee)                    | (withdraw)                       | closing    |
closing (callee)                    | (soon)                           | closing    | encerrar_ligação
closing (callee)                    | (silence)                        | closing    | encerrar_ligação
closing (callee)                    | (late)                           | ended      |
ended (callee)                      | convite                          | ended      |
ended (callee)                      | convite+prova                    | ended      |
ended (callee)                      | convite+forged prova             | ended      |
ended (callee)                      | tocando                          | ended      |
ended (callee)                      | tocando+prova                    | ended      |
ended (callee)                      | aceito                           | ended      |
ended (callee)                      | aceito+prova                     | ended      |
ended (callee)                      | aceito+chave                     | ended      |
ended (callee)                      | rejeitado                        | ended      |
ended (callee)                      | confirmação                      | ended      | encerrar_ligação
ended (callee)                      | confirmação+prova                | ended      | encerrar_ligação
ended (callee)                      | encerrar_ligação                 | ended      | ligação_encerrada
ended (callee)                      | ligação_encerrada                | ended      |
ended (callee)                      | confirmação from elsewhere       | ended      |
ended (callee)                      | confirmação+prova from elsewhere | ended      | encerrar_ligação
ended (callee)                      | (voice)                          | ended      |
ended (callee)                      | (accept)                         | ended      |
ended (callee)                      | (hang up)                        | ended      |
ended (callee)                      | (withdraw)                       | ended      |
ended (callee)                      | (soon)                           | ended      |
ended (callee)                      | (silence)                        | ended      |
ended (callee)                      | (late)                           | ended      |
ended (rejected)                    | convite                          | ended      | rejeitado/recusado+prova
ended (rejected)                    | convite+prova                    | ended      | rejeitado/recusado
ended (rejected)                    | convite+forged prova             | ended      | rejeitado/recusado+prova
ended (rejected)                    | tocando                          | ended      |
ended (rejected)                    | tocando+prova                    | ended      |
ended (rejected)                    | aceito                           | ended      |
ended (rejected)                    | aceito+prova                     | ended      |
ended (rejected)                    | aceito+chave                     | ended      |
ended (rejected)                    | rejeitado                        | ended      |
ended (rejected)                    | confirmação                      | ended      |
ended (rejected)                    | confirmação+prova                | ended      |
ended (rejected)                    | encerrar_ligação                 | ended      | ligação_encerrada
ended (rejected)                    | ligação_encerrada                | ended      |
ended (rejected)                    | confirmação from elsewhere       | ended      |
ended (rejected)                    | confirmação+prova from elsewhere | ended      |
ended (rejected)                    | (voice)                          | ended      |
ended (rejected)                    | (accept)                         | ended      |
ended (rejected)                    | (hang up)                        | ended      |
ended (rejected)                    | (withdraw)                       | ended      |
ended (rejected)                    | (soon)                           | ended      |
ended (rejected)                    | (silence)                        | ended      |
ended (rejected)                    | (late)                           | ended      |
`;

testTable("Call without encryption", STATES, EVENTS, TABLE);
