/** Whether a phone encrypts its calls, and its source of keys and tokens. */

import { newCallId } from "../protocol/call_messages.ts";
import { KeyPair } from "./key_exchange.ts";

/** Encrypt no call; those with phones that encrypt, too; or take no others. */
export type Encryption = "off" | "preferred" | "required";

/** How calls are encrypted. Tests use fixed keys and tokens. */
export interface EncryptionPolicy {
  readonly encryption: Encryption;
  /** A fresh key pair. */
  newKeyPair(): KeyPair;
  /** A random address validation token, `prova`. */
  newToken(): string;
}

/** A policy with random keys and tokens. */
export function randomPolicy(encryption: Encryption): EncryptionPolicy {
  return { encryption, newKeyPair: () => KeyPair.generate(), newToken: () => newCallId() };
}
