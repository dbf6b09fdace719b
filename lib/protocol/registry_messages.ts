/**
 * The conversation between a phone and the registry: JSON objects, one a line, over TCP.
 *
 * The names on the wire are the assignment's own, in Portuguese. `docs/protocol.md` has an example of each.
 */

import { isIpAddress, isPort } from "./address.ts";
import { isName } from "./name.ts";
import { type Fields, type Parsed, parseObject } from "./json_object.ts";

/** TCP port that a registry listens on unless told otherwise: the assignment's. */
export const DEFAULT_REGISTRY_PORT = 5000;

/** A row of the registry's table: who, and where their phone listens for invitations. */
export interface Person {
  readonly nome: string;
  readonly ip: string;
  readonly porta: number;
}

/** What a request may be marked with, so that its reply can be recognised. */
export type RequestId = string | number;

/** What a phone says to the registry. `ping` and `pong` may come from either side. */
export type RegistryRequest =
  & { readonly id?: RequestId }
  & (
    | { readonly tipo: "registro"; readonly nome: string; readonly ip: string; readonly porta: number }
    | { readonly tipo: "resposta_desafio"; readonly nonce: string; readonly prova: string }
    | { readonly tipo: "consulta"; readonly nome: string }
    | { readonly tipo: "lista"; readonly a_partir?: number }
    | { readonly tipo: "fechamento"; readonly nome: string }
    | { readonly tipo: "ping" }
    | { readonly tipo: "pong" }
  );

/** Why the registry refused a request. */
export const ERROR_CODES = [
  "nome_em_uso",
  "usuario_nao_encontrado",
  "nao_registrado",
  "ja_registrado",
  "mensagem_invalida",
  "sala_cheia",
  "senha_incorreta",
] as const;

/** One of {@linkcode ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What the registry says to a phone. */
export type RegistryReply =
  & { readonly id?: RequestId }
  & (
    | {
      readonly tipo: "registro_confirmado";
      readonly nome: string;
      readonly ip: string;
      readonly porta: number;
    }
    | { readonly tipo: "desafio"; readonly sal: string; readonly iteracoes: number; readonly nonce: string }
    | {
      readonly tipo: "resposta_consulta";
      readonly nome: string;
      readonly ip: string;
      readonly porta: number;
    }
    | { readonly tipo: "resposta_lista"; readonly usuarios: readonly Person[]; readonly proximo?: number }
    | { readonly tipo: "fechamento_confirmado"; readonly nome: string }
    | { readonly tipo: "erro"; readonly codigo: ErrorCode; readonly mensagem: string }
    | { readonly tipo: "ping" }
    | { readonly tipo: "pong" }
  );

/** Longest `id` that is repeated. */
const MAX_ID_LENGTH = 64;

function isId(value: unknown): value is RequestId {
  return typeof value === "string"
    ? value.length <= MAX_ID_LENGTH
    : typeof value === "number" && Number.isFinite(value);
}

/** Random numbers and proofs: 128 to 256 bits in base64url (RFC 4648, section 5) without padding. */
function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{22,43}$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

/** A request without its `id`, or the sentence (for people, in Portuguese) that says what is wrong with it. */
function readRequest(fields: Fields): RegistryRequest | string {
  const { tipo, nome, ip, porta, a_partir, nonce, prova } = fields;
  switch (tipo) {
    case "registro":
      if (!isName(nome)) return "o campo 'nome' deve ter de 1 a 32 caracteres visíveis, sem controles";
      if (!isIpAddress(ip)) return "o campo 'ip' deve ser um endereço IPv4 ou IPv6";
      if (!isPort(porta)) return "o campo 'porta' deve ser um número de 1 a 65535";
      return { tipo, nome: nome.normalize("NFC"), ip, porta };
    case "resposta_desafio":
      return isToken(nonce) && isToken(prova)
        ? { tipo, nonce, prova }
        : "os campos 'nonce' e 'prova' devem estar em base64url, de 22 a 43 caracteres";
    case "consulta":
    case "fechamento":
      return isName(nome)
        ? { tipo, nome }
        : "o campo 'nome' deve ter de 1 a 32 caracteres visíveis, sem controles";
    case "lista":
      if (a_partir === undefined || a_partir === null) return { tipo };
      return isCount(a_partir) ? { tipo, a_partir } : "o campo 'a_partir' deve ser um número inteiro";
    case "ping":
    case "pong":
      return { tipo };
    default:
      return "o campo 'tipo' falta ou é desconhecido";
  }
}

/**
 * Reads one line that a phone sent. Fields that it does not know are ignored.
 *
 * @returns The request, or the problem in a sentence for people, in Portuguese as `mensagem` is.
 */
export function parseRequest(line: string): Parsed<RegistryRequest> {
  const fields = parseObject(line);
  if (!fields) return { problem: "a linha não é um objeto JSON" };
  const { id } = fields;
  // Some writers of JSON say null for what is absent.
  const absent = id === undefined || id === null;
  if (!absent && !isId(id)) return { problem: "o campo 'id' deve ser um texto curto ou um número" };
  const mark = absent ? {} : { id };
  const request = readRequest(fields);
  return typeof request === "string" ? { problem: request, ...mark } : { message: { ...request, ...mark } };
}

function isPerson(value: unknown): value is Person {
  if (typeof value !== "object" || value === null) return false;
  const { nome, ip, porta } = value as Fields;
  return isName(nome) && isIpAddress(ip) && isPort(porta);
}

function readReply(fields: Fields): RegistryReply | undefined {
  const { tipo, nome, ip, porta, usuarios, proximo, codigo, mensagem, sal, iteracoes, nonce } = fields;
  switch (tipo) {
    case "registro_confirmado":
    case "resposta_consulta":
      return isName(nome) && isIpAddress(ip) && isPort(porta) ? { tipo, nome, ip, porta } : undefined;
    case "desafio":
      return isToken(sal) && isCount(iteracoes) && isToken(nonce)
        ? { tipo, sal, iteracoes, nonce }
        : undefined;
    case "resposta_lista": {
      if (!Array.isArray(usuarios)) return undefined;
      // A row that cannot be called is no reason to hide the others.
      const people = usuarios.filter(isPerson).map(({ nome, ip, porta }) => ({ nome, ip, porta }));
      return { tipo, usuarios: people, ...(isCount(proximo) ? { proximo } : {}) };
    }
    case "fechamento_confirmado":
      return isName(nome) ? { tipo, nome } : undefined;
    case "erro": {
      // Another registry may have codes of its own; a refusal it is all the same, and its request is answered.
      const known = ERROR_CODES.find((code) => code === codigo) ?? "mensagem_invalida";
      return { tipo, codigo: known, mensagem: typeof mensagem === "string" ? mensagem : "" };
    }
    case "ping":
    case "pong":
      return { tipo };
    default:
      return undefined;
  }
}

/** Reads one line that a registry sent. Fields that it does not know are ignored. */
export function parseReply(line: string): Parsed<RegistryReply> {
  const fields = parseObject(line);
  const reply = fields && readReply(fields);
  if (!fields || !reply) return { problem: "not a message of the registry" };
  return { message: isId(fields.id) ? { ...reply, id: fields.id } : reply };
}
