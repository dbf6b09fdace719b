/** What a tool shows of each message that it sends and receives. */

import type { Endpoint } from "./address.ts";

/** A message on its way, as it stood on the wire. */
export interface Trace {
  readonly direction: "sent" | "received";
  readonly transport: "TCP" | "UDP";
  /** The other side. */
  readonly peer: Endpoint;
  /** The message's text, not yet made safe to show: see `printable`. */
  readonly text: string;
}
