/** How a phone protects its calls, and where the random numbers for that come from. */

import { newCallId } from "../protocol/call_messages.ts";
import { KeyPair } from "./key_exchange.ts";

/**
 * Whether calls are encrypted: never; where the other phone can, too; or else not at all.
 */
export type Encryption = "off" | "preferred" | "required";

/** What a call is protected with. Tests give keys and proofs that come out the same every time. */
export interface EncryptionPolicy {
  readonly encryption: Encryption;
  /** A fresh key pair. */
  newKeyPair(): KeyPair;
  /** A text that nobody can guess, for a caller to send back. */
  newProof(): string;
}

/** EncryptionPolicy with random keys and proofs. */
export function randomPolicy(encryption: Encryption): EncryptionPolicy {
  return { encryption, newKeyPair: () => KeyPair.generate(), newProof: () => newCallId() };
}
