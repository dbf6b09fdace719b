/** The events of a registry; see `phone_events.ts`. */

import type { Endpoint } from "../protocol/address.ts";
import type { LeftOutEvent, MessageEvent, OutputFailedEvent, PersonFields } from "./fields.ts";
import type { SystemError } from "../util/system_error.ts";
import type { TlsError } from "../util/tls_error.ts";
import type { UsageProblem } from "./usage_problem.ts";

/** Why a person left the table. */
export type LeaveReason =
  /** With `fechamento`. */
  | "goodbye"
  /** The connection ended. */
  | "disconnected"
  /** No answer to `ping`. */
  | "silent";

/** The registry cannot listen at `host` and `port`. */
export interface ListenDetail {
  readonly kind: "cannot_listen";
  readonly host: string;
  readonly port: number;
  readonly cause: SystemError | TlsError;
}

/** A request that the registry refused, and whose connection made it. */
interface RefusedEvent {
  readonly peer: Endpoint;
  /** Events of this kind left out since the last one: hostile connections must not fill a disk. */
  readonly omitted: number;
}

/** A proof of the room's password was wrong. */
export interface PasswordRefusedEvent extends RefusedEvent {
  readonly event: "password_refused";
  readonly name: string;
}

/** Somebody else has the name, or nobody can have it. */
export interface NameRefusedEvent extends RefusedEvent {
  readonly event: "name_refused";
  readonly name: string;
  readonly reason: "in_use" | "invalid";
}

/** A line that is no request. `text` is its beginning. */
export interface MalformedLineEvent extends RefusedEvent {
  readonly event: "malformed_line";
  readonly problem: "too_long" | "not_utf8" | "invalid";
  readonly text: string;
}

/** An event of a registry. */
export type RegistryEvent =
  | MessageEvent
  | LeftOutEvent
  | OutputFailedEvent
  | { readonly event: "listening"; readonly host: string; readonly port: number }
  | { readonly event: "joined" } & PersonFields
  | { readonly event: "left"; readonly reason: LeaveReason } & PersonFields
  | { readonly event: "table"; readonly people: readonly PersonFields[] }
  | { readonly event: "room_full"; readonly connections: number }
  /** One address has its limit of connections. */
  | { readonly event: "address_full"; readonly ip: string; readonly connections: number }
  | PasswordRefusedEvent
  | NameRefusedEvent
  | MalformedLineEvent
  | { readonly event: "port_in_use"; readonly port: number }
  | { readonly event: "wrong_usage"; readonly problem: UsageProblem }
  | { readonly event: "failed"; readonly detail: ListenDetail | SystemError }
  | { readonly event: "closed" };
