/** SRTP key derivation (RFC 3711, section 4.3): session keys from the master key of each direction of a call. */

import { ctr } from "@noble/ciphers/aes.js";

/** Bytes of a master key of AEAD_AES_128_GCM (RFC 7714, section 12). */
export const MASTER_KEY_BYTES = 16;

/** Bytes of a master salt (the same section). */
export const MASTER_SALT_BYTES = 12;

/** Master key and salt of one direction of a call. */
export interface SrtpMaster {
  /** {@linkcode MASTER_KEY_BYTES} bytes. */
  readonly key: Uint8Array;
  /** {@linkcode MASTER_SALT_BYTES} bytes. */
  readonly salt: Uint8Array;
}

/** Session key and salt of RTP or RTCP packets. */
export interface SessionKeys {
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly salt: Uint8Array;
}

/** Labels of session keys and salts (RFC 3711, sections 4.3.1 and 4.3.2). AEAD needs no authentication keys. */
const LABELS = {
  rtp: { key: 0, salt: 2 },
  rtcp: { key: 3, salt: 5 },
} as const;

/** Byte of the label in the counter block: salt, padded to 14 bytes, then a counter of 2 bytes. */
const LABEL_OFFSET = 7;
const COUNTER_BLOCK_BYTES = 16;

/**
 * Derives session key and salt for RTP or RTCP: AES in counter mode over zeros (RFC 3711, section 4.3.3), with the salt
 * padded by zeros on the right (RFC 7714, section 11). The key derivation rate is 0: one derivation a call.
 */
export function sessionKeys(master: SrtpMaster, kind: keyof typeof LABELS): SessionKeys {
  const { key, salt } = LABELS[kind];
  return {
    key: derive(master, key, MASTER_KEY_BYTES),
    salt: derive(master, salt, MASTER_SALT_BYTES),
  };
}

function derive({ key, salt }: SrtpMaster, label: number, length: number): Uint8Array {
  const block = new Uint8Array(COUNTER_BLOCK_BYTES);
  block.set(salt);
  block[LABEL_OFFSET] = block[LABEL_OFFSET] as number ^ label;
  // Not `node:crypto`: its ciphers leave their keys in memory.
  return ctr(key, block).encrypt(new Uint8Array(length), new Uint8Array(new ArrayBuffer(length)));
}

/** Overwrites keys. */
export function wipeKeys(...keys: readonly SessionKeys[]): void {
  for (const { key, salt } of keys) [key, salt].forEach((bytes) => bytes.fill(0));
}
