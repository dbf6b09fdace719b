import { Call } from "../../lib/call/call.ts";
import { KeyExchange } from "../../lib/call/key_exchange.ts";
import type { CallMessage, CallMessageType } from "../../lib/protocol/call_messages.ts";
import { type CallEvent, messageEvents, OTHER_EVENTS, testTable } from "./call_table.ts";
import { fixedKeyPair, fixedPolicy } from "./fixed_policy.ts";

const ID = "AAAAAAAAAAAAAAAAAAAAAA";
const JOAO = { name: "João", ip: "192.0.2.1", port: 40001 };
const MARIA = { name: "Maria", ip: "192.0.2.2", port: 6000 };

/** João's, Maria's and an attacker's. */
const [JOAOS, MARIAS, OTHERS] = [fixedKeyPair(1), fixedKeyPair(2), fixedKeyPair(3)];
const OFFER = { chamada: ID, nome: "João", midia: "opus/48000/1" };
const EXCHANGE = KeyExchange.offer(OFFER, JOAOS);
/** The keys that João has with Maria, and those that he would have with an attacker in her place. */
const [KEYS, OTHER_KEYS] = [EXCHANGE.complete(MARIAS.publicKey)!, EXCHANGE.complete(OTHERS.publicKey)!];
const MARIAS_KEYS = KeyExchange.answer(OFFER, EXCHANGE.commitment, MARIAS).complete(JOAOS.publicKey)!;

const INVITATION = {
  tipo: "convite",
  ...OFFER,
  ip: "192.0.2.1",
  porta: 40001,
  compromisso: EXCHANGE.commitment,
} as const;

const answer = { tipo: "resposta_ao_convite", chamada: ID, resposta: "aceito" } as const;
const confirmation = { tipo: "confirmação", chamada: ID } as const;
const goodbye = { tipo: "encerrar_ligação", chamada: ID } as const;
const farewell = { tipo: "ligação_encerrada", chamada: ID } as const;
const chave = JOAOS.publicKey;
/** A message's MAC by João, by Maria, and by neither. */
const joao = (tipo: CallMessageType) => ({ selo: KEYS.mac(tipo) });
const maria = (tipo: CallMessageType) => ({ selo: MARIAS_KEYS.mac(tipo) });
const forged = (tipo: CallMessageType) => ({ selo: OTHER_KEYS.mac(tipo) });

const MESSAGES = {
  convite: INVITATION,
  tocando: { tipo: "tocando", chamada: ID },
  aceito: answer,
  "aceito+chave": { ...answer, chave: MARIAS.publicKey },
  "aceito+another's chave": { ...answer, chave: OTHERS.publicKey },
  "aceito+chave of zeros": { ...answer, chave: "A".repeat(43) },
  rejeitado: { tipo: "resposta_ao_convite", chamada: ID, resposta: "rejeitado", motivo: "ocupado" },
  "confirmação": confirmation,
  "confirmação+chave": { ...confirmation, chave },
  "confirmação+chave+selo": { ...confirmation, chave, ...joao("confirmação") },
  "confirmação+chave+forged selo": { ...confirmation, chave, ...forged("confirmação") },
  "confirmação+another's chave+selo": {
    ...confirmation,
    chave: OTHERS.publicKey,
    selo: KeyExchange.offer(OFFER, OTHERS).complete(MARIAS.publicKey)!.mac("confirmação"),
  },
  "encerrar_ligação": goodbye,
  "encerrar_ligação+chave": { ...goodbye, chave },
  "encerrar_ligação+another's chave": { ...goodbye, chave: OTHERS.publicKey },
  "encerrar_ligação+chave+João's selo": { ...goodbye, chave, ...joao("encerrar_ligação") },
  "encerrar_ligação+Maria's selo": { ...goodbye, ...maria("encerrar_ligação") },
  "encerrar_ligação+chave+forged selo": { ...goodbye, chave, ...forged("encerrar_ligação") },
  "encerrar_ligação+selo of another message": { ...goodbye, chave, selo: KEYS.mac("confirmação") },
  "ligação_encerrada": farewell,
  "ligação_encerrada+João's selo": { ...farewell, ...joao("ligação_encerrada") },
  "ligação_encerrada+Maria's selo": { ...farewell, ...maria("ligação_encerrada") },
  "ligação_encerrada+forged selo": { ...farewell, ...forged("ligação_encerrada") },
} as const satisfies Record<string, CallMessage>;

/** Every event at a call with encryption. */
const EVENTS: Record<string, CallEvent> = { ...messageEvents(MESSAGES), ...OTHER_EVENTS };

const invite = (encryption: "preferred" | "required") =>
  Call.invite(0, ID, JOAO, MARIA, fixedPolicy(encryption, 1));

/** Makes a call in each state, in some of them both with keys and without. */
const STATES: Record<string, () => Call> = {
  inviting: () => invite("preferred"),
  "inviting (requires)": () => invite("required"),
  proceeding: () => after(STATES.inviting, "tocando"),
  "talking (caller)": () => after(STATES.inviting, "aceito+chave"),
  "talking (caller, hears Maria)": () => after(STATES["talking (caller)"], "(voice)"),
  "talking (caller, no keys)": () => after(STATES.inviting, "aceito"),
  "closing (caller)": () => after(STATES["talking (caller)"], "(hang up)"),
  "closing (caller, no keys)": () => after(STATES.proceeding, "(hang up)"),
  "ended (caller)": () => after(STATES["talking (caller)"], "encerrar_ligação+Maria's selo"),
  "ended (caller, no keys)": () => after(STATES.proceeding, "rejeitado"),
  ringing: () => Call.ring(0, INVITATION, fixedPolicy("preferred", 2)),
  accepting: () => after(STATES.ringing, "(accept)"),
  rejecting: () => after(STATES.ringing, "(hang up)"),
  "talking (callee)": () => after(STATES.accepting, "confirmação+chave+selo"),
  "closing (callee)": () => after(STATES["talking (callee)"], "(hang up)"),
  "closing (callee, no keys)": () => after(STATES.accepting, "(hang up)"),
  "ended (callee)": () => after(STATES["talking (callee)"], "encerrar_ligação+chave+João's selo"),
  "ended (callee, no keys)": () => after(STATES.accepting, "encerrar_ligação+chave"),
  "ended (withdrawn)": () => after(STATES.ringing, "encerrar_ligação+chave"),
  "ended (rejected)": () => after(STATES.rejecting, "confirmação"),
};

function after(state: (() => Call) | undefined, event: string): Call {
  const call = state!();
  EVENTS[event]!(call, 0);
  return call;
}

/** State | event | next state | messages and [notices]. */
const TABLE = `
inviting                      | convite                                  | inviting   |
inviting                      | tocando                                  | proceeding | [ringing]
inviting                      | aceito                                   | talking    | [started] confirmação
inviting                      | aceito+chave                             | talking    | [started] confirmação+chave+selo
inviting                      | aceito+another's chave                   | talking    | [started] confirmação+chave+selo
inviting                      | aceito+chave of zeros                    | inviting   |
inviting                      | rejeitado                                | ended      | confirmação [rejected: ocupado]
inviting                      | confirmação                              | inviting   |
inviting                      | confirmação+chave                        | inviting   |
inviting                      | confirmação+chave+selo                   | inviting   |
inviting                      | confirmação+chave+forged selo            | inviting   |
inviting                      | confirmação+another's chave+selo         | inviting   |
inviting                      | encerrar_ligação                         | ended      | ligação_encerrada [rejected: recusado]
inviting                      | encerrar_ligação+chave                   | ended      | ligação_encerrada [rejected: recusado]
inviting                      | encerrar_ligação+another's chave         | ended      | ligação_encerrada [rejected: recusado]
inviting                      | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada [rejected: recusado]
inviting                      | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada [rejected: recusado]
inviting                      | encerrar_ligação+chave+forged selo       | ended      | ligação_encerrada [rejected: recusado]
inviting                      | encerrar_ligação+selo of another message | ended      | ligação_encerrada [rejected: recusado]
inviting                      | ligação_encerrada                        | inviting   |
inviting                      | ligação_encerrada+João's selo            | inviting   |
inviting                      | ligação_encerrada+Maria's selo           | inviting   |
inviting                      | ligação_encerrada+forged selo            | inviting   |
inviting                      | (voice)                                  | inviting   |
inviting                      | (accept)                                 | inviting   |
inviting                      | (hang up)                                | closing    | [cancelled] encerrar_ligação+chave
inviting                      | (withdraw)                               | closing    | encerrar_ligação+chave
inviting                      | (soon)                                   | inviting   | convite+compromisso
inviting                      | (silence)                                | inviting   | convite+compromisso
inviting                      | (late)                                   | closing    | [no_answer] encerrar_ligação+chave
inviting (requires)           | convite                                  | inviting   |
inviting (requires)           | tocando                                  | proceeding | [ringing]
inviting (requires)           | aceito                                   | closing    | [not_encrypted] encerrar_ligação+chave
inviting (requires)           | aceito+chave                             | talking    | [started] confirmação+chave+selo
inviting (requires)           | aceito+another's chave                   | talking    | [started] confirmação+chave+selo
inviting (requires)           | aceito+chave of zeros                    | inviting   |
inviting (requires)           | rejeitado                                | ended      | confirmação [rejected: ocupado]
inviting (requires)           | confirmação                              | inviting   |
inviting (requires)           | confirmação+chave                        | inviting   |
inviting (requires)           | confirmação+chave+selo                   | inviting   |
inviting (requires)           | confirmação+chave+forged selo            | inviting   |
inviting (requires)           | confirmação+another's chave+selo         | inviting   |
inviting (requires)           | encerrar_ligação                         | ended      | ligação_encerrada [rejected: recusado]
inviting (requires)           | encerrar_ligação+chave                   | ended      | ligação_encerrada [rejected: recusado]
inviting (requires)           | encerrar_ligação+another's chave         | ended      | ligação_encerrada [rejected: recusado]
inviting (requires)           | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada [rejected: recusado]
inviting (requires)           | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada [rejected: recusado]
inviting (requires)           | encerrar_ligação+chave+forged selo       | ended      | ligação_encerrada [rejected: recusado]
inviting (requires)           | encerrar_ligação+selo of another message | ended      | ligação_encerrada [rejected: recusado]
inviting (requires)           | ligação_encerrada                        | inviting   |
inviting (requires)           | ligação_encerrada+João's selo            | inviting   |
inviting (requires)           | ligação_encerrada+Maria's selo           | inviting   |
inviting (requires)           | ligação_encerrada+forged selo            | inviting   |
inviting (requires)           | (voice)                                  | inviting   |
inviting (requires)           | (accept)                                 | inviting   |
inviting (requires)           | (hang up)                                | closing    | [cancelled] encerrar_ligação+chave
inviting (requires)           | (withdraw)                               | closing    | encerrar_ligação+chave
inviting (requires)           | (soon)                                   | inviting   | convite+compromisso
inviting (requires)           | (silence)                                | inviting   | convite+compromisso
inviting (requires)           | (late)                                   | closing    | [no_answer] encerrar_ligação+chave
proceeding                    | convite                                  | proceeding |
proceeding                    | tocando                                  | proceeding |
proceeding                    | aceito                                   | talking    | [started] confirmação
proceeding                    | aceito+chave                             | talking    | [started] confirmação+chave+selo
proceeding                    | aceito+another's chave                   | talking    | [started] confirmação+chave+selo
proceeding                    | aceito+chave of zeros                    | proceeding |
proceeding                    | rejeitado                                | ended      | confirmação [rejected: ocupado]
proceeding                    | confirmação                              | proceeding |
proceeding                    | confirmação+chave                        | proceeding |
proceeding                    | confirmação+chave+selo                   | proceeding |
proceeding                    | confirmação+chave+forged selo            | proceeding |
proceeding                    | confirmação+another's chave+selo         | proceeding |
proceeding                    | encerrar_ligação                         | ended      | ligação_encerrada [rejected: recusado]
proceeding                    | encerrar_ligação+chave                   | ended      | ligação_encerrada [rejected: recusado]
proceeding                    | encerrar_ligação+another's chave         | ended      | ligação_encerrada [rejected: recusado]
proceeding                    | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada [rejected: recusado]
proceeding                    | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada [rejected: recusado]
proceeding                    | encerrar_ligação+chave+forged selo       | ended      | ligação_encerrada [rejected: recusado]
proceeding                    | encerrar_ligação+selo of another message | ended      | ligação_encerrada [rejected: recusado]
proceeding                    | ligação_encerrada                        | proceeding |
proceeding                    | ligação_encerrada+João's selo            | proceeding |
proceeding                    | ligação_encerrada+Maria's selo           | proceeding |
proceeding                    | ligação_encerrada+forged selo            | proceeding |
proceeding                    | (voice)                                  | proceeding |
proceeding                    | (accept)                                 | proceeding |
proceeding                    | (hang up)                                | closing    | [cancelled] encerrar_ligação+chave
proceeding                    | (withdraw)                               | closing    | encerrar_ligação+chave
proceeding                    | (soon)                                   | proceeding |
proceeding                    | (silence)                                | proceeding |
proceeding                    | (late)                                   | closing    | [no_answer] encerrar_ligação+chave
talking (caller)              | convite                                  | talking    |
talking (caller)              | tocando                                  | talking    |
talking (caller)              | aceito                                   | talking    |
talking (caller)              | aceito+chave                             | talking    | confirmação+chave+selo
talking (caller)              | aceito+another's chave                   | talking    |
talking (caller)              | aceito+chave of zeros                    | talking    |
talking (caller)              | rejeitado                                | talking    |
talking (caller)              | confirmação                              | talking    |
talking (caller)              | confirmação+chave                        | talking    |
talking (caller)              | confirmação+chave+selo                   | talking    |
talking (caller)              | confirmação+chave+forged selo            | talking    |
talking (caller)              | confirmação+another's chave+selo         | talking    |
talking (caller)              | encerrar_ligação                         | talking    | confirmação+chave+selo
talking (caller)              | encerrar_ligação+chave                   | talking    | confirmação+chave+selo
talking (caller)              | encerrar_ligação+another's chave         | talking    | confirmação+chave+selo
talking (caller)              | encerrar_ligação+chave+João's selo       | talking    | confirmação+chave+selo
talking (caller)              | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada+selo [ended: peer_hung_up]
talking (caller)              | encerrar_ligação+chave+forged selo       | talking    | confirmação+chave+selo
talking (caller)              | encerrar_ligação+selo of another message | talking    | confirmação+chave+selo
talking (caller)              | ligação_encerrada                        | talking    |
talking (caller)              | ligação_encerrada+João's selo            | talking    |
talking (caller)              | ligação_encerrada+Maria's selo           | talking    |
talking (caller)              | ligação_encerrada+forged selo            | talking    |
talking (caller)              | (voice)                                  | talking    |
talking (caller)              | (accept)                                 | talking    |
talking (caller)              | (hang up)                                | closing    | [ended: hung_up] encerrar_ligação+chave+selo
talking (caller)              | (withdraw)                               | talking    |
talking (caller)              | (soon)                                   | talking    | confirmação+chave+selo
talking (caller)              | (silence)                                | talking    | [peer_silent] confirmação+chave+selo
talking (caller)              | (late)                                   | closing    | [ended: peer_lost] encerrar_ligação+chave+selo
talking (caller, hears Maria) | convite                                  | talking    |
talking (caller, hears Maria) | tocando                                  | talking    |
talking (caller, hears Maria) | aceito                                   | talking    |
talking (caller, hears Maria) | aceito+chave                             | talking    | confirmação+chave+selo
talking (caller, hears Maria) | aceito+another's chave                   | talking    |
talking (caller, hears Maria) | aceito+chave of zeros                    | talking    |
talking (caller, hears Maria) | rejeitado                                | talking    |
talking (caller, hears Maria) | confirmação                              | talking    |
talking (caller, hears Maria) | confirmação+chave                        | talking    |
talking (caller, hears Maria) | confirmação+chave+selo                   | talking    |
talking (caller, hears Maria) | confirmação+chave+forged selo            | talking    |
talking (caller, hears Maria) | confirmação+another's chave+selo         | talking    |
talking (caller, hears Maria) | encerrar_ligação                         | talking    |
talking (caller, hears Maria) | encerrar_ligação+chave                   | talking    |
talking (caller, hears Maria) | encerrar_ligação+another's chave         | talking    |
talking (caller, hears Maria) | encerrar_ligação+chave+João's selo       | talking    |
talking (caller, hears Maria) | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada+selo [ended: peer_hung_up]
talking (caller, hears Maria) | encerrar_ligação+chave+forged selo       | talking    |
talking (caller, hears Maria) | encerrar_ligação+selo of another message | talking    |
talking (caller, hears Maria) | ligação_encerrada                        | talking    |
talking (caller, hears Maria) | ligação_encerrada+João's selo            | talking    |
talking (caller, hears Maria) | ligação_encerrada+Maria's selo           | talking    |
talking (caller, hears Maria) | ligação_encerrada+forged selo            | talking    |
talking (caller, hears Maria) | (voice)                                  | talking    |
talking (caller, hears Maria) | (accept)                                 | talking    |
talking (caller, hears Maria) | (hang up)                                | closing    | [ended: hung_up] encerrar_ligação+chave+selo
talking (caller, hears Maria) | (withdraw)                               | talking    |
talking (caller, hears Maria) | (soon)                                   | talking    |
talking (caller, hears Maria) | (silence)                                | talking    | [peer_silent]
talking (caller, hears Maria) | (late)                                   | closing    | [ended: peer_lost] encerrar_ligação+chave+selo
talking (caller, no keys)     | convite                                  | talking    |
talking (caller, no keys)     | tocando                                  | talking    |
talking (caller, no keys)     | aceito                                   | talking    | confirmação
talking (caller, no keys)     | aceito+chave                             | talking    |
talking (caller, no keys)     | aceito+another's chave                   | talking    |
talking (caller, no keys)     | aceito+chave of zeros                    | talking    |
talking (caller, no keys)     | rejeitado                                | talking    |
talking (caller, no keys)     | confirmação                              | talking    |
talking (caller, no keys)     | confirmação+chave                        | talking    |
talking (caller, no keys)     | confirmação+chave+selo                   | talking    |
talking (caller, no keys)     | confirmação+chave+forged selo            | talking    |
talking (caller, no keys)     | confirmação+another's chave+selo         | talking    |
talking (caller, no keys)     | encerrar_ligação                         | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller, no keys)     | encerrar_ligação+chave                   | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller, no keys)     | encerrar_ligação+another's chave         | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller, no keys)     | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller, no keys)     | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller, no keys)     | encerrar_ligação+chave+forged selo       | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller, no keys)     | encerrar_ligação+selo of another message | ended      | ligação_encerrada [ended: peer_hung_up]
talking (caller, no keys)     | ligação_encerrada                        | talking    |
talking (caller, no keys)     | ligação_encerrada+João's selo            | talking    |
talking (caller, no keys)     | ligação_encerrada+Maria's selo           | talking    |
talking (caller, no keys)     | ligação_encerrada+forged selo            | talking    |
talking (caller, no keys)     | (voice)                                  | talking    |
talking (caller, no keys)     | (accept)                                 | talking    |
talking (caller, no keys)     | (hang up)                                | closing    | [ended: hung_up] encerrar_ligação+chave
talking (caller, no keys)     | (withdraw)                               | talking    |
talking (caller, no keys)     | (soon)                                   | talking    | confirmação
talking (caller, no keys)     | (silence)                                | talking    | [peer_silent] confirmação
talking (caller, no keys)     | (late)                                   | closing    | [ended: peer_lost] encerrar_ligação+chave
closing (caller)              | convite                                  | closing    |
closing (caller)              | tocando                                  | closing    |
closing (caller)              | aceito                                   | closing    |
closing (caller)              | aceito+chave                             | closing    |
closing (caller)              | aceito+another's chave                   | closing    |
closing (caller)              | aceito+chave of zeros                    | closing    |
closing (caller)              | rejeitado                                | closing    |
closing (caller)              | confirmação                              | closing    |
closing (caller)              | confirmação+chave                        | closing    |
closing (caller)              | confirmação+chave+selo                   | closing    |
closing (caller)              | confirmação+chave+forged selo            | closing    |
closing (caller)              | confirmação+another's chave+selo         | closing    |
closing (caller)              | encerrar_ligação                         | closing    |
closing (caller)              | encerrar_ligação+chave                   | closing    |
closing (caller)              | encerrar_ligação+another's chave         | closing    |
closing (caller)              | encerrar_ligação+chave+João's selo       | closing    |
closing (caller)              | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada+selo
closing (caller)              | encerrar_ligação+chave+forged selo       | closing    |
closing (caller)              | encerrar_ligação+selo of another message | closing    |
closing (caller)              | ligação_encerrada                        | closing    |
closing (caller)              | ligação_encerrada+João's selo            | closing    |
closing (caller)              | ligação_encerrada+Maria's selo           | ended      |
closing (caller)              | ligação_encerrada+forged selo            | closing    |
closing (caller)              | (voice)                                  | closing    |
closing (caller)              | (accept)                                 | closing    |
closing (caller)              | (hang up)                                | closing    |
closing (caller)              | (withdraw)                               | closing    |
closing (caller)              | (soon)                                   | closing    | encerrar_ligação+chave+selo
closing (caller)              | (silence)                                | closing    | encerrar_ligação+chave+selo
closing (caller)              | (late)                                   | ended      |
closing (caller, no keys)     | convite                                  | closing    |
closing (caller, no keys)     | tocando                                  | closing    |
closing (caller, no keys)     | aceito                                   | closing    |
closing (caller, no keys)     | aceito+chave                             | closing    |
closing (caller, no keys)     | aceito+another's chave                   | closing    |
closing (caller, no keys)     | aceito+chave of zeros                    | closing    |
closing (caller, no keys)     | rejeitado                                | ended      | confirmação
closing (caller, no keys)     | confirmação                              | closing    |
closing (caller, no keys)     | confirmação+chave                        | closing    |
closing (caller, no keys)     | confirmação+chave+selo                   | closing    |
closing (caller, no keys)     | confirmação+chave+forged selo            | closing    |
closing (caller, no keys)     | confirmação+another's chave+selo         | closing    |
closing (caller, no keys)     | encerrar_ligação                         | ended      | ligação_encerrada
closing (caller, no keys)     | encerrar_ligação+chave                   | ended      | ligação_encerrada
closing (caller, no keys)     | encerrar_ligação+another's chave         | ended      | ligação_encerrada
closing (caller, no keys)     | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada
closing (caller, no keys)     | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada
closing (caller, no keys)     | encerrar_ligação+chave+forged selo       | ended      | ligação_encerrada
closing (caller, no keys)     | encerrar_ligação+selo of another message | ended      | ligação_encerrada
closing (caller, no keys)     | ligação_encerrada                        | ended      |
closing (caller, no keys)     | ligação_encerrada+João's selo            | ended      |
closing (caller, no keys)     | ligação_encerrada+Maria's selo           | ended      |
closing (caller, no keys)     | ligação_encerrada+forged selo            | ended      |
closing (caller, no keys)     | (voice)                                  | closing    |
closing (caller, no keys)     | (accept)                                 | closing    |
closing (caller, no keys)     | (hang up)                                | closing    |
closing (caller, no keys)     | (withdraw)                               | closing    |
closing (caller, no keys)     | (soon)                                   | closing    | encerrar_ligação+chave
closing (caller, no keys)     | (silence)                                | closing    | encerrar_ligação+chave
closing (caller, no keys)     | (late)                                   | ended      |
ended (caller)                | convite                                  | ended      |
ended (caller)                | tocando                                  | ended      |
ended (caller)                | aceito                                   | ended      | encerrar_ligação+chave+selo
ended (caller)                | aceito+chave                             | ended      | encerrar_ligação+chave+selo
ended (caller)                | aceito+another's chave                   | ended      | encerrar_ligação+chave+selo
ended (caller)                | aceito+chave of zeros                    | ended      | encerrar_ligação+chave+selo
ended (caller)                | rejeitado                                | ended      |
ended (caller)                | confirmação                              | ended      |
ended (caller)                | confirmação+chave                        | ended      |
ended (caller)                | confirmação+chave+selo                   | ended      |
ended (caller)                | confirmação+chave+forged selo            | ended      |
ended (caller)                | confirmação+another's chave+selo         | ended      |
ended (caller)                | encerrar_ligação                         | ended      |
ended (caller)                | encerrar_ligação+chave                   | ended      |
ended (caller)                | encerrar_ligação+another's chave         | ended      |
ended (caller)                | encerrar_ligação+chave+João's selo       | ended      |
ended (caller)                | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada+selo
ended (caller)                | encerrar_ligação+chave+forged selo       | ended      |
ended (caller)                | encerrar_ligação+selo of another message | ended      |
ended (caller)                | ligação_encerrada                        | ended      |
ended (caller)                | ligação_encerrada+João's selo            | ended      |
ended (caller)                | ligação_encerrada+Maria's selo           | ended      |
ended (caller)                | ligação_encerrada+forged selo            | ended      |
ended (caller)                | (voice)                                  | ended      |
ended (caller)                | (accept)                                 | ended      |
ended (caller)                | (hang up)                                | ended      |
ended (caller)                | (withdraw)                               | ended      |
ended (caller)                | (soon)                                   | ended      |
ended (caller)                | (silence)                                | ended      |
ended (caller)                | (late)                                   | ended      |
ended (caller, no keys)       | convite                                  | ended      |
ended (caller, no keys)       | tocando                                  | ended      |
ended (caller, no keys)       | aceito                                   | ended      | encerrar_ligação+chave
ended (caller, no keys)       | aceito+chave                             | ended      | encerrar_ligação+chave
ended (caller, no keys)       | aceito+another's chave                   | ended      | encerrar_ligação+chave
ended (caller, no keys)       | aceito+chave of zeros                    | ended      | encerrar_ligação+chave
ended (caller, no keys)       | rejeitado                                | ended      | confirmação
ended (caller, no keys)       | confirmação                              | ended      |
ended (caller, no keys)       | confirmação+chave                        | ended      |
ended (caller, no keys)       | confirmação+chave+selo                   | ended      |
ended (caller, no keys)       | confirmação+chave+forged selo            | ended      |
ended (caller, no keys)       | confirmação+another's chave+selo         | ended      |
ended (caller, no keys)       | encerrar_ligação                         | ended      | ligação_encerrada
ended (caller, no keys)       | encerrar_ligação+chave                   | ended      | ligação_encerrada
ended (caller, no keys)       | encerrar_ligação+another's chave         | ended      | ligação_encerrada
ended (caller, no keys)       | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada
ended (caller, no keys)       | encerrar_ligação+Maria's selo            | ended      | ligação_encerrada
ended (caller, no keys)       | encerrar_ligação+chave+forged selo       | ended      | ligação_encerrada
ended (caller, no keys)       | encerrar_ligação+selo of another message | ended      | ligação_encerrada
ended (caller, no keys)       | ligação_encerrada                        | ended      |
ended (caller, no keys)       | ligação_encerrada+João's selo            | ended      |
ended (caller, no keys)       | ligação_encerrada+Maria's selo           | ended      |
ended (caller, no keys)       | ligação_encerrada+forged selo            | ended      |
ended (caller, no keys)       | (voice)                                  | ended      |
ended (caller, no keys)       | (accept)                                 | ended      |
ended (caller, no keys)       | (hang up)                                | ended      |
ended (caller, no keys)       | (withdraw)                               | ended      |
ended (caller, no keys)       | (soon)                                   | ended      |
ended (caller, no keys)       | (silence)                                | ended      |
ended (caller, no keys)       | (late)                                   | ended      |
ringing                       | convite                                  | ringing    | tocando+prova
ringing                       | tocando                                  | ringing    |
ringing                       | aceito                                   | ringing    |
ringing                       | aceito+chave                             | ringing    |
ringing                       | aceito+another's chave                   | ringing    |
ringing                       | aceito+chave of zeros                    | ringing    |
ringing                       | rejeitado                                | ringing    |
ringing                       | confirmação                              | ringing    |
ringing                       | confirmação+chave                        | ringing    |
ringing                       | confirmação+chave+selo                   | ringing    |
ringing                       | confirmação+chave+forged selo            | ringing    |
ringing                       | confirmação+another's chave+selo         | ringing    |
ringing                       | encerrar_ligação                         | ringing    |
ringing                       | encerrar_ligação+chave                   | ended      | ligação_encerrada [withdrawn]
ringing                       | encerrar_ligação+another's chave         | ringing    |
ringing                       | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo [withdrawn]
ringing                       | encerrar_ligação+Maria's selo            | ringing    |
ringing                       | encerrar_ligação+chave+forged selo       | ringing    |
ringing                       | encerrar_ligação+selo of another message | ringing    |
ringing                       | ligação_encerrada                        | ringing    |
ringing                       | ligação_encerrada+João's selo            | ringing    |
ringing                       | ligação_encerrada+Maria's selo           | ringing    |
ringing                       | ligação_encerrada+forged selo            | ringing    |
ringing                       | (voice)                                  | ringing    |
ringing                       | (accept)                                 | accepting  | aceito+chave+prova
ringing                       | (hang up)                                | rejecting  | [refused] rejeitado/recusado+prova
ringing                       | (withdraw)                               | ringing    |
ringing                       | (soon)                                   | ringing    |
ringing                       | (silence)                                | ringing    |
ringing                       | (late)                                   | rejecting  | [missed] rejeitado/sem_resposta+prova
accepting                     | convite                                  | accepting  | aceito+chave+prova
accepting                     | tocando                                  | accepting  |
accepting                     | aceito                                   | accepting  |
accepting                     | aceito+chave                             | accepting  |
accepting                     | aceito+another's chave                   | accepting  |
accepting                     | aceito+chave of zeros                    | accepting  |
accepting                     | rejeitado                                | accepting  |
accepting                     | confirmação                              | accepting  |
accepting                     | confirmação+chave                        | accepting  |
accepting                     | confirmação+chave+selo                   | talking    | [started]
accepting                     | confirmação+chave+forged selo            | accepting  |
accepting                     | confirmação+another's chave+selo         | accepting  |
accepting                     | encerrar_ligação                         | accepting  |
accepting                     | encerrar_ligação+chave                   | ended      | ligação_encerrada [withdrawn]
accepting                     | encerrar_ligação+another's chave         | accepting  |
accepting                     | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo [withdrawn]
accepting                     | encerrar_ligação+Maria's selo            | accepting  |
accepting                     | encerrar_ligação+chave+forged selo       | accepting  |
accepting                     | encerrar_ligação+selo of another message | accepting  |
accepting                     | ligação_encerrada                        | accepting  |
accepting                     | ligação_encerrada+João's selo            | accepting  |
accepting                     | ligação_encerrada+Maria's selo           | accepting  |
accepting                     | ligação_encerrada+forged selo            | accepting  |
accepting                     | (voice)                                  | accepting  |
accepting                     | (accept)                                 | accepting  |
accepting                     | (hang up)                                | closing    | [ended: hung_up] encerrar_ligação
accepting                     | (withdraw)                               | accepting  |
accepting                     | (soon)                                   | accepting  | aceito+chave+prova
accepting                     | (silence)                                | accepting  | aceito+chave+prova
accepting                     | (late)                                   | closing    | [withdrawn] encerrar_ligação
rejecting                     | convite                                  | rejecting  | rejeitado/recusado+prova
rejecting                     | tocando                                  | rejecting  |
rejecting                     | aceito                                   | rejecting  |
rejecting                     | aceito+chave                             | rejecting  |
rejecting                     | aceito+another's chave                   | rejecting  |
rejecting                     | aceito+chave of zeros                    | rejecting  |
rejecting                     | rejeitado                                | rejecting  |
rejecting                     | confirmação                              | ended      |
rejecting                     | confirmação+chave                        | ended      |
rejecting                     | confirmação+chave+selo                   | ended      |
rejecting                     | confirmação+chave+forged selo            | ended      |
rejecting                     | confirmação+another's chave+selo         | ended      |
rejecting                     | encerrar_ligação                         | rejecting  |
rejecting                     | encerrar_ligação+chave                   | ended      | ligação_encerrada
rejecting                     | encerrar_ligação+another's chave         | rejecting  |
rejecting                     | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo
rejecting                     | encerrar_ligação+Maria's selo            | rejecting  |
rejecting                     | encerrar_ligação+chave+forged selo       | rejecting  |
rejecting                     | encerrar_ligação+selo of another message | rejecting  |
rejecting                     | ligação_encerrada                        | rejecting  |
rejecting                     | ligação_encerrada+João's selo            | rejecting  |
rejecting                     | ligação_encerrada+Maria's selo           | rejecting  |
rejecting                     | ligação_encerrada+forged selo            | rejecting  |
rejecting                     | (voice)                                  | rejecting  |
rejecting                     | (accept)                                 | rejecting  |
rejecting                     | (hang up)                                | rejecting  |
rejecting                     | (withdraw)                               | rejecting  |
rejecting                     | (soon)                                   | rejecting  | rejeitado/recusado+prova
rejecting                     | (silence)                                | rejecting  | rejeitado/recusado+prova
rejecting                     | (late)                                   | ended      |
talking (callee)              | convite                                  | talking    |
talking (callee)              | tocando                                  | talking    |
talking (callee)              | aceito                                   | talking    |
talking (callee)              | aceito+chave                             | talking    |
talking (callee)              | aceito+another's chave                   | talking    |
talking (callee)              | aceito+chave of zeros                    | talking    |
talking (callee)              | rejeitado                                | talking    |
talking (callee)              | confirmação                              | talking    |
talking (callee)              | confirmação+chave                        | talking    |
talking (callee)              | confirmação+chave+selo                   | talking    |
talking (callee)              | confirmação+chave+forged selo            | talking    |
talking (callee)              | confirmação+another's chave+selo         | talking    |
talking (callee)              | encerrar_ligação                         | talking    |
talking (callee)              | encerrar_ligação+chave                   | talking    |
talking (callee)              | encerrar_ligação+another's chave         | talking    |
talking (callee)              | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo [ended: peer_hung_up]
talking (callee)              | encerrar_ligação+Maria's selo            | talking    |
talking (callee)              | encerrar_ligação+chave+forged selo       | talking    |
talking (callee)              | encerrar_ligação+selo of another message | talking    |
talking (callee)              | ligação_encerrada                        | talking    |
talking (callee)              | ligação_encerrada+João's selo            | talking    |
talking (callee)              | ligação_encerrada+Maria's selo           | talking    |
talking (callee)              | ligação_encerrada+forged selo            | talking    |
talking (callee)              | (voice)                                  | talking    |
talking (callee)              | (accept)                                 | talking    |
talking (callee)              | (hang up)                                | closing    | [ended: hung_up] encerrar_ligação+selo
talking (callee)              | (withdraw)                               | talking    |
talking (callee)              | (soon)                                   | talking    |
talking (callee)              | (silence)                                | talking    | [peer_silent]
talking (callee)              | (late)                                   | closing    | [ended: peer_lost] encerrar_ligação+selo
closing (callee)              | convite                                  | closing    |
closing (callee)              | tocando                                  | closing    |
closing (callee)              | aceito                                   | closing    |
closing (callee)              | aceito+chave                             | closing    |
closing (callee)              | aceito+another's chave                   | closing    |
closing (callee)              | aceito+chave of zeros                    | closing    |
closing (callee)              | rejeitado                                | closing    |
closing (callee)              | confirmação                              | closing    |
closing (callee)              | confirmação+chave                        | closing    |
closing (callee)              | confirmação+chave+selo                   | closing    |
closing (callee)              | confirmação+chave+forged selo            | closing    |
closing (callee)              | confirmação+another's chave+selo         | closing    |
closing (callee)              | encerrar_ligação                         | closing    |
closing (callee)              | encerrar_ligação+chave                   | closing    |
closing (callee)              | encerrar_ligação+another's chave         | closing    |
closing (callee)              | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo
closing (callee)              | encerrar_ligação+Maria's selo            | closing    |
closing (callee)              | encerrar_ligação+chave+forged selo       | closing    |
closing (callee)              | encerrar_ligação+selo of another message | closing    |
closing (callee)              | ligação_encerrada                        | closing    |
closing (callee)              | ligação_encerrada+João's selo            | ended      |
closing (callee)              | ligação_encerrada+Maria's selo           | closing    |
closing (callee)              | ligação_encerrada+forged selo            | closing    |
closing (callee)              | (voice)                                  | closing    |
closing (callee)              | (accept)                                 | closing    |
closing (callee)              | (hang up)                                | closing    |
closing (callee)              | (withdraw)                               | closing    |
closing (callee)              | (soon)                                   | closing    | encerrar_ligação+selo
closing (callee)              | (silence)                                | closing    | encerrar_ligação+selo
closing (callee)              | (late)                                   | ended      |
closing (callee, no keys)     | convite                                  | closing    |
closing (callee, no keys)     | tocando                                  | closing    |
closing (callee, no keys)     | aceito                                   | closing    |
closing (callee, no keys)     | aceito+chave                             | closing    |
closing (callee, no keys)     | aceito+another's chave                   | closing    |
closing (callee, no keys)     | aceito+chave of zeros                    | closing    |
closing (callee, no keys)     | rejeitado                                | closing    |
closing (callee, no keys)     | confirmação                              | closing    |
closing (callee, no keys)     | confirmação+chave                        | closing    |
closing (callee, no keys)     | confirmação+chave+selo                   | closing    | encerrar_ligação+selo
closing (callee, no keys)     | confirmação+chave+forged selo            | closing    |
closing (callee, no keys)     | confirmação+another's chave+selo         | closing    |
closing (callee, no keys)     | encerrar_ligação                         | closing    |
closing (callee, no keys)     | encerrar_ligação+chave                   | ended      | ligação_encerrada
closing (callee, no keys)     | encerrar_ligação+another's chave         | closing    |
closing (callee, no keys)     | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo
closing (callee, no keys)     | encerrar_ligação+Maria's selo            | closing    |
closing (callee, no keys)     | encerrar_ligação+chave+forged selo       | closing    |
closing (callee, no keys)     | encerrar_ligação+selo of another message | closing    |
closing (callee, no keys)     | ligação_encerrada                        | ended      |
closing (callee, no keys)     | ligação_encerrada+João's selo            | ended      |
closing (callee, no keys)     | ligação_encerrada+Maria's selo           | ended      |
closing (callee, no keys)     | ligação_encerrada+forged selo            | ended      |
closing (callee, no keys)     | (voice)                                  | closing    |
closing (callee, no keys)     | (accept)                                 | closing    |
closing (callee, no keys)     | (hang up)                                | closing    |
closing (callee, no keys)     | (withdraw)                               | closing    |
closing (callee, no keys)     | (soon)                                   | closing    | encerrar_ligação
closing (callee, no keys)     | (silence)                                | closing    | encerrar_ligação
closing (callee, no keys)     | (late)                                   | ended      |
ended (callee)                | convite                                  | ended      |
ended (callee)                | tocando                                  | ended      |
ended (callee)                | aceito                                   | ended      |
ended (callee)                | aceito+chave                             | ended      |
ended (callee)                | aceito+another's chave                   | ended      |
ended (callee)                | aceito+chave of zeros                    | ended      |
ended (callee)                | rejeitado                                | ended      |
ended (callee)                | confirmação                              | ended      |
ended (callee)                | confirmação+chave                        | ended      |
ended (callee)                | confirmação+chave+selo                   | ended      | encerrar_ligação+selo
ended (callee)                | confirmação+chave+forged selo            | ended      |
ended (callee)                | confirmação+another's chave+selo         | ended      |
ended (callee)                | encerrar_ligação                         | ended      |
ended (callee)                | encerrar_ligação+chave                   | ended      |
ended (callee)                | encerrar_ligação+another's chave         | ended      |
ended (callee)                | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo
ended (callee)                | encerrar_ligação+Maria's selo            | ended      |
ended (callee)                | encerrar_ligação+chave+forged selo       | ended      |
ended (callee)                | encerrar_ligação+selo of another message | ended      |
ended (callee)                | ligação_encerrada                        | ended      |
ended (callee)                | ligação_encerrada+João's selo            | ended      |
ended (callee)                | ligação_encerrada+Maria's selo           | ended      |
ended (callee)                | ligação_encerrada+forged selo            | ended      |
ended (callee)                | (voice)                                  | ended      |
ended (callee)                | (accept)                                 | ended      |
ended (callee)                | (hang up)                                | ended      |
ended (callee)                | (withdraw)                               | ended      |
ended (callee)                | (soon)                                   | ended      |
ended (callee)                | (silence)                                | ended      |
ended (callee)                | (late)                                   | ended      |
ended (callee, no keys)       | convite                                  | ended      |
ended (callee, no keys)       | tocando                                  | ended      |
ended (callee, no keys)       | aceito                                   | ended      |
ended (callee, no keys)       | aceito+chave                             | ended      |
ended (callee, no keys)       | aceito+another's chave                   | ended      |
ended (callee, no keys)       | aceito+chave of zeros                    | ended      |
ended (callee, no keys)       | rejeitado                                | ended      |
ended (callee, no keys)       | confirmação                              | ended      |
ended (callee, no keys)       | confirmação+chave                        | ended      |
ended (callee, no keys)       | confirmação+chave+selo                   | ended      | encerrar_ligação+selo
ended (callee, no keys)       | confirmação+chave+forged selo            | ended      |
ended (callee, no keys)       | confirmação+another's chave+selo         | ended      |
ended (callee, no keys)       | encerrar_ligação                         | ended      |
ended (callee, no keys)       | encerrar_ligação+chave                   | ended      | ligação_encerrada
ended (callee, no keys)       | encerrar_ligação+another's chave         | ended      |
ended (callee, no keys)       | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo
ended (callee, no keys)       | encerrar_ligação+Maria's selo            | ended      |
ended (callee, no keys)       | encerrar_ligação+chave+forged selo       | ended      |
ended (callee, no keys)       | encerrar_ligação+selo of another message | ended      |
ended (callee, no keys)       | ligação_encerrada                        | ended      |
ended (callee, no keys)       | ligação_encerrada+João's selo            | ended      |
ended (callee, no keys)       | ligação_encerrada+Maria's selo           | ended      |
ended (callee, no keys)       | ligação_encerrada+forged selo            | ended      |
ended (callee, no keys)       | (voice)                                  | ended      |
ended (callee, no keys)       | (accept)                                 | ended      |
ended (callee, no keys)       | (hang up)                                | ended      |
ended (callee, no keys)       | (withdraw)                               | ended      |
ended (callee, no keys)       | (soon)                                   | ended      |
ended (callee, no keys)       | (silence)                                | ended      |
ended (callee, no keys)       | (late)                                   | ended      |
ended (withdrawn)             | convite                                  | ended      |
ended (withdrawn)             | tocando                                  | ended      |
ended (withdrawn)             | aceito                                   | ended      |
ended (withdrawn)             | aceito+chave                             | ended      |
ended (withdrawn)             | aceito+another's chave                   | ended      |
ended (withdrawn)             | aceito+chave of zeros                    | ended      |
ended (withdrawn)             | rejeitado                                | ended      |
ended (withdrawn)             | confirmação                              | ended      |
ended (withdrawn)             | confirmação+chave                        | ended      |
ended (withdrawn)             | confirmação+chave+selo                   | ended      |
ended (withdrawn)             | confirmação+chave+forged selo            | ended      |
ended (withdrawn)             | confirmação+another's chave+selo         | ended      |
ended (withdrawn)             | encerrar_ligação                         | ended      |
ended (withdrawn)             | encerrar_ligação+chave                   | ended      | ligação_encerrada
ended (withdrawn)             | encerrar_ligação+another's chave         | ended      |
ended (withdrawn)             | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo
ended (withdrawn)             | encerrar_ligação+Maria's selo            | ended      |
ended (withdrawn)             | encerrar_ligação+chave+forged selo       | ended      |
ended (withdrawn)             | encerrar_ligação+selo of another message | ended      |
ended (withdrawn)             | ligação_encerrada                        | ended      |
ended (withdrawn)             | ligação_encerrada+João's selo            | ended      |
ended (withdrawn)             | ligação_encerrada+Maria's selo           | ended      |
ended (withdrawn)             | ligação_encerrada+forged selo            | ended      |
ended (withdrawn)             | (voice)                                  | ended      |
ended (withdrawn)             | (accept)                                 | ended      |
ended (withdrawn)             | (hang up)                                | ended      |
ended (withdrawn)             | (withdraw)                               | ended      |
ended (withdrawn)             | (soon)                                   | ended      |
ended (withdrawn)             | (silence)                                | ended      |
ended (withdrawn)             | (late)                                   | ended      |
ended (rejected)              | convite                                  | ended      | rejeitado/recusado+prova
ended (rejected)              | tocando                                  | ended      |
ended (rejected)              | aceito                                   | ended      |
ended (rejected)              | aceito+chave                             | ended      |
ended (rejected)              | aceito+another's chave                   | ended      |
ended (rejected)              | aceito+chave of zeros                    | ended      |
ended (rejected)              | rejeitado                                | ended      |
ended (rejected)              | confirmação                              | ended      |
ended (rejected)              | confirmação+chave                        | ended      |
ended (rejected)              | confirmação+chave+selo                   | ended      |
ended (rejected)              | confirmação+chave+forged selo            | ended      |
ended (rejected)              | confirmação+another's chave+selo         | ended      |
ended (rejected)              | encerrar_ligação                         | ended      |
ended (rejected)              | encerrar_ligação+chave                   | ended      | ligação_encerrada
ended (rejected)              | encerrar_ligação+another's chave         | ended      |
ended (rejected)              | encerrar_ligação+chave+João's selo       | ended      | ligação_encerrada+selo
ended (rejected)              | encerrar_ligação+Maria's selo            | ended      |
ended (rejected)              | encerrar_ligação+chave+forged selo       | ended      |
ended (rejected)              | encerrar_ligação+selo of another message | ended      |
ended (rejected)              | ligação_encerrada                        | ended      |
ended (rejected)              | ligação_encerrada+João's selo            | ended      |
ended (rejected)              | ligação_encerrada+Maria's selo           | ended      |
ended (rejected)              | ligação_encerrada+forged selo            | ended      |
ended (rejected)              | (voice)                                  | ended      |
ended (rejected)              | (accept)                                 | ended      |
ended (rejected)              | (hang up)                                | ended      |
ended (rejected)              | (withdraw)                               | ended      |
ended (rejected)              | (soon)                                   | ended      |
ended (rejected)              | (silence)                                | ended      |
ended (rejected)              | (late)                                   | ended      |
`;

testTable("Call with encryption", STATES, EVENTS, TABLE);
