/** What events of both tools have in common. */

import type { Endpoint } from "../protocol/address.ts";
import type { Trace } from "../protocol/trace.ts";

/** A message was sent or received: a line of the message trace, left out with `--quiet`. */
export type MessageEvent = { readonly event: "message" } & Trace;

/** A person and where their phone is. */
export interface PersonFields extends Endpoint {
  readonly name: string;
}
