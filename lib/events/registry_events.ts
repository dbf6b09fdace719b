/** The events of a registry; see `phone_events.ts`. */

import type { Endpoint } from "../protocol/address.ts";
import type { LeftOutEvent, MessageEvent, OutputFailedEvent, PersonFields, VersionEvent } from "./fields.ts";
import type { SystemError } from "../util/system_error.ts";
import type { CertificateFlaw } from "../util/certificate.ts";
import type { TlsError } from "../util/tls_error.ts";
import type { SecretDetail, UsageProblem } from "./usage_problem.ts";

/** Why a person left the table. */
export type LeaveReason =
  /** With `fechamento`. */
  | "goodbye"
  /** The connection ended. */
  | "disconnected"
  /** No answer to `ping`. */
  | "silent"
  /** The room is full, and another one took the place: this one's address holds most. */
  | "crowded_out"
  /** The operator removed the phone. */
  | "removed"
  /** Another registry of the cluster has the name. */
  | "superseded"
  /** This registry was cut off from the cluster for too long. */
  | "fenced";

/** The registry cannot listen at `host` and `port`. */
export interface ListenDetail {
  readonly kind: "cannot_listen";
  readonly host: string;
  readonly port: number;
  readonly cause: SystemError | TlsError;
}

/** Why there is no local socket for the operator's commands. */
export type ControlDetail =
  | SystemError
  /** Somebody else may write to its folder, or the folder is a link. */
  | { readonly kind: "folder_not_private" }
  /** Something else is there. */
  | { readonly kind: "not_a_socket" }
  /** Another registry answers there. */
  | { readonly kind: "other_registry" }
  /** This system has none. */
  | { readonly kind: "no_local_sockets" };
/** The registry cannot use the servers of `--cluster`. */
export interface ClusterDetail {
  readonly kind: "cluster_failed";
  /** Hosts with their ports. */
  readonly servers: readonly string[];
  readonly cause: SystemError | TlsError | ClusterProblem;
}

/** What is wrong with a NATS server, or with what it was told. */
export interface ClusterProblem {
  readonly kind:
    /** It does not let this registry in, or not do what it needs. */
    | "cluster_unauthorised"
    | "no_jetstream"
    | "bad_credentials"
    | "cluster_too_old";
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

/**
 * Somebody else has the name, nobody can have it, or nobody gets it now: the operator has removed a phone of that name, or the
 * cluster cannot decide who has it.
 */
export interface NameRefusedEvent extends RefusedEvent {
  readonly event: "name_refused";
  readonly name: string;
  readonly reason: "in_use" | "invalid" | "withheld" | "undecided";
}

/** A line that is no request. `text` is its beginning. */
export interface MalformedLineEvent extends RefusedEvent {
  readonly event: "malformed_line";
  readonly problem: "too_long" | "not_utf8" | "invalid";
  readonly text: string;
}
/** The system's limit of open files, `descriptors`, allows fewer connections than wanted; `wanted` would suffice. */
export interface FewDescriptorsEvent {
  readonly event: "few_descriptors";
  readonly descriptors: number;
  readonly connections: number;
  readonly wanted: number;
}

/** The registry accepts connections. */
export interface ListeningEvent {
  readonly event: "listening";
  /** The first of `hosts`. */
  readonly host: string;
  readonly port: number;
  /** All addresses that it listens on, IPv4 first: `0.0.0.0` is all of IPv4, `::` all of IPv6. */
  readonly hosts: readonly string[];
  /** Addresses by which phones reach it, IPv4 first; empty if only this machine's can. */
  readonly addresses: readonly string[];
  /** What phones need on their command lines, such as `--tls`. */
  readonly options: readonly string[];
  readonly version: string;
}

/**
 * Peers caused more lines than the log's limits allow: `lines` of them were left out, of one address (of IPv6, its /64), or of
 * several others, if `ip` is null.
 */
export interface LogLimitedEvent {
  readonly event: "log_limited";
  readonly ip: string | null;
  /** How many addresses: 1 if `ip` names it. */
  readonly addresses: number;
  readonly lines: number;
}

/** What a client that is no phone speaks. */
export type ForeignProtocol = "http" | "tls" | "proxy";

/** An event of a registry. */
export type RegistryEvent =
  | MessageEvent
  | LeftOutEvent
  | OutputFailedEvent
  | LogLimitedEvent
  | VersionEvent
  | ListeningEvent
  /** `--metrics`: the pages for programs that watch are there. */
  | { readonly event: "metrics_open"; readonly host: string; readonly port: number }
  /** `--panel`: the page is there; `shared` if other machines reach it, too. */
  | { readonly event: "panel_open"; readonly url: string; readonly shared: boolean }
  /** The operator's commands cannot reach this registry. */
  | { readonly event: "control_failed"; readonly path: string; readonly detail: ControlDetail }
  /** A command: no registry answers it. */
  | {
    readonly event: "no_registry";
    readonly path: string;
    readonly detail: ControlDetail | { readonly kind: "not_a_registry" };
  }
  /** No more phones are taken, and the open connections are closed: their phones go to another registry. */
  | { readonly event: "draining"; readonly connections: number }
  /** `drain`: they are closed. */
  | { readonly event: "drained"; readonly connections: number }
  /** `SIGHUP`: new connections get the certificate that is in the files now. */
  | { readonly event: "certificate_renewed" }
  /** `SIGHUP`: the files are no good, and new connections get the certificate as before. */
  | { readonly event: "certificate_kept"; readonly detail: SecretDetail | TlsError }
  /** `SIGHUP`: phones that register from now on need the password that is in the file now. */
  | { readonly event: "password_renewed" }
  /** `SIGHUP`: the file is no good, and phones need the same password as before. */
  | { readonly event: "password_kept"; readonly detail: SecretDetail }
  /** `kick`: nobody has this name. */
  | { readonly event: "unknown_person"; readonly name: string }
  /** `version` is that of the phone, if it gives one. */
  | { readonly event: "joined"; readonly version?: string } & PersonFields
  | { readonly event: "left"; readonly reason: LeaveReason } & PersonFields
  /** Those who registered last; `omitted`: how many registered before them, if any are not in `people`. */
  | { readonly event: "table"; readonly people: readonly PersonFields[]; readonly omitted?: number }
  /** This registry has joined a cluster: its id, and the number of registries with it. */
  | {
    readonly event: "cluster_joined";
    readonly room: string;
    readonly registry: string;
    readonly registries: number;
  }
  /** The engine has been away for some time: lookups are answered from the last copy, and registrations wait. */
  | { readonly event: "cluster_away"; readonly seconds: number }
  | { readonly event: "cluster_back"; readonly seconds: number }
  /** Another registry of the cluster has come, has left, or is dead: its names are free. */
  | {
    readonly event: "other_registry";
    readonly registry: string;
    readonly ip: string;
    readonly port: number;
    readonly change: "joined" | "left" | "dead";
  }
  /** This registry was cut off for so long that others may have its phones' names, and has let them go. */
  | { readonly event: "cluster_fenced"; readonly people: number }
  | { readonly event: "room_full"; readonly connections: number }
  /** All places are taken. Connections without a name lose theirs to others, then phones of the address that holds most. */
  | { readonly event: "room_crowded"; readonly connections: number }
  | FewDescriptorsEvent
  /** One address has its limit of connections. */
  | { readonly event: "address_full"; readonly ip: string; readonly connections: number }
  | PasswordRefusedEvent
  | NameRefusedEvent
  | MalformedLineEvent
  /** Phones will refuse the certificate of the command line. */
  | { readonly event: "certificate_flawed"; readonly detail: CertificateFlaw }
  /** What connects is no phone, or a phone with `--tls` while this registry has no TLS. */
  | { readonly event: "foreign_client"; readonly ip: string; readonly protocol: ForeignProtocol }
  /** A connection of a load balancer of the command line did not begin as one of the PROXY protocol, and was closed. */
  | {
    readonly event: "proxy_refused";
    readonly ip: string;
    readonly problem: "no_header" | "version_1" | "bad_header" | "timeout";
  }
  /** The TLS handshake with a client failed. */
  | { readonly event: "tls_failed"; readonly ip: string; readonly detail: TlsError }
  | { readonly event: "port_in_use"; readonly port: number }
  | { readonly event: "wrong_usage"; readonly problem: UsageProblem }
  | { readonly event: "failed"; readonly detail: ListenDetail | ClusterDetail | SystemError }
  | { readonly event: "closed" };
