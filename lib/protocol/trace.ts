/** The message trace of both tools. */

import type { Endpoint } from "./address.ts";

/** A sent or received message. */
export interface Trace {
  readonly direction: "sent" | "received";
  readonly transport: "TCP" | "UDP";
  /** Its destination or source. */
  readonly peer: Endpoint;
  /** As on the wire; to be shown only after {@linkcode printable}. */
  readonly text: string;
}
