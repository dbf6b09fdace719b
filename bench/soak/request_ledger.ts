/** Pairs the requests of a phone with the replies of its registry: one reply each, in order. */

import type { Trace } from "../../lib/protocol/trace.ts";

/** Counts of a ledger. Times are milliseconds on the clock of its callers. */
export interface RequestCounts {
  /** Requests sent. */
  readonly sent: number;
  /** Requests with a reply. */
  readonly answered: number;
  /** When the connections of unanswered requests ended, `fechamento` left out. */
  readonly cutOffAt: readonly number[];
  /** Unanswered `fechamento`: a phone that leaves waits for its reply 1 s only. */
  readonly goodbyesCutOff: number;
  /** Replies without a request: a second one, or one to another request. */
  readonly unexpected: readonly string[];
  /** Replies `nome_em_uso`. */
  readonly namesRefused: number;
}

/** The replies to each request, besides `erro`. */
const REPLIES: Readonly<Record<string, readonly string[]>> = {
  registro: ["registro_confirmado", "desafio"],
  resposta_desafio: ["registro_confirmado"],
  consulta: ["resposta_consulta"],
  lista: ["resposta_lista"],
  fechamento: ["fechamento_confirmado"],
  ping: ["pong"],
};

interface Message {
  readonly tipo: string;
  readonly codigo?: string;
}

/** The requests of one phone, over all its connections in turn. */
export class RequestLedger {
  #sent = 0;
  #answered = 0;
  readonly #cutOffAt: number[] = [];
  #goodbyesCutOff = 0;
  readonly #unexpected: string[] = [];
  #namesRefused = 0;
  /** Types of unanswered requests, in order. */
  #waiting: string[] = [];

  get counts(): RequestCounts {
    return {
      sent: this.#sent,
      answered: this.#answered,
      cutOffAt: this.#cutOffAt,
      goodbyesCutOff: this.#goodbyesCutOff,
      unexpected: this.#unexpected,
      namesRefused: this.#namesRefused,
    };
  }

  /** Unanswered requests. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a traced message. */
  take(now: number, { direction, text }: Trace): void {
    const { tipo, codigo } = JSON.parse(text) as Message;
    if (direction === "received") return this.#received(tipo, codigo, text);
    if (!(tipo in REPLIES)) return;
    // A connection starts with it and holds one name, so earlier requests were on another connection.
    if (tipo === "registro") this.connectionEnded(now);
    this.#sent++;
    this.#waiting.push(tipo);
  }

  /** The connection has ended: its unanswered requests will get no reply. */
  connectionEnded(now: number): void {
    for (const request of this.#waiting) {
      if (request === "fechamento") this.#goodbyesCutOff++;
      else this.#cutOffAt.push(now);
    }
    this.#waiting = [];
  }

  #received(tipo: string, codigo: string | undefined, text: string): void {
    if (tipo === "ping") return;
    const request = this.#waiting[0];
    if (request === undefined || tipo !== "erro" && !REPLIES[request]?.includes(tipo)) {
      this.#unexpected.push(text);
      return;
    }
    this.#waiting.shift();
    this.#answered++;
    if (codigo === "nome_em_uso") this.#namesRefused++;
  }
}
