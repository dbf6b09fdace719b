/** The registry's side of one connection. */

import { type AddressProblem, addressProblem, canonicalIp } from "../protocol/address.ts";
import { type Line, MAX_LINE_BYTES } from "../protocol/line_splitter.ts";
import { parseObject } from "../protocol/json_object.ts";
import { isName, nameKey } from "../protocol/name.ts";
import {
  addressSentence,
  type ErrorCode,
  parseRequest,
  type Person,
  type RegistryReply,
  type RegistryRequest,
  type RequestId,
} from "../protocol/registry_messages.ts";
import type { Answer, Challenge, PasswordGate } from "../protocol/password_challenge.ts";
import type { Entry } from "../util/expiry_queue.ts";
import { Statistics } from "./statistics.ts";
import type { RegistryTable } from "./table.ts";

/** What is wrong with the address that a phone registers, as far as its registry can tell. */
export type AddressJudge = (person: Person) => AddressProblem | undefined;

/**
 * How the claim of a name in a shared table ends: `unavailable` if nobody can decide it now, `withheld` if the operator has
 * just removed who had it.
 */
export type ClaimResult = "granted" | "taken" | "unavailable" | "withheld";

/** A request that was refused, for the registry's own log. */
export type Refusal =
  | { readonly event: "password_refused"; readonly name: string }
  | {
    readonly event: "name_refused";
    readonly name: string;
    readonly reason: "in_use" | "invalid" | "withheld" | "undecided";
  }
  | {
    readonly event: "malformed_line";
    readonly problem: "too_long" | "not_utf8" | "invalid";
    readonly text: string;
  };

/** Long before any time of a monotonic clock, in milliseconds. */
const LONG_AGO = -1e9;

/** Longest beginning of a line, or of a name that nobody can have, in a {@linkcode Refusal}, in UTF-16 units. */
const EXCERPT_LENGTH = 100;

/** The result of a line. */
export interface Outcome {
  readonly reply?: RegistryReply;
  readonly joined?: Person;
  readonly left?: Person;
  readonly refused?: Refusal;
  /** The requested name, if somebody holds it. The reply then comes from {@linkcode Session.settle}. */
  readonly contested?: string;
  /** The person for whom the shared table is asked. The reply then comes from {@linkcode Session.decide}. */
  readonly claim?: Person;
  /** Whether to close the connection after the reply. */
  readonly close: boolean;
}

/** Values of `mensagem`, for people. */
const SENTENCES = {
  nome_em_uso: "este nome já está em uso; escolha outro",
  usuario_nao_encontrado: "não há ninguém com este nome na sala",
  nao_registrado: "é preciso registrar um nome primeiro",
  ja_registrado: "esta conexão já registrou um nome",
  sala_cheia: "a sala está cheia; tente mais tarde",
  senha_incorreta: "a senha da sala não confere",
  sala_indisponivel: "a sala não pode decidir agora quem tem o nome; tente de novo",
} as const satisfies Partial<Record<ErrorCode, string>>;

const LINE_PROBLEMS = {
  too_long: (bytes: number) => `a linha passa de ${bytes} bytes`,
  not_utf8: () => "a linha não está em UTF-8",
} as const;

/** The only line on a connection that the registry has no room for. */
export const ROOM_FULL: RegistryReply = {
  tipo: "erro",
  codigo: "sala_cheia",
  mensagem: SENTENCES.sala_cheia,
};

/** The last line to a phone that the operator removes, and the reply to one that wants its name soon after. */
export const REMOVED = {
  tipo: "erro",
  codigo: "nome_em_uso",
  mensagem: "o operador do registro retirou da sala quem tinha este nome; tente mais tarde",
  motivo: "retirado",
} as const satisfies RegistryReply;

/** The only line to a client that speaks HTTP or TLS. */
export const NO_PHONE: RegistryReply = {
  tipo: "erro",
  codigo: "mensagem_invalida",
  mensagem: "este é um registro da Sala, e só entende telefones dela",
};

const encoder = new TextEncoder();

/** Size of a reply to `lista` without its people, at most. */
function listEnvelopeBytes(id: RequestId | undefined): number {
  const empty: RegistryReply = { tipo: "resposta_lista", usuarios: [], proximo: Number.MAX_SAFE_INTEGER };
  return encoder.encode(JSON.stringify(id === undefined ? empty : { ...empty, id })).length;
}

/**
 * One connection: takes lines in order, and gives the reply and the change of the table for each. Does no I/O. All
 * sessions of a registry share its table.
 */
export class Session {
  /** While true, the reply to the last line is pending, and the caller must not give another one. */
  waiting = false;
  /** Whether it has left or was dropped. Further lines are ignored. */
  gone = false;
  /** The version that the phone gave with its last `registro`. */
  version: string | undefined;
  /** When it last kept its name in a contest; at first long ago, as a small integer, which needs no memory of its own. */
  keptNameAt = LONG_AGO;
  /** Its place among those that are to be pinged. */
  keepAlive: Entry<Session> | undefined;

  readonly #table: RegistryTable;
  readonly #lineBytes: number;
  readonly #gate: PasswordGate | undefined;
  readonly #judge: AddressJudge;
  readonly #statistics: Statistics;
  readonly #shared: boolean;
  /** The registration that waits for the answer to its challenge. */
  #challenged: { readonly person: Person; readonly challenge: Challenge } | undefined;
  #person: Person | undefined;
  /** The registration that waits until its contested name is decided. */
  #contested: { readonly person: Person; readonly id: RequestId | undefined } | undefined;
  #closed = false;

  /**
   * @param lineBytes Longest line that the caller accepts, for the error message.
   * @param gate Verifies the room's password, if it has one.
   * @param judge Judges the address of a registration.
   * @param statistics Counts the requests of all sessions.
   * @param shared Whether `table` is a copy of one that several registries share: then names are not given here.
   */
  constructor(
    table: RegistryTable,
    lineBytes: number = MAX_LINE_BYTES,
    gate?: PasswordGate,
    judge: AddressJudge = ({ ip }) => addressProblem(ip),
    statistics: Statistics = new Statistics(),
    shared = false,
  ) {
    this.#statistics = statistics;
    this.#shared = shared;
    this.#judge = judge;
    this.#table = table;
    this.#lineBytes = lineBytes;
    this.#gate = gate;
  }

  /** Takes a line. Ignores it after an outcome with `close`. */
  handleLine(line: Line): Outcome {
    if (this.#closed) return { close: true };
    const { requests } = this.#statistics;
    if ("problem" in line) {
      requests.invalid++;
      return {
        ...refusal("mensagem_invalida", LINE_PROBLEMS[line.problem](this.#lineBytes)),
        refused: { event: "malformed_line", problem: line.problem, text: excerpt(line.beginning) },
      };
    }
    const parsed = parseRequest(line.text);
    if ("problem" in parsed) {
      requests.invalid++;
      const outcome = refusal("mensagem_invalida", parsed.problem);
      return withId({ ...outcome, refused: invalidRequest(line.text) }, parsed.id);
    }
    requests[parsed.message.tipo]++;
    const outcome = this.#answer(parsed.message);
    this.#closed ||= outcome.close;
    return withId(outcome, parsed.message.id);
  }

  /**
   * Decides the pending registration of a contested name.
   *
   * @returns The confirmation if the name has become free, otherwise `nome_em_uso`.
   */
  settle(): Outcome {
    const pending = this.#contested;
    this.#contested = undefined;
    if (!pending || this.#closed) return { close: this.#closed };
    return withId(this.#addToTable(pending.person), pending.id);
  }

  /** Takes the decision on the pending registration of a shared table. */
  decide(result: ClaimResult): Outcome {
    const pending = this.#contested;
    this.#contested = undefined;
    if (!pending || this.#closed) return { close: this.#closed };
    const { person, id } = pending;
    if (result === "granted") return withId(this.#confirm(person), id);
    if (result === "withheld") return withId(withheld(person), id);
    const taken = result === "taken";
    const outcome = refusal(taken ? "nome_em_uso" : "sala_indisponivel");
    const reason = taken ? "in_use" : "undecided";
    return withId({ ...outcome, refused: { event: "name_refused", name: person.nome, reason } }, id);
  }

  /** The connection has ended. @returns The person who left with it, if it had one. */
  end(): Person | undefined {
    this.#closed = true;
    return this.#leave();
  }

  #answer(request: RegistryRequest): Outcome {
    switch (request.tipo) {
      case "ping":
        return { reply: { tipo: "pong" }, close: false };
      case "pong":
      case "rastro":
        return { close: false };
      case "registro":
        this.version = request.versao;
        return this.#register({ nome: request.nome, ip: request.ip, porta: request.porta }, request.id);
      case "resposta_desafio":
        return this.#handleChallengeAnswer(request, request.id);
      case "consulta":
        return this.#person ? this.#lookUp(request.nome) : refusal("nao_registrado");
      case "lista":
        return this.#person ? this.#list(request.a_partir, request.id) : refusal("nao_registrado");
      case "fechamento":
        return this.#person ? this.#close(this.#person, request.nome) : refusal("nao_registrado");
    }
  }

  #register(person: Person, id: RequestId | undefined): Outcome {
    const problem = this.#judge(person);
    if (problem) return refusal("mensagem_invalida", addressSentence(problem));
    if (this.#person) return refusal("ja_registrado");
    if (this.#gate) {
      const challenge = this.#gate.challenge();
      this.#challenged = { person, challenge };
      return { reply: { tipo: "desafio", ...challenge }, close: false };
    }
    return this.#admit(person, id);
  }

  #handleChallengeAnswer(answer: Answer, id: RequestId | undefined): Outcome {
    const challenged = this.#challenged;
    // A challenge accepts one answer.
    this.#challenged = undefined;
    if (!challenged || !this.#gate) return refusal("mensagem_invalida", "não há desafio a responder");
    const { person, challenge } = challenged;
    if (this.#gate.accepts(challenge, answer, person)) return this.#admit(person, id);
    return {
      ...refusal("senha_incorreta"),
      refused: { event: "password_refused", name: person.nome },
      close: true,
    };
  }

  #admit(registered: Person, id: RequestId | undefined): Outcome {
    // One spelling, so that an IPv4-mapped address is taken for the IPv4 address that it is.
    const person = { ...registered, ip: canonicalIp(registered.ip) };
    if (!this.#shared && !this.#table.find(person.nome)) return this.#addToTable(person);
    if (this.#shared && this.#table.isWithheld(person.nome)) return withheld(person);
    this.#contested = { person, id };
    if (this.#shared) return { claim: person, close: false };
    return { contested: person.nome, close: false };
  }

  #addToTable(person: Person): Outcome {
    if (this.#table.isWithheld(person.nome)) return withheld(person);
    if (!this.#table.add(person)) {
      const refused = { event: "name_refused", name: person.nome, reason: "in_use" } as const;
      return { ...refusal("nome_em_uso"), refused };
    }
    return this.#confirm(person);
  }

  #confirm(person: Person): Outcome {
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
    if (person && !this.#shared) this.#table.remove(person.nome);
    return person;
  }
}

function withheld({ nome }: Person): Outcome {
  return {
    reply: REMOVED,
    refused: { event: "name_refused", name: nome, reason: "withheld" },
    close: false,
  };
}

/** Why a line is no request. */
function invalidRequest(line: string): Refusal {
  const { tipo, nome } = parseObject(line) ?? {};
  return tipo === "registro" && typeof nome === "string" && !isName(nome)
    ? { event: "name_refused", name: excerpt(nome), reason: "invalid" }
    : { event: "malformed_line", problem: "invalid", text: excerpt(line) };
}

function excerpt(text: string): string {
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}

function refusal(code: "mensagem_invalida", sentence: string): Outcome;
function refusal(code: keyof typeof SENTENCES): Outcome;
function refusal(code: ErrorCode, sentence?: string): Outcome {
  const mensagem = sentence ?? SENTENCES[code as keyof typeof SENTENCES];
  return { reply: { tipo: "erro", codigo: code, mensagem }, close: false };
}

/** Adds the `id` of the request to the reply. */
function withId(outcome: Outcome, id: RequestId | undefined): Outcome {
  if (id === undefined || !outcome.reply) return outcome;
  return { ...outcome, reply: { ...outcome.reply, id } };
}
