/**
 * The registry protocol: one JSON object a line, over TCP. The names on the wire are the assignment's, in Portuguese;
 * `docs/protocol.md`, part 1, describes each message.
 */

import { type AddressProblem, canonicalIp, isIpAddress, isPort } from "./address.ts";
import { isName } from "./name.ts";
import { type Fields, type Parsed, parseObject } from "./json_object.ts";

/** Default TCP port of a registry: the assignment's. */
export const DEFAULT_REGISTRY_PORT = 5000;

/** A binding: a name, and the address where its phone takes invitations (as in RFC 3261, section 10). */
export interface Person {
  readonly nome: string;
  readonly ip: string;
  readonly porta: number;
}

/** Optional identifier of a request, repeated in its reply. */
export type RequestId = string | number;

/** A message from a phone to the registry. `ping` and `pong` go both ways. */
export type RegistryRequest =
  & { readonly id?: RequestId }
  & (
    | {
      readonly tipo: "registro";
      readonly nome: string;
      readonly ip: string;
      readonly porta: number;
      /** Version of the phone, for the registry's log. */
      readonly versao?: string;
    }
    | { readonly tipo: "resposta_desafio"; readonly nonce: string; readonly prova: string }
    | { readonly tipo: "consulta"; readonly nome: string }
    | { readonly tipo: "lista"; readonly a_partir?: number }
    | { readonly tipo: "fechamento"; readonly nome: string }
    | { readonly tipo: "ping" }
    | { readonly tipo: "pong" }
    /** Copies for the registry's panel; `trace_line.ts` reads them. Never answered, whatever they hold. */
    | { readonly tipo: "rastro" }
  );

/** Values of `codigo`. */
export const ERROR_CODES = [
  "nome_em_uso",
  "usuario_nao_encontrado",
  "nao_registrado",
  "ja_registrado",
  "mensagem_invalida",
  "sala_cheia",
  "senha_incorreta",
  "sala_indisponivel",
] as const;

/** One of {@linkcode ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** A message from the registry to a phone. */
export type RegistryReply =
  & { readonly id?: RequestId }
  & (
    | {
      readonly tipo: "registro_confirmado";
      readonly nome: string;
      readonly ip: string;
      readonly porta: number;
      /** The registry has a panel, and asks for copies of call messages. */
      readonly rastro?: true;
    }
    | { readonly tipo: "desafio"; readonly sal: string; readonly iteracoes: number; readonly nonce: string }
    /** Its address is as it came: `ip` may be no address, and `porta` no port. */
    | {
      readonly tipo: "resposta_consulta";
      readonly nome: string;
      readonly ip: string;
      readonly porta: number;
    }
    | { readonly tipo: "resposta_lista"; readonly usuarios: readonly Person[]; readonly proximo?: number }
    | { readonly tipo: "fechamento_confirmado"; readonly nome: string }
    | {
      readonly tipo: "erro";
      readonly codigo: ErrorCode;
      readonly mensagem: string;
      /** With `nome_em_uso`: the registry's operator has removed the phone, or whoever had the name. */
      readonly motivo?: "retirado";
    }
    | { readonly tipo: "ping" }
    | { readonly tipo: "pong" }
  );

/** Longest `id`, in UTF-16 units. */
const MAX_ID_LENGTH = 64;

function isId(value: unknown): value is RequestId {
  return typeof value === "string"
    ? value.length <= MAX_ID_LENGTH
    : typeof value === "number" && Number.isFinite(value);
}

/** Salt, nonce or MAC: 128 to 256 bits in base64url without padding (RFC 4648, section 5). */
function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{22,43}$/.test(value);
}

/** Whether a value is the version of a program, such as `1.0.0` or `2.1-beta+git.4f2a`. */
function isVersion(value: unknown): value is string {
  return typeof value === "string" && /^[\w.+-]{1,32}$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

/** Why the registry does not take an address, in Portuguese. */
const ADDRESS_SENTENCES: Readonly<Record<AddressProblem["kind"], string>> = {
  no_address: "o campo 'ip' deve ser um endereço IPv4 ou IPv6",
  no_port: "o campo 'porta' deve ser um número de 1 a 65535",
  unspecified_address: "o endereço em 'ip' não é de nenhuma máquina",
  multicast_address: "o endereço em 'ip' é de um grupo de máquinas (multicast)",
  broadcast_address: "o endereço em 'ip' é de todas as máquinas da rede (broadcast)",
  reserved_address: "o endereço em 'ip' é reservado e não é de nenhuma máquina",
  loopback_address: "o endereço em 'ip' só vale na própria máquina, e este telefone está em outra",
  own_loopback_address: "o endereço em 'ip' só vale na própria máquina",
  link_local_address: "o endereço em 'ip' só vale em um trecho da rede",
  no_zone: "o endereço em 'ip' só vale em um trecho da rede",
};

/** The sentence of a problem with the address of a `registro`, for `mensagem`. */
export function addressSentence({ kind }: AddressProblem): string {
  return ADDRESS_SENTENCES[kind];
}

/** @returns A request without its `id`, or the problem in a Portuguese sentence. */
function parseRequestFields(fields: Fields): RegistryRequest | string {
  const { tipo, nome, ip, porta, a_partir, nonce, prova, versao } = fields;
  switch (tipo) {
    case "registro":
      if (!isName(nome)) return "o campo 'nome' deve ter de 1 a 32 caracteres visíveis, sem controles";
      if (!isIpAddress(ip)) return ADDRESS_SENTENCES.no_address;
      if (!isPort(porta)) return ADDRESS_SENTENCES.no_port;
      return { tipo, nome: nome.normalize("NFC"), ip, porta, ...(isVersion(versao) ? { versao } : {}) };
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
 * Parses a line from a phone. Unknown fields are ignored.
 *
 * @returns The request, or the problem in a Portuguese sentence, for `mensagem`.
 */
export function parseRequest(line: string): Parsed<RegistryRequest> {
  const fields = parseObject(line);
  if (!fields) return { problem: "a linha não é um objeto JSON" };
  // Nothing in it may cause a reply: the phone would take that for one to another request.
  if (fields.tipo === "rastro") return { message: { tipo: "rastro" } };
  const { id } = fields;
  // Some JSON encoders write null for an absent field.
  const absent = id === undefined || id === null;
  if (!absent && !isId(id)) return { problem: "o campo 'id' deve ser um texto curto ou um número" };
  const request = parseRequestFields(fields);
  if (absent) return typeof request === "string" ? { problem: request } : { message: request };
  const idField = { id };
  return typeof request === "string"
    ? { problem: request, ...idField }
    : { message: { ...request, ...idField } };
}

function isPerson(value: unknown): value is Person {
  if (typeof value !== "object" || value === null) return false;
  const { nome, ip, porta } = value as Fields;
  return isName(nome) && isIpAddress(ip) && isPort(porta);
}

function parseReplyFields(fields: Fields): RegistryReply | undefined {
  const { tipo, nome, ip, porta, usuarios, proximo, codigo, mensagem, motivo, sal, iteracoes, nonce } =
    fields;
  switch (tipo) {
    case "registro_confirmado":
      if (!isName(nome) || !isIpAddress(ip) || !isPort(porta)) return undefined;
      return { tipo, nome, ip, porta, ...(fields.rastro === true && { rastro: true }) };
    case "resposta_consulta":
      // An address that is none answers the request, too: the person must not wait for another reply.
      if (!isName(nome)) return undefined;
      return {
        tipo,
        nome,
        ip: typeof ip === "string" ? canonicalIp(ip) : "",
        porta: typeof porta === "number" ? porta : 0,
      };
    case "desafio":
      return isToken(sal) && isCount(iteracoes) && isToken(nonce)
        ? { tipo, sal, iteracoes, nonce }
        : undefined;
    case "resposta_lista": {
      if (!Array.isArray(usuarios)) return undefined;
      // An invalid row must not hide the others.
      const people = usuarios.filter(isPerson).map(({ nome, ip, porta }) => ({ nome, ip, porta }));
      return { tipo, usuarios: people, ...(isCount(proximo) ? { proximo } : {}) };
    }
    case "fechamento_confirmado":
      return isName(nome) ? { tipo, nome } : undefined;
    case "erro": {
      // An unknown code still answers its request: another registry may have more of them.
      const known = ERROR_CODES.find((code) => code === codigo) ?? "mensagem_invalida";
      return {
        ...{ tipo, codigo: known, mensagem: typeof mensagem === "string" ? mensagem : "" },
        ...(motivo === "retirado" ? { motivo } : {}),
      };
    }
    case "ping":
    case "pong":
      return { tipo };
    default:
      return undefined;
  }
}

/** Parses a line from a registry. Unknown fields are ignored. */
export function parseReply(line: string): Parsed<RegistryReply> {
  const fields = parseObject(line);
  const reply = fields && parseReplyFields(fields);
  if (!fields || !reply) return { problem: "not a message of the registry" };
  return { message: isId(fields.id) ? { ...reply, id: fields.id } : reply };
}
