/** What a message is, field by field, for those who learn the protocol. */

import { printable } from "../../lib/protocol/printable.ts";
import { contentOf, toJson } from "../../lib/trace/json_lines.ts";
import type { LadderMessage } from "../../lib/trace/ladder.ts";
import type { Language } from "./ladder_texts.ts";

/** Longest label, in UTF-16 units: a `tipo` and a name of 32 characters. */
const MAX_LABEL = 64;

/** What a message does, which decides its colour. */
export type Kind = "registration" | "lookup" | "invitation" | "agreement" | "refusal" | "goodbye" | "other";

/** A sentence in both languages. */
type Sentence = Readonly<Record<Language, string>>;

interface TypeInfo {
  readonly kind: Kind;
  readonly says: Sentence;
  /** Heading of docs/protocol.md, as an anchor. */
  readonly anchor: string;
}

const ROOM = "12-requests-and-replies";
const ERRORS = "13-errors";
const SIGNALLING = "23-messages";
const VALIDATION = "29-address-validation";
const KEYS = "210-key-exchange-macs-and-the-code";

const TYPES: Readonly<Record<string, TypeInfo>> = {
  registro: row(
    "registration",
    ROOM,
    "O telefone entra na sala com um nome.",
    "The phone enters the room with a name.",
  ),
  registro_confirmado: row("agreement", ROOM, "O nome está na tabela.", "The name is in the table."),
  desafio: row(
    "registration",
    ROOM,
    "A sala tem senha: prove que a conhece.",
    "The room has a password: prove it.",
  ),
  resposta_desafio: row(
    "registration",
    ROOM,
    "A prova da senha, sem a senha.",
    "The proof of the password, without it.",
  ),
  consulta: row("lookup", ROOM, "Onde está esta pessoa?", "Where is this person?"),
  resposta_consulta: row("lookup", ROOM, "O endereço do telefone dela.", "The address of their phone."),
  lista: row("lookup", ROOM, "Quem está na sala?", "Who is in the room?"),
  resposta_lista: row("lookup", ROOM, "Todos que estão na sala.", "Everybody in the room."),
  fechamento: row("goodbye", ROOM, "O telefone sai da sala.", "The phone leaves the room."),
  fechamento_confirmado: row("goodbye", ROOM, "O nome saiu da tabela.", "The name has left the table."),
  ping: row("other", "14-the-end-of-a-connection", "Você ainda está aí?", "Are you still there?"),
  pong: row("other", "14-the-end-of-a-connection", "Estou.", "I am."),
  erro: row("refusal", ERRORS, "O registro recusa o pedido.", "The registry refuses the request."),
  convite: row("invitation", SIGNALLING, "Convida para uma ligação.", "Invites to a call."),
  tocando: row("invitation", SIGNALLING, "O telefone está tocando.", "The phone rings."),
  resposta_ao_convite: row("agreement", SIGNALLING, "Aceita ou rejeita.", "Accepts or rejects."),
  confirmação: row(
    "agreement",
    SIGNALLING,
    "A resposta chegou: a voz começa.",
    "The answer has arrived: voice begins.",
  ),
  encerrar_ligação: row(
    "goodbye",
    SIGNALLING,
    "Encerra a ligação ou retira o convite.",
    "Ends the call or withdraws the invitation.",
  ),
  ligação_encerrada: row("goodbye", SIGNALLING, "A despedida chegou.", "The goodbye has arrived."),
};

interface FieldInfo {
  readonly says: Sentence;
  readonly anchor: string;
}

const FIELDS: Readonly<Record<string, FieldInfo>> = {
  tipo: field(ROOM, "Que mensagem é.", "Which message it is."),
  nome: field(
    "0-common-rules",
    "Nome da pessoa, de 1 a 32 caracteres.",
    "A person's name, 1 to 32 characters.",
  ),
  ip: field(
    "21-sockets-and-addresses",
    "Endereço em que o telefone recebe.",
    "The address where the phone receives.",
  ),
  porta: field(
    "21-sockets-and-addresses",
    "Porta em que o telefone recebe.",
    "The port where the phone receives.",
  ),
  versao: field(ROOM, "Versão do telefone, para o registro.", "Version of the phone, for the registry."),
  rastro: field(ROOM, "O painel pede cópias das mensagens.", "The panel asks for copies of messages."),
  id: field(ROOM, "Número do pedido; a resposta o repete.", "The request's number; the reply repeats it."),
  sal: field(ROOM, "Sal da chave da senha.", "Salt of the password's key."),
  iteracoes: field(
    ROOM,
    "Quantas vezes o PBKDF2 mistura a senha.",
    "How many times PBKDF2 mixes the password.",
  ),
  nonce: field(ROOM, "Número usado uma vez só.", "A number used once."),
  usuarios: field(ROOM, "As linhas da tabela.", "The rows of the table."),
  a_partir: field(ROOM, "A partir de qual linha.", "From which row on."),
  proximo: field(ROOM, "Há mais: a próxima linha.", "There is more: the next row."),
  codigo: field(ERRORS, "O erro, para programas.", "The error, for programs."),
  mensagem: field(ERRORS, "O erro, para pessoas.", "The error, for people."),
  motivo: field(SIGNALLING, "Por que rejeita.", "Why it rejects."),
  chamada: field(SIGNALLING, "Nome da ligação: 128 bits ao acaso.", "The call's name: 128 random bits."),
  midia: field(SIGNALLING, "Formato da voz: Opus, 48 kHz, mono.", "Format of the voice: Opus, 48 kHz, mono."),
  destino: field(SIGNALLING, "A pessoa convidada.", "The invited person."),
  resposta: field(SIGNALLING, "aceito ou rejeitado.", "aceito (accepted) or rejeitado (rejected)."),
  prova: field(
    VALIDATION,
    "Prova de que o endereço é mesmo de quem convida.",
    "Proves that the caller really is at its address.",
  ),
  compromisso: field(
    KEYS,
    "Compromisso com a chave: depois não se troca.",
    "Commitment to a key: it cannot be changed later.",
  ),
  cruzamento: field(
    "26-busy-glare-late-unknown",
    "Prova que recebeu o convite cruzado.",
    "Proves that it has received the crossing invitation.",
  ),
  chave: field(KEYS, "Chave pública X25519.", "Public key of X25519."),
  selo: field(
    KEYS,
    "Código que só quem tem as chaves calcula.",
    "A code that only holders of the keys can compute.",
  ),
};

/** Fields whose values are hashes here. */
const SECRET = new Set(["chamada", "prova", "compromisso", "cruzamento", "chave", "selo", "nonce", "sal"]);

function row(kind: Kind, anchor: string, pt: string, en: string): TypeInfo {
  return { kind, anchor, says: { pt, en } };
}

function field(anchor: string, pt: string, en: string): FieldInfo {
  return { anchor, says: { pt, en } };
}

/** Texts are looked up in tables: one that everything has, such as `constructor`, is none of them. */
function rowOf<Row>(table: Readonly<Record<string, Row>>, name: string): Row | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function fieldsOf({ text }: LadderMessage): Readonly<Record<string, unknown>> {
  const content = contentOf(text);
  return typeof content === "object" && content !== null ? content as Record<string, unknown> : {};
}

/** What a message does. */
export function kindOf(message: LadderMessage): Kind {
  if (message.type === "resposta_ao_convite" && fieldsOf(message).resposta === "rejeitado") return "refusal";
  return rowOf(TYPES, message.type)?.kind ?? "other";
}

/** `tipo`, and what tells it from others of its kind at a glance. */
export function labelOf(message: LadderMessage): string {
  const { nome, resposta, motivo, codigo, destino } = fieldsOf(message);
  const detail: Readonly<Record<string, readonly unknown[]>> = {
    registro: [nome],
    consulta: [nome],
    convite: [destino],
    resposta_ao_convite: [resposta, motivo],
    erro: [codigo],
  };
  const words = (rowOf(detail, message.type) ?? []).filter((word) => typeof word === "string" && word !== "");
  return printable([message.type.trim() || "?", ...words].join(" "), MAX_LABEL);
}

/** One field of a message, explained. */
export interface ExplainedField {
  readonly name: string;
  readonly value: string;
  /** Whether `value` is a hash. */
  readonly hidden: boolean;
  readonly says: string | undefined;
  readonly anchor: string | undefined;
}

/** A message, explained. */
export interface Explanation {
  readonly says: string | undefined;
  readonly anchor: string | undefined;
  readonly fields: readonly ExplainedField[];
}

/** Explains a message and each of its fields. */
export function explain(message: LadderMessage, language: Language): Explanation {
  const type = rowOf(TYPES, message.type);
  return {
    says: type?.says[language],
    anchor: type?.anchor,
    fields: Object.entries(fieldsOf(message)).map(([name, value]) => ({
      name: printable(name, MAX_LABEL),
      value: printable(typeof value === "string" ? value : toJson(value) ?? "…"),
      hidden: SECRET.has(name),
      says: rowOf(FIELDS, name)?.says[language],
      anchor: rowOf(FIELDS, name)?.anchor,
    })),
  };
}
