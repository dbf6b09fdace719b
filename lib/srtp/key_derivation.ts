/** The keys of secure RTP: one master key for each direction of a call, from which all others are derived. */

import { createCipheriv } from "node:crypto";

/** Bytes of a master key of AEAD_AES_128_GCM (RFC 7714, section 12). */
export const MASTER_KEY_BYTES = 16;

/** Bytes of its master salt. */
export const MASTER_SALT_BYTES = 12;

/** What both ends of one direction of a call have in common. */
export interface SrtpMaster {
  /** {@linkcode MASTER_KEY_BYTES} bytes. */
  readonly key: Uint8Array;
  /** {@linkcode MASTER_SALT_BYTES} bytes. */
  readonly salt: Uint8Array;
}

/** What packets of one kind are enciphered with. */
export interface SessionKeys {
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly salt: Uint8Array;
}

/** What is derived (RFC 3711, sections 4.3.1 and 4.3.2). The labels of authentication keys have no use with AEAD. */
const LABELS = {
  rtp: { key: 0, salt: 2 },
  rtcp: { key: 3, salt: 5 },
} as const;

/** Place of the label in the salt, when the latter is filled up to 14 bytes and followed by a counter of two. */
const LABEL_OFFSET = 7;
const COUNTER_BLOCK_BYTES = 16;

/**
 * The keys for RTP or for RTCP: AES in counter mode over zeros (RFC 3711, section 4.3.3), with the salt filled up with
 * zeros on its right (RFC 7714, section 11). Keys are derived once, at a rate of zero.
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
  const cipher = createCipheriv("aes-128-ctr", key, block);
  const derived = new Uint8Array(cipher.update(new Uint8Array(length)));
  cipher.final(); // Gives nothing more; older versions of the runtime would keep the cipher for ever.
  return derived;
}
