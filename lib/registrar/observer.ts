/** The port for those who watch a registry: its panel. */

import type { Endpoint } from "../protocol/address.ts";
import type { Person } from "../protocol/registry_messages.ts";

/** Watches a registry. None of the functions may throw. `connection` is the same object for all that concerns one connection. */
export interface RegistryObserver {
  /** A line was received from a phone, or is sent to it. An overlong or undecodable line is an empty text. */
  handleLine(connection: object, peer: Endpoint, direction: "received" | "sent", text: string): void;
  /** A person has registered over a connection. */
  handleJoined(connection: object, person: Person): void;
  /** They are no longer in the room. */
  handleLeft(connection: object): void;
}
