/** What registries share in a bucket: a row for each person, and a record for each registry. Docs: docs/campus.md. */

import { Buffer } from "node:buffer";
import { isIpAddress, isPort } from "../../protocol/address.ts";
import { parseObject } from "../../protocol/json_object.ts";
import { isName, nameKey } from "../../protocol/name.ts";
import type { Person } from "../../protocol/registry_messages.ts";

/** A row of the shared table. */
export interface SharedRow {
  readonly person: Person;
  /** The registry at which the person's phone is: {@linkcode RegistryRecord.id}. */
  readonly registry: string;
  /** The phone's session there. No two sessions of a registry have the same number. */
  readonly session: number;
  /** Whether the phone had the name when this was written; otherwise its registry wanted the name for it. */
  readonly held: boolean;
}

/** An address of a machine and the hardware address of its card: together they tell two machines apart. */
export interface MachineAddress {
  readonly ip: string;
  readonly mac: string;
}

/** A registry, as it tells the others. */
export interface RegistryRecord {
  /** Random, new for each start and after each fencing. */
  readonly id: string;
  /** Where its phones come in, for people; 0 before it listens. */
  readonly port: number;
  /** Where its life line is. */
  readonly addresses: readonly MachineAddress[];
  readonly lifePort: number;
  /** Counts the renewals: the lease lasts as long as this keeps growing. */
  readonly beat: number;
  /** `alive`, or how it ended, by {@linkcode endKey}; rows of a registry that ended are nobody's. */
  readonly state: "alive" | "left" | "dead";
}

const NAME_PREFIX = "p.";
const REGISTRY_PREFIX = "r.";
const END_PREFIX = "m.";

/** Most characters of a value. */
const MAX_VALUE_LENGTH = 8192;

/** What the keys of all rows of a name begin with: NATS allows letters, digits, `-`, `_`, `=`, `.` and `/` in keys. */
export function placeOf(name: string): string {
  return NAME_PREFIX + Buffer.from(nameKey(name)).toString("base64url");
}

/** The key of a row. No two claims have the same one. @param place See {@linkcode placeOf}. */
export function rowKey(
  place: string,
  { registry, session }: Pick<SharedRow, "registry" | "session">,
): string {
  return `${place}.${registry}.${session}`;
}

/** The key of a registry's record. */
export function recordKey(id: string): string {
  return REGISTRY_PREFIX + id;
}

/** The key that says how a registry has ended. Once it is there, nothing makes that registry alive again. */
export function endKey(id: string): string {
  return END_PREFIX + id;
}

/** The registry whose end a key tells; undefined if it is another key. */
export function registryOfEnd(key: string): string | undefined {
  return key.startsWith(END_PREFIX) ? key.slice(END_PREFIX.length) : undefined;
}

export function isRowKey(key: string): boolean {
  return key.startsWith(NAME_PREFIX);
}

/** The registry whose record has a key; undefined if it is another key. */
export function registryOf(key: string): string | undefined {
  return key.startsWith(REGISTRY_PREFIX) ? key.slice(REGISTRY_PREFIX.length) : undefined;
}

/** A new id: 96 random bits. */
export function newId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("base64url");
}

export function encodeRow({ person, held }: SharedRow): string {
  return JSON.stringify({ ...person, tem: held });
}

/** @returns Undefined if key and value are no row. */
export function parseRow(key: string, value: string): SharedRow | undefined {
  const [, place, registry, digits = ""] = /^(p\.[^.]+)\.([^.]+)\.(\d{1,15})$/.exec(key) ?? [];
  if (value.length > MAX_VALUE_LENGTH) return undefined;
  const { nome, ip, porta, tem } = parseObject(value) ?? {};
  if (!isName(nome) || !isIpAddress(ip) || !isPort(porta) || placeOf(nome) !== place) return undefined;
  if (!isId(registry) || typeof tem !== "boolean") return undefined;
  return { person: { nome, ip, porta }, registry, session: Number(digits), held: tem };
}

export function encodeRecord({ port, addresses, lifePort, beat }: RegistryRecord): string {
  return JSON.stringify({ porta: port, enderecos: addresses, vida: lifePort, batida: beat });
}

/** @returns Undefined if the value is no record. */
export function parseRecord(id: string, value: string): RegistryRecord | undefined {
  if (value.length > MAX_VALUE_LENGTH || !isId(id)) return undefined;
  const { porta, enderecos, vida, batida } = parseObject(value) ?? {};
  if (!isPortOrNone(porta) || !isPort(vida) || !isCount(batida) || !Array.isArray(enderecos)) {
    return undefined;
  }
  const addresses = enderecos.filter(isMachineAddress).map(({ ip, mac }) => ({ ip, mac }));
  return { id, port: porta, addresses, lifePort: vida, beat: batida, state: "alive" };
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{8,32}$/.test(value);
}

function isPortOrNone(value: unknown): value is number {
  return value === 0 || isPort(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function isMachineAddress(value: unknown): value is MachineAddress {
  if (typeof value !== "object" || value === null) return false;
  const { ip, mac } = value as Record<string, unknown>;
  return isIpAddress(ip) && typeof mac === "string" && mac.length <= 32;
}
