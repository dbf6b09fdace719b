/**
 * Challenge-response authentication with the room's password: HMAC-SHA-256 (RFC 2104) under a key from PBKDF2
 * (RFC 8018, section 5.2). The key derivation is slow by design, since an eavesdropper can test guesses offline.
 */

import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Person } from "./registry_messages.ts";

/** Iterations of PBKDF2-HMAC-SHA-256 (OWASP Password Storage Cheat Sheet, 2023): about 0.2 s of processor time. */
export const ITERATIONS = 600_000;

/** A phone computes no more iterations, and none for less than {@linkcode ITERATIONS}, which make guessing cheap. */
const MAX_ITERATIONS = 10 * ITERATIONS;

/** Size of the key in bits: that of the hash. */
const KEY_BITS = 256;

const SALT_BYTES = 16;
const NONCE_BYTES = 16;

/** The fields of `desafio`. Salt and nonce are base64url without padding. */
export interface Challenge {
  readonly sal: string;
  readonly iteracoes: number;
  readonly nonce: string;
}

/** The fields of `resposta_desafio`. */
export interface Answer {
  /** The phone's own nonce. */
  readonly nonce: string;
  readonly prova: string;
}

function random(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}

/** Derives the key from the password in NFC, so that every spelling of its accents gives the same key. */
export async function deriveKey(password: string, salt: string, iterations: number): Promise<Uint8Array> {
  const text = new TextEncoder().encode(password.normalize("NFC"));
  const key = await crypto.subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits"]);
  const algorithm = {
    name: "PBKDF2",
    hash: "SHA-256",
    salt: Buffer.from(salt, "base64url"),
    iterations,
  };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, KEY_BITS));
}

/** The MAC over a registration and both nonces, `prova`. */
function proofOf(key: Uint8Array, registryNonce: string, phoneNonce: string, person: Person): string {
  const { nome, ip, porta } = person;
  const text = ["sala registro", registryNonce, phoneNonce, nome, ip, porta].join("\n");
  return createHmac("sha256", key).update(text, "utf8").digest("base64url");
}

/** The registry's side: issues challenges and verifies answers. */
export class PasswordGate {
  #key: Uint8Array;
  #salt: string;
  /** Those before the last change, by which the challenges from before it are decided. */
  #earlier: { readonly key: Uint8Array; readonly salt: string } | undefined;

  private constructor(key: Uint8Array, salt: string) {
    this.#key = key;
    this.#salt = salt;
  }

  /** @param salt Random; tests give a fixed one. */
  static async open(password: string, salt: string = random(SALT_BYTES)): Promise<PasswordGate> {
    return new PasswordGate(await deriveKey(password, salt, ITERATIONS), salt);
  }

  /**
   * Uses another password for challenges from now on, with another salt. Phones that are answering one with the salt of the
   * password before are still let in by that.
   */
  async change(password: string): Promise<void> {
    const salt = random(SALT_BYTES);
    const key = await deriveKey(password, salt, ITERATIONS);
    this.#earlier = { key: this.#key, salt: this.#salt };
    this.#key = key;
    this.#salt = salt;
  }

  /** A new challenge. The caller must accept one answer at most. */
  challenge(nonce: string = random(NONCE_BYTES)): Challenge {
    return { sal: this.#salt, iteracoes: ITERATIONS, nonce };
  }

  /** Verifies the answer to a challenge, for this registration, in constant time. */
  accepts(challenge: Challenge, answer: Answer, person: Person): boolean {
    const key = challenge.sal === this.#earlier?.salt ? this.#earlier.key : this.#key;
    const expected = new TextEncoder().encode(proofOf(key, challenge.nonce, answer.nonce, person));
    const given = new TextEncoder().encode(answer.prova);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

/** The phone's side: answers challenges. Caches the key as long as salt and iterations stay the same. */
export class RoomPassword {
  readonly #password: string;
  #cached:
    | { readonly salt: string; readonly iterations: number; readonly key: Promise<Uint8Array> }
    | undefined;

  constructor(password: string) {
    this.#password = password;
  }

  /**
   * Answers a challenge.
   *
   * @param nonce Random; tests give a fixed one.
   * @returns Undefined if the challenge has too few or too many iterations.
   */
  async answer(
    { sal, iteracoes, nonce: registryNonce }: Challenge,
    person: Person,
    nonce: string = random(NONCE_BYTES),
  ): Promise<Answer | undefined> {
    if (iteracoes < ITERATIONS || iteracoes > MAX_ITERATIONS) return undefined;
    if (this.#cached?.salt !== sal || this.#cached.iterations !== iteracoes) {
      const key = deriveKey(this.#password, sal, iteracoes);
      this.#cached = { salt: sal, iterations: iteracoes, key };
    }
    return { nonce, prova: proofOf(await this.#cached.key, registryNonce, nonce, person) };
  }
}
