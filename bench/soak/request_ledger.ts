/** Keeps account of what a phone asked its registry and what came back: every request once, every reply once. */

import type { Trace } from "../../lib/protocol/trace.ts";

/** What a ledger has counted. Moments are milliseconds on the clock that the ledger was told. */
export interface RequestCounts {
  /** Requests that were sent. */
  readonly sent: number;
  /** Those that one reply came to. */
  readonly answered: number;
  /** When requests without a reply were given up because their connection ended, goodbyes left out. */
  readonly cutOffAt: readonly number[];
  /** Goodbyes without a reply: a phone that leaves waits for it a moment only. */
  readonly goodbyesCutOff: number;
  /** Replies to nothing: one that came twice, or one to another request. The first few as they were. */
  readonly unexpected: readonly string[];
  /** How often a name was refused because somebody has it. */
  readonly namesRefused: number;
}

/** What may answer each request, besides `erro`. */
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

/** The account of one phone, over all its connections, one after the other. */
export class RequestLedger {
  #sent = 0;
  #answered = 0;
  readonly #cutOffAt: number[] = [];
  #goodbyesCutOff = 0;
  readonly #unexpected: string[] = [];
  #namesRefused = 0;
  /** Types of the requests that wait, in the order in which they are to be answered. */
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

  /** Requests that still wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A message on its way, as a phone traces it. */
  take(now: number, { direction, text }: Trace): void {
    const { tipo, codigo } = JSON.parse(text) as Message;
    if (direction === "received") return this.#received(tipo, codigo, text);
    if (!(tipo in REPLIES)) return;
    // A connection begins with it and holds one name, so those before it were on another.
    if (tipo === "registro") this.connectionEnded(now);
    this.#sent++;
    this.#waiting.push(tipo);
  }

  /** Nothing more will come to what was asked so far. */
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
