/**
 * Key exchange of a call: X25519 (RFC 7748) from the runtime's `node:crypto`, with a commitment; SHA-256, HMAC (RFC 2104)
 * and HKDF (RFC 5869) from `@noble/hashes`, since those of `node:crypto` leave copies of keys in memory.
 * `docs/protocol.md`, 2.10 and 2.11, has every byte and an example.
 *
 * ```text
 * caller ── convite: commitment, the hash of the caller's key ──▶ callee
 * caller ◀── aceito: the callee's public key ──────────────────── callee
 * caller ── confirmação: the caller's public key, a MAC ────────▶ callee
 * ```
 *
 * Each phone fixes its key before it sees the other's. A man in the middle therefore cannot search for keys that give
 * both calls the same {@linkcode CallKeys.code}; the codes match by chance in one of 100,000 attacks (as in ZRTP,
 * RFC 6189, section 4.4.1).
 */

import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { concat } from "@std/bytes/concat";
import { extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as hashSha256 } from "@noble/hashes/sha2.js";
import { MASTER_KEY_BYTES, MASTER_SALT_BYTES, type SrtpMaster } from "../srtp/key_derivation.ts";
import type { CallMessageType } from "../protocol/call_messages.ts";

/** One of the two phones of a call. */
export type Side = "caller" | "callee";

/** Labels of the sides in key derivation and in MACs. */
const SIDE_LABELS: Readonly<Record<Side, string>> = { caller: "chamador", callee: "chamado" };

const KEY_BYTES = 32;
const MAC_BYTES = 16;

/** 128 bits modulo 100,000 are uniform but for a bias below 10^-33. */
const CODE_BYTES = 16;
const CODES = 100_000n;
const CODE_DIGITS = 5;

/** DER before the 32 bytes of a private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b656e04220420");

/** An X25519 key pair, used for one call only. */
export class KeyPair {
  /** 32 bytes in base64url. */
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  private constructor(publicKey: KeyObject, privateKey: KeyObject) {
    this.publicKey = publicKey.export({ format: "jwk" }).x as string;
    this.#privateKey = privateKey;
  }

  /** A random key pair. */
  static generate(): KeyPair {
    const { publicKey, privateKey } = generateKeyPairSync("x25519");
    return new KeyPair(publicKey, privateKey);
  }

  /** @param bytes A private key of 32 bytes, for tests. */
  static from(bytes: Uint8Array): KeyPair {
    const der = new Uint8Array([...PKCS8_PREFIX, ...bytes]);
    const key = createPrivateKey({
      key: der as unknown as string,
      format: "der",
      type: "pkcs8",
    });
    der.fill(0);
    return new KeyPair(createPublicKey(key), key);
  }

  /**
   * The shared secret, 32 bytes.
   *
   * @param publicKey The peer's, 32 bytes in base64url.
   * @returns Undefined for a key of small order, which would give an all-zero secret (RFC 7748, section 6.1).
   */
  agree(publicKey: string): Uint8Array | undefined {
    try {
      const key = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: publicKey }, format: "jwk" });
      const { buffer } = diffieHellman({ privateKey: this.#privateKey, publicKey: key });
      const secret = new Uint8Array(buffer);
      return secret.some((byte) => byte !== 0) ? secret : undefined;
    } catch { // Newer versions of Deno throw for such a key.
      return undefined;
    }
  }
}

/** The fields of an invitation that the keys depend on; no address, since a NAT may rewrite addresses. */
export interface Invitation {
  readonly chamada: string;
  readonly nome: string;
  readonly midia: string;
}

/** The commitment to a caller's public key, `compromisso`: 32 bytes in base64url. */
export function commitment({ chamada, nome, midia }: Invitation, publicKey: string): string {
  return base64url(sha256(["sala 1 compromisso", chamada, nome, midia, publicKey].join("\n")));
}

/** One phone's side of the key exchange of one call. */
export class KeyExchange {
  readonly #side: Side;
  readonly #invitation: Invitation;
  /** This phone's public key, 32 bytes in base64url. */
  readonly publicKey: string;
  /** Dropped when the keys are there. */
  #keyPair: KeyPair | undefined;
  /** The caller's commitment to its public key. */
  readonly commitment: string;

  private constructor(side: Side, invitation: Invitation, keyPair: KeyPair, commitment: string) {
    this.#side = side;
    this.#invitation = invitation;
    this.publicKey = keyPair.publicKey;
    this.#keyPair = keyPair;
    this.commitment = commitment;
  }

  /** The caller's side. */
  static offer(invitation: Invitation, keyPair: KeyPair): KeyExchange {
    return new KeyExchange("caller", invitation, keyPair, commitment(invitation, keyPair.publicKey));
  }

  /** The callee's side. @param commitment The invitation's `compromisso`. */
  static answer(invitation: Invitation, commitment: string, keyPair: KeyPair): KeyExchange {
    return new KeyExchange("callee", invitation, keyPair, commitment);
  }

  /** At the callee: whether a public key opens the caller's commitment. */
  opens(publicKey: string): boolean {
    return commitment(this.#invitation, publicKey) === this.commitment;
  }

  /** Drops the private key: {@linkcode KeyExchange.complete} gives nothing from now on. */
  finish(): void {
    this.#keyPair = undefined;
  }

  /**
   * Derives the keys of the call.
   *
   * @param publicKey The peer's.
   * @returns Undefined if it is of small order or, at the callee, does not open the commitment.
   */
  complete(publicKey: string): CallKeys | undefined {
    if (this.#side === "callee" && !this.opens(publicKey)) return undefined;
    const secret = this.#keyPair?.agree(publicKey);
    if (!secret) return undefined;
    const [callers, callees] = this.#side === "caller"
      ? [this.publicKey, publicKey]
      : [publicKey, this.publicKey];
    const { chamada, nome, midia } = this.#invitation;
    const transcript = ["sala 1 chaves", chamada, nome, midia, this.commitment, callees, callers].join("\n");
    const keys = new CallKeys(this.#side, chamada, secret, sha256(transcript));
    secret.fill(0);
    return keys;
  }
}

/** The keys of one call, from one phone's view. */
export class CallKeys {
  /** Short authentication string: five digits that the two people compare aloud. */
  readonly code: string;
  /** SRTP master key and salt of what this phone sends. */
  readonly outgoing: SrtpMaster;
  /** SRTP master key and salt of what the peer sends. */
  readonly incoming: SrtpMaster;
  readonly #chamada: string;
  readonly #macKeys: Readonly<Record<"own" | "peer", { readonly side: string; readonly key: Uint8Array }>>;

  /**
   * @param side This phone's.
   * @param chamada The call identifier.
   * @param secret The shared secret of X25519.
   * @param transcript Hash over the exchange: salt of HKDF.
   */
  constructor(side: Side, chamada: string, secret: Uint8Array, transcript: Uint8Array) {
    const pseudorandomKey = extract(hashSha256, secret, transcript);
    // HKDF's expansion for at most 32 bytes (RFC 5869, section 2.3). That of the library leaves a copy behind.
    const derive = (info: string, length: number) => {
      const block = hmac(hashSha256, pseudorandomKey, concat([utf8(`sala 1 ${info}`), Uint8Array.of(1)]));
      const bytes = unmoved(block.subarray(0, length));
      block.fill(0);
      return bytes;
    };
    const master = (side: Side): SrtpMaster => {
      const bytes = derive(`srtp ${SIDE_LABELS[side]}`, MASTER_KEY_BYTES + MASTER_SALT_BYTES);
      return { key: bytes.subarray(0, MASTER_KEY_BYTES), salt: bytes.subarray(MASTER_KEY_BYTES) };
    };
    const macKey = (side: Side) => ({
      side: SIDE_LABELS[side],
      key: derive(`selo ${SIDE_LABELS[side]}`, KEY_BYTES),
    });
    const other = side === "caller" ? "callee" : "caller";
    this.#chamada = chamada;
    this.outgoing = master(side);
    this.incoming = master(other);
    this.#macKeys = { own: macKey(side), peer: macKey(other) };
    const number = BigInt(`0x${derive("codigo", CODE_BYTES).toHex()}`) % CODES;
    this.code = String(number).padStart(CODE_DIGITS, "0");
    pseudorandomKey.fill(0);
  }

  /** Overwrites the keys. MACs and packets of the call can no longer be made or verified. */
  wipe(): void {
    const { own, peer } = this.#macKeys;
    for (const { key, salt } of [this.outgoing, this.incoming]) [key, salt].forEach((bytes) => bytes.fill(0));
    for (const { key } of [own, peer]) key.fill(0);
  }

  /** Message authentication code of a message that this phone sends, `selo`: 16 bytes in base64url. */
  mac(tipo: CallMessageType): string {
    return base64url(this.#computeMac("own", tipo));
  }

  /** Whether a message carries the peer's MAC. */
  verifyMac(tipo: CallMessageType, mac: string | undefined): boolean {
    if (mac === undefined) return false;
    const given = Uint8Array.fromBase64(mac, { alphabet: "base64url" });
    return given.length === MAC_BYTES && timingSafeEqual(given, this.#computeMac("peer", tipo));
  }

  #computeMac(sender: "own" | "peer", tipo: CallMessageType): Uint8Array {
    const { side, key } = this.#macKeys[sender];
    const text = ["sala 1 selo", tipo, this.#chamada, side].join("\n");
    return hmac(hashSha256, key, utf8(text)).subarray(0, MAC_BYTES);
  }
}

/** A copy that the garbage collector does not move, as it does short arrays: no second copy is left behind. */
function unmoved(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function sha256(text: string): Uint8Array {
  return hashSha256(utf8(text));
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
