/**
 * Signalling between two phones: one JSON object in each UDP datagram. The names on the wire are the assignment's, in
 * Portuguese; `docs/protocol.md`, 2.3, describes each message.
 */

import { addressProblem, canonicalIp, isIpAddress, isPort } from "./address.ts";
import { isName } from "./name.ts";
import { type Fields, type Parsed, parseObject } from "./json_object.ts";

/** Largest datagram in bytes: fits the minimum MTU of IPv6, 1280, with all headers (RFC 8200, section 5). */
export const MAX_DATAGRAM_BYTES = 1200;

/** `{`, the first byte of every signalling datagram; that of RTP and RTCP is 0x80 to 0xBF (RFC 3550, section 5.1). */
export const SIGNALLING_FIRST_BYTE = 0x7b;

/** The only media format so far: Opus, 48 kHz clock, mono, written like `rtpmap` of SDP (RFC 7587, section 7). */
export const MEDIA = "opus/48000/1";

const REJECT_REASONS = ["ocupado", "recusado", "sem_resposta", "sem_cifra", "outra_pessoa"] as const;

/**
 * Why an invitation was rejected. `sem_cifra`: it offers no encryption and the callee requires it; `outra_pessoa`: it is for
 * somebody of another name, whose address this phone has now.
 */
export type RejectReason = (typeof REJECT_REASONS)[number];

/** The answer to an invitation. */
export type Answer =
  | { readonly resposta: "aceito" }
  | { readonly resposta: "rejeitado"; readonly motivo: RejectReason };

/** Address validation token: the callee issues it, the caller echoes it. 16 to 64 characters. */
interface Token {
  readonly prova?: string;
}

/** X25519 public key: 32 bytes in base64url. */
interface Key {
  readonly chave?: string;
}

/** Message authentication code under the call's keys: 16 bytes in base64url. */
interface Mac {
  readonly selo?: string;
}

/** A signalling message. `chamada` identifies the call. */
export type CallMessage =
  & { readonly chamada: string }
  & (
    | {
      readonly tipo: "convite";
      readonly nome: string;
      readonly ip: string;
      readonly porta: number;
      readonly midia: string;
      /** The name of the invited person, as the registry gave it. */
      readonly destino?: string;
      /** Offers encryption: commitment to the caller's public key, 32 bytes in base64url. */
      readonly compromisso?: string;
      /** Proves that the caller has received an invitation of the person whom it invites: 32 bytes in base64url. */
      readonly cruzamento?: string;
    } & Token
    | { readonly tipo: "tocando" } & Token
    | { readonly tipo: "resposta_ao_convite" } & Answer & Token & Key
    | { readonly tipo: "confirmação" } & Token & Key & Mac
    | { readonly tipo: "encerrar_ligação" } & Key & Mac
    | { readonly tipo: "ligação_encerrada" } & Mac
  );

/** `tipo` of a signalling message. */
export type CallMessageType = CallMessage["tipo"];

/** A call identifier or a token. Sala's have 22 characters, 128 bits in base64url; those of others may differ. */
const CALL_ID = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * 32 and 16 bytes in base64url without padding (RFC 4648, section 5). The bits that remain in the last character must
 * be zero (section 3.5), so that each value has one spelling only.
 */
const BYTES_32 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const BYTES_16 = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** The security fields and their syntax. */
const SECURITY_FIELDS = {
  prova: CALL_ID,
  compromisso: BYTES_32,
  cruzamento: BYTES_32,
  chave: BYTES_32,
  selo: BYTES_16,
} as const;

/**
 * A new call identifier or address validation token: 128 random bits in base64url, 22 characters.
 *
 * @param random Fills a buffer with random bytes; tests give a fixed one.
 */
export function newCallId(
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (bytes) =>
    crypto.getRandomValues(bytes),
): string {
  return random(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Encodes a message as a datagram. */
export function encodeCallMessage(message: CallMessage): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(message));
}

/**
 * Parses a signalling datagram. Unknown fields are ignored; names and `tipo` come out in NFC.
 *
 * @returns The message, or the problem in English, for the message trace.
 */
export function parseCallMessage(datagram: Uint8Array): Parsed<CallMessage> {
  if (datagram.length > MAX_DATAGRAM_BYTES) return { problem: "datagram too large" };
  let text: string;
  try {
    text = decoder.decode(datagram);
  } catch {
    return { problem: "not UTF-8" };
  }
  const fields = parseObject(text);
  if (!fields) return { problem: "not a JSON object" };
  const { chamada, nome, ip, porta, resposta, midia, destino } = fields;
  if (typeof chamada !== "string" || !CALL_ID.test(chamada)) return { problem: "no proper 'chamada'" };
  // A peer may send "ligação" with combining accents.
  const tipo = typeof fields.tipo === "string" ? fields.tipo.normalize("NFC") : undefined;
  switch (tipo) {
    case "convite":
      // All answers and the voice go to this address.
      if (!isName(nome) || !isIpAddress(ip) || addressProblem(ip) || !isPort(porta)) {
        return { problem: "no proper 'nome', 'ip' or 'porta'" };
      }
      if (!isName(destino) && destino !== undefined && destino !== null) {
        return { problem: "no proper 'destino'" };
      }
      if (typeof midia !== "string" && midia !== undefined && midia !== null) {
        return { problem: "no proper 'midia'" };
      }
      return withSecurityFields(fields, ["compromisso", "cruzamento", "prova"], {
        tipo,
        chamada,
        nome: nome.normalize("NFC"),
        ip: canonicalIp(ip),
        porta,
        midia: midia ?? MEDIA,
        ...(destino ? { destino: destino.normalize("NFC") } : {}),
      });
    case "tocando":
      return withSecurityFields(fields, ["prova"], { tipo, chamada });
    case "resposta_ao_convite":
      if (resposta === "aceito") {
        return withSecurityFields(fields, ["chave", "prova"], { tipo, chamada, resposta });
      }
      if (resposta !== "rejeitado") return { problem: "no proper 'resposta'" };
      return withSecurityFields(fields, ["prova"], {
        tipo,
        chamada,
        resposta,
        motivo: reason(fields.motivo),
      });
    case "confirmação":
      return withSecurityFields(fields, ["chave", "selo", "prova"], { tipo, chamada });
    case "encerrar_ligação":
      return withSecurityFields(fields, ["chave", "selo"], { tipo, chamada });
    case "ligação_encerrada":
      return withSecurityFields(fields, ["selo"], { tipo, chamada });
    default:
      return { problem: "no known 'tipo'" };
  }
}

/** Unknown reasons count as `recusado`, so that a peer can add some. */
function reason(motivo: unknown): RejectReason {
  return REJECT_REASONS.find((known) => known === motivo) ?? "recusado";
}

/** Adds those of the named fields that are present; `null` counts as absent. */
function withSecurityFields(
  fields: Fields,
  names: readonly (keyof typeof SECURITY_FIELDS)[],
  message: CallMessage,
): Parsed<CallMessage> {
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string" || !SECURITY_FIELDS[name].test(value)) {
      return { problem: `no proper '${name}'` };
    }
    given[name] = value;
  }
  return { message: { ...message, ...given } };
}
