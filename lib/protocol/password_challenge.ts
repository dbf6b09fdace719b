/**
 * The password of a room, which is shown to be known without being sent: challenge and response with HMAC-SHA-256
 * (RFC 2104), under a key that is slow to compute from the password (PBKDF2, RFC 8018, section 5.2), because whoever
 * records both can try passwords at leisure.
 */

import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Person } from "./registry_messages.ts";

/** Rounds of PBKDF2-HMAC-SHA-256 (OWASP Password Storage Cheat Sheet, 2023): a fifth of a second. */
export const ITERATIONS = 600_000;

/** Fewer are refused by a phone: a false registry would make guessing cheap. More would be a way to keep it busy. */
const MOST_ITERATIONS = 10 * ITERATIONS;

/** Size of keys, in bits: that of the hash. */
const KEY_BITS = 256;

/** Sizes of what is random, in bytes. */
const SALT_BYTES = 16;
const NONCE_BYTES = 16;

/** What a registry asks of a phone that wants to register. Texts are base64url without padding. */
export interface Challenge {
  readonly sal: string;
  readonly iteracoes: number;
  readonly nonce: string;
}

/** What the phone answers. */
export interface Answer {
  /** The phone's own random number. */
  readonly nonce: string;
  readonly prova: string;
}

function random(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}

/** Computes the key of a password. In NFC, so that it does not matter how its accents were typed. */
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

/** What only who knows the password can say about this registration, and only in answer to this challenge. */
function proofOf(key: Uint8Array, registryNonce: string, phoneNonce: string, person: Person): string {
  const { nome, ip, porta } = person;
  const text = ["sala registro", registryNonce, phoneNonce, nome, ip, porta].join("\n");
  return createHmac("sha256", key).update(text, "utf8").digest("base64url");
}

/** The registry's side: makes challenges and checks answers. */
export class PasswordGate {
  readonly #key: Uint8Array;
  readonly #salt: string;

  private constructor(key: Uint8Array, salt: string) {
    this.#key = key;
    this.#salt = salt;
  }

  /** @param salt Another one makes tests repeatable. */
  static async open(password: string, salt: string = random(SALT_BYTES)): Promise<PasswordGate> {
    return new PasswordGate(await deriveKey(password, salt, ITERATIONS), salt);
  }

  /** A fresh challenge, to be answered once. */
  challenge(nonce: string = random(NONCE_BYTES)): Challenge {
    return { sal: this.#salt, iteracoes: ITERATIONS, nonce };
  }

  /** Whether the answer to a challenge is right, for this registration. */
  accepts(challenge: Challenge, answer: Answer, person: Person): boolean {
    const right = new TextEncoder().encode(proofOf(this.#key, challenge.nonce, answer.nonce, person));
    const given = new TextEncoder().encode(answer.prova);
    return given.length === right.length && timingSafeEqual(given, right);
  }
}

/** The phone's side: answers challenges, and remembers the key, which takes time, while the registry is the same. */
export class RoomPassword {
  readonly #password: string;
  #known:
    | { readonly salt: string; readonly iterations: number; readonly key: Promise<Uint8Array> }
    | undefined;

  constructor(password: string) {
    this.#password = password;
  }

  /**
   * Answers a challenge.
   *
   * @param nonce Another one makes tests repeatable.
   * @returns The answer, or undefined if the challenge is not one that a phone should answer.
   */
  async answer(
    { sal, iteracoes, nonce: registryNonce }: Challenge,
    person: Person,
    nonce: string = random(NONCE_BYTES),
  ): Promise<Answer | undefined> {
    if (iteracoes < ITERATIONS || iteracoes > MOST_ITERATIONS) return undefined;
    if (this.#known?.salt !== sal || this.#known.iterations !== iteracoes) {
      const key = deriveKey(this.#password, sal, iteracoes);
      this.#known = { salt: sal, iterations: iteracoes, key };
    }
    return { nonce, prova: proofOf(await this.#known.key, registryNonce, nonce, person) };
  }
}
