/** What events of both tools have in common. */

import type { Endpoint } from "../protocol/address.ts";
import type { Person } from "../protocol/registry_messages.ts";
import type { Trace } from "../protocol/trace.ts";
import type { SystemError } from "../util/system_error.ts";

/** A message was sent or received: a line of the message trace, left out with `--quiet`. */
export interface MessageEvent extends Trace {
  readonly event: "message";
  /** Whether no person caused it, but a page's list of people: left out as pings are. */
  readonly routine?: boolean;
}

/** The reader of the output is too slow: that many lines were left out here. */
export interface LeftOutEvent {
  readonly event: "left_out";
  readonly lines: number;
}

/** Standard output cannot be written and is tried again. Told once, on standard error. */
export interface OutputFailedEvent {
  readonly event: "output_failed";
  readonly detail: SystemError;
}

/** Answer to `--version`. */
export interface VersionEvent {
  readonly event: "version";
  readonly program: "phone" | "registry";
  readonly version: string;
}

/** A person and the address of their phone. */
export interface PersonFields extends Endpoint {
  readonly name: string;
}

/** A person of the wire, in the fields that events have. */
export function personFields({ nome, ip, porta }: Person): PersonFields {
  return { name: nome, ip, port: porta };
}
