/**
 * Copies of messages without what protects a call or a room: short hashes stand in place of every value that is not known to be
 * public, fields of later versions included. Docs: `docs/protocol.md`, 1.7.
 *
 * The call's name, 128 random bits, is the key of the other hashes. So two phones that know a call give the same hash for the same
 * value, and somebody who sees the hashes cannot even try out guesses: they do not know the key.
 */

import { createHash, createHmac } from "node:crypto";
import { type Fields, parseObject } from "../protocol/json_object.ts";

/** Characters of a hash: 48 bits in base64url. Enough to tell values apart, too few to stand in for one. */
export const HASH_LENGTH = 8;

const HASH = new RegExp(`^[A-Za-z0-9_-]{${HASH_LENGTH}}$`);

/** Most fields of a message, and longest name of one and longest `tipo`, in UTF-16 units. Sala's messages have at most 10. */
const MAX_FIELDS = 32;
const MAX_FIELD_NAME = 32;

/** Longest text of a public field, in UTF-16 units: a name has at most 128. */
const MAX_PUBLIC_TEXT = 512;

/** Fields of call messages that protect nothing. */
const PUBLIC_IN_CALLS: ReadonlySet<string> = new Set(
  ["tipo", "nome", "destino", "ip", "porta", "midia", "resposta", "motivo"] as const,
);

/** Fields of the registry's messages that protect nothing. */
const PUBLIC_IN_ROOM: ReadonlySet<string> = new Set(
  [
    ...["tipo", "id", "nome", "ip", "porta", "versao", "a_partir", "proximo", "codigo", "mensagem"] as const,
    ...["motivo", "iteracoes", "rastro"] as const,
  ],
);

/** A call message of which nothing is secret. */
export interface RedactedCallMessage {
  /** `tipo` in NFC. */
  readonly type: string;
  /** Short hash of `chamada`. */
  readonly call: string;
  /** All fields, `chamada` included, with hashes. */
  readonly fields: Fields;
}

/** Whether a value is a short hash. */
export function isHash(value: unknown): value is string {
  return typeof value === "string" && HASH.test(value);
}

/** The short hash of a call's name. */
export function callHash(chamada: string): string {
  return createHash("sha256").update(`sala rastro\nchamada\n${chamada}`).digest("base64url").slice(
    0,
    HASH_LENGTH,
  );
}

/** The short hash of a field's value under a key. */
function fieldHash(key: string | Uint8Array, field: string, value: unknown): string {
  const text = typeof value === "string" ? value : jsonOf(value);
  return createHmac("sha256", key).update(`sala rastro\n${field}\n${text}`).digest("base64url").slice(
    0,
    HASH_LENGTH,
  );
}

/** A value as JSON; nothing of one that is nested so deep that only a parser can cope with it. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}

/** Whether a value of a public field is one: objects and long texts could hold anything. */
function isPublicValue(value: unknown): boolean {
  return value === null || typeof value === "boolean" || typeof value === "number" ||
    typeof value === "string" && value.length <= MAX_PUBLIC_TEXT;
}

function redactFields(fields: Fields, open: ReadonlySet<string>, key: string | Uint8Array): Fields {
  const kept = Object.entries(fields).filter(([name]) => name.length <= MAX_FIELD_NAME).slice(0, MAX_FIELDS);
  // Not by assignment: `__proto__` is a name like any other.
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      open.has(name) && isPublicValue(value) ? value : fieldHash(key, name, value),
    ]),
  );
}

/**
 * A call message as others may see it.
 *
 * @param text As on the wire.
 * @returns Undefined for a text that is no message of a call: nobody knows what is secret in it.
 */
export function redactCallMessage(text: string): RedactedCallMessage | undefined {
  const fields = parseObject(text);
  if (typeof fields?.chamada !== "string" || typeof fields.tipo !== "string") return undefined;
  if (fields.tipo.length > MAX_FIELD_NAME) return undefined;
  const call = callHash(fields.chamada);
  const { chamada, ...others } = fields;
  // In the order of the wire.
  const redacted = redactFields({ chamada: null, ...others }, PUBLIC_IN_CALLS, chamada);
  const ordered = Object.keys(fields).filter((name) => Object.hasOwn(redacted, name))
    .map((name) => [name, name === "chamada" ? call : redacted[name]] as const);
  return { type: fields.tipo.normalize("NFC"), call, fields: Object.fromEntries(ordered) };
}

/**
 * Checks a call message that somebody else says to have redacted.
 *
 * @returns Undefined if a value that may be secret is no hash.
 */
export function checkRedacted(value: unknown): RedactedCallMessage | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = value as Fields;
  const entries = Object.entries(fields);
  const { tipo, chamada } = fields;
  if (entries.length > MAX_FIELDS || typeof tipo !== "string" || !isHash(chamada)) return undefined;
  const proper = entries.every(([name, content]) =>
    name.length <= MAX_FIELD_NAME &&
    (PUBLIC_IN_CALLS.has(name) ? isPublicValue(content) : isHash(content))
  );
  return proper && tipo.length <= MAX_FIELD_NAME
    ? { type: tipo.normalize("NFC"), call: chamada, fields }
    : undefined;
}

/**
 * A message between a phone and the registry as others may see it.
 *
 * @param key Secret and random, of this registry: the proof of a room's password must not become a way to test guesses.
 * @returns Undefined for a text that is no JSON object.
 */
export function redactRegistryMessage(
  text: string,
  key: Uint8Array,
): { readonly type: string; readonly fields: Fields } | undefined {
  const fields = parseObject(text);
  if (!fields) return undefined;
  const { usuarios, ...others } = fields;
  const redacted = redactFields(others, PUBLIC_IN_ROOM, key);
  const type = typeof fields.tipo === "string" ? fields.tipo.slice(0, MAX_FIELD_NAME).normalize("NFC") : "";
  return Array.isArray(usuarios)
    ? { type, fields: { ...redacted, usuarios: usuarios.map(publicPerson) } }
    : { type, fields: redacted };
}

/** A row of `resposta_lista`. */
function publicPerson(value: unknown): Fields {
  if (typeof value !== "object" || value === null) return {};
  const { nome, ip, porta } = value as Fields;
  return Object.fromEntries(
    Object.entries({ nome, ip, porta }).filter(([, content]) =>
      content !== undefined && isPublicValue(content)
    ),
  );
}
