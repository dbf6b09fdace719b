/** One phone's conversation with the registry. */

import { type Line, MAX_LINE_BYTES } from "../protocol/line_splitter.ts";
import { nameKey } from "../protocol/name.ts";
import {
  type ErrorCode,
  parseRequest,
  type Person,
  type RegistryReply,
  type RegistryRequest,
  type RequestId,
} from "../protocol/registry_messages.ts";
import type { Answer, Challenge, PasswordGate } from "../protocol/password_challenge.ts";
import type { RegistryTable } from "./table.ts";

/** What came of a line. */
export interface Outcome {
  readonly reply?: RegistryReply;
  readonly joined?: Person;
  readonly left?: Person;
  /** The name that was asked for and that somebody has; the reply comes from {@linkcode Session.settle}. */
  readonly contested?: string;
  /** Whether the connection is to be closed once the reply is sent. */
  readonly close: boolean;
}

/** What `mensagem` says to people. */
const SENTENCES = {
  nome_em_uso: "este nome já está em uso; escolha outro",
  usuario_nao_encontrado: "não há ninguém com este nome na sala",
  nao_registrado: "é preciso registrar um nome primeiro",
  ja_registrado: "esta conexão já registrou um nome",
  sala_cheia: "a sala está cheia; tente mais tarde",
  senha_incorreta: "a senha da sala não confere",
} as const satisfies Partial<Record<ErrorCode, string>>;

const LINE_PROBLEMS = {
  too_long: (bytes: number) => `a linha passa de ${bytes} bytes`,
  not_utf8: () => "a linha não está em UTF-8",
} as const;

/** What a phone is told for which there is no room, before its connection is closed. */
export const ROOM_FULL: RegistryReply = {
  tipo: "erro",
  codigo: "sala_cheia",
  mensagem: SENTENCES.sala_cheia,
};

const encoder = new TextEncoder();

/** How many bytes a reply to `lista` takes without its people, at most. */
function listEnvelopeBytes(id: RequestId | undefined): number {
  const empty: RegistryReply = { tipo: "resposta_lista", usuarios: [], proximo: Number.MAX_SAFE_INTEGER };
  return encoder.encode(JSON.stringify(id === undefined ? empty : { ...empty, id })).length;
}

/**
 * The registry's side of one connection: takes the lines that a phone sends, in order, and says what is to be
 * answered and done. It opens no socket; the table that it is given is shared by all connections.
 */
export class Session {
  /** While true, no further line may be given to the room: the reply to the last one comes first. */
  waiting = false;
  /** Whether it has left, or was sent away: nothing that it still says counts. */
  gone = false;
  /** When it last defended its name. */
  answeredAt = -Infinity;

  readonly #table: RegistryTable;
  readonly #lineBytes: number;
  readonly #gate: PasswordGate | undefined;
  /** The registration whose password is asked for. */
  #unproven: { readonly person: Person; readonly challenge: Challenge } | undefined;
  #person: Person | undefined;
  /** The registration that waits, because its name is somebody's. */
  #contested: { readonly person: Person; readonly id: RequestId | undefined } | undefined;
  #closed = false;

  /**
   * @param lineBytes Longest line that is taken, for what a longer one is told.
   * @param gate Where the room has a password, who checks it.
   */
  constructor(table: RegistryTable, lineBytes: number = MAX_LINE_BYTES, gate?: PasswordGate) {
    this.#table = table;
    this.#lineBytes = lineBytes;
    this.#gate = gate;
  }

  /** Takes a line. After one whose outcome is to close, all others are ignored. */
  handleLine(line: Line): Outcome {
    if (this.#closed) return { close: true };
    if ("problem" in line) {
      return refusal("mensagem_invalida", LINE_PROBLEMS[line.problem](this.#lineBytes));
    }
    const parsed = parseRequest(line.text);
    if ("problem" in parsed) return marked(refusal("mensagem_invalida", parsed.problem), parsed.id);
    const outcome = this.#answer(parsed.message);
    this.#closed ||= outcome.close;
    return marked(outcome, parsed.message.id);
  }

  /**
   * Whether the contested name has become free is known now.
   *
   * @returns What comes of the registration that waited for it: the name, if it is free.
   */
  settle(): Outcome {
    const waiting = this.#contested;
    this.#contested = undefined;
    if (!waiting || this.#closed) return { close: this.#closed };
    return marked(this.#enrol(waiting.person), waiting.id);
  }

  /** The connection has ended. @returns Who left with it, if somebody did. */
  end(): Person | undefined {
    this.#closed = true;
    return this.#leave();
  }

  #answer(request: RegistryRequest): Outcome {
    switch (request.tipo) {
      case "ping":
        return { reply: { tipo: "pong" }, close: false };
      case "pong":
        return { close: false };
      case "registro":
        return this.#register({ nome: request.nome, ip: request.ip, porta: request.porta }, request.id);
      case "resposta_desafio":
        return this.#prove(request, request.id);
      case "consulta":
        return this.#person ? this.#lookUp(request.nome) : refusal("nao_registrado");
      case "lista":
        return this.#person ? this.#list(request.a_partir, request.id) : refusal("nao_registrado");
      case "fechamento":
        return this.#person ? this.#close(this.#person, request.nome) : refusal("nao_registrado");
    }
  }

  #register(person: Person, id: RequestId | undefined): Outcome {
    if (this.#person) return refusal("ja_registrado");
    if (this.#gate) {
      const challenge = this.#gate.challenge();
      this.#unproven = { person, challenge };
      return { reply: { tipo: "desafio", ...challenge }, close: false };
    }
    return this.#admit(person, id);
  }

  #prove(answer: Answer, id: RequestId | undefined): Outcome {
    const unproven = this.#unproven;
    // Each challenge is good for one answer.
    this.#unproven = undefined;
    if (!unproven || !this.#gate) return refusal("mensagem_invalida", "não há desafio a responder");
    const { person, challenge } = unproven;
    if (this.#gate.accepts(challenge, answer, person)) return this.#admit(person, id);
    return { ...refusal("senha_incorreta"), close: true };
  }

  #admit(person: Person, id: RequestId | undefined): Outcome {
    if (!this.#table.find(person.nome)) return this.#enrol(person);
    this.#contested = { person, id };
    return { contested: person.nome, close: false };
  }

  #enrol(person: Person): Outcome {
    if (!this.#table.add(person)) return refusal("nome_em_uso");
    this.#person = person;
    return { reply: { tipo: "registro_confirmado", ...person }, joined: person, close: false };
  }

  #lookUp(name: string): Outcome {
    const person = this.#table.find(name);
    if (!person) return refusal("usuario_nao_encontrado");
    return { reply: { tipo: "resposta_consulta", ...person }, close: false };
  }

  #list(from: number | undefined, id: RequestId | undefined): Outcome {
    const { people, next } = this.#table.list(from, MAX_LINE_BYTES - listEnvelopeBytes(id));
    const reply = { tipo: "resposta_lista", usuarios: people } as const;
    return { reply: next === undefined ? reply : { ...reply, proximo: next }, close: false };
  }

  #close(person: Person, name: string): Outcome {
    if (nameKey(name) !== nameKey(person.nome)) {
      return refusal("mensagem_invalida", "o campo 'nome' não é o nome registrado por esta conexão");
    }
    this.#leave();
    this.#closed = true;
    return { reply: { tipo: "fechamento_confirmado", nome: person.nome }, left: person, close: true };
  }

  #leave(): Person | undefined {
    const person = this.#person;
    this.#person = undefined;
    if (person) this.#table.remove(person.nome);
    return person;
  }
}

function refusal(code: "mensagem_invalida", sentence: string): Outcome;
function refusal(code: keyof typeof SENTENCES): Outcome;
function refusal(code: ErrorCode, sentence?: string): Outcome {
  const mensagem = sentence ?? SENTENCES[code as keyof typeof SENTENCES];
  return { reply: { tipo: "erro", codigo: code, mensagem }, close: false };
}

/** The same outcome, its reply marked as its request was. */
function marked(outcome: Outcome, id: RequestId | undefined): Outcome {
  if (id === undefined || !outcome.reply) return outcome;
  return { ...outcome, reply: { ...outcome.reply, id } };
}
