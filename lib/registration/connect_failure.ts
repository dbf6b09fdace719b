/** Why a phone has no connection to a registry. */

import type { AddressProblem } from "../protocol/address.ts";
import type { ErrorCode } from "../protocol/registry_messages.ts";
import type { SystemError } from "../util/system_error.ts";
import type { TlsError } from "../util/tls_error.ts";

/** A registry as a person names it: a name or an address, an IPv6 address without brackets, and a TCP port. */
export interface RegistryPlace {
  readonly host: string;
  readonly port: number;
}

/** The registry refused: `codigo` and `mensagem` of its `erro`, the latter not safe to show. */
export interface Refusal {
  readonly kind: "registry_refused";
  readonly reason: ErrorCode;
  readonly text: string;
}

/** The connection ended before the reply. */
export interface Lost {
  readonly kind: "lost";
}

/** Why a request, or the TLS handshake, got no answer. */
export type NoReply =
  | Lost
  /** The connection is open, and nothing comes. */
  | { readonly kind: "timeout" }
  /** Something came that is no message: another program listens there. */
  | { readonly kind: "not_a_registry" }
  /** A TLS alert came: what listens there speaks TLS only. */
  | { readonly kind: "tls_wanted" };

const NO_REPLY: ReadonlySet<string> = new Set<NoReply["kind"]>([
  ...["lost", "timeout", "not_a_registry", "tls_wanted"] as const,
]);

/** Whether a result is that there was no answer. */
export function isNoReply(result: { readonly kind: string }): result is NoReply {
  return NO_REPLY.has(result.kind);
}

/** Why one address gave no registration. */
export type PlaceFailure =
  | SystemError
  | TlsError
  /** The name stands for an address that is no machine's. */
  | AddressProblem
  | NoReply
  /** `sala_cheia`: its room is full, or it takes nobody else because it is about to end. */
  | { readonly kind: "room_full" }
  | Refusal;

/** What came of one address of a registry. */
export interface Tried extends RegistryPlace {
  /** The address; undefined if the name has none. */
  readonly ip?: string;
  readonly detail: PlaceFailure;
}

/** Several addresses were tried, and none took the phone, for different reasons or at several registries. */
export interface NoneAnswered {
  readonly kind: "none_answered";
  /** In the order of the command line, and of each name's addresses. */
  readonly tried: readonly Tried[];
}

/** Why no connection was made. */
export type ConnectFailure =
  | PlaceFailure
  | NoneAnswered
  /** The caller's signal fired. */
  | { readonly kind: "aborted" };
