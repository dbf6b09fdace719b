/** What a registry counts, for its operator: plain numbers, which whoever asks reads. */

import type { LeaveReason } from "../events/registry_events.ts";
import type { ErrorCode, RegistryRequest } from "../protocol/registry_messages.ts";

/** Why a connection or a request was refused. */
export const REFUSAL_REASONS = [
  ...["room_full", "address_full", "not_a_phone", "no_proxy_header", "tls_failed", "line_too_long"] as const,
  ...["not_utf8", "no_request", "name_invalid", "name_in_use", "name_withheld", "name_undecided"] as const,
  "wrong_password",
] as const;

/** One of {@linkcode REFUSAL_REASONS}. */
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Upper bounds of the {@linkcode Statistics.durations}, in seconds. A last one, of infinity, follows. */
export const DURATION_BOUNDS: readonly number[] = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const,
];

type Counts<Key extends string> = { [key in Key]: number };

/**
 * Counts since the start of a registry. Every key is there from the start, so that counting is an addition to a field at a
 * known place, and nothing from the network becomes a key.
 */
export class Statistics {
  /** Valid requests. `invalid`: lines that are none. */
  readonly requests: Counts<RegistryRequest["tipo"] | "invalid"> = {
    registro: 0,
    resposta_desafio: 0,
    consulta: 0,
    lista: 0,
    fechamento: 0,
    ping: 0,
    pong: 0,
    rastro: 0,
    invalid: 0,
  };
  /** Replies of type `erro`. */
  readonly errors: Counts<ErrorCode> = {
    nome_em_uso: 0,
    usuario_nao_encontrado: 0,
    nao_registrado: 0,
    ja_registrado: 0,
    mensagem_invalida: 0,
    sala_cheia: 0,
    senha_incorreta: 0,
    sala_indisponivel: 0,
  };
  readonly refusals: Counts<RefusalReason> = {
    room_full: 0,
    address_full: 0,
    not_a_phone: 0,
    no_proxy_header: 0,
    tls_failed: 0,
    line_too_long: 0,
    not_utf8: 0,
    no_request: 0,
    name_invalid: 0,
    name_in_use: 0,
    name_withheld: 0,
    name_undecided: 0,
    wrong_password: 0,
  };
  /** People who came into the room, and who left it. */
  joined = 0;
  readonly left: Counts<LeaveReason> = {
    goodbye: 0,
    disconnected: 0,
    silent: 0,
    crowded_out: 0,
    removed: 0,
    superseded: 0,
    fenced: 0,
  };
  /** Connections that the system handed over, refused ones included. */
  accepted = 0;
  /** Bytes from and to phones, without those of TLS. */
  bytesReceived = 0;
  bytesSent = 0;
  /** Requests by the time from their arrival until the system has taken their replies: one count for each bound. */
  readonly durations = new Float64Array(DURATION_BOUNDS.length + 1);
  /** Sum of those times, in milliseconds. */
  durationMs = 0;

  /** Counts requests that arrived together. @param ms Time until their replies were written. */
  answered(count: number, ms: number): void {
    let at = 0;
    while (at < DURATION_BOUNDS.length && ms > 1000 * (DURATION_BOUNDS[at] as number)) at++;
    this.durations[at] = (this.durations[at] as number) + count;
    this.durationMs += count * ms;
  }
}
