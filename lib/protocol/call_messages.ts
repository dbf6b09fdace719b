/**
 * The conversation between two phones: JSON objects, one a datagram, over UDP.
 *
 * The names on the wire are the assignment's own, in Portuguese. `docs/protocol.md` has an example of each.
 */

import { isIpAddress, isPort } from "./address.ts";
import { isName } from "./name.ts";
import { type Fields, type Parsed, parseObject } from "./json_object.ts";

/** Largest signalling datagram in bytes: fits into any path's packet, headers included. */
export const MAX_DATAGRAM_BYTES = 1200;

/** First byte of every signalling datagram, `{`. RTP and RTCP start with 0x80 to 0xBF (RFC 3550, section 5.1). */
export const SIGNALLING_FIRST_BYTE = 0x7b;

/** The one kind of voice so far: Opus, 48 kHz clock, mono (the form of SDP's `rtpmap`, RFC 7587, section 7). */
export const MEDIA = "opus/48000/1";

/** Why an invitation was rejected. A reader takes reasons that it does not know for `recusado`. */
const REJECT_REASONS = ["ocupado", "recusado", "sem_resposta", "sem_cifra"] as const;

/** Why an invitation was rejected; `sem_cifra`: it offered no encryption, and this phone takes no other calls. */
export type RejectReason = (typeof REJECT_REASONS)[number];

/** What the invited person, or the phone for them, said to an invitation. */
export type Answer =
  | { readonly resposta: "aceito" }
  | { readonly resposta: "rejeitado"; readonly motivo: RejectReason };

/** From the callee, for the caller to send back: who can do that receives what is sent to the caller's address. */
interface Proof {
  readonly prova?: string;
}

/** A public key of X25519, 32 bytes in base64url. */
interface Key {
  readonly chave?: string;
}

/** What proves that a message is from one of the two phones that share the call's keys: 16 bytes in base64url. */
interface Mac {
  readonly selo?: string;
}

/** What phones say to each other. `chamada` names the call. */
export type CallMessage =
  & { readonly chamada: string }
  & (
    | {
      readonly tipo: "convite";
      readonly nome: string;
      readonly ip: string;
      readonly porta: number;
      readonly midia: string;
      /** Offers encryption: a hash of the caller's public key, 32 bytes in base64url. */
      readonly compromisso?: string;
    } & Proof
    | { readonly tipo: "tocando" } & Proof
    | { readonly tipo: "resposta_ao_convite" } & Answer & Proof & Key
    | { readonly tipo: "confirmação" } & Proof & Key & Mac
    | { readonly tipo: "encerrar_ligação" } & Key & Mac
    | { readonly tipo: "ligação_encerrada" } & Mac
  );

/** Every `tipo` that phones say to each other. */
export type CallMessageType = CallMessage["tipo"];

/** 128 bits in base64url (RFC 4648, section 5) are 22 characters; a peer's own names may be somewhat different. */
const CALL_ID = /^[A-Za-z0-9_-]{16,64}$/;

/** Base64url of 32 and of 16 bytes, without padding and with zeros for the bits beyond them, so in one way only. */
const BYTES_32 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const BYTES_16 = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** The fields that protect a call. */
const PROTECTION = { prova: CALL_ID, compromisso: BYTES_32, chave: BYTES_32, selo: BYTES_16 } as const;

/**
 * A new name for a call, or a new proof: 128 random bits in base64url.
 *
 * @param random Fills a buffer with random bytes; another one makes tests repeatable.
 */
export function newCallId(
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (bytes) =>
    crypto.getRandomValues(bytes),
): string {
  return random(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A message as the bytes of its datagram. */
export function encodeCallMessage(message: CallMessage): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(message));
}

/**
 * Reads a signalling datagram. Fields that it does not know are ignored.
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
  const { chamada, nome, ip, porta, resposta, midia } = fields;
  if (typeof chamada !== "string" || !CALL_ID.test(chamada)) return { problem: "no proper 'chamada'" };
  // A peer may spell "ligação" with combining accents; it is the same word.
  const tipo = typeof fields.tipo === "string" ? fields.tipo.normalize("NFC") : undefined;
  switch (tipo) {
    case "convite":
      if (!isName(nome) || !isIpAddress(ip) || !isPort(porta)) {
        return { problem: "no proper 'nome', 'ip' or 'porta'" };
      }
      if (typeof midia !== "string" && midia !== undefined && midia !== null) {
        return { problem: "no proper 'midia'" };
      }
      return protectedBy(fields, ["compromisso", "prova"], {
        tipo,
        chamada,
        nome: nome.normalize("NFC"),
        ip,
        porta,
        midia: midia ?? MEDIA,
      });
    case "tocando":
      return protectedBy(fields, ["prova"], { tipo, chamada });
    case "resposta_ao_convite":
      if (resposta === "aceito") return protectedBy(fields, ["chave", "prova"], { tipo, chamada, resposta });
      if (resposta !== "rejeitado") return { problem: "no proper 'resposta'" };
      return protectedBy(fields, ["prova"], { tipo, chamada, resposta, motivo: reason(fields.motivo) });
    case "confirmação":
      return protectedBy(fields, ["chave", "selo", "prova"], { tipo, chamada });
    case "encerrar_ligação":
      return protectedBy(fields, ["chave", "selo"], { tipo, chamada });
    case "ligação_encerrada":
      return protectedBy(fields, ["selo"], { tipo, chamada });
    default:
      return { problem: "no known 'tipo'" };
  }
}

function reason(motivo: unknown): RejectReason {
  return REJECT_REASONS.find((known) => known === motivo) ?? "recusado";
}

/** A message with those of its fields that protect the call and are there; `null` is as good as none. */
function protectedBy(
  fields: Fields,
  names: readonly (keyof typeof PROTECTION)[],
  message: CallMessage,
): Parsed<CallMessage> {
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string" || !PROTECTION[name].test(value)) return { problem: `no proper '${name}'` };
    given[name] = value;
  }
  return { message: { ...message, ...given } };
}
