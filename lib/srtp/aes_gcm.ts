/**
 * AES-128-GCM (NIST SP 800-38D), the cipher of SRTP: the system's OpenSSL or the runtime's `node:crypto`. Both give the same
 * bytes. OpenSSL takes less time: `node:crypto` makes a stream with buffers for each of a call's 100 packets a second.
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { linuxLibrary, unshared } from "../util/native_library.ts";

/** Bytes of a key, of an initialization vector, and of the tag behind the ciphertext. */
export const KEY_BYTES = 16;
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

/** The cipher. It keeps no state between two messages, but may keep the last key. */
export interface AesGcm {
  /**
   * Enciphers a message.
   *
   * @param key {@linkcode KEY_BYTES} bytes.
   * @param iv {@linkcode IV_BYTES} bytes, never the same twice with one key: that would give the key away.
   * @param associated Bytes that are authenticated, and not enciphered.
   * @param into Takes the ciphertext and the tag: {@linkcode TAG_BYTES} more than the message.
   */
  seal(key: Uint8Array, iv: Uint8Array, associated: Uint8Array, message: Uint8Array, into: Uint8Array): void;
  /**
   * The reverse.
   *
   * @param sealed Ciphertext and tag, at least {@linkcode TAG_BYTES} bytes.
   * @param into Takes the message; worthless unless it is authentic.
   * @returns Whether it is authentic: no bit was changed, the associated bytes included.
   */
  open(
    key: Uint8Array,
    iv: Uint8Array,
    associated: Uint8Array,
    sealed: Uint8Array,
    into: Uint8Array,
  ): boolean;
  /** Overwrites what is left of the keys in the cipher's memory. */
  wipe(): void;
}

/** Enciphers and deciphers with a key of zeros, which takes the place of the last key in memory. */
function overwrite(cipher: Omit<AesGcm, "wipe">): void {
  const zeros = new Uint8Array(KEY_BYTES);
  const message = new Uint8Array(BLOCK_BYTES);
  const sealed = new Uint8Array(BLOCK_BYTES + TAG_BYTES);
  cipher.seal(zeros, zeros.subarray(0, IV_BYTES), zeros, message, sealed);
  cipher.open(zeros, zeros.subarray(0, IV_BYTES), zeros, sealed, message);
}

/** The functions of OpenSSL's libcrypto, 1.1 and 3 (openssl/evp.h). */
const SYMBOLS = {
  EVP_aes_128_gcm: { parameters: [], result: "pointer" },
  EVP_CIPHER_CTX_new: { parameters: [], result: "pointer" },
  EVP_CipherInit_ex: {
    parameters: ["pointer", "pointer", "pointer", "buffer", "buffer", "i32"],
    result: "i32",
  },
  EVP_CipherUpdate: { parameters: ["pointer", "buffer", "buffer", "buffer", "i32"], result: "i32" },
  EVP_CipherFinal_ex: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  EVP_CIPHER_CTX_ctrl: { parameters: ["pointer", "i32", "i32", "buffer"], result: "i32" },
} as const;

/** Constants of the same header. */
const EVP_CTRL_AEAD_GET_TAG = 0x10;
const EVP_CTRL_AEAD_SET_TAG = 0x11;
const ENCIPHER = 1;
const DECIPHER = 0;

/** The library's names. Only Linux has it under a stable name. */
const LIBRARY_NAMES = ["libcrypto.so.3", "libcrypto.so.1.1"];

const BLOCK_BYTES = 16;

/**
 * Loads the system's OpenSSL.
 *
 * @param names The library's names; the first that exists counts.
 * @returns Undefined if there is none, or without the permission to call it.
 */
export function openssl(names: readonly string[] = LIBRARY_NAMES): AesGcm | undefined {
  const crypto = linuxLibrary(names, SYMBOLS)?.symbols;
  const context = crypto?.EVP_CIPHER_CTX_new();
  if (!crypto || !context) return undefined;
  // The cipher once, key and vector with each message: its lookup takes longer than a packet.
  if (crypto.EVP_CipherInit_ex(context, crypto.EVP_aes_128_gcm(), null, null, null, ENCIPHER) !== 1) {
    return undefined;
  }
  const length = new Int32Array(1);
  const last = new Uint8Array(BLOCK_BYTES);

  /** All but the tag. @returns Whether all calls succeeded; they fail only without memory. */
  function run(
    direction: typeof ENCIPHER | typeof DECIPHER,
    key: Uint8Array,
    iv: Uint8Array,
    associated: Uint8Array,
    message: Uint8Array,
    into: Uint8Array,
  ): boolean {
    const { EVP_CipherInit_ex, EVP_CipherUpdate } = crypto!;
    return EVP_CipherInit_ex(context!, null, null, unshared(key), unshared(iv), direction) === 1 &&
      EVP_CipherUpdate(context!, null, length, unshared(associated), associated.length) === 1 &&
      // An empty message has no address, and a null pointer means something else.
      (message.length === 0 ||
        EVP_CipherUpdate(context!, unshared(into), length, unshared(message), message.length) === 1);
  }

  const cipher: AesGcm = {
    seal(key, iv, associated, message, into) {
      const tag = into.subarray(message.length, message.length + TAG_BYTES);
      const done = run(ENCIPHER, key, iv, associated, message, into) &&
        crypto.EVP_CipherFinal_ex(context, last, length) === 1 &&
        crypto.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, unshared(tag)) === 1;
      if (!done) throw new Error("OpenSSL could not encipher a packet");
    },
    open(key, iv, associated, sealed, into) {
      const end = sealed.length - TAG_BYTES;
      return run(DECIPHER, key, iv, associated, sealed.subarray(0, end), into) &&
        crypto.EVP_CIPHER_CTX_ctrl(
            context,
            EVP_CTRL_AEAD_SET_TAG,
            TAG_BYTES,
            unshared(sealed.subarray(end)),
          ) === 1 &&
        crypto.EVP_CipherFinal_ex(context, last, length) === 1;
    },
    wipe: () => overwrite(cipher),
  };
  return cipher;
}

const NAME = "aes-128-gcm";

/** The runtime's `node:crypto`. */
export const runtimeCipher: AesGcm = {
  seal(key, iv, associated, message, into) {
    const cipher = createCipheriv(NAME, key, iv);
    cipher.setAAD(associated);
    into.set(cipher.update(message));
    cipher.final();
    into.set(cipher.getAuthTag(), message.length);
  },
  open(key, iv, associated, sealed, into) {
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv(NAME, key, iv);
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(end));
    into.set(decipher.update(sealed.subarray(0, end)));
    try {
      decipher.final();
    } catch {
      return false;
    }
    return true;
  },
  wipe: () => overwrite(runtimeCipher),
};

/** The cipher that costs least here. */
export function chooseAesGcm(): AesGcm {
  return openssl() ?? runtimeCipher;
}
