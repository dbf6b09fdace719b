/** Keys and proofs for tests that come out the same every time. */

import { KeyPair } from "../../lib/call/key_exchange.ts";
import type { Encryption, EncryptionPolicy } from "../../lib/call/encryption_policy.ts";

/** The key pair whose private key is made of one byte. */
export function fixedKeyPair(byte: number): KeyPair {
  return KeyPair.from(new Uint8Array(32).fill(byte));
}

/** The proof of a number. */
export function fixedProof(number: number): string {
  return `prova-${number}`.padEnd(22, "-");
}

/**
 * EncryptionPolicy whose first key pair is that of a byte, the next one that of the next byte; and so on with the proofs.
 *
 * @param first A byte that only this phone has, 1 to 255.
 */
export function fixedPolicy(encryption: Encryption, first = 1): EncryptionPolicy {
  let keys = first;
  let proofs = first;
  return {
    encryption,
    newKeyPair: () => fixedKeyPair(keys++ & 0xff),
    newProof: () => fixedProof(proofs++),
  };
}
