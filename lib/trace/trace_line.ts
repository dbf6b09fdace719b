/**
 * What a phone sends to a registry with a panel: lines of type `rastro` with copies of its call messages and with the figures of
 * its call. `docs/protocol.md`, 1.7.
 */

import { canonicalIp, type Endpoint, isIpAddress, isPort } from "../protocol/address.ts";
import { type Fields, parseObject } from "../protocol/json_object.ts";
import { MAX_DATAGRAM_BYTES } from "../protocol/call_messages.ts";
import { checkRedacted, isHash, type RedactedCallMessage } from "./redact.ts";

/** Longest `rastro` line in bytes, without its line feed. */
export const MAX_TRACE_LINE_BYTES = 4096;

/** Longest redacted message in bytes of JSON; Sala's own have about 400. */
export const MAX_COPY_BYTES = 1600;

/** Most things in one line: the shortest copy has about 100 bytes. */
const MAX_ITEMS = 64;

/** Oldest age of a copy, in milliseconds: phones that wait longer for their registry throw copies away. */
export const MAX_AGE_MS = 60_000;

/** Most copies that a line may say were left out: more is no count, but a wish to impress. */
const MAX_LEFT_OUT = 1_000_000;

/** A copy of a call message that a phone has sent or received. */
export interface MessageCopy extends RedactedCallMessage {
  readonly direction: "sent" | "received";
  /** How long ago, in milliseconds. */
  readonly ageMs: number;
  /** The phone's own UDP port. Its address is the registered one. */
  readonly ownPort: number;
  /** The destination, or the source of the datagram. */
  readonly other: Endpoint;
  /** Length of the datagram. */
  readonly bytes: number;
}

/** Figures of a call, as in `CallSample`. */
export interface SampleCopy {
  readonly call: string;
  readonly ageMs: number;
  readonly ownPort: number;
  readonly other: Endpoint;
  readonly lossPercent: number;
  readonly jitterMs: number;
  readonly roundTripMs?: number;
  readonly mos?: number;
}

/** A line of type `rastro`. */
export interface TraceLine {
  readonly messages: readonly MessageCopy[];
  readonly samples: readonly SampleCopy[];
  /** Copies that the phone left out since the last line. */
  readonly leftOut: number;
}

/** A copy as it stands in a line. */
export function copyFields(copy: MessageCopy): Fields {
  return {
    sentido: copy.direction === "sent" ? "enviada" : "recebida",
    idade: copy.ageMs,
    porta: copy.ownPort,
    outro: endpointFields(copy.other),
    bytes: copy.bytes,
    mensagem: copy.fields,
  };
}

/** Figures as they stand in a line. */
export function sampleFields(sample: SampleCopy): Fields {
  return {
    chamada: sample.call,
    idade: sample.ageMs,
    porta: sample.ownPort,
    outro: endpointFields(sample.other),
    perda: sample.lossPercent,
    variacao: sample.jitterMs,
    ...(sample.roundTripMs !== undefined && { ida_e_volta: sample.roundTripMs }),
    ...(sample.mos !== undefined && { qualidade: sample.mos }),
  };
}

function endpointFields({ ip, port }: Endpoint): Fields {
  return { ip, porta: port };
}

/**
 * Parses a line of type `rastro`.
 *
 * @returns What is right in it, and how much was wrong, which counts as left out. Undefined if it is no such line.
 */
export function parseTraceLine(text: string): TraceLine | undefined {
  const fields = parseObject(text);
  if (fields?.tipo !== "rastro") return undefined;
  const messages = items(fields.mensagens, parseCopy);
  const samples = items(fields.medidas, parseSample);
  const said = within(fields.omitidas, MAX_LEFT_OUT) ? Math.floor(fields.omitidas) : 0;
  return { messages: messages.good, samples: samples.good, leftOut: said + messages.bad + samples.bad };
}

function items<Item>(
  value: unknown,
  parse: (fields: Fields) => Item | undefined,
): { readonly good: Item[]; readonly bad: number } {
  if (!Array.isArray(value)) return { good: [], bad: 0 };
  const good = value.slice(0, MAX_ITEMS).map((item) => isObject(item) ? parse(item) : undefined)
    .filter((item) => item !== undefined);
  return { good, bad: value.length - good.length };
}

function parseCopy({ sentido, idade, porta, outro, bytes, mensagem }: Fields): MessageCopy | undefined {
  const other = parseEndpoint(outro);
  const message = checkRedacted(mensagem);
  if (sentido !== "enviada" && sentido !== "recebida" || !within(idade, MAX_AGE_MS)) return undefined;
  if (!isPort(porta) || !other || !within(bytes, MAX_DATAGRAM_BYTES) || !message) return undefined;
  if (JSON.stringify(message.fields).length > MAX_COPY_BYTES) return undefined;
  const direction = sentido === "enviada" ? "sent" : "received";
  return { ...message, direction, ageMs: idade, ownPort: porta, other, bytes };
}

function parseSample(fields: Fields): SampleCopy | undefined {
  const { chamada, idade, porta, outro, perda, variacao, ida_e_volta, qualidade } = fields;
  const other = parseEndpoint(outro);
  if (!isHash(chamada) || !within(idade, MAX_AGE_MS) || !isPort(porta) || !other) return undefined;
  if (!within(perda, 100) || !within(variacao, MAX_AGE_MS)) return undefined;
  return {
    ...{ call: chamada, ageMs: idade, ownPort: porta, other, lossPercent: perda, jitterMs: variacao },
    ...(within(ida_e_volta, MAX_AGE_MS) && { roundTripMs: ida_e_volta }),
    ...(within(qualidade, 5) && { mos: qualidade }),
  };
}

function parseEndpoint(value: unknown): Endpoint | undefined {
  if (!isObject(value) || !isIpAddress(value.ip) || !isPort(value.porta)) return undefined;
  return { ip: canonicalIp(value.ip), port: value.porta };
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function within(value: unknown, most: number): value is number {
  return typeof value === "number" && value >= 0 && value <= most;
}
