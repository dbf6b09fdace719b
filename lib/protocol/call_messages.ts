/**
 * The conversation between two phones: JSON objects, one a datagram, over UDP.
 *
 * The names on the wire are the assignment's own, in Portuguese. `docs/protocol.md` has an example of each.
 */

import { isIpAddress, isPort } from "./address.ts";
import { isName } from "./name.ts";
import { type Parsed, parseObject } from "./object.ts";

/** Largest signalling datagram in bytes: fits into any path's packet, headers included. */
export const MAX_DATAGRAM_BYTES = 1200;

/** First byte of every signalling datagram, `{`. RTP and RTCP start with 0x80 to 0xBF (RFC 3550, section 5.1). */
export const SIGNALLING_FIRST_BYTE = 0x7b;

/** The one kind of voice so far: Opus, 48 kHz clock, mono (the form of SDP's `rtpmap`, RFC 7587, section 7). */
export const MEDIA = "opus/48000/1";

/** Why an invitation was rejected. */
export type RejectReason = "ocupado" | "recusado" | "sem_resposta";

/** What the invited person, or the phone for them, said to an invitation. */
export type Answer =
  | { readonly resposta: "aceito" }
  | { readonly resposta: "rejeitado"; readonly motivo: RejectReason };

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
    }
    | { readonly tipo: "tocando" }
    | { readonly tipo: "resposta_ao_convite" } & Answer
    | { readonly tipo: "confirmação" }
    | { readonly tipo: "encerrar_ligação" }
    | { readonly tipo: "ligação_encerrada" }
  );

/** Every `tipo` that phones say to each other. */
export type CallMessageType = CallMessage["tipo"];

/** 128 bits in base64url (RFC 4648, section 5) are 22 characters; a peer's own names may be somewhat different. */
const CALL_ID = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * A new name for a call: 128 random bits in base64url.
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
  const { chamada, nome, ip, porta, resposta, motivo, midia } = fields;
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
      return { message: { tipo, chamada, nome: nome.normalize("NFC"), ip, porta, midia: midia ?? MEDIA } };
    case "resposta_ao_convite":
      if (resposta === "aceito") return { message: { tipo, chamada, resposta } };
      if (resposta !== "rejeitado") return { problem: "no proper 'resposta'" };
      return {
        message: {
          tipo,
          chamada,
          resposta,
          motivo: motivo === "ocupado" || motivo === "sem_resposta" ? motivo : "recusado",
        },
      };
    case "tocando":
    case "confirmação":
    case "encerrar_ligação":
    case "ligação_encerrada":
      return { message: { tipo, chamada } };
    default:
      return { problem: "no known 'tipo'" };
  }
}
