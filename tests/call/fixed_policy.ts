/** Fixed keys and tokens for repeatable tests. */

import { KeyPair } from "../../lib/call/key_exchange.ts";
import type { Encryption, EncryptionPolicy } from "../../lib/call/encryption_policy.ts";

/** The key pair whose private key repeats one byte. */
export function fixedKeyPair(byte: number): KeyPair {
  return KeyPair.from(new Uint8Array(32).fill(byte));
}

/** The address validation token of a number. */
export function fixedToken(number: number): string {
  return `prova-${number}`.padEnd(22, "-");
}

/**
 * A policy that counts its key pairs and tokens up from a number.
 *
 * @param first 1 to 255, far enough from that of any other phone in the test.
 */
export function fixedPolicy(encryption: Encryption, first = 1): EncryptionPolicy {
  let keys = first;
  let tokens = first;
  return {
    encryption,
    newKeyPair: () => fixedKeyPair(keys++ & 0xff),
    newToken: () => fixedToken(tokens++),
  };
}
